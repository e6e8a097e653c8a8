"""Forward kinematics of an 8-link robot arm (kin8nm, official splits 0 to 4): backprop against evolution."""

from evorobo import Adam, Backprop, Budget, Cosine, DatasetTask, Evolution, OpenAIES, Study, main

study = Study.grid(
    "kin8nm",
    tasks=[DatasetTask("kin8nm", loader_kwargs={"fold": fold}) for fold in range(5)],
    methods=[
        Evolution(OpenAIES(population_size=64, sigma=0.05, optimizer=Adam(0.02), weight_decay=0.0)),
        Backprop(Adam(0.003), schedule=Cosine(), dtype="float32"),
    ],
    seeds=5,
    budget=Budget(flops=1.5e10),
    hidden=(64, 64),
)

if __name__ == "__main__":
    main(study)
