"""The gene map: from the number of a gene to its weight and back."""

import numpy as np
import pytest

from evorobo import Dense, NetworkSpec, SettingsError
from evorobo.nets.spec import Block, Gene, GeneMap

SPEC = NetworkSpec(3, (Dense(5), Dense(4, bias=False), Dense(2, "identity")))
GENES = SPEC.genes
# weights and biases of three layers: 15 + 5, 20, 8 + 2


def test_there_is_one_gene_for_each_weight():
    assert len(GENES) == SPEC.n_params == 15 + 5 + 20 + 8 + 2
    assert len(set(GENES)) == len(GENES)


def test_genes_by_hand():
    assert GENES[0] == Gene(0, "weight", (0, 0))
    assert GENES[1] == Gene(0, "weight", (0, 1))
    assert GENES[5] == Gene(0, "weight", (1, 0))
    assert GENES[15] == Gene(0, "bias", (0,))
    assert GENES[20] == Gene(1, "weight", (0, 0))
    assert GENES[40] == Gene(2, "weight", (0, 0))
    assert GENES[49] == Gene(2, "bias", (1,))


def test_index_undoes_looking_up():
    assert [GENES.index(gene.layer, gene.parameter, *gene.position) for gene in GENES] == list(range(50))


def test_each_gene_is_the_weight_it_says():
    weights = np.arange(50.0)
    params = SPEC.unpack(weights)
    assert [params[gene.layer][gene.parameter][gene.position] for gene in GENES] == list(range(50))


def test_a_blocks_slice_cuts_its_parameter_out_of_the_genome():
    weights = np.random.default_rng(0).normal(size=(3, 50))
    params = SPEC.unpack(weights)
    for block in GENES.blocks:
        cut = weights[:, block.start : block.stop].reshape(3, *block.shape)
        np.testing.assert_array_equal(cut, params[block.layer][block.parameter])
    assert GENES.block(2, "bias") == Block(2, "bias", (2,), 48)
    assert GENES.block(2, "bias").stop == 50


def test_negative_numbers_count_from_the_end():
    assert GENES[-1] == GENES[49]
    assert GENES[-50] == GENES[0]


@pytest.mark.parametrize("number", [50, -51, 1000])
def test_there_is_no_gene_beyond_the_ends(number):
    with pytest.raises(IndexError):
        GENES[number]


def test_a_place_outside_of_its_parameter_has_no_number():
    for position in ((3, 0), (0, 5), (0,)):
        with pytest.raises(ValueError, match=r"."):
            GENES.index(0, "weight", *position)


def test_an_unknown_parameter_is_answered_with_the_nearest_one():
    with pytest.raises(SettingsError, match=r"unknown parameter '0\.weights'; did you mean '0\.weight'"):
        GENES.block(0, "weights")
    with pytest.raises(SettingsError, match=r"unknown parameter '1\.bias'"):
        GENES.index(1, "bias", 0)


def test_a_gene_reads_like_a_place_in_the_network():
    assert str(GENES[7]) == "layer 0 weight[1, 2]"
    assert str(GENES[-1]) == "layer 2 bias[1]"


def test_an_empty_map_has_no_genes():
    assert list(GeneMap(())) == []
