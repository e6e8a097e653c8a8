"""Data sets, splits and metrics of a user: defined in a file of the user, and found in every process."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from evorobo import (
    DataError,
    DatasetTask,
    Metric,
    MetricInfo,
    Parts,
    RandomSplit,
    SettingsError,
    Split,
    make_table,
    register_component,
)
from evorobo.commands.targets import resolve_task
from evorobo.loading import load_script
from evorobo.registry import components
from evorobo.settings import from_plain, to_plain
from evorobo.testing import check_task

LOADER = '''
import numpy as np
from evorobo import BlockSplit, Dataset, make_table, register_component


@register_component("data set", "my-arm")
def my_arm(slope: float = 2.0) -> Dataset:
    """My arm: one angle to one torque."""
    x = np.linspace(-1, 1, 60)[:, None]
    return Dataset(make_table(x, slope * x), split=BlockSplit(10), reference_scores={"my thesis": 0.1})
'''
STUDY = """
from evorobo import Backprop, Budget, DatasetTask, Study, main

study = Study.grid(
    "mine", tasks=[DatasetTask("my-arm", loader_kwargs={"slope": 3.0})], methods=[Backprop()], seeds=2,
    budget=Budget(samples=200, n_evals=2), hidden=(2,),
)
if __name__ == "__main__":
    main(study)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(folder, script):
    return subprocess.run(
        [sys.executable, script, "--jobs", "2"],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("separate", [False, True], ids=["one file", "two files"])
def test_workers_find_the_data_set_and_changed_code_is_noticed(folder, separate):
    script = folder / "experiment.py"
    if separate:
        (folder / "my_data.py").write_text(LOADER)
        script.write_text("import my_data\n" + STUDY)
    else:
        script.write_text(LOADER + STUDY)
    done = run(folder, "experiment.py")
    assert done.returncode == 0, done.stderr
    home = folder / "results" / "mine" / "my-arm-slope-3.0" / "backprop"
    trial = json.loads((home / "seed-1" / "trial.json").read_text())
    assert trial["task"]["source"] == ("my_data:my-arm" if separate else "experiment.py:my-arm")
    curve = (home / "seed-1" / "curve.csv").read_text()
    again = run(folder, "experiment.py")
    assert again.returncode == 0, again.stderr
    assert (home / "seed-1" / "curve.csv").read_text() == curve  # read, not run again
    file = folder / ("my_data.py" if separate else "experiment.py")
    file.write_text(file.read_text().replace("60", "70"))
    changed = run(folder, "experiment.py")
    assert changed.returncode == 2
    assert "holds a run of data that have changed since" in changed.stderr


def test_it_is_found_by_its_file_and_keeps_the_contract_of_tasks(folder):
    (folder / "arm_of_file.py").write_text(LOADER.replace("my-arm", "arm-of-file"))
    task = DatasetTask("arm_of_file.py:arm-of-file")
    assert (task.name, task.n_inputs, task.references()["my thesis"]) == ("arm-of-file", 1, 0.1)
    assert DatasetTask("arm-of-file") == task == from_plain(json.loads(json.dumps(to_plain(task))))
    assert resolve_task("arm_of_file.py:arm-of-file") == task
    assert "my thesis" not in DatasetTask("arm-of-file", split=RandomSplit()).references()
    check_task(task)
    keys = [data_set.key for data_set in components("data set")]
    assert keys.index("arm-of-file") > keys.index("ur3")  # users' own data sets follow those of the package


def test_data_that_are_computed_have_a_fingerprint_of_their_numbers(folder):
    (folder / "computed_arm.py").write_text(LOADER.replace("my-arm", "computed-arm"))
    load_script(folder / "computed_arm.py")
    one, other = (DatasetTask("computed-arm", loader_kwargs={"slope": slope}) for slope in (2.0, 3.0))
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == DatasetTask("computed-arm", loader_kwargs={"slope": 2.0}).fingerprint


@register_component("data set", "not-a-data-set")
def _not_a_data_set(rows: int = 3):
    return make_table([[0.0]] * rows, [0.0] * rows)


def test_mistakes_are_one_sentence(folder):
    with pytest.raises(DataError, match=r"the loader of .*not-a-data-set returned Table; return an evorobo\.Dataset"):
        _ = DatasetTask("not-a-data-set").table
    with pytest.raises(SettingsError, match=r"unknown option of .*not-a-data-set 'row'; did you mean 'rows'"):
        _ = DatasetTask("not-a-data-set", loader_kwargs={"row": 3}).table
    with pytest.raises(SettingsError, match="unknown data set 'kin9nm'; did you mean 'kin8nm'"):
        _ = DatasetTask("kin9nm").table
    with pytest.raises(SettingsError, match=r"there is no file .*lost\.py"):
        _ = DatasetTask("lost.py:lost").table
    with pytest.raises(SettingsError, match="the data set 'scitos-24' is already defined"):
        register_component("data set", "scitos-24")(_not_a_data_set)


@dataclass(frozen=True)
class EverySecond(Split):
    def split(self, table):
        rows = np.arange(len(table))
        return Parts(rows[::2], rows[:0], rows[1::2])


@dataclass(frozen=True)
class LargestError(Metric):
    info = MetricInfo("largest error", "N m", higher_is_better=False)
    for_classes = False

    def value(self, predictions, targets):
        return float(np.abs(predictions - targets).max())


def test_a_split_and_a_metric_of_the_user_are_settings_like_all_others(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path)
    x = np.linspace(0, 1, 20)[:, None]
    task = DatasetTask.from_arrays(x, 2 * x, split=EverySecond(), metric=LargestError())
    assert from_plain(json.loads(json.dumps(to_plain(task)))) == task
    assert task.metric_info.unit == "N m"
    np.testing.assert_array_equal(task.parts.test, np.arange(1, 20, 2))
    assert task.references()["constant guess"] == pytest.approx(2 * np.abs(x[1::2] - x[::2].mean()).max())
    check_task(task)
    with pytest.raises(SettingsError, match=r"predicts classes, which LargestError\(\) cannot evaluate"):
        _ = DatasetTask.from_arrays(x, x[:, 0] > 0.5, metric=LargestError()).metric_info


def test_a_data_set_of_the_package_registers_itself():
    keys = [data_set.key for data_set in components("data set")]
    assert {"scitos-24", "kin8nm", "puma32H", "sarcos", "lp1", "ur3", "robot-arm", "delan"} <= set(keys)
    assert DatasetTask("scitos-24").source == "scitos-24"
    assert all(data_set.thing.__doc__ for data_set in components("data set") if data_set.module.startswith("evorobo."))
