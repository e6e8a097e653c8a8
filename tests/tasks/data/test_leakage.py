"""Leakage: splits whose test rows lie beside training rows in time get a caveat, and no others."""

import numpy as np
import pytest
from at_hand import needs

from evorobo import (
    Backprop,
    BlockSplit,
    Budget,
    ChronologicalSplit,
    Dataset,
    DatasetTask,
    FoldSplit,
    GroupSplit,
    Parts,
    RandomSplit,
    Study,
    make_table,
    register_component,
)
from evorobo.tasks.capabilities import HasCaveat
from evorobo.tasks.data.catalogue import scitos
from evorobo.tasks.data.leakage import adjacent_fraction, leakage_caveat, row_correlation, suggested_split

X = np.random.default_rng(0).normal(size=(200, 2))
WALK = np.repeat(np.arange(10), 20)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def walks(**settings):
    return DatasetTask.from_arrays(X, X[:, 0], columns={"walk": WALK}, **settings)


def test_adjacent_rows_are_counted_as_by_hand():
    parts = Parts(train=np.array([0, 1, 2, 7]), validation=np.array([4]), test=np.array([3, 5, 6, 8]))
    assert adjacent_fraction(parts) == 0.75  # 3, 6 and 8
    assert leakage_caveat(parts).startswith("75% of the test rows come right before or after a training row in time")
    assert leakage_caveat(Parts(np.arange(100), np.empty(0, int), np.arange(100, 120))) == ""


def test_random_rows_of_sequences_get_a_caveat_and_whole_stretches_do_not():
    assert isinstance(walks(), HasCaveat)
    assert "right before or after a training row" in walks(sequence="walk", split=RandomSplit()).caveat()
    for split in (BlockSplit(10), FoldSplit(5, seed=None), FoldSplit(5, column="walk")):
        assert walks(sequence="walk", split=split).caveat() == ""


def test_a_recording_of_a_robot_is_known_to_be_a_time_series():
    needs(scitos.data_file(24))
    assert DatasetTask("scitos-24").caveat() == ""
    caveat = DatasetTask("scitos-24", split=RandomSplit()).caveat()
    assert caveat.startswith("90% of the test rows come right before or after")  # 1 - 0.3 ** 2, and a little randomness


N = 300
RNG = np.random.default_rng(1)
NOISE = RNG.normal(size=(N, 3))
LABELS = RNG.choice(["go", "turn"], N)
SIX = np.arange(N) // 50
CLOCK = [f"{10 + second // 3600}:{second // 60 % 60:02}:{second % 60:02}" for second in range(N)]


def write(path, inputs=NOISE, labels=LABELS, **columns):
    """Write a file whose first columns are `columns`."""
    header = [name.replace("__", " ") for name in columns]
    rows = zip(*columns.values(), *inputs.T, labels, strict=True)
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join([",".join([*header, "a", "b", "c", "label"]), *lines]))
    return str(path)


@pytest.mark.parametrize(
    ("name", "values", "ignored"),
    [
        ("subject", [f"p{number}" for number in SIX], True),
        ("session_id", SIX, False),
        ("PersonID", RNG.permutation(SIX), False),
        ("lap", SIX + 1, False),
        ("bag__file", [f"run_{number}.bag" for number in SIX], True),
        ("date", [f"2024-05-{number + 1:02}" for number in SIX], True),
        ("robot", SIX % 3, False),
        ("xyz", [f"k{number}" for number in SIX], True),  # unknown, but in long runs
    ],
)
def test_sessions_on_both_sides_get_a_caution_with_the_split_that_separates_them(tmp_path, name, values, ignored):
    path, name = write(tmp_path / "robots.csv", **{name: values}), name.replace("__", " ")
    options = {"loader_kwargs": {"ignore": (name,)} if ignored else {}}
    n_groups = len(set(values))
    split = f'FoldSplit(folds=3, column="{name}")' if n_groups == 3 else f'FoldSplit(column="{name}")'
    assert DatasetTask(path, **options).caveat() == (
        f"100% of the test rows share their '{name}' with training rows and may resemble them, so the scores may be "
        f"too good; split by whole groups: {split}."
    )
    cured = DatasetTask(path, split=FoldSplit(min(5, n_groups), column=name))
    assert cured.caveat() == ""
    assert name not in cured.table.input_names
    assert suggested_split(DatasetTask(path, **options).table) == cured.split


def test_the_text_of_a_cell_is_the_session_of_an_input_too(tmp_path):
    path = write(tmp_path / "robots.csv", track=np.resize(np.repeat(["1.1", "1.10", "1.2", "1.20"], 25), N))
    assert DatasetTask(path).caveat().endswith('split by whole groups: FoldSplit(folds=4, column="track").')
    arff = ["@relation r", *(f"@attribute {name} numeric" for name in ("lap", "a", "b", "c")), "@attribute l {go,turn}"]
    rows = [f"{lap},{a},{b},{c},{label}" for lap, (a, b, c), label in zip(SIX, NOISE, LABELS, strict=True)]
    (tmp_path / "robots.arff").write_text("\n".join([*arff, "@data", *rows]))
    assert DatasetTask(str(tmp_path / "robots.arff")).caveat().endswith('FoldSplit(column="lap").')


