"""Trackers receive each row of each log once, whatever happens to the trial, the tracker or the process that sends."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

import pytest
from file_tracker import FileTracker
from toys import Bowl

from evorobo import Budget, Callback, Evolution, MLflow, SettingsError, Study, TensorBoard, Tracker, WandB
from evorobo.cli import main
from evorobo.study.log import FIRST_COLUMNS
from evorobo.study.monitor import StudyMonitor
from evorobo.study.records import write_record
from evorobo.study.trackers import following
from evorobo.study.trackers.base import check_trackers
from evorobo.study.trackers.choice import make_trackers
from evorobo.study.trackers.following import Follower
from evorobo.study.trackers.tensorboard import EVENTS

PATH = "reach/ga/seed-0"


class Folder:
    """A study of one trial, whose log the tests write."""

    def __init__(self, folder):
        self.folder = folder / "demo"
        self.trial = self.folder / PATH
        about = {"reach": {"metric": {"name": "return"}, "references": {}}}
        settings = {"seeds": [0], "budget": {"type": "Budget", "flops": 1e6}, "methods": [{}]}
        self.trial.mkdir(parents=True)
        write_record(
            self.folder / "study.json",
            {"name": "demo", "tasks": about, "methods": {"ga": {}}, "settings": settings},
        )
        write_record(self.trial / "trial.json", {"type": "Trial", "method": {"sigma": 0.5, "layers": [8]}, "seed": 0})

    def write(self, *tests, seconds=1.0):
        """Write a log with these test scores; a row costs 1000 FLOPs more than the one before."""
        lines = [",".join([*FIRST_COLUMNS, "sigma"])]
        for number, test in enumerate(tests):
            values = {"forward_flops": 900 * number, "update_flops": 100 * number, "wall_seconds": seconds * number}
            values |= {"test": test, "generations": number, "validation": "", "sigma": 0.5 if number else ""}
            lines.append(",".join(str(values.get(name, 0)) for name in [*FIRST_COLUMNS, "sigma"]))
        (self.trial / "curve.new").write_text("\n".join(lines) + "\n")
        (self.trial / "curve.new").replace(self.trial / "curve.csv")

    def end(self, status="finished"):
        write_record(self.trial / "result.json", {"status": status, "reason": "x"})

    def follower(self, tracker):
        return Follower(StudyMonitor(self.folder), [tracker])


@pytest.fixture
def study(tmp_path):
    return Folder(tmp_path)


def look(follower):
    follower._monitor.update()
    follower.update()


def scalars(folder):
    """What TensorBoard's own reader finds: steps and values by tag."""
    reader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="tensorboard is not installed: pip install 'evorobo[tensorboard]'",
    )
    events = reader.EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: ([one.step for one in events.Scalars(tag)], [one.value for one in events.Scalars(tag)])
        for tag in events.Tags()["scalars"]
    }


# ---- the rows that are sent


def test_each_row_is_sent_once_across_checkpoints_processes_and_runs(study, tmp_path):
    tracker = FileTracker(str(tmp_path / "sent"))
    with study.follower(tracker) as follower:
        look(follower)  # no log yet
        study.write(1, 2, 3)
        look(follower)
        study.write(1, 2, seconds=7)  # back to the checkpoint: the same rows, at other times
        look(follower)
        study.write(1, 2, 3, 4, seconds=7)
        look(follower)
        assert tracker.sent(PATH) == [["open", 1, "demo"], [1, 2, 3], [4]]
    with study.follower(tracker) as follower:  # another process continues the run
        look(follower)
        study.write(1, 2, 3, 4, 5)
        study.end()
        look(follower)
        look(follower)
    with study.follower(tracker) as follower:  # nothing is left
        look(follower)
    assert tracker.sent(PATH)[3:] == ["interrupted", ["open", 1, "demo"], [5], "finished"]
    (study.trial / "result.json").unlink()
    study.write(1, 2)
    with study.follower(tracker) as follower:  # it begins again with other code: another run
        look(follower)
        study.write(1, 2.5, 3, 4, 5, 6)
        look(follower)
    assert tracker.sent(PATH)[7:] == [["open", 2, "demo"], [1, 2.5, 3, 4, 5, 6], "interrupted"]


def test_rows_have_the_columns_with_values_and_all_flops(study, tmp_path):
    tracker = FileTracker(str(tmp_path / "sent"))
    study.write(1, 2)
    with study.follower(tracker) as follower:
        look(follower)
    first, second = tracker.rows(PATH)
    assert second["flops"] == 1000
    assert second["sigma"] == 0.5
    assert "sigma" not in first
    assert "validation" not in second
    assert tracker.settings(PATH) == {"type": "Trial", "method": {"sigma": 0.5, "layers": [8]}, "seed": 0}


