"""Missing values, one-hot texts and past rows: as scikit-learn and pandas compute them, from training rows alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

import evorobo as er

RNG = np.random.default_rng(0)
N = 240
GROUND = np.array(["wet grass", "gravel", "sand"])[RNG.integers(0, 3, N)]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


@pytest.fixture
def file(tmp_path):
    """Three sensors, a ground and a label in six sessions; some cells are empty."""
    frame = pd.DataFrame(RNG.normal(size=(N, 3)), columns=["ax", "ay", "az"])
    frame["ground"] = GROUND
    frame["session"] = np.repeat(np.arange(6), N // 6)
    frame["label"] = np.where(frame.ax + (GROUND == "sand") > 0.5, "slip", "hold")
    for column, rows in {"ax": [3, 50, 51], "az": [200], "ground": [7, 90], "label": [30]}.items():
        frame.loc[rows, column] = None
    path = tmp_path / "walk.csv"
    frame.to_csv(path, index=False)
    return path, frame


def task(path, **settings):
    split = er.FoldSplit(3, column="session")
    return er.DatasetTask(str(path), split=split, **{"missing": "mean", "one_hot": ("ground",)} | settings)


@pytest.mark.parametrize("missing", ["mean", "median"])
def test_inputs_equal_the_imputer_and_the_encoder_of_scikit_learn(file, missing):
    path, frame = file
    data = task(path, missing=missing)
    frame = frame.drop(index=30).reset_index(drop=True)  # it has no label
    assert len(data.table) == N - 1
    train = data.parts.train
    numbers, texts = frame[["ax", "ay", "az"]], frame[["ground"]].fillna("none")
    imputer = SimpleImputer(strategy=missing).fit(numbers.iloc[train])
    encoder = OneHotEncoder(categories=[["gravel", "sand", "wet grass"]], handle_unknown="ignore", sparse_output=False)
    expected = np.hstack([imputer.transform(numbers), encoder.fit(texts.iloc[:1]).transform(texts)])
    assert data.table.inputs == pytest.approx(expected)
    assert data.table.input_names == ("ax", "ay", "az", "ground=gravel", "ground=sand", "ground=wet grass")
    assert data.input_scaler.mean == pytest.approx(expected[train].mean(0))
    assert data.n_inputs == 6


def test_rows_with_missing_values_can_be_left_out(file):
    path, frame = file
    data = task(path, missing="drop")
    assert data.table.inputs[:, :3] == pytest.approx(frame.dropna()[["ax", "ay", "az"]].to_numpy())


def test_past_rows_are_those_of_pandas_and_stay_within_a_session(file):
    path, frame = file
    windows = (er.RollingWindow(4, ("mean", "sd", "min", "max")),)
    data = task(path, one_hot=(), loader_kwargs={"ignore": ("ground",)}, lags=(1, 3), windows=windows)
    sensors = ["ax", "ay", "az"]
    filled = frame[sensors].fillna(dict(zip(sensors, data.data_format.fill, strict=True)))
    parts = {"": filled}
    groups = filled.groupby(frame.session)
    first = groups.transform("first")
    for lag in (1, 3):
        parts[f" {lag} before"] = groups.shift(lag).fillna(first)
    for name, function in {"mean": "mean", "sd": "std", "min": "min", "max": "max"}.items():
        padded = groups.apply(lambda one: pd.concat([one.iloc[[0, 0, 0]], one]), include_groups=False)
        rolled = padded.groupby(level=0).rolling(4)
        values = rolled.std(ddof=0) if function == "std" else getattr(rolled, function)()
        parts[f" {name} of 4"] = values.dropna().reset_index(drop=True)
    expected = np.hstack([part.to_numpy() for part in parts.values()])
    assert data.table.input_names == tuple(f"{name}{end}" for end in parts for name in sensors)
    keep = np.delete(np.arange(N), 30)
    assert data.table.inputs == pytest.approx(expected[keep], abs=1e-9)


def test_sessions_are_recognized_without_a_split_by_them(file):
    path, _ = file
    data = er.DatasetTask(
        str(path), missing="mean", one_hot=("ground",), lags=(1,), loader_kwargs={"columns": ("session",)},
        split=er.BlockSplit(4),
    )  # fmt: skip
    starts = np.flatnonzero(np.diff(data.table.column("session"), prepend=-1))
    assert data.table.inputs[starts, 6:] == pytest.approx(data.table.inputs[starts, :6])
    inner = np.setdiff1d(np.arange(N - 1), [*starts, 30])
    assert data.table.inputs[inner, 6:] == pytest.approx(data.table.inputs[inner - 1, :6])


def test_past_rows_do_not_reach_across_gaps_in_time():
    times = np.r_[np.arange(30) * 0.1, 100 + np.arange(30) * 0.1]
    x, session = RNG.normal(size=(60, 1)), np.repeat([1, 2, 3, 4], 15)
    settings = {"lags": (1,), "split": er.FoldSplit(2, column="session", validation=False)}

    def lagged(times, **more):
        columns = {"time": times, "session": session}
        return er.DatasetTask.from_arrays(x, x[:, 0], columns=columns, **settings, **more).table.inputs[:, 1]

    before = x[np.maximum(np.arange(60) - 1, 0), 0]
    before[15::15] = x[15::15, 0]
    assert lagged(times) == pytest.approx(before)  # the gap lies between two sessions
    times[20:] += 9
    with pytest.raises(er.DataError, match=r"steps of 'time' are .*, but 1 go back or exceed .* within a session"):
        lagged(times)
    assert lagged(times, max_gap=10) == pytest.approx(before)
    before[20] = x[20, 0]
    assert lagged(times, max_gap=0.5) == pytest.approx(before)
    with pytest.raises(er.DataError, match="no column of numbers that is called like a time"):
        lagged(RNG.permutation(times), max_gap=0.5)


def test_missing_values_of_arrays(tmp_path):
    x = RNG.normal(size=(60, 2))
    x[5, 1] = np.nan
    y = x[:, 0].copy()
    y[9] = np.nan
    data = er.DatasetTask.from_arrays(x, y, missing="median")
    train = np.delete(x, 9, 0)[data.parts.train]
    assert len(data.table) == 59
    assert data.table.inputs[5, 1] == np.nanmedian(train[:, 1])
    empty = np.c_[x[:, 0], np.full(60, np.nan)]
    with pytest.raises(er.DataError, match="column '1' has no value in the training rows; leave it out"):
        _ = er.DatasetTask.from_arrays(empty, x[:, 0], missing="mean").table


def genome_of(data, path):
    trial = er.Trial(data, er.Backprop(), er.Budget(generations=3, n_evals=1), (4,), 0)
    assert trial.run(path) == "finished"
    return er.Genome.load(path / "genome.npz")


def test_a_genome_predicts_labels_and_probabilities_for_rows_of_the_file(file, tmp_path):
    path, frame = file
    data = task(path)
    genome = genome_of(data, tmp_path / "run")
    rows = frame.drop(index=30).drop(columns=["label", "session"])
    labels = genome.predict(rows)
    predictions, _ = data.predict(genome, np.arange(N - 1))
    assert (labels == np.array(data.table.classes)[predictions]).all()
    assert genome.predict_proba(rows).sum(1) == pytest.approx(1)
    assert genome.data.classes == ("hold", "slip")
    assert (genome.predict_proba(rows).argmax(1) == predictions).all()
    assert genome.predict({"ax": 0.1, "ay": None, "az": 2, "ground": "sand"}).shape == (1,)
    assert (genome.predict(rows.to_dict("records")) == labels).all()
    assert (genome.predict(rows.to_numpy().tolist()) == labels).all()
    assert (genome.predict(data.raw_inputs) == labels).all()
    unknown = genome.predict_proba([[0.1, 0.2, 0.3, "lava"], [0.1, 0.2, 0.3, None]])
    assert unknown[0] == pytest.approx(unknown[1])
    assert genome(np.array([0.1, np.nan, 2.0, 1.0])) == pytest.approx(genome(np.array([[0.1, np.nan, 2.0, 1.0]]))[0])
    with pytest.raises(er.DataError, match="the rows have no column 'ground'; the genome reads ax, ay, az, ground"):
        genome.predict(rows.drop(columns="ground"))
    with pytest.raises(er.DataError, match="row 0, column 'ax': 'far' is not a number"):
        genome.predict([["far", 0, 0, "sand"]])
    with pytest.raises(er.SettingsError, match="was not trained on data"):
        replace(genome, data=None).predict(rows)


def test_a_genome_without_a_replacement_refuses_missing_values(file, tmp_path):
    path, _ = file
    genome = genome_of(task(path, missing="drop"), tmp_path / "run")
    with pytest.raises(er.DataError, match="row 1 has no value in column 'ay', and nothing replaces it"):
        genome.predict([[0, 0, 0, "sand"], [0, None, 0, "sand"]])


def test_values_are_predicted_in_their_units_and_past_rows_count(file, tmp_path):
    path, _ = file
    data = task(path, target="az", loader_kwargs={"ignore": ("label",)}, lags=(2,))
    genome = genome_of(data, tmp_path / "run")
    assert genome.data.targets == ("az",)
    first = np.arange(40)  # the first session
    raw = data.raw_inputs[first]
    predictions, _ = data.predict(genome, first)
    assert genome.predict(raw) == pytest.approx(predictions)
    assert genome(raw, n_steps=len(raw)) == pytest.approx(predictions)
    with pytest.raises(er.SettingsError, match="predicts values, which have no probabilities"):
        genome.predict_proba(raw)


def test_wrong_columns_are_named(file):
    path, _ = file
    with pytest.raises(er.DataError, match="'session' in one_hot is no input"):
        _ = task(path, one_hot=("ground", "session")).table
    with pytest.raises(er.DataError, match="holds 237 different texts, too many for one input each; leave it out"):
        _ = task(path, one_hot=("ground", "ax")).table
