"""Two tellers of one story, compared step by step: a simulator of many, and as many environments of gymnasium."""

import gymnasium
import numpy as np


def lengths_alike(id, simulator, seeds, policy, atol=0.0, earned=0.0, look=None):
    """Drive both with `policy(rng, sensors)` to the ends of all episodes; the lengths of the episodes.

    Observations must agree within `atol`, rewards within `earned`.
    `look(simulator, environments)` may compare more than observations, rewards and ends.
    """
    rng, seeds = np.random.default_rng(0), np.asarray(seeds)
    environments = [gymnasium.make(id) for _ in seeds]
    sensors = simulator.reset(seeds, 1)
    one_by_one = [each.reset(seed=int(seed))[0] for each, seed in zip(environments, seeds, strict=True)]
    lengths, tick = [], 0
    while environments:
        np.testing.assert_allclose(sensors, np.stack(one_by_one), rtol=0, atol=atol, strict=True)
        if look:
            look(simulator, environments)
        actions = policy(rng, sensors)
        sensors, rewards, ended = simulator.step(actions)
        tick += 1
        told = [each.step(action) for each, action in zip(environments, actions, strict=True)]
        np.testing.assert_allclose(rewards, [each[1] for each in told], rtol=0, atol=max(atol, earned))
        assert ended.tolist() == [each[2] or each[3] for each in told]
        lengths += [tick] * int(ended.sum())
        environments = [each for each, over in zip(environments, ended, strict=True) if not over]
        one_by_one = [each[0] for each, over in zip(told, ended, strict=True) if not over]
        sensors = sensors[~ended]
        simulator.keep(~ended)
    return lengths
