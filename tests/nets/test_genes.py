"""The gene map: from the number of a gene to its weight and back."""

import numpy as np
import pytest

from evorobo import Dense, NetworkSpec, SettingsError
from evorobo.nets.spec import Block, Gene, GeneMap

SPEC = NetworkSpec(3, (Dense(5), Dense(4, bias=False), Dense(2, "identity")))
GENES = SPEC.genes
# weights and biases of three layers: 15 + 5, 20, 8 + 2


def test_there_is_one_gene_per_weight():
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


def test_index_is_the_inverse_of_item_access():
    assert [GENES.index(gene.layer, gene.parameter, *gene.position) for gene in GENES] == list(range(50))


def test_each_gene_names_the_right_weight():
    weights = np.arange(50.0)
    params = SPEC.unpack(weights)
    assert [params[gene.layer][gene.parameter][gene.position] for gene in GENES] == list(range(50))


def test_the_slice_of_a_block_selects_its_parameter():
    weights = np.random.default_rng(0).normal(size=(3, 50))
    params = SPEC.unpack(weights)
    for block in GENES.blocks:
        selected = weights[:, block.start : block.stop].reshape(3, *block.shape)
        np.testing.assert_array_equal(selected, params[block.layer][block.parameter])
    assert GENES.block(2, "bias") == Block(2, "bias", (2,), 48)
    assert GENES.block(2, "bias").stop == 50


def test_negative_numbers_count_from_the_end():
    assert GENES[-1] == GENES[49]
    assert GENES[-50] == GENES[0]


@pytest.mark.parametrize("number", [50, -51, 1000])
def test_numbers_out_of_range_raise_index_error(number):
    with pytest.raises(IndexError):
        GENES[number]


def test_a_position_outside_its_parameter_is_refused():
    for position in ((3, 0), (0, 5), (0,)):
        with pytest.raises(ValueError, match=r"."):
            GENES.index(0, "weight", *position)


def test_an_unknown_parameter_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match=r"unknown parameter '0\.weights'; did you mean '0\.weight'"):
        GENES.block(0, "weights")
    with pytest.raises(SettingsError, match=r"unknown parameter '1\.bias'"):
        GENES.index(1, "bias", 0)


def test_the_text_of_a_gene_names_layer_parameter_and_position():
    assert str(GENES[7]) == "layer 0 weight[1, 2]"
    assert str(GENES[-1]) == "layer 2 bias[1]"


def test_an_empty_map_has_no_genes():
    assert list(GeneMap(())) == []
