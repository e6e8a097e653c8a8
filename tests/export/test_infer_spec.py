"""A network follows from its parameters only as far as they determine it."""

import re

import numpy as np
import pytest

from evorobo import DataError, Dense, LayerNorm, NetworkSpec, import_genome

RNG = np.random.default_rng(0)
W0, B0, W1, B1 = (RNG.normal(size=shape) for shape in ((3, 5), (5,), (5, 2), (2,)))
X = RNG.normal(size=(20, 3))


def between(*modules):
    """A state_dict of a linear layer, the given modules and a linear layer."""
    state = {"fc.weight": W0.T, "fc.bias": B0}
    for name, arrays in modules:
        state |= {f"{name}.{key}": np.asarray(array, float) for key, array in arrays.items()}
    return state | {"out.weight": W1.T, "out.bias": B1}


VECTOR = np.linspace(0.5, 2, 5)


@pytest.mark.parametrize(
    ("module", "kinds"),
    [
        ({"weight": VECTOR, "bias": B0}, "LayerNorm, GroupNorm or InstanceNorm"),
        ({"weight": VECTOR}, "RMSNorm, PReLU or a LayerNorm without a bias"),
        ({"weight": [0.25]}, "holds one number, as PReLU does, which has no counterpart here"),
    ],
)
def test_a_vector_of_unknown_use_is_asked_for_and_never_taken_for_layer_normalization(module, kinds):
    for name in ("norm", "1", "act", "ln"):
        with pytest.raises(DataError, match=re.escape(kinds)) as error:
            import_genome(between((name, module)), activation="relu")
        assert ("--layers 3,5:relu,LayerNorm,2" in str(error.value)) == (len(module["weight"]) > 1)


@pytest.mark.parametrize("shifted", [True, False])
def test_a_spec_says_that_it_is_layer_normalization(shifted):
    state = between(("norm", {"weight": VECTOR, "bias": B0} if shifted else {"weight": VECTOR}))
    genome = import_genome(state, NetworkSpec(3, (Dense(5, "relu"), LayerNorm(), Dense(2, "identity"))))
    h = np.maximum(X @ W0 + B0, 0)
    h = VECTOR * (h - h.mean(1, keepdims=True)) / np.sqrt(h.var(1, keepdims=True) + 1e-5) + shifted * B0
    np.testing.assert_allclose(genome(X), h @ W1 + B1, rtol=1e-10)


@pytest.mark.parametrize(
    "name", ["rms_norm", "RMSNorm", "layers.1.rms.0", "group_norm", "gn1", "prelu", "instance_norm", "in1"]
)
def test_a_name_that_contradicts_the_spec_is_refused(name):
    spec = NetworkSpec.build(3, (5, LayerNorm()), 2)
    for arrays in ({"weight": VECTOR, "bias": B0}, {"weight": VECTOR}):
        with pytest.raises(DataError, match=f"{name} is a kind of layer that has no counterpart here"):
            import_genome(between((name, arrays)), spec)


@pytest.mark.parametrize(
    ("name", "shape"), [("conv", (8, 3, 5)), ("conv", (8, 3, 5, 5)), ("bilinear", (2, 5, 5)), ("embedding", (10, 5))]
)
def test_layers_of_other_dimensions_are_refused(name, shape):
    with pytest.raises(DataError, match=f"{name} is a kind of layer that has no counterpart here"):
        import_genome({f"{name}.weight": np.ones(shape)})


def test_the_layers_of_pytorch_itself_are_distinguished():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    nn = torch.nn
    norms = (nn.GroupNorm(5, 5), nn.RMSNorm(5), nn.LayerNorm(5), nn.InstanceNorm1d(5, affine=True))
    for module in (*norms, nn.PReLU(), nn.PReLU(5)):
        state = nn.Sequential(nn.Linear(3, 5), module, nn.Linear(5, 2)).state_dict()
        with pytest.raises(DataError, match=r"(; if it is a LayerNorm after the activation, give a spec)|PReLU does"):
            import_genome(state)
