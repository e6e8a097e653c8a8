"""Metrics of classes and values equal scikit-learn's; several in one study; balanced class weights; own metrics."""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.utils.class_weight import compute_class_weight

import evorobo as er
from evorobo.nets.cross_entropy import CrossEntropy, softmax
from evorobo.study.log import Log
from evorobo.tasks.data.baselines import MODELS
from evorobo.tasks.data.targets import balanced_weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
Y = np.select([X[:, 0] > 1.2, X[:, 1] > 0.5], [2, 1], 0)
NAMES = np.array(["rock", "grass", "sand"])[Y]  # sorted: grass 0, rock 1, sand 2


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


def pairs():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n_classes = rng.integers(2, 6)
        truth, guess = (rng.integers(0, n_classes, 30) for _ in range(2))
        yield truth, (guess % max(1, n_classes - 1) if seed % 3 == 0 else guess)  # a class that is never predicted


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_metrics_of_classes_equal_those_of_scikit_learn():
    for truth, guess in pairs():
        assert er.Accuracy().value(guess, truth) == pytest.approx(sk.accuracy_score(truth, guess))
        assert er.BalancedAccuracy().value(guess, truth) == pytest.approx(sk.balanced_accuracy_score(truth, guess))
        assert er.MacroF1().value(guess, truth) == pytest.approx(sk.f1_score(truth, guess, average="macro"))
        labels = np.unique(truth)
        recalls = sk.recall_score(truth, guess, labels=labels, average=None)
        names = tuple("abcdef")
        columns = er.ClassRecall().columns(guess, truth, names)
        assert [columns[f"recall of {names[label]}"] for label in labels] == pytest.approx(recalls)
        assert er.ClassRecall().value(guess, truth) == pytest.approx(recalls.min())


def test_the_log_loss_equals_that_of_scikit_learn_also_for_certain_errors():
    truth = np.array([0, 1, 2, 1])
    probabilities = np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.3, 0.3, 0.4]])
    assert er.LogLoss().value(probabilities, truth) == pytest.approx(sk.log_loss(truth, probabilities))
    logits = RNG.normal(size=(50, 4)) * 30
    truth = RNG.integers(0, 4, 50)
    assert er.LogLoss().value(softmax(logits), truth) == pytest.approx(sk.log_loss(truth, softmax(logits)))


def test_metrics_of_values_equal_those_of_scikit_learn():
    truth, guess = RNG.normal(size=(2, 40, 3))
    assert er.R2().value(guess, truth) == pytest.approx(sk.r2_score(truth, guess))
    assert er.MeanAbsoluteError().value(guess, truth) == pytest.approx(sk.mean_absolute_error(truth, guess))
    with pytest.raises(er.DataError, match=r"so its variance is 0 and R2\(\) is undefined"):
        er.R2().value(guess, truth * 0)


def test_balanced_weights_equal_those_of_scikit_learn_and_are_used_by_both_ways_to_learn():
    task = er.DatasetTask.from_arrays(X, NAMES, loss=er.CrossEntropy(class_weights="balanced"))
    train = task.table.targets[task.parts.train]
    expected = compute_class_weight("balanced", classes=np.arange(3), y=train)
    assert task.examples(RNG).loss.class_weights == pytest.approx(expected)
    assert balanced_weights(np.array([0, 0, 2]), 3) == pytest.approx((0.5, 0.0, 1.0))
    spec = er.NetworkSpec.build(3, (), 3)
    weights = spec.init(RNG)[None]
    scored = er.DatasetTask.from_arrays(X, NAMES, loss=task.loss, rows_per_score=None, dtype="float64")
    plain = CrossEntropy(class_weights=tuple(expected))
    genome = er.Genome(spec, weights[0], task.input_scaler)
    loss = plain.value(genome(task.table.inputs[task.parts.train]), train)
    assert -scored.score(spec, weights, RNG, task.input_scaler).values[0] == pytest.approx(loss)
    assert er.Trial(task, er.Backprop(), er.Budget(flops=1e5), (4,), 0).task == task
    with pytest.raises(er.SettingsError, match="is computed from the training rows of a DatasetTask"):
        task.loss.value(np.zeros((2, 3)), np.array([0, 1]))


@dataclass(frozen=True)
class Missed(er.Metric):
    """Rows of a class that are not found."""

    number: int = 0
    info = er.MetricInfo("missed rows", higher_is_better=False)

    def value(self, predictions, targets):
        return float(np.sum((targets == self.number) & (predictions != self.number)))


