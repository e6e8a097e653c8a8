"""T-maze: a light tells at the start which arm to take at the end. Who remembers it, and who can teach to remember?

Networks without memory stay at chance, 50, however they learn. At this price evolution finds the way, and hardly
ever the memory; who copies a teacher that remembers, through time, finds both.
"""

from evorobo import CMAES, GRU, Adam, Backprop, Budget, ControlTask, Cosine, Evolution, Study, main

study = Study.grid(
    "t-maze",
    tasks=[ControlTask("evorobo/TMaze-v0", episodes=2, demonstrations=60)],
    methods=[
        Evolution(CMAES(), name="reactive evolved"),
        Evolution(CMAES(), name="recurrent evolved"),
        Backprop(Adam(0.01), schedule=Cosine(), name="reactive taught"),
        Backprop(Adam(0.01), batch=4, clip_norm=1.0, schedule=Cosine(), name="recurrent taught"),
    ],
    seeds=5,
    budget=Budget(flops=1e9),
    hidden={
        "reactive evolved": (8,),
        "reactive taught": (8,),
        "recurrent evolved": (GRU(8),),
        "recurrent taught": (GRU(8),),
    },
)

if __name__ == "__main__":
    main(study)
