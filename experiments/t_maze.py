"""T-maze: a light at the start indicates which arm to take at the end. Which networks learn to remember it?

Networks without memory stay at 50, the score of a random choice. Recurrent networks that are trained through time on a
teacher with memory learn the route and the memory. Evolution learns the route first, and the memory in most seeds.
"""

from evorobo import GA, Adam, Backprop, Budget, ControlTask, Cosine, Elman, Evolution, Study, main

study = Study.grid(
    "t-maze",
    tasks=[ControlTask("evorobo/TMaze-v0", episodes=4, n_demonstrations=60)],
    methods=[
        Evolution(GA(population_size=100), name="reactive evolved"),
        Evolution(GA(population_size=100), name="recurrent evolved"),
        Backprop(Adam(0.01), schedule=Cosine(), name="reactive taught"),
        Backprop(
            Adam(0.01), batch_size=4, max_grad_norm=1.0, schedule=Cosine(), bptt_steps=None, name="recurrent taught"
        ),
    ],
    seeds=5,
    budget=Budget(flops=2.5e9),
    hidden={
        "reactive evolved": (6,),
        "reactive taught": (6,),
        "recurrent evolved": (Elman(6),),
        "recurrent taught": (Elman(6),),
    },
)

if __name__ == "__main__":
    main(study)
