"""Record PyTorch's loss and gradient of PPO: python tests/learners/policy_gradients/record_ppo_reference.py

It needs numpy and torch. The test needs only the file it writes, `ppo_reference.json`, and the problems below. The loss
is written as in Stable-Baselines3 2.9 (`PPO.train`), in double precision.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("ppo_reference.json")
N_INPUTS, ACTOR, CRITIC, ROWS = 3, (5,), (4, 6), 16
SETTINGS: dict[str, dict[str, Any]] = {
    "motors": {"choices": (), "clip_range": 0.2, "clip_range_vf": None, "entropy_coef": 0.0},
    "motors, all terms": {"choices": (), "clip_range": 0.1, "clip_range_vf": 0.3, "entropy_coef": 0.02},
    "one choice": {"choices": (4,), "clip_range": 0.2, "clip_range_vf": None, "entropy_coef": 0.01},
    "three choices": {"choices": (3, 2, 2), "clip_range": 0.3, "clip_range_vf": 0.5, "entropy_coef": 0.05},
}
VALUE_COEF, N_MOTORS = 0.5, 2


def problem(name: str) -> dict[str, np.ndarray]:
    """Weights of both networks, layer after layer as `(inputs, outputs)` and biases, and a minibatch."""
    rng, choices = np.random.default_rng(len(name)), SETTINGS[name]["choices"]
    n_outputs = sum(choices) or N_MOTORS
    parts: dict[str, np.ndarray] = {}
    for network, hidden, outputs in (("actor", ACTOR, n_outputs), ("critic", CRITIC, 1)):
        widths = (N_INPUTS, *hidden, outputs)
        arrays = []
        for k, m in pairwise(widths):
            arrays += [rng.normal(0, 0.6, (k, m)), rng.normal(0, 0.3, m)]
        parts[network] = np.concatenate([array.ravel() for array in arrays])
    parts["log_sd"] = rng.normal(-0.3, 0.2, 0 if choices else N_MOTORS)
    parts["inputs"] = rng.normal(size=(ROWS, N_INPUTS))
    if choices:
        parts["samples"] = rng.integers(choices, size=(ROWS, len(choices)))
    else:
        parts["samples"] = rng.normal(0, 0.8, (ROWS, N_MOTORS))
    parts["changes"] = rng.normal(0, 0.2, ROWS)  # of the log-probabilities since the rollout
    for key in ("advantages", "targets", "values"):
        parts[key] = rng.normal(size=ROWS)
    return parts


def record(name: str) -> dict[str, Any]:
    import torch

    settings = SETTINGS[name]
    given = {key: torch.tensor(array) for key, array in problem(name).items()}
    params = {key: given[key].clone().requires_grad_() for key in ("actor", "log_sd", "critic")}

    def network(flat: Any, hidden: tuple[int, ...], outputs: int) -> Any:
        widths, x, start = (N_INPUTS, *hidden, outputs), given["inputs"], 0
        for number, (k, m) in enumerate(pairwise(widths)):
            weight = flat[start : start + k * m].reshape(k, m)
            x = x @ weight + flat[start + k * m : start + k * m + m]
            x = x if number == len(widths) - 2 else torch.tanh(x)
            start += k * m + m
        return x

    choices = settings["choices"]
    outputs = network(params["actor"], ACTOR, sum(choices) or N_MOTORS)
    if choices:
        groups = [torch.distributions.Categorical(logits=part) for part in torch.split(outputs, list(choices), dim=1)]
        numbers = torch.unbind(given["samples"], dim=1)
        log_prob = torch.stack([group.log_prob(one) for group, one in zip(groups, numbers, strict=True)]).sum(0)
        entropy = torch.stack([group.entropy() for group in groups]).sum(0)
    else:
        normal = torch.distributions.Normal(outputs, torch.ones_like(outputs) * params["log_sd"].exp())
        log_prob, entropy = normal.log_prob(given["samples"]).sum(1), normal.entropy().sum(1)
    old_log_prob = (log_prob - given["changes"]).detach()
    advantages = given["advantages"]
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    ratio = torch.exp(log_prob - old_log_prob)
    clip_range, clip_range_vf = settings["clip_range"], settings["clip_range_vf"]
    policy_loss_1 = advantages * ratio
    policy_loss_2 = advantages * torch.clamp(ratio, 1 - clip_range, 1 + clip_range)
    policy_loss = -torch.min(policy_loss_1, policy_loss_2).mean()
    values = network(params["critic"], CRITIC, 1).flatten()
    if clip_range_vf is None:
        values_pred = values
    else:
        values_pred = given["values"] + torch.clamp(values - given["values"], -clip_range_vf, clip_range_vf)
    value_loss = torch.nn.functional.mse_loss(given["targets"], values_pred)
    entropy_loss = -torch.mean(entropy)
    loss = policy_loss + settings["entropy_coef"] * entropy_loss + VALUE_COEF * value_loss
    loss.backward()
    log_ratio = log_prob - old_log_prob
    grads = [params[key].grad for key in ("actor", "log_sd", "critic")]
    return {
        "old_log_probs": old_log_prob.tolist(),
        "loss": loss.item(),
        "policy_loss": policy_loss.item(),
        "value_loss": value_loss.item(),
        "entropy": entropy.mean().item(),
        "kl": torch.mean((torch.exp(log_ratio) - 1) - log_ratio).item(),
        "clip_fraction": torch.mean((torch.abs(ratio - 1) > clip_range).double()).item(),
        "gradient": [number for grad in grads if grad is not None for number in grad.tolist()],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: record(name) for name in SETTINGS}, indent=1) + "\n")
