"""Which failure did a gripper feel (lp4)? A network with memory reads forces and torques step by step.

Five folds of the 117 failures are tested in turn. Each failure has fifteen steps, and only the output at the last one
is trained and scored. The settings were chosen on validation rows, with other seeds.
"""

import evorobo as er


def fifth(fold):
    return er.DatasetTask(
        "lp4",
        loader_kwargs={"row": "time_step", "scaling": "signlog", "fold": fold},
        split=er.GroupSplit("split", test=("test",)),  # validation rows are trained on too
        sequence="sequence",
        scored_steps="last",
        window=15,
        label=f"fifth {fold}",
    )


study = er.Study.grid(
    "failures",
    tasks=[fifth(fold) for fold in range(5)],
    methods=[
        er.Evolution(er.OpenAIES(population_size=40, sigma=0.1, optimizer=er.Adam(0.05))),
        er.Backprop(
            er.AdamW(0.01, weight_decay=0.1), batch_size=8, input_noise=0.1, schedule=er.Cosine(), dtype="float32"
        ),
    ],
    seeds=5,
    budget=er.Budget(flops=6e8),
    hidden=(er.GRU(16),),
)

if __name__ == "__main__":
    er.main(study)