def test_a_failing_tracker_is_one_caution_and_gets_the_rest_later(study, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(following, "RETRY_SECONDS", 0.0)
    tracker = FileTracker(str(tmp_path / "sent"))
    with study.follower(tracker) as follower:
        study.write(1, 2)
        look(follower)
        tracker.break_down()
        study.write(1, 2, 3)
        look(follower)
        study.write(1, 2, 3, 4)
        look(follower)
        tracker.repair()
        look(follower)
    assert tracker.sent(PATH) == [["open", 1, "demo"], [1, 2], ["open", 1, "demo"], [3, 4], "interrupted"]
    text = capsys.readouterr().err
    assert text.count("caution") == 1
    assert "the tracker FileTracker failed (OSError: [Errno 28] No space left on device)" in text
    study.end()
    tracker.break_down()
    with study.follower(tracker) as follower:  # at the end too
        look(follower)
    tracker.repair()
    with study.follower(tracker) as follower:
        look(follower)
    assert tracker.sent(PATH)[-2:] == [["open", 1, "demo"], "finished"]


def test_of_two_processes_one_sends_and_the_other_takes_over(study, tmp_path):
    tracker = FileTracker(str(tmp_path / "sent"))
    study.write(1, 2)
    with study.follower(tracker) as second:
        with study.follower(tracker) as first:
            look(first)
            look(second)
            study.write(1, 2, 3)
            look(second)
        assert tracker.sent(PATH) == [["open", 1, "demo"], [1, 2], [3], "interrupted"]
        study.write(1, 2, 3, 4)
        look(second)
    assert tracker.sent(PATH)[4:] == [["open", 1, "demo"], [4], "interrupted"]


def test_tensorboard_reads_each_event_once_after_crashes_and_new_beginnings(study, tmp_path):
    board = TensorBoard(str(tmp_path / "board"))
    file = tmp_path / "board/demo" / PATH / EVENTS
    study.write(1, 2)
    with study.follower(board) as follower:
        look(follower)
        size = file.stat().st_size
        look(follower)
        assert file.stat().st_size == size
    with file.open("ab") as events:
        events.write(b"half an event")  # a kill came in the middle of it
    study.write(1, 2, 3)
    with study.follower(board) as follower:
        look(follower)
    found = scalars(file.parent)
    assert found["test"] == ([0, 1000, 2000], [1, 2, 3])
    assert found["sigma"] == ([1000, 2000], [0.5, 0.5])
    assert set(found) == {"test", "sigma", "generations", "train"}
    study.write(7, 8, 9, 10)
    with study.follower(board) as follower:
        look(follower)
    assert scalars(file.parent)["test"] == ([0, 1000, 2000, 3000], [7, 8, 9, 10])
    file.unlink()  # the user cleans the folder
    study.write(7, 8, 9, 10, 11)
    with study.follower(TensorBoard(str(tmp_path / "board"))) as follower:
        look(follower)
    assert scalars(file.parent)["test"] == ([0, 1000, 2000, 3000, 4000], [7, 8, 9, 10, 11])


# ---- studies, and the command line


def small(callbacks=()):
    return Study.grid(
        "toys", tasks=[Bowl()], methods=[Evolution()], seeds=2, budget=Budget(generations=9), hidden=(2,),
        callbacks=callbacks,
    )  # fmt: skip


def test_a_study_sends_all_evals_of_its_trials_and_stays_the_same(tmp_path):
    tracker = FileTracker(str(tmp_path / "sent"))
    results = small().run(tmp_path / "tracked", callbacks=[tracker])
    small().run(tmp_path / "alone")
    for run in results.runs:
        path = f"bowl/cma-es/seed-{run.seed}"
        opened, *parts, status = tracker.sent(path)
        assert (opened, status) == (["open", 1, "toys"], "finished")
        assert [score for part in parts for score in part] == run.curve["test"].tolist()
        one, other = [(tmp_path / name / "toys" / path / "trial.json").read_bytes() for name in ("tracked", "alone")]
        assert one == other
        assert {path.name for path in run.folder.iterdir()} == {
            "curve.csv", "genome.npz", "machine.json", "result.json", "trial.json"
        }  # fmt: skip


@dataclass(frozen=True)
class Settable(Callback):
    """A callback of trials."""


@dataclass(frozen=True)
class NeedsMore(Tracker):
    """A tracker whose package is not there."""

    package = "no_such_package"

    def destination(self, study):
        return ""

    def open(self, trial, run_id, n_rows):
        raise NotImplementedError


def test_callbacks_of_runs_and_of_trials_are_not_mixed_up(tmp_path):
    with pytest.raises(SettingsError, match=r"must be trackers such as MLflow\(\), not Settable"):
        small().run(tmp_path, callbacks=[Settable()])
    with pytest.raises(SettingsError, match="must be an object such as StopAt"):
        small(callbacks=[TensorBoard()])
    with pytest.raises(SettingsError, match=r"needs the package no_such_package: pip install 'evorobo\[no_such_p"):
        check_trackers([NeedsMore()])
    assert not (tmp_path / "toys").exists()


def test_the_command_line_names_trackers_and_what_follows_a_colon():
    pytest.importorskip("tensorboard", reason="tensorboard is not installed: pip install 'evorobo[tensorboard]'")
    assert make_trackers(["tensorboard"]) == [TensorBoard("runs")]
    assert make_trackers(["tensorboard:a/b:c"], "env_steps") == [TensorBoard("a/b:c", "env_steps")]
    with pytest.raises(SettingsError, match="unknown tracker 'mlfow'; did you mean 'mlflow'"):
        make_trackers(["mlfow:http://host:5000"])
    with pytest.raises(SettingsError, match="wall_seconds"):
        make_trackers(["tensorboard"], "wall_seconds")


def test_watch_sends_what_a_study_has_written(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study.write(1, 2, 3)
    study.end()
    with pytest.raises(SystemExit):
        main(["watch", str(study.folder), "--track", "tensorboard:board"])
    assert scalars(tmp_path / "board/demo" / PATH)["test"][1] == [1, 2, 3]


# ---- the clients of MLflow and Weights & Biases, which take long to load


@pytest.mark.slow
@pytest.mark.reproduction
@pytest.mark.filterwarnings("ignore")  # of MLflow and SQLAlchemy
def test_mlflow_has_one_run_for_each_trial_with_settings_and_each_point_once(study, tmp_path):
    client_module = pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'evorobo[mlflow]'")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    study.write(1, 2)
    with study.follower(MLflow(uri)) as follower:
        look(follower)
        record = next((study.folder / following.FOLDER).glob("*.json"))
        before = record.read_bytes()
        study.write(1, 2, 3)
        look(follower)
    record.write_bytes(before)  # a kill came after the row was sent and before this was recorded
    study.write(1, 2, 3, 4)
    study.end("failed")
    with study.follower(MLflow(uri)) as follower:
        look(follower)
    client = client_module.MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("demo").experiment_id])
    assert (run.info.run_name, run.info.status) == (PATH, "FAILED")
    assert run.data.params == {"type": "Trial", "method.sigma": "0.5", "method.layers": "[8]", "seed": "0"}
    history = client.get_metric_history(run.info.run_id, "test")
    assert [(one.step, one.value) for one in history] == [(0, 1), (1000, 2), (2000, 3), (3000, 4)]


