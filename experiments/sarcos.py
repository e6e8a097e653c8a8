"""Inverse dynamics of a real arm (SARCOS, 4449 rows): gradient against no gradient, and what a random split hides.

Scores are squared errors divided by each torque's variance, averaged over seven torques. Whole blocks of the recording
are tested, in three assignments; random rows give scores that are too good. The settings were chosen on validation
blocks of other assignments, with other seeds.
"""

import evorobo as er


def arm(label, split):
    return er.DatasetTask("sarcos", split=split, metric=er.NMSE(), label=label)


study = er.Study.grid(
    "sarcos",
    tasks=[
        *(arm(f"blocks {seed}", er.BlockSplit(20, validation=0, seed=seed)) for seed in range(3)),
        arm("random rows", er.RandomSplit(validation=0)),
    ],
    methods=[
        er.Evolution(er.OpenAIES(population_size=64, sigma=0.05, optimizer=er.Adam(0.02), weight_decay=0.0)),
        er.Backprop(er.AdamW(0.01, weight_decay=0.1), schedule=er.Cosine(), dtype="float32"),
    ],
    seeds=5,
    budget=er.Budget(flops=2e10),
    hidden=(64, 64, 64),
)

if __name__ == "__main__":
    er.main(study)
