"""Files of PyTorch and Stable-Baselines3 in the layouts in which people save them; what is ambiguous is asked for."""

import json
import zipfile

import numpy as np
import pytest

from evorobo import DataError, SettingsError, import_genome
from evorobo.export.import_genome import Reading, read_foreign_genome

RNG = np.random.default_rng(0)
W0, B0, W1, B1 = (RNG.normal(size=shape).astype(np.float32).astype(float) for shape in ((3, 5), (5,), (5, 2), (2,)))
X = RNG.normal(size=(20, 3))
OUTPUTS = np.tanh(X @ W0 + B0) @ W1 + B1
STATE = {"0.weight": W0.T, "0.bias": B0, "2.weight": W1.T, "2.bias": B1}


def other(seed=1):
    """A network of the same shapes with other weights."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=array.shape) for name, array in STATE.items()}


def named(prefix, state):
    return {f"{prefix}.{name}": array for name, array in state.items()}


def assert_is_the_network(genome):
    np.testing.assert_allclose(genome(X), OUTPUTS, rtol=1e-6)


# ---- checkpoints


OPTIMIZER = {"state": {0: {"exp_avg": np.ones((5, 3))}}, "param_groups": [{"lr": 0.1, "params": [0]}]}


@pytest.mark.parametrize(
    "checkpoint",
    [
        {"epoch": 3, "optimizer": OPTIMIZER, "model_state_dict": STATE, "losses": np.ones(9)},
        {"state_dict": STATE, "hyper_parameters": {"lr": 0.1}, "pytorch-lightning_version": "2.1"},
        {"policy": named("module", STATE), "optimizer_state_dict": OPTIMIZER},
        {"step": 5, "agent": {"actor": STATE}},
        STATE | {"epoch": 7, "name": "best"},
    ],
)
def test_the_network_in_a_checkpoint_is_read(checkpoint):
    assert_is_the_network(import_genome(checkpoint))


@pytest.mark.parametrize(
    ("checkpoint", "only"),
    [
        ({"actor": STATE, "critic": other(), "actor_target": other(2)}, "actor"),
        ({"model": STATE, "ema": other()}, ("model",)),
        ({"model": named("pi", STATE) | named("v", other())}, "pi"),
        ({"model": named("pi", STATE), "ema": named("pi", other())}, "model.pi"),
        (named("actor", STATE) | named("actor_target", other()) | named("critic", other(2)), "actor"),
        (named("actor_mean", STATE) | named("critic", other()), "actor"),
        (named("q1", STATE) | named("q2", other()), "q1"),
    ],
)
def test_of_several_networks_one_is_chosen_and_without_a_choice_none_is_read(checkpoint, only):
    assert_is_the_network(import_genome(checkpoint, only=only))
    with pytest.raises(DataError, match=r"several networks, .*only=\(.*\(--only"):
        import_genome(checkpoint)


def test_an_inner_name_that_several_networks_have_is_no_choice():
    checkpoint = {"model": named("pi", STATE), "ema": named("pi", other())}
    with pytest.raises(DataError, match=r'holds several networks, model, ema; choose one with only=\("model",\)'):
        import_genome(checkpoint, only="pi")


def test_copies_that_fit_one_after_the_other_are_not_chained():
    square = {"0.weight": np.eye(3), "2.weight": np.eye(3)}
    for state in (named("q_net", square) | named("q_net_target", square), named("a", square) | named("b", square)):
        with pytest.raises(DataError, match="holds layers of several networks"):
            import_genome(state)
    assert import_genome(named("a", square) | named("b", square), only=("a", "b")).spec.widths == (3, 3, 3, 3, 3)


def test_weights_in_an_npz_with_the_names_of_a_state_dict_are_out_by_in(tmp_path):
    square = {"0.weight": np.arange(9.0).reshape(3, 3), "0.bias": np.zeros(3)}
    np.savez(tmp_path / "w.npz", **square)
    np.testing.assert_allclose(import_genome(tmp_path / "w.npz")(X), X @ square["0.weight"].T, rtol=1e-12)
    genome = import_genome(tmp_path / "w.npz", transposed=False)
    np.testing.assert_allclose(genome(X), X @ square["0.weight"], rtol=1e-12)


# ---- Stable-Baselines3


def actor_critic(actor, last):
    return named("mlp_extractor.policy_net", actor) | {
        "log_std": np.zeros(2),
        "mlp_extractor.value_net.0.weight": np.ones((5, 3)),
        "mlp_extractor.value_net.0.bias": np.ones(5),
        "action_net.weight": last,
        "action_net.bias": B1,
        "value_net.weight": np.ones((1, 5)),
        "value_net.bias": np.ones(1),
    }


HIDDEN = {"0.weight": W0.T, "0.bias": B0}
CRITIC = {"critic.qf0.0.weight": np.ones((5, 5)), "critic.qf0.2.weight": np.ones((1, 5))}
RELU = np.maximum(X @ W0 + B0, 0) @ W1 + B1
POLICIES = {
    "PPO": (actor_critic(HIDDEN, W1.T), OUTPUTS, "clip"),
    "SAC": (
        named("actor.latent_pi", HIDDEN)
        | {"actor.mu.weight": W1.T, "actor.mu.bias": B1, "actor.log_std.weight": W1.T, "actor.log_std.bias": B1}
        | CRITIC,
        np.tanh(RELU),
        "scale",
    ),
    "TD3": (named("actor.mu", STATE) | named("actor_target.mu", other()) | CRITIC, np.tanh(RELU), "scale"),
    "DQN": (named("q_net.q_net", STATE) | named("q_net_target.q_net", other()), RELU, "clip"),
}


@pytest.mark.parametrize(("state", "outputs", "actions"), POLICIES.values(), ids=POLICIES)
def test_policies_of_stable_baselines3_are_recognized_and_the_assumptions_are_named(state, outputs, actions):
    foreign = read_foreign_genome(state, Reading())
    np.testing.assert_allclose(foreign.genome(X), outputs, rtol=1e-10)
    assert foreign.genome.actions == actions
    assert "Stable-Baselines3" in foreign.assumptions[0]
    assert ("--actions scale" if actions == "clip" else "--actions clip") in foreign.assumptions[-1]


def test_flags_have_priority_over_what_is_known_of_a_policy():
    genome = import_genome(POLICIES["SAC"][0], activation="tanh", output="identity", actions="scale")
    np.testing.assert_allclose(genome(X), OUTPUTS, rtol=1e-10)
    assert genome.actions == "scale"


def test_a_policy_with_a_network_before_it_is_asked_for():
    with pytest.raises(DataError, match="holds layers of several networks"):
        import_genome({"features_extractor.linear.0.weight": np.eye(3)} | POLICIES["PPO"][0])


def archive(path, state, settings):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with zipfile.ZipFile(path, "w") as file:
        with file.open("policy.pth", "w") as member:
            torch.save({name: torch.tensor(array) for name, array in state.items()}, member)
        file.writestr("data", json.dumps({"policy_kwargs": settings}))
    return path


@pytest.mark.parametrize(
    ("settings", "outputs", "actions"),
    [
        ({}, OUTPUTS, "clip"),
        ({"activation_fn": "<class 'torch.nn.modules.activation.ReLU'>"}, RELU, "clip"),
        ({"squash_output": True}, np.tanh(OUTPUTS), "scale"),
    ],
)
def test_an_archive_of_stable_baselines3_names_its_activations(tmp_path, settings, outputs, actions):
    genome = import_genome(archive(tmp_path / "ppo.ZIP", POLICIES["PPO"][0], settings))
    np.testing.assert_allclose(genome(X), outputs, rtol=1e-10)
    assert genome.actions == actions


def test_an_archive_with_an_activation_without_a_counterpart_is_refused(tmp_path):
    path = archive(tmp_path / "ppo.zip", POLICIES["PPO"][0], {"activation_fn": "<class 'torch.nn.Mish'>"})
    with pytest.raises(DataError, match="the activation Mish of its hidden layers has no counterpart"):
        import_genome(path)
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as file:
        file.writestr("readme.txt", "")
    for name, content in (("data.zip", None), ("text.zip", b"PK")):
        if content:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=r"is damaged or no archive of Stable-Baselines3"):
            import_genome(tmp_path / name)


# ---- files of PyTorch


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is not installed")


@pytest.mark.parametrize("name", ["w.pt", "w.PT", "w.Pth", "w.ckpt", "w.tar"])
def test_a_file_is_known_by_its_ending_in_small_or_capital_letters(torch, tmp_path, name):
    torch.save({key: torch.tensor(array) for key, array in STATE.items()}, tmp_path / name)
    assert_is_the_network(import_genome(tmp_path / name))


@pytest.mark.parametrize("kind", ["bfloat16", "float16", "float32", "float64"])
def test_tensors_of_every_precision_are_read_also_where_they_require_gradients(torch, tmp_path, kind):
    state = {key: torch.nn.Parameter(torch.tensor(array, dtype=getattr(torch, kind))) for key, array in STATE.items()}
    expected = np.concatenate([W0.ravel(), B0, W1.ravel(), B1])
    torch.save({"model": state, "best": np.float64(3.5), "history": np.ones(3)}, tmp_path / "w.pt")
    rounding = {"bfloat16": 2.0**-8, "float16": 2.0**-11}.get(kind, 0)
    for source in (state, tmp_path / "w.pt"):
        np.testing.assert_allclose(import_genome(source).weights, expected, rtol=rounding)


def test_the_outputs_of_a_module_are_those_of_its_genome(torch):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    for _ in range(20):
        model(torch.randn(50, 3))
    expected = model.eval()(torch.tensor(X, dtype=torch.float32)).detach().numpy()
    genome = import_genome(model.state_dict(keep_vars=True), activation="relu")
    np.testing.assert_allclose(genome(X), expected, rtol=1e-4, atol=1e-5)


def test_quantized_weights_and_whole_models_are_refused(torch, tmp_path):
    with pytest.raises(DataError, match=r"0\.weight holds torch\.int8, not real numbers; quantized weights"):
        import_genome({"0.weight": torch.ones((2, 3), dtype=torch.int8)})
    torch.save(torch.nn.Linear(2, 2), tmp_path / "w.pt")
    with pytest.raises(DataError, match=r"holds more than a state_dict .*; save the model's state_dict\(\) alone"):
        import_genome(tmp_path / "w.pt")
    torch.save([torch.ones(2)], tmp_path / "w.pt")
    with pytest.raises(DataError, match=r"holds a list; save the model's state_dict\(\)"):
        import_genome(tmp_path / "w.pt")


def test_an_unknown_reading_of_actions_is_an_error():
    with pytest.raises(SettingsError, match="unknown reading of actions 'clipped'; did you mean 'clip'"):
        import_genome(STATE, actions="clipped")
