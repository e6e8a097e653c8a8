"""Published controllers become genomes with the same outputs, and invalid files are errors."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from kinds import NETWORKS, random_genome, with_scalers

from evorobo import (
    GRU,
    LSTM,
    ControlTask,
    DataError,
    Dense,
    Elman,
    EvoroboError,
    Genome,
    NetworkSpec,
    SettingsError,
    export_genome,
    import_genome,
)

RNG = np.random.default_rng(0)
W0, B0, W1, B1 = (RNG.normal(size=shape) for shape in ((3, 5), (5,), (5, 2), (2,)))
X = RNG.normal(size=(20, 3))
OUTPUTS = np.tanh(X @ W0 + B0) @ W1 + B1


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# ---- lists of matrices


def test_an_npz_of_matrices_is_read_in_the_order_in_which_it_was_saved(tmp_path):
    np.savez(tmp_path / "w.npz", W0, B0, W1, B1)
    genome = import_genome(tmp_path / "w.npz")
    assert genome.spec == NetworkSpec.build(3, (5,), 2)
    np.testing.assert_allclose(genome(X), OUTPUTS, rtol=1e-12)


def test_matrices_may_be_out_by_in_and_without_biases(tmp_path):
    np.savez(tmp_path / "w.npz", W0.T, W1.T)
    genome = import_genome(tmp_path / "w.npz", transposed=True, activation="relu", output="tanh")
    np.testing.assert_allclose(genome(X), np.tanh(np.maximum(X @ W0, 0) @ W1), rtol=1e-12)


def test_shapes_decide_between_the_two_orientations_where_only_one_fits(tmp_path):
    for arrays in ([W0, B0, W1, B1], [W0.T, B0, W1.T, B1], [W0.T, W1.T], [W0, W1]):
        np.savez(tmp_path / "w.npz", *arrays)
        expected = OUTPUTS if len(arrays) == 4 else np.tanh(X @ W0) @ W1
        np.testing.assert_allclose(import_genome(tmp_path / "w.npz")(X), expected, rtol=1e-12)


@pytest.mark.parametrize("shapes", [[(3, 3)], [(3, 3), (3,)], [(3, 3), (3,), (3, 3), (3,)], [(5, 3)], [(2, 5), (5, 2)]])
def test_matrices_that_fit_both_ways_need_a_word(tmp_path, shapes):
    rng = np.random.default_rng(7)
    arrays = [rng.normal(size=shape) for shape in shapes]
    lists = tmp_path / "w.json"
    lists.write_text(json.dumps([array.tolist() for array in arrays]))
    np.savez(tmp_path / "w.npz", *arrays)
    for path in (lists, tmp_path / "w.npz"):
        with pytest.raises(DataError, match=r"its matrices fit as \(in, out\) and as \(out, in\); say which they are"):
            import_genome(path)
        straight, turned = (import_genome(path, transposed=transposed) for transposed in (False, True))
        first = straight.spec.unpack(straight.weights)[0]["weight"]
        np.testing.assert_array_equal(first, arrays[0])
        np.testing.assert_array_equal(turned.spec.unpack(turned.weights)[0]["weight"], first.T)


def test_a_spec_orients_matrices_that_are_not_square_and_symmetric_ones_need_nothing(tmp_path):
    np.savez(tmp_path / "w.npz", W0)
    for transposed, widths in ((False, (3, 5)), (True, (5, 3))):
        spec = NetworkSpec(widths[0], (Dense(widths[1], "identity", bias=False),))
        genome = import_genome(tmp_path / "w.npz", spec)
        np.testing.assert_array_equal(genome.weights, (W0.T if transposed else W0).ravel())
    np.savez(tmp_path / "w.npz", np.eye(3) + 1)
    assert import_genome(tmp_path / "w.npz").spec.widths == (3, 3)


def test_an_orientation_that_does_not_fit_is_an_error(tmp_path):
    np.savez(tmp_path / "w.npz", W0, B0)
    with pytest.raises(DataError, match=r"its matrices fit as \(in, out\) alone; leave out transposed=True"):
        import_genome(tmp_path / "w.npz", transposed=True)


def test_weights_in_a_row_may_be_out_by_in(tmp_path):
    """As torch.nn.utils.parameters_to_vector lists them."""
    (tmp_path / "w.json").write_text(json.dumps([*W0.T.ravel(), *B0, *W1.T.ravel(), *B1]))
    genome = import_genome(tmp_path / "w.json", NetworkSpec.build(3, (5,), 2), transposed=True)
    np.testing.assert_allclose(genome(X), OUTPUTS, rtol=1e-12)


@pytest.mark.parametrize("paired", [False, True])
def test_json_lists_of_matrices_are_read_flat_and_in_pairs(tmp_path, paired):
    row = [array.tolist() for array in (W0, B0, W1, B1)]
    (tmp_path / "w.json").write_text(json.dumps([row[:2], row[2:]] if paired else row))
    np.testing.assert_allclose(import_genome(tmp_path / "w.json")(X), OUTPUTS, rtol=1e-12)


@pytest.mark.parametrize("alone", [False, True])
def test_weights_in_a_row_fill_a_spec_as_in_estool(tmp_path, alone):
    """estool keeps [parameters, other things]; its layers are W (in, out), row by row, and then b."""
    row = np.concatenate([W0.ravel(), B0, W1.ravel(), B1]).tolist()
    (tmp_path / "biped.json").write_text(json.dumps(row if alone else [row, 310.6]))
    spec = NetworkSpec(3, (Dense(5), Dense(2, "tanh")))
    np.testing.assert_allclose(import_genome(tmp_path / "biped.json", spec)(X), np.tanh(OUTPUTS), rtol=1e-12)


# ---- state_dicts


def test_pytorchs_linear_layers_are_transposed():
    state = {"net.0.weight": W0.T, "net.0.bias": B0, "net.2.weight": W1.T, "net.2.bias": B1}
    np.testing.assert_allclose(import_genome(state)(X), OUTPUTS, rtol=1e-12)


def test_only_the_actor_of_an_actor_critic_is_read():
    """The names that Stable-Baselines3 gives its policies."""
    state = {
        "log_std": np.zeros(2),
        "mlp_extractor.policy_net.0.weight": W0.T,
        "mlp_extractor.policy_net.0.bias": B0,
        "mlp_extractor.value_net.0.weight": RNG.normal(size=(5, 3)),
        "action_net.weight": W1.T,
        "action_net.bias": B1,
        "value_net.weight": RNG.normal(size=(1, 5)),
    }
    for only in ((), ("mlp_extractor.policy_net", "action_net")):
        genome = import_genome(state, only=only)
        np.testing.assert_allclose(genome(X), OUTPUTS, rtol=1e-12)
        assert genome.actions == "clip"
    with pytest.raises(DataError, match=r"the state_dict: the module holds log_std, which is no layer"):
        import_genome(state, only=("log_std", "action_net"))


def recurrent(gates):
    """A state_dict of one recurrent layer of 4 units on 3 inputs, and the product of its two sides."""
    rng = np.random.default_rng(gates)
    wi, wh, bi, bh = (rng.normal(size=shape) for shape in ((4 * gates, 3), (4 * gates, 4), 4 * gates, 4 * gates))
    return {"weight_ih_l0": wi, "weight_hh_l0": wh, "bias_ih_l0": bi, "bias_hh_l0": bh}


def test_pytorchs_rnn_is_an_elman_layer():
    state = recurrent(1)
    wi, wh, bi, bh = state.values()
    h, expected = np.zeros(4), []
    for x in X:
        h = np.tanh(wi @ x + bi + wh @ h + bh)  # the equations of torch.nn.RNN
        expected.append(h)
    genome = import_genome(state)
    assert genome.spec.layers == (Elman(4),)
    np.testing.assert_allclose(genome(X, n_steps=len(X)), expected, rtol=1e-10)


def test_pytorchs_gru_keeps_its_second_bias_within_the_reset_gate():
    state = recurrent(3)
    wi, wh, bi, bh = state.values()
    h, expected = np.zeros(4), []
    for x in X:
        i, j = wi @ x + bi, wh @ h + bh  # the equations of torch.nn.GRU
        r, z = sigmoid(i[:4] + j[:4]), sigmoid(i[4:8] + j[4:8])
        h = (1 - z) * np.tanh(i[8:] + r * j[8:]) + z * h
        expected.append(h)
    genome = import_genome(state)
    assert genome.spec.layers == (GRU(4),)
    np.testing.assert_allclose(genome(X, n_steps=len(X)), expected, rtol=1e-10)


def test_pytorchs_lstm_adds_its_two_biases():
    state = recurrent(4)
    wi, wh, bi, bh = state.values()
    h, c, expected = np.zeros(4), np.zeros(4), []
    for x in X:
        i, f, g, o = np.split(wi @ x + bi + wh @ h + bh, 4)  # the equations of torch.nn.LSTM
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        expected.append(h)
    genome = import_genome(state)
    assert genome.spec.layers == (LSTM(4),)
    np.testing.assert_allclose(genome(X, n_steps=len(X)), expected, rtol=1e-10)


@pytest.mark.parametrize("affine", [True, False])
def test_pytorchs_batch_norm_has_its_running_statistics(affine):
    mean, variance = RNG.normal(size=5), RNG.uniform(0.5, 2, 5)
    state = {"0.weight": W0.T, "0.bias": B0, "2.running_mean": mean, "2.running_var": variance}
    state |= {"2.weight": B0, "2.bias": W1[:, 0]} if affine else {}
    state |= {"2.num_batches_tracked": np.array(7), "3.weight": W1.T, "3.bias": B1}
    gain, shift = (B0, W1[:, 0]) if affine else (1.0, 0.0)
    inner = gain * (np.maximum(X @ W0 + B0, 0) - mean) / np.sqrt(variance + 1e-5) + shift
    np.testing.assert_allclose(import_genome(state, activation="relu")(X), inner @ W1 + B1, rtol=1e-10)


def batch_norm(*numbers):
    """A Linear, a BatchNorm1d and a Linear with these numbers in a Sequential."""
    first, norm, last = numbers
    stats = {"running_mean": B0, "running_var": B0**2, "weight": 2 * B0, "bias": 3 * B0}
    state = {f"{first}.weight": W0.T, f"{first}.bias": B0} | {f"{norm}.{name}": array for name, array in stats.items()}
    return state | {f"{last}.weight": W1.T, f"{last}.bias": B1}


def test_the_numbers_of_a_sequential_say_on_which_side_of_the_activation_a_batch_norm_is():
    def normalized(x):
        return 2 * B0 * (x - B0) / np.sqrt(B0**2 + 1e-5) + 3 * B0

    before, after = (import_genome(batch_norm(*numbers), activation="relu") for numbers in ((0, 1, 3), (0, 2, 3)))
    np.testing.assert_allclose(before(X), np.maximum(normalized(X @ W0 + B0), 0) @ W1 + B1, rtol=1e-10)
    np.testing.assert_allclose(after(X), normalized(np.maximum(X @ W0 + B0, 0)) @ W1 + B1, rtol=1e-10)
    for numbers in ((0, 1, 2), (0, 2, 4), ("fc", "bn", "out")):  # no module or one on both sides, or names
        with pytest.raises(
            DataError, match=r"is a batch norm, and the file does not say on which side .*3,5:identity,"
        ):
            import_genome(batch_norm(*numbers))


def test_stacked_layers_of_pytorch_are_layers_one_after_the_other():
    lower = {f"rnn.{name}": values for name, values in recurrent(3).items()}
    upper = {f"rnn.{name.replace('l0', 'l1')}": values for name, values in recurrent(3).items()}
    upper["rnn.weight_ih_l1"] = RNG.normal(size=(12, 4))
    assert import_genome(lower | upper).spec.layers == (GRU(4), GRU(4))


# ---- export and import


@pytest.mark.parametrize("hidden", NETWORKS.values(), ids=NETWORKS)
def test_exported_json_is_imported_to_the_last_bit(hidden, tmp_path):
    genome = with_scalers(random_genome(hidden, np.random.default_rng(1)))
    (path,) = export_genome(genome, "json", tmp_path / "leg.json")
    again = import_genome(path)
    plain = genome.folded()
    assert again.spec == plain.spec
    assert again.weights.tobytes() == plain.weights.tobytes()
    np.testing.assert_array_equal(again(X, n_steps=20), plain(X, n_steps=20))


@pytest.mark.parametrize("hidden", NETWORKS.values(), ids=NETWORKS)
def test_exported_pytorch_files_are_imported_in_single_precision(hidden, tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    genome = with_scalers(random_genome(hidden, np.random.default_rng(2)))
    _, weights = export_genome(genome, "torch", tmp_path / "leg.py")
    again = import_genome(weights, genome.folded().spec)
    np.testing.assert_array_equal(again.weights, genome.folded().weights.astype(np.float32))
    expected = genome(X, n_steps=20)
    np.testing.assert_allclose(again(X, n_steps=20), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("actions", ["scale", "clip"])
@pytest.mark.parametrize("to", ["json", "torch"])
def test_an_exported_file_says_how_its_actions_are_read(actions, to, tmp_path):
    if to == "torch":
        pytest.importorskip("torch", reason="torch is not installed")
    genome = replace(random_genome((4,), np.random.default_rng(4), 3, 1), actions=actions)
    path = export_genome(genome, to, tmp_path / f"leg{'.json' if to == 'json' else '.py'}", ControlTask("Pendulum-v1"))[
        -1
    ]
    assert import_genome(path).actions == actions
    assert import_genome(path, actions="clip").actions == "clip"


@pytest.mark.parametrize(
    ("output", "actions"), [("identity", "clip"), ("relu", "clip"), ("sigmoid", "clip"), ("tanh", "scale")]
)
def test_outputs_are_motor_values_unless_their_activation_ends_at_one(output, actions):
    state = {"0.weight": W0.T, "0.bias": B0, "2.weight": W1.T, "2.bias": B1}
    assert import_genome(state, output=output).actions == actions


def test_an_imported_genome_is_saved_and_loaded(tmp_path):
    np.savez(tmp_path / "w.npz", W0, B0, W1, B1)
    import_genome(tmp_path / "w.npz").save(tmp_path / "genome.npz")
    np.testing.assert_allclose(Genome.load(tmp_path / "genome.npz")(X), OUTPUTS, rtol=1e-12)


# ---- errors


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ([B0, W0], "a vector of 5 numbers follows no matrix; the order is W, b, W, b."),
        ([W0, B0, B0], "a vector of 5 numbers follows no matrix"),
        ([W0, W1.T], "layer 1 has a weight of shape (2, 5), and (5, 5) would fit"),
        ([W0, B1, W1], "layer 0 has a bias of shape (2,), and (5,) would fit"),
        ([np.array(["a"])], "holds <U1 of shape (1,); give matrices and vectors of numbers."),
        ([np.zeros((2, 2, 2))], "holds float64 of shape (2, 2, 2); give matrices"),
        ([W0 * np.nan, B0], "holds weights that are not finite numbers."),
        ([], "holds no weights of that name or kind."),
    ],
)
def test_matrices_that_make_no_network_are_an_error(tmp_path, arrays, sentence):
    np.savez(tmp_path / "w.npz", *arrays)
    with pytest.raises(DataError, match=re.escape(sentence)):
        import_genome(tmp_path / "w.npz")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("w.json", "{", "w.json is damaged or no JSON file"),
        ("w.json", '"weights"', "holds no list of weights."),
        ("w.json", "[[1, 2, 3], 4]", "holds 3 weights in a row without the widths of layers; give a spec"),
        ("w.json", "[[[1, 2], [3]]]", "holds an invalid matrix"),
        ("w.json", "{}", "is damaged or no controller that evorobo exported ('format')"),
        ("w.json", '{"format": "evorobo controller 9"}', "has the format 'evorobo controller 9', this evorobo reads"),
        ("w.npz", "PK", "is damaged or no NPZ file"),
        (
            "w.h5",
            "",
            "w.h5 is no file that can be imported; give one of .pt, .pth, .ckpt, .tar, .bin, .zip, .npz, .json.",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, name, text, sentence):
    (tmp_path / name).write_text(text)
    with pytest.raises(EvoroboError, match=re.escape(sentence)):
        import_genome(tmp_path / name)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"there is no file .*nowhere\.pt to import"):
        import_genome(tmp_path / "nowhere.pt")


def test_the_error_of_a_row_of_another_length_has_both_numbers(tmp_path):
    (tmp_path / "w.json").write_text("[1.0, 2.0, 3.0]")
    with pytest.raises(DataError, match="holds 3 weights, and layers of 3 -> 5 -> 2 need 32"):
        import_genome(tmp_path / "w.json", NetworkSpec.build(3, (5,), 2))


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (
            {"bn.weight": B0, "bn.running_mean": B0},
            "bn holds running_mean, weight, which is no layer that has a counterpart",
        ),
        ({"rnn.weight_ih_l0_reverse": W0}, "belongs to a kind of layer that has no counterpart here."),
        ({"mha.in_proj_weight": W0}, "belongs to a kind of layer that has no counterpart here."),
    ],
)
def test_modules_without_a_counterpart_are_named(state, sentence):
    with pytest.raises(DataError, match=re.escape(sentence)):
        import_genome(state)


def test_the_error_of_a_spec_with_other_layers_has_both_lists():
    state = {"0.weight": W0.T, "1.weight": W1.T}
    with pytest.raises(DataError, match=r"layer 0 holds weight, and the spec has bias, weight"):
        import_genome(state, NetworkSpec.build(3, (5,), 2))
    with pytest.raises(DataError, match=r"holds weights of 2 layers, the spec has 3 with weights"):
        import_genome(state, NetworkSpec.build(3, (5, 5), 2))


def test_json_that_does_not_reproduce_its_recorded_steps_is_refused(tmp_path):
    (path,) = export_genome(random_genome((4,), np.random.default_rng(3)), "json", tmp_path / "leg.json")
    plain = json.loads(path.read_text())
    plain["layers"][0]["weight"][0][0] += 0.5
    path.write_text(json.dumps(plain))
    with pytest.raises(DataError, match=r"does not reproduce its recorded steps; export the genome again"):
        import_genome(path)


def test_reading_pytorch_without_pytorch_names_the_command_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    (tmp_path / "w.pt").write_bytes(b"")
    with pytest.raises(SettingsError, match=re.escape("pip install 'evorobo[torch]'")):
        import_genome(tmp_path / "w.pt")


def test_a_pickle_with_code_in_it_is_refused_and_not_run(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed")

    class Trap:
        def __reduce__(self):
            return (print, ("the code ran",))

    torch.save({"weight": Trap()}, tmp_path / "w.pt")
    with pytest.raises(DataError, match=r"is damaged, or holds more than a state_dict"):
        import_genome(tmp_path / "w.pt")
