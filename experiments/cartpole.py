"""CartPole-v1: three ways to evolve a balancer, and one to copy it from a rule of thumb."""

from evorobo import CMAES, GA, Backprop, Budget, ControlTask, Evolution, OpenAIES, Study, main


def rule_of_thumb(observation):
    """Push towards the side to which the pole is falling, and a little against the drift of the cart."""
    x, x_dot, angle, angle_dot = observation
    return int(angle + 0.5 * angle_dot + 0.02 * x + 0.05 * x_dot > 0)


study = Study.grid(
    "cartpole",
    tasks=[ControlTask("CartPole-v1", teacher=rule_of_thumb)],
    methods=[Evolution(CMAES()), Evolution(OpenAIES()), Evolution(GA()), Backprop()],
    seeds=10,
    budget=Budget(flops=2e7),
    hidden=(8,),
)

if __name__ == "__main__":
    main(study)
