"""Wall following, real and simulated: data of the SCITOS G5 and a simulated twin of the robot.

Every solution is tested on both: networks trained on the data drive the twin, and networks evolved on the twin classify
the data.
"""

import evorobo as er

inverse = {"ranges": "inverse"}
study = er.Study.grid(
    "wall-following",
    tasks=[
        er.DatasetTask("scitos-24", loader_kwargs=inverse, label="real"),
        er.DatasetTask("scitos-24", loader_kwargs=inverse, label="real, random split", split=er.RandomSplit()),
        er.ControlTask("evorobo/WallFollowing-v0", env_kwargs=inverse, label="twin", episodes=2),
    ],
    methods=[
        er.Evolution(er.OpenAIES(population_size=40, sigma=0.1, optimizer=er.Adam(0.05))),
        er.Evolution(er.SelfAdaptiveES()),
        er.Backprop(),
    ],
    seeds=5,
    budget=er.Budget(flops=1e9),
    hidden=(20,),
)

if __name__ == "__main__":
    print(er.transfer(er.main(study)))
