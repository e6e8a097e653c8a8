"""The policies of Stable-Baselines3: which of their weights compute actions, and the names of their activations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownPolicy:
    """What the names in a state_dict say about a policy: which of them compute actions, and with which activations."""

    title: str
    only: tuple[str, ...]
    activation: str
    output: str


ON_POLICY = KnownPolicy(
    "an actor of Stable-Baselines3's PPO or A2C",
    ("mlp_extractor.shared_net", "mlp_extractor.policy_net", "action_net"),
    "tanh",
    "identity",
)
SAC = KnownPolicy("an actor of Stable-Baselines3's SAC", ("actor.latent_pi", "actor.mu"), "relu", "tanh")
TD3 = KnownPolicy("an actor of Stable-Baselines3's TD3 or DDPG", ("actor.mu",), "relu", "tanh")
DQN = KnownPolicy("a value network of Stable-Baselines3's DQN", ("q_net",), "relu", "identity")

KNOWN_POLICIES: tuple[tuple[tuple[str, ...], KnownPolicy], ...] = (
    (("action_net.weight", "value_net.weight"), ON_POLICY),
    (("actor.latent_pi.0.weight", "actor.mu.weight"), SAC),
    (("actor.mu.0.weight", "critic.qf0.0.weight"), TD3),
    (("q_net.q_net.0.weight", "q_net_target.q_net.0.weight"), DQN),
)
"""Names that only such a policy has, and what is known about it then; its activations are the defaults of the tool."""

TORCH_ACTIVATIONS = {
    "Tanh": "tanh",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "GELU": "gelu",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Identity": "identity",
}
"""The names of PyTorch's activations and of ours."""
