"""CartPole-v1: three evolution strategies, and backpropagation that copies a simple rule."""

from evorobo import CMAES, GA, Backprop, Budget, ControlTask, Evolution, OpenAIES, Study, main


def rule_of_thumb(observation):
    """Push toward the side to which the pole falls, and slightly against the drift of the cart."""
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
