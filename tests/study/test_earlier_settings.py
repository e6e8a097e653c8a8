"""Folders of a version before a setting was added: the absent field counts as its default."""

import json

import numpy as np
import pytest
from curves import all_curves
from toys import Bowl

from evorobo import Backprop, Budget, DatasetTask, Evolution, ResultsError, Study, Trial
from evorobo.report.analysis.merge import provenance_cautions
from evorobo.settings import to_plain, with_defaults
from evorobo.study import running
from evorobo.study.folders import Interrupted
from evorobo.study.results import load
from evorobo.study.trust import is_own, remember

LATER = ("rows", "baselines", "missing", "one_hot", "lags", "windows")


def without(plain, fields):
    """Plain settings, and what contains them, without some fields."""
    if isinstance(plain, dict):
        return {key: without(item, fields) for key, item in plain.items() if key not in fields}
    return [without(item, fields) for item in plain] if isinstance(plain, list) else plain


def data_study(seeds, **settings):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 2))
    task = DatasetTask.from_arrays(inputs, inputs.sum(1), label="sum", **settings)
    return Study.grid(
        "sums", tasks=[task], methods=[Backprop()], seeds=seeds, budget=Budget(flops=1e5, n_evals=2), hidden=(2,)
    )


@pytest.fixture
def earlier(tmp_path):
    """The results of a study of data, whose settings lack the fields that `DatasetTask` got later."""
    data_study(1).run(tmp_path)
    folder = tmp_path / "sums"
    for path in (folder / "study.json", folder / "sum/backprop/seed-0/trial.json"):
        content = without(json.loads(path.read_text()), LATER)
        assert "one_hot" not in json.dumps(content)
        path.write_text(json.dumps(content))
        remember(path)
    return tmp_path


def test_a_study_goes_on_in_its_folder(earlier):
    before = all_curves(earlier)
    assert [run.status for run in load(earlier / "sums").runs] == ["finished"]
    results = data_study(2).run(earlier)
    assert [run.status for run in results.runs] == ["finished", "finished"]
    assert all_curves(earlier).items() >= before.items()
    assert is_own(earlier / "sums/sum/backprop/seed-0/trial.json")


def test_another_value_than_the_default_is_refused_by_its_name(earlier):
    with pytest.raises(ResultsError, match=r"other settings \(task\.rows is null there and 20 here\)"):
        data_study(2, rows=20).run(earlier)


def test_results_of_both_versions_are_compared_without_a_caution(earlier, tmp_path):
    now = data_study(1).run(tmp_path / "now")
    assert provenance_cautions([load(earlier / "sums"), now]) == []


def test_a_checkpoint_goes_on(tmp_path, monkeypatch):
    trial = Trial(Bowl(), Evolution(), Budget(flops=1e6, n_evals=6), (3,), 0)
    trial.run(tmp_path / "straight")
    with monkeypatch.context() as patch:
        patch.setattr(running, "to_plain", lambda trial: without(to_plain(trial), ["genealogy", "active"]))
        patch.setattr(running, "PROGRESS_SECONDS", 0.0)
        calls = iter([False] * 3 + [True])
        with pytest.raises(Interrupted):
            trial.run(tmp_path / "earlier", should_stop=lambda: next(calls))
    assert "genealogy" not in json.loads((tmp_path / "earlier/trial.json").read_text())["method"]
    resumed = []
    resume = running.RunningTrial._resume
    monkeypatch.setattr(running.RunningTrial, "_resume", lambda *state: (resumed.append(1), resume(*state)))
    assert trial.run(tmp_path / "earlier") == "finished"
    assert resumed
    assert all_curves(tmp_path / "earlier") == all_curves(tmp_path / "straight")


def test_only_absent_fields_are_added_and_nothing_is_imported():
    plain = json.loads(json.dumps(to_plain(data_study(1))))
    assert with_defaults(plain) == plain
    assert with_defaults(without(plain, LATER)) == plain
    assert with_defaults({"type": "DatasetTask"}).keys() == plain["tasks"][0].keys() - {"source"}
    for other in ({"type": "no_such_file.py:Thing"}, {"type": "Unheard"}, {"type": 3}, {"type": "list", "items": [1]}):
        assert with_defaults([other]) == [other]
