"""A gripper felt that something went wrong (lp4): what was it? A network with memory feels the forces moment by moment.

Each fifth of the 117 failures in turn tests. The fifteen moments of a failure follow each other, and only the answer at
the last one teaches and counts. The settings were chosen on validation rows, with other seeds.
"""

import evorobo as er


def fifth(fold):
    return er.DatasetTask(
        "lp4",
        loader_kwargs={"row": "time_step", "scaling": "signlog", "fold": fold},
        split=er.GroupSplit("split", test=("test",)),  # what would validate trains, too
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
