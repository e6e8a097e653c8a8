"""T-maze: a light tells at the start which arm to take at the end. Who remembers it, and who can teach to remember?

Networks without memory cannot do better than chance, 50, however they learn.
"""

from evorobo import CMAES, GRU, Adam, Backprop, Budget, ControlTask, Cosine, Elman, Evolution, Study, main

taught = {"optimizer": Adam(0.01), "batch": 4, "clip_norm": 1.0, "schedule": Cosine()}
study = Study.grid(
    "t-maze",
    tasks=[ControlTask("evorobo/TMaze-v0", episodes=2)],
    methods=[
        Evolution(CMAES(), name="evolved reactive"),
        Evolution(CMAES(), name="evolved elman"),
        Evolution(CMAES(), name="evolved gru"),
        Backprop(**taught, name="taught reactive"),
        Backprop(**taught, name="taught elman"),
        Backprop(**taught, name="taught gru"),
    ],
    seeds=5,
    budget=Budget(flops=1e9),
    hidden={
        f"{how} {kind}": (layer,)
        for how in ("evolved", "taught")
        for kind, layer in {"reactive": 8, "elman": Elman(4), "gru": GRU(4)}.items()
    },
)

if __name__ == "__main__":
    main(study)
