"""Makes the model of an algorithm for a network, and moves weights between model and genome."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.vec_env import VecEnv

from evorobo.arrays import Array
from evorobo.errors import SettingsError, unknown
from evorobo.learners.stable_baselines.policies import DQN, ON_POLICY, SAC, TD3, TORCH_ACTIVATIONS, KnownPolicy
from evorobo.nets.dense import Dense
from evorobo.nets.genome import Genome
from evorobo.nets.schedules import Schedule, ScheduleState
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.rollout_envs import RolloutEnvs

POLICIES = {"A2C": ON_POLICY, "PPO": ON_POLICY, "SAC": SAC, "TD3": TD3, "DDPG": TD3, "DQN": DQN}
"""Which weights of each algorithm compute actions."""

DECIDED_HERE = frozenset(
    {"policy", "env", "seed", "device", "verbose", "tensorboard_log", "action_noise", "replay_buffer_class"}
    | {"replay_buffer_kwargs", "optimize_memory_usage", "rollout_buffer_class", "rollout_buffer_kwargs"}
    | {"stats_window_size", "_init_setup_model"}
)
"""Keyword arguments of the algorithms that a study may not set."""


class AlgorithmSettings(Protocol):
    """The settings of a `StableBaselines`."""

    @property
    def algorithm(self) -> str: ...
    @property
    def settings(self) -> dict[str, Any]: ...
    @property
    def n_envs(self) -> int: ...
    @property
    def critic(self) -> tuple[int, ...]: ...
    @property
    def action_noise(self) -> float: ...
    @property
    def initialization(self) -> str: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def warm_start(self) -> Genome | str | None: ...
    @property
    def name(self) -> str: ...


def actor_spec(method: AlgorithmSettings, spec: NetworkSpec, envs: RolloutEnvs, task: str) -> NetworkSpec:
    """The network as the algorithm trains it. Raises `SettingsError` where task, network and algorithm do not fit."""
    name, policy = method.algorithm, POLICIES[method.algorithm]
    if name == "DQN" and len(envs.choices) != 1:
        raise SettingsError(f"DQN chooses one of some moves, and {task} has others; use PPO or A2C.")
    if policy.output == "tanh" and envs.choices:
        raise SettingsError(f"{name} drives motors, and {task} has moves to choose from; use PPO, A2C or DQN.")
    if not envs.choices and not np.isfinite(envs.limits).all():
        raise SettingsError(
            f"{task} has motors without limits, which Stable-Baselines3 does not take; use an environment with limits."
        )
    if policy.output == "tanh" and (envs.limits[0] >= envs.limits[1]).any():
        raise SettingsError(f"{task} has a motor whose limits are equal, which {name} does not take; use PPO or A2C.")
    for layer in spec.layers:
        if not (isinstance(layer, Dense) and layer.bias):
            raise SettingsError(
                f"{method.name} trains dense layers with biases, and the network has {layer}; use another method."
            )
    dense = [layer for layer in spec.layers if isinstance(layer, Dense)]
    hidden = {layer.activation for layer in dense[:-1]}
    known = list(TORCH_ACTIVATIONS.values())
    if len(hidden) > 1 or not hidden <= set(known):
        raise SettingsError(
            f"{method.name} trains hidden layers of one activation, one of {', '.join(known)}, and the network has "
            f"{', '.join(sorted(hidden))}; change the hidden layers."
        )
    usual = "tanh" if not envs.choices else "identity"
    if dense[-1].activation not in (usual, policy.output):
        raise SettingsError(
            f"the last layer of {name} is {policy.output}, and that of the network {dense[-1].activation}; leave the "
            "output of the network as it is by default."
        )
    return replace(spec, layers=(*dense[:-1], replace(dense[-1], activation=policy.output)))


def make_model(method: AlgorithmSettings, spec: NetworkSpec, env: VecEnv, schedule_state: ScheduleState) -> Any:
    """The model of the algorithm, whose schedules follow the attribute `budget_fraction`, and `schedule_state`.

    Raises `SettingsError` for settings that the algorithm does not have or refuses.
    """
    algorithm: Any = getattr(stable_baselines3, method.algorithm)
    parameters = inspect.signature(algorithm).parameters
    accepted = [name for name in parameters if name not in DECIDED_HERE]
    for name in method.settings:
        if name not in accepted:
            raise unknown(f"setting of {method.algorithm}", name, accepted)
    hidden = list(spec.widths[1:-1])
    classes = {ours: theirs for theirs, ours in TORCH_ACTIVATIONS.items()}
    activation = next((layer.activation for layer in spec.layers[:-1] if isinstance(layer, Dense)), "tanh")
    shapes: Any = {"pi": hidden, "vf" if POLICIES[method.algorithm] is ON_POLICY else "qf": list(method.critic)}
    if method.algorithm == "DQN":
        shapes = hidden
    kwargs: dict[str, Any] = {"net_arch": shapes, "activation_fn": getattr(torch.nn, classes[activation])}
    settings = method.settings | {"policy_kwargs": dict(method.settings.get("policy_kwargs", {})) | kwargs}
    rate = settings.get("learning_rate", parameters["learning_rate"].default)
    settings["learning_rate"] = lambda remaining: rate * method.schedule.factor(1 - remaining, schedule_state)
    if method.action_noise:
        if POLICIES[method.algorithm].output != "tanh":
            raise SettingsError(f"{method.algorithm} takes no action_noise; set it to 0.")
        sd = np.full(spec.n_outputs, method.action_noise)
        settings["action_noise"] = NormalActionNoise(np.zeros(spec.n_outputs), sd)

    budgeted: Any = type(
        method.algorithm,
        (algorithm,),
        {"budget_fraction": 0.0, "_update_current_progress_remaining": _follow_budget},
    )
    try:
        model = budgeted("MlpPolicy", env, device="cpu", **settings)
    except (AssertionError, TypeError, ValueError) as error:
        raise SettingsError(f"Stable-Baselines3 refuses the settings of {method.name}: {error}") from error
    model.set_logger(Logger(None, []))
    return model


def _follow_budget(model: Any, num_timesteps: int, total_timesteps: int) -> None:
    """What the library calls to update the progress of its schedules, 1 at the begin and 0 at the end."""
    model._current_progress_remaining = 1 - model.budget_fraction


def read_weights(model: Any, policy: KnownPolicy, spec: NetworkSpec) -> Array:
    """The weights of the actor as those of a genome."""
    weights = np.empty(spec.n_params)
    for views, (weight, bias) in zip(spec.unpack(weights), _pairs(model.policy.state_dict(), policy), strict=True):
        views["weight"][...], views["bias"][...] = weight.numpy().T, bias.numpy()
    return weights


def write_weights(model: Any, policy: KnownPolicy, spec: NetworkSpec, weights: Array) -> None:
    """Give the actor, and its copy where the algorithm has one, the weights of a genome."""
    for views, (weight, bias) in zip(spec.unpack(weights), _pairs(model.policy.state_dict(), policy), strict=True):
        weight.copy_(torch.from_numpy(views["weight"].T))
        bias.copy_(torch.from_numpy(views["bias"]))
    for name in ("actor", "q_net"):
        if target := getattr(model, f"{name}_target", None):
            target.load_state_dict(getattr(model, name).state_dict())


def _pairs(state: Mapping[str, Any], policy: KnownPolicy) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Weight and bias of each layer of the actor; the tensors are those of the model."""
    prefixes = tuple(f"{name}." for name in policy.only)
    tensors = [tensor for name, tensor in state.items() if name.startswith(prefixes)]
    return list(zip(tensors[::2], tensors[1::2], strict=True))
