"""Wall following, real and simulated: the SCITOS G5's own data beside a twin of the robot that made it.

Every answer is then judged on both: who learned from the data drives the twin, who drove the twin reads the data.
"""

from evorobo import (
    Adam,
    Backprop,
    Budget,
    ControlTask,
    DatasetTask,
    Evolution,
    OpenAIES,
    RandomSplit,
    SelfAdaptiveES,
    Study,
    main,
    transfer,
)

inverse = {"ranges": "inverse"}
study = Study.grid(
    "wall-following",
    tasks=[
        DatasetTask("scitos-24", options=inverse, label="real"),
        DatasetTask("scitos-24", options=inverse, label="real, random split", split=RandomSplit()),
        ControlTask("evorobo/WallFollowing-v0", options=inverse, label="twin", episodes=2),
    ],
    methods=[
        Evolution(OpenAIES(population=40, sigma=0.1, optimizer=Adam(0.05))),
        Evolution(SelfAdaptiveES()),
        Backprop(),
    ],
    seeds=5,
    budget=Budget(flops=1e9),
    hidden=(20,),
)

if __name__ == "__main__":
    print(transfer(main(study)))
    print("\nA random split flatters: rows are 0.11 s apart, so each test row has near twins among the training rows.")
