"""Results in the formats of other tools, read back by those tools to the same numbers."""

import sys

import numpy as np
import pytest

from evorobo import ResultsError, SettingsError, load_results
from evorobo.report.formats.convert import convert
from evorobo.study.trackers.tensorboard import EVENTS


@pytest.fixture
def pandas():
    return pytest.importorskip("pandas", reason="pandas is not installed: pip install 'evorobo[pandas]'")


def test_a_csv_file_reads_back_to_the_same_table(small_study, pandas):
    path = convert(small_study.folder, "csv")
    assert path == str(small_study.folder / "evals.csv")
    back = pandas.read_csv(path, dtype={"reason": object})
    back["reason"] = back["reason"].fillna("")
    pandas.testing.assert_frame_equal(back, load_results(small_study.folder), check_dtype=False, rtol=1e-14)


def test_a_parquet_file_reads_back_to_the_same_table(small_study, pandas, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'evorobo[pandas]'")
    path = convert(small_study.folder, "parquet", tmp_path / "new" / "all.parquet")
    back = pandas.read_parquet(path)
    pandas.testing.assert_frame_equal(back, load_results(small_study.folder), check_dtype=False, check_exact=True)


# ---- TensorBoard


@pytest.fixture
def scalars():
    """What TensorBoard's own reader finds in a folder: by tag, steps, values and wall times."""
    reader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="tensorboard is not installed: pip install 'evorobo[tensorboard]'",
    )

    def read(folder):
        events = reader.EventAccumulator(str(folder), size_guidance={"scalars": 0})
        events.Reload()
        return {
            tag: np.array([(one.wall_time, one.step, one.value) for one in events.Scalars(tag)]).T
            for tag in events.Tags()["scalars"]
        }

    return read


def test_tensorboard_reads_every_column_except_costs_over_the_cost(small_study, scalars):
    text = convert(small_study.folder, "tensorboard", x="flops")
    assert text.startswith(f"{small_study.folder / 'tensorboard'} (steps are flops)")
    for run in small_study.runs:
        path = small_study.folder / "tensorboard/cart-pole" / run.task / run.method / f"seed-{run.seed}"
        events = scalars(path)
        assert set(events) == {"train", "validation", "test"}
        seconds, steps, values = events["test"]
        np.testing.assert_array_equal(steps, np.trunc(run.curve["forward_flops"] + run.curve["backward_flops"]))
        np.testing.assert_allclose(values, run.curve["test"], rtol=1e-6)
        np.testing.assert_allclose(np.diff(seconds), np.diff(run.curve["wall_seconds"]), atol=1e-5)
        assert seconds[-1] == pytest.approx((run.folder / "curve.csv").stat().st_mtime)


def test_steps_are_environment_steps_where_all_methods_have_some_and_flops_otherwise(small_study, tiny_study, tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed: pip install 'evorobo[tensorboard]'")
    assert "steps are flops" in convert(small_study.folder, "tensorboard", tmp_path / "board")
    assert "steps are env_steps" in convert(tiny_study({"ga": [1, 2]}).folder, "tensorboard", tmp_path / "board")


def test_converting_again_replaces_the_files(tiny_study, scalars):
    folder = tiny_study({"ga": [1]}).folder
    convert(folder, "tensorboard")
    (file,) = folder.rglob(EVENTS)
    before = file.read_bytes()
    convert(folder, "tensorboard")
    assert [path.read_bytes() for path in folder.rglob("events*")] == [before]
    assert scalars(file.parent)["test"][2].tolist() == [0, 1]


# ---- errors


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"to": "parket"}, "unknown format 'parket'; did you mean 'parquet'"),
        ({"to": "csv", "x": "flops"}, "a csv file holds every column"),
        ({"to": "tensorboard", "x": "wall_seconds"}, "TensorBoard's steps are whole numbers, not wall_seconds"),
        ({"to": "tensorboard", "x": "flop"}, "unknown cost column 'flop'; did you mean 'flops'"),
    ],
)
def test_invalid_settings_raise_with_advice(tiny_study, settings, sentence):
    with pytest.raises(SettingsError, match=sentence):
        convert(tiny_study({"ga": [1]}).folder, **settings)


@pytest.mark.parametrize("to", ["csv", "tensorboard"])
def test_a_folder_without_a_study_raises(tmp_path, to):
    with pytest.raises(ResultsError, match="holds no study"):
        convert(tmp_path, to)


@pytest.mark.parametrize(
    ("to", "module", "advice"),
    [
        ("csv", "pandas", r"need pandas: pip install 'evorobo\[pandas\]'"),
        ("tensorboard", "tensorboard.summary.writer.record_writer", r"pip install 'evorobo\[tensorboard\]'"),
    ],
)
def test_a_missing_package_raises_with_the_command_that_installs_it(tiny_study, monkeypatch, to, module, advice):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SettingsError, match=advice):
        convert(tiny_study({"ga": [1]}).folder, to)
