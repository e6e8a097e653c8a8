"""Changed, cut and lost files of a trial are refused wherever they are read."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import pytest
from toys import Bowl, Line

from evorobo import SGD, Backprop, Budget, Evolution, Genome, HallOfFame, ResultsError, Study, Trial
from evorobo.study.digests import check_files, checked_path
from evorobo.study.results import load

STUDY = Study.grid(
    "toys",
    tasks=[Bowl()],
    methods=[Evolution(), Evolution(HallOfFame(), name="fame")],
    seeds=1,
    budget=Budget(generations=3, n_evals=2),
    hidden=(3,),
)


@pytest.fixture
def folder(tmp_path):
    """The folder of a finished trial with an archive."""
    STUDY.run(tmp_path)
    return tmp_path / "toys/bowl/fame/seed-0"


def refusals(folder):
    """Return what every way to use a study says of a file of its trial."""
    texts = []
    for call in (lambda: load(folder.parents[2]), lambda: STUDY.run(folder.parents[3])):
        with pytest.raises(ResultsError) as error:
            call()
        texts.append(str(error.value))
    return texts


def test_a_result_holds_the_digest_of_each_file(folder):
    recorded = json.loads((folder / "result.json").read_text())["sha256"]
    assert recorded == {
        name: sha256((folder / name).read_bytes()).hexdigest() for name in ("curve.csv", "genome.npz", "archive.npz")
    }
    check_files(folder)


def test_a_curve_cut_anywhere_is_refused(folder):
    path = folder / "curve.csv"
    content = path.read_bytes()
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        with pytest.raises(ResultsError) as error:
            load(folder.parents[2])
        assert str(error.value) == (
            f"{path} is not what its trial wrote (its sha256 is not the one in result.json); restore it from a copy, "
            "or delete its folder and run the study again."
        )
    for text in refusals(folder):
        assert text.startswith(f"{path} is not what its trial wrote")
    path.write_bytes(content)
    assert load(folder.parents[2]).runs[1].score == Bowl().test(Genome.load(folder / "genome.npz"))


def test_an_edited_curve_is_refused(folder):
    path = folder / "curve.csv"
    lines = path.read_text().splitlines(keepends=True)
    for changed in (lines[:-1], [*lines, lines[-1]], [lines[0], *reversed(lines[1:])], [*lines[:-1], lines[-1] + "\n"]):
        path.write_text("".join(changed))
        for text in refusals(folder):
            assert text.startswith(f"{path} is not what its trial wrote")


@pytest.mark.parametrize("name", ["curve.csv", "genome.npz", "archive.npz"])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    for text in refusals(folder):
        assert text.startswith(f"{folder / name} is missing, although its trial has ended; restore it from a copy")


@pytest.mark.parametrize("name", ["genome.npz", "archive.npz"])
def test_another_genome_or_archive_is_refused_when_it_is_read_and_by_a_run(folder, name):
    trial = Trial.load(folder / "trial.json")
    Genome(trial.spec, np.zeros(trial.spec.n_params)).save(folder / name)
    load(folder.parents[2])  # a table needs neither
    with pytest.raises(ResultsError, match=rf"{name} is not what its trial wrote"):
        checked_path(folder, name)
    for call in (lambda: STUDY.run(folder.parents[3]), lambda: trial.run(folder)):
        with pytest.raises(ResultsError, match=rf"{name} is not what its trial wrote"):
            call()


def test_the_command_refuses_another_genome(folder, evorobo):
    for name in ("genome.npz", "curve.csv"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-1])
        words = ("export", folder, "--to", "numpy") if name == "genome.npz" else ("table", folder.parents[2])
        code, _, err = evorobo(*words)
        assert code == 2
        assert f"{name} is not what its trial wrote" in err
        (folder / name).write_bytes(content)


def test_diverged_trials_have_digests_too(tmp_path):
    study = Study.grid(
        "toys", tasks=[Line()], methods=[Backprop(SGD(1e6))], seeds=1, budget=Budget(flops=1e6), hidden=(3,)
    )
    (run,) = study.run(tmp_path).runs
    assert run.status == "diverged"
    assert json.loads((run.folder / "result.json").read_text())["sha256"].keys() == {"curve.csv", "genome.npz"}
    (run.folder / "genome.npz").unlink()
    with pytest.raises(ResultsError, match=r"genome\.npz is missing"):
        load(tmp_path / "toys")


def test_digests_that_are_none_are_refused(folder):
    path = folder / "result.json"
    plain = json.loads(path.read_text())
    for wrong in ([], "abc", {"curve.csv": 3}, None):
        path.write_text(json.dumps({**plain, "sha256": wrong}))
        with pytest.raises(ResultsError, match=r"result\.json is damaged \(sha256 holds no digests\)"):
            load(folder.parents[2])


def test_the_half_row_of_a_running_trial_is_left_out(folder):
    (folder / "result.json").unlink()
    path = folder / "curve.csv"
    content = path.read_bytes()
    path.write_bytes(content + content.splitlines()[-1][:9])
    (run,) = (run for run in load(folder.parents[2]).runs if run.folder == folder)
    assert run.status == "unfinished"
    assert len(run.curve["test"]) == len(content.splitlines()) - 1
