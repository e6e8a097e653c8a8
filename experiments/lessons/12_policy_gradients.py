"""A policy gradient learns from random actions: a critic takes noise away, and PPO learns more from each step."""

from dataclasses import replace

import numpy as np

import evorobo as er
from evorobo.course import estimate, sample_episodes, teach

pole = er.ControlTask("CartPole-v1", max_steps=200, validation_episodes=20, compiled=True)
spec = er.NetworkSpec.build(pole.n_inputs, (8,), pole.n_outputs, pole.output)
ppo = er.PPO(er.Adam(0.03), er.Constant(), n_steps=200, n_epochs=5, batch_size=400, critic=(16,), reward_scale=0.05)
gae = replace(ppo, n_epochs=1, batch_size=None, normalize_advantage=False, max_grad_norm=None)  # one step a rollout
baseline = replace(gae, gae_lambda=1.0)  # the return less the value; REINFORCE's critic learns nothing and stays near 0
METHODS = {"REINFORCE": replace(baseline, value_coef=1e-12), "with a baseline": baseline, "with GAE": gae, "PPO": ppo}
EPISODES = 2 ** np.arange(8)


def learn(method, seed, rollouts):  # the learner at the start and after each rollout of 8 x 200 steps
    yield (learner := method.start(pole, spec, np.random.default_rng(seed)))
    for _ in range(rollouts):
        learner.step(0.0)
        yield learner


def run_seed(seed, rollouts=12, n=512):  # steps of balance; errors of gradient estimates of a half-trained genome
    curves = [[pole.validate(each.genome) for each in learn(method, seed, rollouts)] for method in METHODS.values()]
    *_, trained = learn(ppo, seed, 4)
    runs = sample_episodes(pole, trained.genome, trained.handed_over(), n, 200, np.random.default_rng(seed))
    dys = [runs.scores * factor[..., None] for factor in (runs.returns, runs.returns - runs.values, runs.advantages)]
    gradients = [er.gradient(spec, np.tile(trained.genome.weights, (n, 1)), runs.inputs, dy) for dy in dys]
    half, reference = n // 2, gradients[1][n // 2 :].mean(0)  # of other episodes
    means = [[np.reshape(each[:half], (half // size, size, -1)).mean(1) for size in EPISODES] for each in gradients]
    errors = [[np.square(mean - reference).sum(1).mean() for mean in each] for each in means]
    return {"curves": curves, "errors": errors / np.square(reference).sum()}


def summarize(data):
    single = [estimate(error) for error in data["errors"][:, :, 0].T]
    *others, best = (estimate(steps, 0) for steps in data["curves"][:, :, -1].T)
    return (
        f"The squared error of one episode's gradient, divided by the gradient's square, is {single[0]} by REINFORCE, "
        f"{single[1]} with the critic's value as a baseline and {single[2]} with GAE; after 19,200 steps these three "
        f"balance the pole for {', '.join(others)} steps, and PPO for {best} of 200"
    )


def draw(page, data):
    left, right = page.add_panels("Error of the estimated gradient", "Learning: one step a rollout, or PPO's 20")
    for number, name in enumerate(METHODS):
        page.plot_curve(right, 1.6 * np.arange(data["curves"].shape[-1]), data["curves"][:, number], name)
    for number, name in enumerate(list(METHODS)[:3]):
        page.plot_curve(left, EPISODES, data["errors"][:, number], name)
    left.set(xlabel="episodes of the estimate", ylabel="squared error / squared norm\n← lower is better")
    right.set(xlabel="thousand steps", ylabel="steps of balance, at most 200\nhigher is better →", ylim=(0, 210))
    page.set_log_scale(left, "xy")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