@pytest.mark.parametrize(
    ("name", "values", "ignored"),
    [
        ("time", np.arange(N) * 0.02, False),
        ("timestamp", [f"2024-05-03 {text}" for text in CLOCK], True),
        ("Uhrzeit", CLOCK, True),
        ("rosbagTimestamp", [1423155837204827070 + 10**7 * number for number in range(N)], True),
        ("timestamp_ms", [1714723200000 + 20 * number for number in range(N)], False),
        ("header.stamp.secs", [1714723200 + number // 50 for number in range(N)], False),
        ("stamp", [f"2024-05-03T{text}.250Z" for text in CLOCK], True),
        ("frame", np.arange(N), False),
        ("t", np.arange(N) / 50, True),
        ("", [f"2024-05-03 {text}" for text in CLOCK], False),  # the index of a DataFrame
    ],
)
def test_rows_with_a_time_stamp_get_a_caution_with_splits_by_time(tmp_path, name, values, ignored):
    path = write(tmp_path / "robots.csv", **{name: values})
    options = {"loader_kwargs": {"ignore": (name,)} if ignored else {}}
    shown = name or "Unnamed: 0"
    assert DatasetTask(path, **options).caveat() == (
        f"rows have a time stamp ('{shown}'), and 92% of the test rows come right before or after a training row, so "
        "the scores may be too good; split in blocks or by time: BlockSplit() or ChronologicalSplit()."
    )
    for split in (BlockSplit(), ChronologicalSplit(), FoldSplit(5, seed=None)):
        assert DatasetTask(path, split=split, **options).caveat() == ""


def test_rows_that_resemble_the_row_before_get_a_caution(tmp_path):
    walk = np.cumsum(NOISE, axis=0)
    for labels, kind in ((np.where(np.sin(np.arange(N) / 9) > 0, "go", "turn"), None), (walk.sum(1), "regression")):
        task = DatasetTask(write(tmp_path / "robots.csv", walk, labels), kind=kind)
        assert task.caveat().startswith("rows resemble the row before, as in a recording (correlation 0.9")
        assert "BlockSplit() or ChronologicalSplit()." in task.caveat()
        assert isinstance(suggested_split(task.table), BlockSplit)
    arrays = DatasetTask.from_arrays(walk, walk.sum(1))
    assert arrays.caveat().startswith("rows resemble the row before")


def test_a_correlation_is_that_of_a_process_worked_out_by_hand():
    values = np.empty((5000, 1))
    values[0], steps = 0, RNG.normal(size=5000)
    for row in range(1, 5000):  # AR(1) with coefficient 0.8
        values[row] = 0.8 * values[row - 1] + 0.6 * steps[row]
    assert row_correlation(make_table(values, RNG.normal(size=5000))) == pytest.approx(0.8, abs=0.05)
    assert abs(row_correlation(make_table(RNG.normal(size=(5000, 4)), RNG.normal(size=5000)))) < 0.05


def test_independent_rows_get_no_caution_even_if_sorted_by_class(tmp_path):
    assert DatasetTask(write(tmp_path / "robots.csv")).caveat() == ""
    labels = np.sort(LABELS)
    apart = NOISE + 5 * (labels == "turn")[:, None]
    assert DatasetTask(write(tmp_path / "sorted.csv", apart, labels)).caveat() == ""
    order = np.argsort(NOISE.sum(1))
    task = DatasetTask(write(tmp_path / "values.csv", NOISE[order], NOISE.sum(1)[order]))
    assert task.caveat() == ""


def test_a_column_of_weights_or_of_a_split_is_no_session(tmp_path):
    path = write(tmp_path / "robots.csv", w=SIX + 1, part=np.resize([0, 0, 0, 1, 2], N))
    assert DatasetTask(path, sample_weight="w", loader_kwargs={"ignore": ("part",)}).caveat() == ""


def test_a_leak_moves_a_score_and_its_cure_moves_it_back():
    """Sessions with an offset and a majority of their own: known by a random split, unknown by session."""
    rng = np.random.default_rng(0)
    session = np.repeat(np.arange(20), 30)
    inputs = rng.normal(size=(20, 3))[session] * 3 + rng.normal(size=(600, 3)) * 0.2
    labels = np.array(["go", "turn"])[rng.integers(0, 2, 20)][session]
    nearest = {}
    for name, split in (("random", RandomSplit()), ("session", FoldSplit(5, column="session"))):
        task = DatasetTask.from_arrays(inputs, labels, columns={"session": session}, split=split)
        train, test = task.parts.train, task.parts.test
        distances = ((task.table.inputs[test, None] - task.table.inputs[train]) ** 2).sum(2)
        nearest[name] = (task.table.targets[train][distances.argmin(1)] == task.table.targets[test]).mean()
        assert ('FoldSplit(column="session")' in task.caveat()) == (name == "random")
    assert nearest["random"] > 0.95
    assert nearest["session"] < 0.8


def test_a_data_set_of_its_own_that_says_nothing_of_its_rows_is_checked():
    @register_component("data set", "walking")
    def walking(split: str = "random") -> Dataset:
        """Rows of ten walks."""
        table = make_table(X, X[:, 0], columns={"walk": WALK})
        return Dataset(table, split=RandomSplit() if split == "random" else GroupSplit("walk", test=(9.0,)))

    assert "share their 'walk' with training rows" in DatasetTask("walking").caveat()
    assert DatasetTask("walking", loader_kwargs={"split": "walk"}).caveat() == ""


def test_the_caution_is_in_the_results_of_a_study(tmp_path):
    task = DatasetTask(
        write(tmp_path / "robots.csv", subject=[f"p{number}" for number in SIX]), loader_kwargs={"ignore": ("subject",)}
    )
    study = Study.grid("imu", tasks=[task], methods=[Backprop()], seeds=1, budget=Budget(flops=1e4), hidden=(2,))
    assert study.run(tmp_path / "results").cautions == {"robots": task.caveat()}
