"""A folder of an older version: every command that reads it answers with one sentence and a cure."""

import json

import pytest
from scripts import rail, run, sentence

TRIAL = "results/rail/rail/cma-es/seed-0"


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """The folder of an experiment whose files have no format number, as files of the first format."""
    folder = tmp_path_factory.mktemp("older")
    code, _, err = run(rail(folder), "--jobs", 1, "--seeds", 1, "--only", "cma-es", folder=folder)
    assert (code, err) == (0, "")
    for path in (folder / "results").rglob("*.json"):
        content = json.loads(path.read_text())
        content.pop("format", None)
        path.write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("run", "rail.py", "--jobs", 1),
        ("run", f"{TRIAL}/trial.json"),
        ("plot", "results/rail"),
        ("table", "results/rail"),
        ("compare", "results/rail"),
        ("convert", "results/rail", "--to", "csv"),
        ("report", "results/rail"),
        ("replay", TRIAL),
        ("export", TRIAL, "--to", "json"),
    ],
    ids=lambda words: words[0],
)
def test_an_older_folder_is_refused_in_one_sentence(evorobo, older, monkeypatch, words):
    monkeypatch.chdir(older)
    answer = sentence(evorobo(*words))
    assert ".json has format 1 of an older version of evorobo, and this version reads format 3; run the" in answer
    assert "with another --results folder, or use that version." in answer


def test_another_results_folder_is_the_cure(evorobo, older, monkeypatch):
    monkeypatch.chdir(older)
    assert evorobo("run", "rail.py", "--jobs", 1, "--only", "cma-es", "--results", "new")[0] == 0
