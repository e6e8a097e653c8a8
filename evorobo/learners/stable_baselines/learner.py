"""The learner of `StableBaselines`: one step is one rollout with the updates that follow it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import attrgetter
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.vec_env import VecNormalize

from evorobo.errors import LearningError, SettingsError
from evorobo.learners.base import StepResult
from evorobo.learners.stable_baselines.counting import FlopCounter
from evorobo.learners.stable_baselines.model import (
    POLICIES,
    AlgorithmSettings,
    actor_spec,
    make_model,
    read_weights,
    write_weights,
)
from evorobo.learners.stable_baselines.vec_env import RolloutVecEnv
from evorobo.learners.warm_start import fitting_genome, normalizes_observations
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Task
from evorobo.tasks.rollout_envs import HasRolloutEnvs

COUNTERS = ("num_timesteps", "_n_updates", "_n_calls", "_episode_num", "exploration_rate")
"""Numbers of a model that change; each algorithm has some of them."""
LAST = ("_last_obs", "_last_original_obs", "_last_episode_starts")
"""Arrays of a model that pass from rollout to rollout."""
REPLAY = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
"""Arrays of a replay buffer."""


class StableBaselinesLearner:
    """Running `StableBaselines`."""

    done = False

    def __init__(self, method: AlgorithmSettings, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasRolloutEnvs):
            raise SettingsError(f"{task.name} has no environments to step, which {method.name} needs; use Backprop.")
        weights = spec.init(rng)
        envs = task.rollout_envs(method.n_envs)
        self._rng, self._robot_flops = rng, envs.step_flops
        self._policy, self._spec = POLICIES[method.algorithm], actor_spec(method, spec, envs, task.name)
        is_clipped = not envs.choices and self._policy.output == "identity"
        cold = Genome(self._spec, weights, actions="clip" if is_clipped else "scale")
        self._first = cold if method.warm_start is None else fitting_genome(method.warm_start, task, cold)
        self._env = RolloutVecEnv(envs, method.n_envs, spec.n_inputs, rng)
        self._normalizer: VecNormalize | None = None
        self._normalizes, scaler = normalizes_observations(task), self._first.input_scaler
        if self._normalizes:
            self._normalizer = VecNormalize(self._env, norm_reward=False, clip_obs=np.inf)
            if observed := self._first.observation_moments:
                self._observed = observed
        elif scaler:  # of the warm start, which stays as it is
            self._normalizer = VecNormalize(self._env, False, norm_reward=False, clip_obs=np.inf, epsilon=0.0)
            self._observed = RunningMoments(1.0, scaler.mean, scaler.sd**2)
        self._schedule, self._schedule_state = method.schedule, method.schedule.start()
        with self._seeded():
            self._model: Any = make_model(method, self._spec, self._normalizer or self._env, self._schedule_state)
        if method.warm_start is not None or method.initialization == "genome":
            write_weights(self._model, self._policy, self._spec, self._first.weights)
        optimizers = [self._part(name) for name in self._model.get_parameters() if name.endswith("optimizer")]
        self._counter = FlopCounter(self._model.policy, optimizers)
        self._genome = self._read_genome()

    @property
    def genome(self) -> Genome:
        return self._genome

    @property
    def cost(self) -> Cost:
        n_steps = self._model.num_timesteps
        done = Cost(env_steps=n_steps, episodes=self._env.n_episodes, robot_flops=n_steps * self._robot_flops)
        return done + self._counter.cost

    def step(self, budget_fraction: float) -> StepResult:
        self._model.budget_fraction = budget_fraction
        n_episodes = self._env.n_episodes
        try:
            with self._seeded(), np.errstate(all="ignore"):
                self._model.learn(1, log_interval=None, reset_num_timesteps=False)
            genome = self._read_genome()
        except ValueError as error:
            if self._is_finite():
                raise
            raise self._diverged() from error
        if not np.isfinite(genome.weights).all():
            raise self._diverged()
        self._genome = genome
        if self._env.n_episodes > n_episodes > 0:  # the first step only begins some
            self._schedule.on_epoch_end(-self._env.mean_return, self._schedule_state)
        return StepResult(self._env.mean_return)

    def artifacts(self) -> dict[str, bytes | str]:
        return {}

    def state(self) -> dict[str, Any]:
        model = self._model
        last = {name: np.array(value) for name in LAST if (value := getattr(model, name, None)) is not None}
        state = {
            "parameters": {name: _to_arrays(part) for name, part in model.get_parameters().items()},
            "counters": {name: getattr(model, name) for name in COUNTERS if hasattr(model, name)},
            "last": last,
            "env": self._env.state(),
            "flops": vars(self._counter.cost),
            "schedule": dict(self._schedule_state),
            "rng": self._rng.bit_generator.state,
        }
        if (log_ent_coef := getattr(model, "log_ent_coef", None)) is not None:
            state["log_ent_coef"] = log_ent_coef.detach().numpy().copy()
        if self._normalizes:
            state["observed"] = vars(self._observed)
        if (buffer := getattr(model, "replay_buffer", None)) is not None:
            n = buffer.buffer_size if buffer.full else buffer.pos
            replay = {name: getattr(buffer, name)[:n].copy() for name in REPLAY}
            state["replay"] = {"position": buffer.pos, "full": buffer.full, **replay}
        return state

    def restore(self, state: dict[str, Any]) -> None:
        model = self._model
        for name, arrays in state["parameters"].items():
            part = self._part(name)
            if name.endswith("optimizer"):
                sums = {int(number): _to_tensors(each) for number, each in arrays.items()}
                part.load_state_dict({"state": sums, "param_groups": part.state_dict()["param_groups"]})
            else:
                part.load_state_dict(_to_tensors(arrays))
        for name, value in (state["counters"] | state["last"]).items():
            setattr(model, name, value)
        if "log_ent_coef" in state:
            model.log_ent_coef.data.copy_(torch.from_numpy(state["log_ent_coef"]))
        self._env.restore(state["env"])
        self._counter.cost = Cost(**state["flops"])
        self._schedule_state.update(state["schedule"])
        if self._normalizes:
            self._observed = RunningMoments(**state["observed"])
        if "replay" in state:
            buffer = model.replay_buffer
            buffer.pos, buffer.full = state["replay"]["position"], state["replay"]["full"]
            for name in REPLAY:
                filled = state["replay"][name]
                getattr(buffer, name)[: len(filled)] = filled
        self._rng.bit_generator.state = state["rng"]
        self._genome = self._read_genome()

    def _read_genome(self) -> Genome:
        """The actor as a genome, with the normalization of observations up to now."""
        weights = read_weights(self._model, self._policy, self._spec)
        if not self._normalizes:
            return replace(self._first, weights=weights)
        assert self._normalizer
        observed = self._observed
        variance = observed.squared_deviations / observed.count
        scaler = Scaler(observed.mean, np.sqrt(variance + self._normalizer.epsilon))
        return replace(self._first, weights=weights, input_scaler=scaler, observation_moments=observed)

    @property
    def _observed(self) -> RunningMoments:
        """The statistics of the observations; the library begins with a small count, mean 0 and variance 1."""
        assert self._normalizer
        statistics: Any = self._normalizer.obs_rms
        return RunningMoments(float(statistics.count), statistics.mean.copy(), statistics.var * statistics.count)

    @_observed.setter
    def _observed(self, observed: RunningMoments) -> None:
        assert self._normalizer
        statistics: Any = self._normalizer.obs_rms
        statistics.mean, statistics.count = observed.mean.copy(), observed.count
        statistics.var = observed.squared_deviations / observed.count

    def _part(self, name: str) -> Any:
        """The network or optimizer of this name in `get_parameters`."""
        return attrgetter(name)(self._model)

    def _is_finite(self) -> bool:
        return all(bool(torch.isfinite(weights).all()) for weights in self._model.policy.parameters())

    def _diverged(self) -> LearningError:
        return LearningError(
            f"learning diverged: the weights are no longer finite after {self._model.num_timesteps} steps; try a "
            "smaller learning_rate."
        )

    @contextmanager
    def _seeded(self) -> Iterator[None]:
        """Seed the global generators, from which the library draws, by `rng`; restore them, and PyTorch's threads."""
        numbers, numpy_state, torch_state = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        n_threads = torch.get_num_threads()
        seeds = self._rng.integers(2**32, size=4, dtype=np.uint32)
        random.seed(int(seeds[0]))
        np.random.seed(seeds[1])  # noqa: NPY002
        torch.random.default_generator.manual_seed(int(seeds[2]))
        self._env.action_space.seed(int(seeds[3]))
        torch.set_num_threads(1)
        try:
            yield
        finally:
            random.setstate(numbers)
            np.random.set_state(numpy_state)  # noqa: NPY002
            torch.set_rng_state(torch_state)
            torch.set_num_threads(n_threads)


def _to_arrays(part: dict[str, Any]) -> dict[str, Any]:
    """The tensors in the state_dict of a network or of an optimizer, as arrays."""
    if "param_groups" in part:
        return {str(number): _to_arrays(sums) for number, sums in part["state"].items()}
    return {name: tensor.detach().numpy().copy() for name, tensor in part.items() if torch.is_tensor(tensor)}


def _to_tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
