"""The terrain exercise: a raw recording becomes an honest comparison in two commands."""

import numpy as np
import pytest
from scripts import run
from terrain_recording import CLASSES, write_terrain

import evorobo as er
from evorobo.study.results import load

NOTES = (
    "Empty cells become the median of the training rows",
    "'weather': text, one input for each text",
    "'timestamp': left out, since it says where a row is in the recording",
    "The classes are unequal (asphalt 81%, gravel 15%, mud 5%)",
    "share their 'session' with training rows",
    "'session': left out, since it holds times, names or one value",
)


def test_two_commands_lead_from_the_file_to_verdict_and_importance(evorobo, tmp_path):
    write_terrain(tmp_path / "terrain.csv", n_rows=3000, n_sessions=10)
    code, out, err = evorobo("new-dataset", "terrain.csv")
    assert (code, err) == (0, "")
    for note in NOTES[:3] + NOTES[4:]:
        assert note in out
    folder = tmp_path / "terrain"
    code, out, err = run("experiment.py", "--seeds", 1, "--budget", "flops=3e6,n_evals=2", "--jobs", 1, folder=folder)
    assert (code, err) == (0, "")
    study = folder / "results" / "terrain"
    assert (study / "importance-terrain.png").read_bytes().startswith(b"\x89PNG")
    assert "recall of mud" in out
    results = load(study)
    assert results.metrics["terrain"].name == "balanced accuracy"
    assert list(results.references["terrain"])[:2] == ["majority class", "linear fit"]
    assert results.references["terrain"]["majority class"] == pytest.approx(1 / 3)
    assert results.references["terrain"]["random forest"] > 0.6
    assert {run.method for run in results.runs} == {"openai-es", "comma-es", "backprop"}
    assert "session" not in results.cautions.get("terrain", "")
    genome = er.Genome.load(study / "terrain" / "backprop" / "seed-0" / "genome.npz")
    assert genome.data.classes == CLASSES
    assert "session" not in genome.data.columns
    row = dict.fromkeys(genome.data.columns, 0.0) | {"weather": "rain", "accel_z": None}
    assert genome.predict(row)[0] in CLASSES


@pytest.mark.slow
@pytest.mark.reproduction
def test_the_whole_recording_is_learned_better_than_by_a_guess(evorobo, tmp_path):
    write_terrain(tmp_path / "terrain.csv")
    code, out, _ = evorobo("new-dataset", "terrain.csv")
    assert code == 0
    for note in NOTES:
        assert note in out
    folder = tmp_path / "terrain"
    code, out, err = run("experiment.py", "--seeds", 3, "--jobs", 2, folder=folder)
    assert (code, err) == (0, "")
    results = load(folder / "results" / "terrain")
    scores = {run.method: run.score for run in results.runs}
    assert scores["backprop"] > 0.7
    assert scores["openai-es"] > 0.5
    text = (folder / "results" / "terrain" / "importance.csv").read_text()
    assert "encoder_left" in text


def test_the_generator_repeats_itself_and_has_the_fractions_of_the_exercise(tmp_path):
    one, two = (write_terrain(tmp_path / f"{name}.csv").read_text() for name in "ab")
    assert one == two
    rows = [line.split(",") for line in one.splitlines()[1:]]
    labels, counts = np.unique([row[-1] for row in rows], return_counts=True)
    assert labels.tolist() == list(CLASSES)
    assert counts / 20_000 == pytest.approx([0.80, 0.15, 0.05], abs=0.03)
    assert sum(cell == "" for row in rows for cell in row) == 2
