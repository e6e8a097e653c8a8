"""The report page: the numbers of the study, names that are only text, and no network access."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from evorobo import write_report
from evorobo.report.analysis.runs import cumulative_cost, learning_curve
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.summary import summarize
from evorobo.report.formatting import COST_LABELS
from evorobo.report.page.charts import round_for_json, task_charts
from evorobo.report.page.page import render_page
from evorobo.report.statistics import average_curve, bootstrap_interval, iqm
from evorobo.study.trust import remember

HOSTILE = "</script><script>alert('&amp;')</script><img src=x onerror=alert(1)>\"'`${1}\u2028"


class Reader(HTMLParser):
    """The tags of a page, and its text outside of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self._code = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._code = tag in ("script", "style")

    def handle_endtag(self, tag):
        self._code = False

    def handle_data(self, text):
        self.text += "" if self._code else text


def content(html):
    """The data of the scripts of the page."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])


def code(html, tag):
    return re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)


def test_the_page_is_written_to_the_folder_of_the_study_or_to_a_given_file(small_study, tmp_path):
    assert write_report(small_study) == small_study.folder / "report.html"
    path = write_report(small_study, tmp_path / "new" / "page.html")
    assert path.read_text().startswith("<!doctype html>")


def test_the_curves_are_those_of_the_runs_over_every_cost(small_study):
    method = content(render_page(small_study))["tasks"][0]["methods"]["cma-es"]
    runs = small_study.runs_of("CartPole", "cma-es")
    for run, data in zip(runs, method["runs"], strict=True):
        assert data["y"] == round_for_json(run.curve["test"])
        assert set(data["x"]) == {name for name in COST_LABELS if cumulative_cost(run, name).max() > 0}
        for cost_column, x in data["x"].items():
            assert x == round_for_json(cumulative_cost(run, cost_column))
    means = average_curve([learning_curve(run, "env_steps", log=False) for run in runs])
    assert method["averages"]["env_steps"]["middle"] == round_for_json(means.middle)
    assert "samples" not in method["averages"]


def test_final_scores_and_profiles_are_those_of_the_finished_runs(tiny_table):
    table = tiny_table({"ga": [1, 2, 3, 4, 5], "cma-es": [3, 3, 3]}, failed=1)
    task = task_charts(table, "reach-grasp")
    scores = table.cells["reach-grasp", "ga"].scores.tolist()
    assert len(scores) == 4
    assert task["methods"]["ga"]["scores"] == scores
    assert task["methods"]["ga"]["iqm"] == float(iqm(scores))
    assert task["methods"]["ga"]["interval"] == round_for_json(bootstrap_interval(scores))
    profiles = task["profiles"]
    assert profiles["ga"]["taus"] == profiles["cma-es"]["taus"]  # on one axis
    for method, finals in (("ga", scores), ("cma-es", [3, 3])):
        above = [np.mean(np.array(finals) > tau) for tau in profiles[method]["taus"]]
        np.testing.assert_allclose(profiles[method]["share"], above, atol=1e-5)
        assert above[0] == 1


def test_the_page_has_verdicts_cautions_and_table(tiny_study):
    results = tiny_study({"ga": [1, 2, 3], "cma-es": [3, 4, 5]}, failed=1, references={"random": 0.5})
    text = " ".join(Reader(render_page(results)).text.split())
    summary = summarize(StudyTable.from_results(results))
    for sentence in (*summary.sentences, *summary.cautions):
        assert " ".join(sentence.split()) in text
    assert "(random)" in text
    assert "The weights became NaN." in text  # the reason why a trial failed


def test_the_table_of_the_page_has_the_operations_of_robots_where_there_are_any(fakes, tmp_path):
    for name, flops in (("traced", 2500), ("not-traced", 0)):
        fakes.write_study(tmp_path / name, name, {"run": {}}, ["ga"])
        rows = [{"test": 0}, {"env_steps": 50, "robot_flops": flops, "test": 1}]
        fakes.write_run(tmp_path / name / "run/ga/seed-0", rows)
        table = render_page(fakes.load(tmp_path / name)).split("</table>")[0]
        assert ("2.5k" in table, ">robot FLOPs<" in table) == (flops > 0, flops > 0)


def test_names_are_only_text(tiny_study):
    results = tiny_study({"ga": [1, 2], "es": [3, 4]}, references={HOSTILE: 1.5})
    runs = [replace(run, method=HOSTILE) if run.method == "es" else run for run in results.runs]
    results = replace(results, methods=["ga", HOSTILE], runs=runs)
    settings = {"budget": {"n_evals": HOSTILE}, "hidden": [HOSTILE], "tasks": [{HOSTILE: HOSTILE}]}
    results = replace(results, name=HOSTILE, question=HOSTILE, settings=settings)
    html = render_page(results)
    reader = Reader(html)
    assert len([tag for tag, _ in reader.tags if tag == "script"]) == 2
    assert not [tag for tag, _ in reader.tags if tag == "img"]
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]
    assert HOSTILE in content(html)["tasks"][0]["references"][0]["name"]
    assert reader.text.count(HOSTILE) >= 2  # title and headline, at least


def test_the_page_needs_no_network_access(small_study):
    html = render_page(small_study)
    assert set(re.findall(r"https?://[^\s\"'<]+", html)) == {
        "http://www.w3.org/2000/svg"
    }  # a namespace, not an address
    for _, attributes in Reader(html).tags:
        for name in ("src", "href", "action", "data"):
            assert attributes.get(name, "#").startswith(("#", "data:"))


def test_the_policy_allows_only_the_scripts_and_styles_of_the_page(small_study):
    html = render_page(small_study)
    policy = unescape(re.search(r'Policy" content="(.*?)">', html)[1])
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (text,) = code(html, tag)
        fingerprint = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{fingerprint}'" in policy


def test_a_study_that_has_just_started_has_a_page_too(fakes, tmp_path):
    fakes.write_study(tmp_path, "started", {"reach": {}}, ["ga"])
    (tmp_path / "reach" / "ga" / "seed-0").mkdir(parents=True)
    html = render_page(fakes.load(tmp_path))
    assert "There is nothing to compare yet" in html
    assert content(html)["tasks"] == []
    fakes.write_run(tmp_path / "reach" / "ga" / "seed-1", fakes.learning(1, 0, 1), "unfinished")
    assert content(render_page(fakes.load(tmp_path)))["tasks"][0]["methods"]["ga"]["averages"] == {}


@pytest.mark.parametrize("whose", ["own", "trusted"])
def test_a_study_without_its_script_says_so_in_place_of_its_robots(small_study, whose):
    results = of_a_missing_script(small_study)
    if whose == "own":
        remember(results.folder / "study.json")
    (scene,) = content(render_page(replace(results, trust=whose == "trusted")))["behavior"]
    assert scene["why"].startswith("The tasks cannot be loaded: there is no file")
    assert scene["why"].endswith("run from the folder in which the script was first run.")


def test_a_study_of_other_people_says_that_its_code_is_not_run_in_place_of_its_robots(small_study):
    results = of_a_missing_script(small_study)
    (scene,) = content(render_page(results))["behavior"]
    assert scene["why"].startswith(f"{results.folder} was not written by your own runs, and it names code")
    assert "(nowhere.py:Task); add --trust" in scene["why"]


def of_a_missing_script(results):
    """The results, with settings in which a task is in a file that does not exist."""
    return replace(results, settings={"type": "Study", "tasks": [{"type": "nowhere.py:Task"}]})


def test_numbers_keep_five_digits_and_nan_is_null():
    assert round_for_json([1 / 3, np.nan, np.inf, 123456.7]) == [0.33333, None, None, 123460.0]
    assert json.dumps(round_for_json(np.eye(2))) == "[[1.0, 0.0], [0.0, 1.0]]"
