"""Formulas of activations in every language have the values of NumPy."""

import numpy as np
import pytest
from kinds import random_genome
from languages import EXACT, LANGUAGES, load

from evorobo import Activation, Dense, Elman, SettingsError, export_genome, register_component
from evorobo.export.formulas import activation_formula
from evorobo.export.numpy_file import SYNTAX

# each function of NumPy that a formula may use, at least once; derivatives are not exported
FORMULAS = {
    "arithmetic": lambda z: (1 - z) / (2 + z * z) - -z - (0.5 - z) * -(z - 3),
    "powers": lambda z: z**2 + z**3 - 0.1 * z**4 + np.square(z) + np.abs(z) ** 1.5 + np.reciprocal(z * z + 1),
    "exponentials": lambda z: (
        np.exp(-z) + np.expm1(z / 2) + np.log1p(z * z) + np.log(2 + np.sin(z)) + np.logaddexp(z, 1)
    ),
    "waves": lambda z: np.sin(z) * np.cos(2 * z) + np.tan(z / 9) + np.arctan(z) + np.arcsin(z / 9) + np.arccos(z / 9),
    "hyperbolas": lambda z: np.sinh(z / 2) + np.cosh(z / 3) + np.tanh(z) + np.arcsinh(z) + np.arctanh(z / 9),
    "limits": lambda z: (
        np.clip(z, -1, 2) + np.maximum(z, 0.25) + np.minimum(z, np.inf) + np.fmin(z, 1) + np.fmax(z, -1)
    ),
    "roots": lambda z: np.sqrt(np.abs(z)) + np.sign(z) + np.floor(z + 0.3) + np.ceil(z + 0.3) + (z + 0.3) // 0.7,
    "choices": lambda z: np.where(z > 0, z, 0.1 * z) + np.select([z < -1, z <= 1], [z, -z], np.where(z != 2, 1.0, z)),
    "logic": lambda z: (z > 0) * z + np.where((z > -2) & (z < 1) | ~(z >= 0.5), z * z, 1) + ((z > 0) ^ (z > 1)),
    "shared": lambda z: (t := np.tanh(z)) * t + np.where((c := z > 0.5), t, -t) + np.where(c, 1, t * t * t),
    "constants": lambda z: z * np.float64(0.3) + np.sqrt(2 / np.pi) + np.float32(0.1) * 3 + True * z,
}
KEYS = [f"formula-{name}" for name in FORMULAS]
for name, function in FORMULAS.items():
    register_component("activation", f"formula-{name}")(Activation(function, np.ones_like))


def assert_close(outputs, expected, to):
    assert np.isfinite(expected).all()
    assert np.abs(np.asarray(outputs) - expected).max() <= EXACT[to] * (1 + np.abs(expected).max())


@pytest.mark.parametrize("to", LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_a_formula_has_the_values_of_numpy(key, to, tmp_path):
    rng = np.random.default_rng(1)
    # the first layer keeps the formula's inputs small
    genome = random_genome((4, Dense(20, key), Dense(4, "sigmoid")), rng)
    sensors = rng.uniform(-1.5, 1.5, (30, 3)).astype(np.float32).astype(float)
    controller = load(to, genome, tmp_path)
    outputs = np.array([controller.step(row)[0] for row in sensors])
    assert_close(outputs, genome(sensors), to)


@pytest.mark.parametrize("to", LANGUAGES)
def test_a_recurrent_layer_takes_a_formula_too(to, tmp_path):
    rng = np.random.default_rng(2)
    genome, sensors = random_genome((Elman(4, "formula-shared"),), rng), rng.normal(size=(30, 3)).astype(np.float32)
    controller = load(to, genome, tmp_path)
    assert_close([controller.step(row)[0] for row in sensors], genome(sensors, n_steps=30), to)


def test_shared_terms_are_computed_once_and_simple_functions_need_no_definition():
    steps, result = SYNTAX.body(activation_formula("formula-shared"))
    assert sum(text.count("tanh") for _, text in steps) == 1
    assert "tanh" not in result
    simple = {"tanh": True, "relu": True, "identity": True, "sigmoid": False, "softplus": False}
    assert {key: activation_formula(key).is_simple for key in simple} == simple


def test_a_constant_is_refused():
    register_component("activation", "formula-constant")(Activation(lambda z: np.ones_like(z) * 0 + 7.5, np.zeros_like))
    with pytest.raises(SettingsError, match="'formula-constant' cannot be exported: it does not depend on its input"):
        activation_formula("formula-constant")


def test_names_of_other_files_are_safe_in_every_language():
    register_component("activation", "while 7!")(Activation(lambda z: z * z, np.ones_like))
    formula = activation_formula("while 7!")
    assert formula.name.isidentifier()


@pytest.mark.parametrize(
    ("to", "suffix", "function", "language"),
    [("c", ".c", np.spacing, "C"), ("onnx", ".onnx", np.arctan2, "ONNX"), ("c", ".c", np.heaviside, "C")],
)
def test_a_function_that_a_language_lacks_is_named(to, suffix, function, language, tmp_path):
    if to == "onnx":
        pytest.importorskip("onnx", reason="onnx is not installed")
    key = f"formula-lacks-{function.__name__}"
    two = {np.spacing: lambda z: np.spacing(z)}.get(function, lambda z: function(z, 2.0))
    register_component("activation", key)(Activation(two, np.ones_like))
    genome = random_genome((Dense(3, key),), np.random.default_rng(0))
    with pytest.raises(
        SettingsError, match=f"np.{function.__name__}.* (cannot be exported to {language}|unknown here)"
    ):
        export_genome(genome, to, tmp_path / f"leg{suffix}")
    assert not any(tmp_path.iterdir())