@pytest.mark.slow
@pytest.mark.reproduction
def test_no_server_is_one_caution_and_costs_no_trial(tmp_path, capfd):
    pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'evorobo[mlflow]'")
    results = small().run(tmp_path, callbacks=[MLflow("http://127.0.0.1:9")])
    assert [run.status for run in results.runs] == ["finished"] * 2
    assert capfd.readouterr().err.count("caution: the tracker MLflow failed") == 1


@pytest.mark.slow
@pytest.mark.reproduction
def test_wandb_writes_one_run_for_each_trial_with_each_step_once(study, tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="wandb is not installed: pip install 'evorobo[wandb]'")
    from wandb.proto import wandb_internal_pb2

    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    tracker = WandB("robots", folder=str(tmp_path), offline=True)
    study.write(1, 2)
    with study.follower(tracker) as follower:
        look(follower)
    study.write(1, 2, 3)
    study.end()
    with study.follower(tracker) as follower:
        look(follower)
    steps, names = [], set()
    for file in sorted(tmp_path.glob("wandb/offline-run-*/*.wandb")):
        for content in leveldb_records(file.read_bytes()):
            record = wandb_internal_pb2.Record.FromString(content)
            if record.run.run_id:
                names.add((record.run.run_id, record.run.project, record.run.display_name, record.run.run_group))
            if record.history.item:
                values = {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
                steps.append((values["_step"], values["flops"], values["test"]))
    assert steps == [(0, 0, 1), (1, 1000, 2), (2, 2000, 3)]
    ((_, *about),) = names
    assert about == ["robots", PATH, "reach/ga"]


def leveldb_records(content):
    """The records of a file in the format of LevelDB's log, which wandb writes after 7 bytes of its own."""
    position, whole = 7, b""
    while position + 7 <= len(content):
        if 32768 - position % 32768 < 7:
            position += 32768 - position % 32768
            continue
        _, length, kind = struct.unpack("<IHB", content[position : position + 7])
        whole += content[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):
            yield whole
            whole = b""