def test_of_several_metrics_the_first_decides_and_the_others_have_columns_and_a_table(tmp_path, capsys):
    metrics = (er.BalancedAccuracy(), er.Accuracy(), er.ClassRecall(), er.LogLoss(), Missed())
    task = er.DatasetTask.from_arrays(X, NAMES, metric=metrics, label="terrain")
    methods = [er.Evolution(er.OpenAIES(population_size=4)), er.Backprop()]
    study = er.Study.grid(
        "ground", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2), hidden=(4,)
    )
    results = study.run(tmp_path / "results", jobs=1)
    run = results.runs[0]
    genome = er.Genome.load(run.folder / "genome.npz")
    predictions, targets = task.predict(genome, task.parts.test)
    assert task.metric_info.name == "balanced accuracy"
    assert run.curve["test"][-1] == pytest.approx(er.BalancedAccuracy().value(predictions, targets))
    assert [name for name in run.curve if name.startswith("test ")] == [
        "test accuracy", "test recall of grass", "test recall of rock", "test recall of sand", "test log loss",
        "test missed rows",
    ]  # fmt: skip
    assert run.curve["test accuracy"][-1] == np.mean(predictions == targets)
    assert run.curve["test missed rows"][-1] == Missed().value(predictions, targets)
    files = [path.name for path in er.show(results)]
    assert "metrics.csv" in files
    assert "recall of rock" in (results.folder / "table.md").read_text()
    assert "recall of rock" in capsys.readouterr().out
    metrics = (results.folder / "metrics.csv").read_text()
    assert metrics.count(",method,") == 1 + 12
    majority, fit = task.reference_metrics()["majority class"], task.reference_metrics()["linear fit"]
    largest = np.bincount(task.table.targets[task.parts.train]).argmax()
    assert majority["accuracy"] == np.mean(task.table.targets[task.parts.test] == largest)
    assert majority["log loss"] > 0
    assert "log loss" not in fit
    assert f"terrain,linear fit,reference,accuracy,{fit['accuracy']},,,0" in metrics
    assert metrics.count(",reference,") == len(majority) + len(fit) == 11
    er.write_report(results)
    page = (results.folder / "report.html").read_text()
    assert "(linear fit)" in page.partition('<table class="metrics">')[2].partition("</table>")[0]


def test_callbacks_see_no_test_score(tmp_path):
    log = Log(tmp_path / "curve.csv")
    log.append(er.Cost(), 0, None, 1.0, 2.0, {"macro F1": 0.5})
    assert log.rows[0]["test macro F1"] == 0.5
    assert not any(name.startswith("test") for name in log.evals[0])


def test_metrics_that_do_not_fit_are_refused():
    with pytest.raises(er.SettingsError, match=r"R2\(\) cannot evaluate; use Accuracy\(\)"):
        _ = er.DatasetTask.from_arrays(X, NAMES, metric=(er.Accuracy(), er.R2())).metric_info

    @dataclass(frozen=True)
    class Margin(er.Loss):
        def value(self, outputs, targets, sample_weight=None):
            return outputs.mean((-2, -1))

    with pytest.raises(er.SettingsError, match=r"LogLoss\(\) needs probabilities, which Margin does not train"):
        _ = er.DatasetTask.from_arrays(X, NAMES, metric=er.LogLoss(), loss=Margin()).metric_info


def test_baselines_of_scikit_learn_are_references_by_the_metric_of_the_task(monkeypatch):
    from sklearn.neighbors import KNeighborsClassifier

    task = er.DatasetTask.from_arrays(X, NAMES, metric=er.BalancedAccuracy(), baselines=MODELS)
    scores = task.references()
    assert list(scores) == ["majority class", "linear fit", *MODELS]
    assert scores["majority class"] == pytest.approx(1 / 3)
    x, y, parts = task.input_scaler.transform(X), task.table.targets, task.parts
    neighbors = KNeighborsClassifier().fit(x[parts.train], y[parts.train]).predict(x[parts.test])
    assert scores["nearest neighbors"] == sk.balanced_accuracy_score(y[parts.test], neighbors)
    assert scores["random forest"] > 0.8
    with_probabilities = er.DatasetTask.from_arrays(X, NAMES, metric=er.LogLoss(), baselines=MODELS[:1])
    assert list(with_probabilities.references()) == ["majority class", "logistic regression"]
    values = er.DatasetTask.from_arrays(X, X[:, :2] ** 2, baselines=MODELS).references()
    assert list(values) == ["constant guess", "linear fit", "nearest neighbors", "random forest"]
    monkeypatch.setattr("evorobo.tasks.data.baselines.has_scikit_learn", lambda: False)
    without = er.DatasetTask.from_arrays(X, NAMES, baselines=MODELS[1:])
    assert list(without.references()) == ["majority class", "linear fit"]
