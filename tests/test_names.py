"""Names become folders: none leads out of the results, and none is refused or confused by another system."""

import json
from dataclasses import replace

import pytest

from evorobo import GA, Backprop, Budget, ControlTask, Evolution, ResultsError, SettingsError, Study, Trial
from evorobo.checks import check_distinct_names, check_name
from evorobo.settings import to_plain
from evorobo.study.overrides import apply_overrides
from evorobo.study.records import write_record
from evorobo.study.results import load

TASK = ControlTask("evorobo/Phototaxis-v0")
STUDY = Study.grid("lamp", tasks=[TASK], methods=[Backprop()], seeds=1, budget=Budget(flops=1e6), hidden=(4,))
INVALID = [
    "../../x", "/abs", "a/b", "a\\b", "..", ".hidden", "", "a\nb", "a\x00b", "a\x1b[2J", "C:", "a?", "\udc80",
    "CON", "nul", "Aux.txt", "com1", "LPT9.json", "com\xb9", "ends.", "ends ", " begins", "x" * 101, "東" * 90,
    3, None, True, ["a"],
]  # fmt: skip


@pytest.mark.parametrize("name", INVALID)
def test_a_name_that_is_no_folder_everywhere_is_refused(name):
    with pytest.raises(SettingsError):
        check_name(name)


@pytest.mark.parametrize("name", ["cma-es", "GA", "a_1.5 (b)+c=d", "light-tête", "東京", "console", "com10", "nul1"])
def test_usual_names_are_accepted(name):
    check_name(name)


@pytest.mark.parametrize("names", [("GA", "ga"), ("straße", "STRASSE"), ("a", "a"), ("x\uff12", "x2")])
def test_names_that_are_one_folder_on_some_system_are_refused(names):
    with pytest.raises(SettingsError, match="give one of them another name"):
        check_distinct_names("method", names)


@pytest.mark.parametrize("name", ["../../x", "/abs", "CON", "ends."])
def test_names_are_refused_in_python_json_and_set_alike(tmp_path, name):
    with pytest.raises(SettingsError, match=r"folder|Windows"):
        replace(STUDY, name=name)
    with pytest.raises(SettingsError, match=r"folder|Windows"):
        replace(STUDY, tasks=(replace(TASK, label=name),))
    with pytest.raises(SettingsError, match=r"folder|Windows"):
        replace(STUDY, methods=(Backprop(name=name),))
    with pytest.raises(SettingsError, match=r"folder|Windows"):
        replace(STUDY.trials()[0], task=replace(TASK, label=name))
    for setting in ("name", "tasks.*.label", "methods.*.name"):
        with pytest.raises(SettingsError, match=r"folder|Windows"):
            apply_overrides(STUDY, [f"{setting}={name}"])
    plain = to_plain(STUDY.trials()[0])
    plain["task"]["label"] = name
    write_record(tmp_path / "trial.json", plain)
    with pytest.raises(ResultsError, match=r"cannot be run here: .*(folder|Windows)"):
        Trial.load(tmp_path / "trial.json")


def test_methods_that_differ_in_case_alone_are_refused():
    with pytest.raises(SettingsError, match="two methods are called 'GA' and 'ga', which are one folder on Windows"):
        replace(STUDY, methods=(Evolution(GA(), name="GA"), Evolution(GA(), name="ga")))


def test_a_study_file_with_a_name_that_leads_out_of_its_folder_is_refused(tmp_path):
    task = {"metric": {"name": "return"}, "references": {}}
    for names in ({"../../x": task}, {"phototaxis/..": task}):
        content = {"name": "lamp", "tasks": names, "methods": {"a": {}}, "settings": {}}
        write_record(tmp_path / "study.json", content)
        with pytest.raises(ResultsError, match=r"study\.json is damaged \(.*invalid as the name of a folder"):
            load(tmp_path)


def test_text_of_a_foreign_study_is_shown_without_terminal_escapes_and_short(tmp_path):
    task = {"metric": {"name": "return\x1b[31m"}, "references": {}, "caution": "\x1b]0;owned\x07"}
    content = {"name": "lamp", "tasks": {"t": task}, "methods": {"m": {}}, "settings": {}, "question": "a\udc80"}
    write_record(tmp_path / "study.json", content)
    reason = "\x1b[2J" + "x" * 1_000_000
    write_record(tmp_path / "t" / "m" / "seed-0" / "result.json", {"status": "failed", "reason": reason})
    results = load(tmp_path)
    shown = json.dumps([results.metrics["t"].name, results.cautions, results.question, results.runs[0].reason])
    assert "\\u001b" not in shown
    assert "\\udc80" in results.question
    assert len(results.runs[0].reason) < 600
    assert results.runs[0].reason.endswith("more characters)")
