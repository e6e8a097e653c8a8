"""The report page put together: the template, what it is filled with, and the ban on asking anybody for anything."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from evorobo.errors import EvoroboError
from evorobo.files import write_atomically
from evorobo.report import formatting as wording
from evorobo.report.analysis import summary as findings, tables
from evorobo.report.analysis.cautions import cautions
from evorobo.report.analysis.robustness import load_robustness, robustness
from evorobo.report.analysis.runs import drawable
from evorobo.report.figures import archives, output as canvas
from evorobo.report.figures.style import assign_styles
from evorobo.report.page import facts
from evorobo.report.page.behaviour import behavior_data
from evorobo.report.page.charts import Json, aggregate_charts, style_to_json, task_charts
from evorobo.report.page.robust import robustness_charts
from evorobo.settings import from_plain
from evorobo.study.results import Results
from evorobo.study.study import Study

_SCRIPTS = (
    "elements.js", "ticks.js", "chart.js", "curves.js", "finals.js", "answers.js", "network.js", "stage.js", "page.js",
)  # fmt: skip


def write_report(results: Results, out: str | Path | None = None, *, robustness: bool = False) -> Path:
    """Write the page of a study to `report.html` in its folder, or to `out`; returns where it is.

    With `robustness` all answers are tested under noise first, 22 times each; what was found out is kept in
    `robustness.csv` and shown from then on.
    """
    path = Path(out or results.folder / "report.html")
    write_atomically(path, render_page(results, run_robustness=robustness))
    return path


def render_page(results: Results, *, run_robustness: bool = False) -> str:
    """The HTML of it. All text of the study is escaped, by the template or as JSON; scripts and styles are known by
    their fingerprints, and the page forbids itself everything else."""
    rows = robustness(results) if run_robustness else load_robustness(results.folder)
    data = {
        "styles": {method: style_to_json(style) for method, style in assign_styles(results.methods).items()},
        "cost_labels": wording.COST_LABELS,
        "tasks": [task_charts(results, task) for task in results.tasks if drawable(results, task)],
        "aggregate": aggregate_charts(results),
        "robustness": robustness_charts(rows, results),
        "behavior": _behavior(results),
    }
    script = "\n".join(_asset(name) for name in _SCRIPTS)
    script, style = f'(() => {{\n"use strict";\n{script}\n}})();\n', _asset("page.css")
    head, trials = facts.trials(results)
    return _template().render(
        results=results,
        policy=f"default-src 'none'; img-src data:; script-src {_source(script)}; style-src {_source(style)}; "
        "base-uri 'none'; form-action 'none'",
        script=Markup(script),
        style=Markup(style),
        data=Markup(_harmless(data)),
        verdicts=findings.sentences(results),
        cautions=cautions(results),
        overview=facts.overview(results),
        headers=tables.COLUMN_TITLES,
        rows=tables.format_cells(tables.summary_rows(results), str),
        trial_columns=head,
        trials=trials,
        settings=facts.settings(results),
        machines=facts.machines(results),
        tasks=data["tasks"],
        robust=data["robustness"],
        behavior=data["behavior"],
        archives=_archives(results),
    )


def _behavior(results: Results) -> list[Json]:
    why = "These results do not say with what settings they were made, so no robot can be shown."
    try:
        study = from_plain(results.settings)
        if isinstance(study, Study):
            return [behavior_data(results, task) for task in study.tasks]
    except EvoroboError as error:  # the script of the study is not here, or not what it was
        why = f"The tasks cannot be made here: {error}"
    return [{"task": "", "kind": "none", "why": why, "methods": []}]


def _archives(results: Results) -> list[tuple[str, str]]:
    """Of each task with archives its name, and their picture as an address that needs nobody."""
    figures = {task: drawn for task in results.tasks if (drawn := archives.figure(results, task))}
    content = {task: b64encode(canvas.png_bytes(drawn)).decode() for task, drawn in figures.items()}
    return [(task, f"data:image/png;base64,{text}") for task, text in content.items()]


def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_asset("page.html"))


def _asset(name: str) -> str:
    return (files("evorobo.report.page") / "assets" / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _harmless(data: Json) -> str:
    """JSON that no browser takes for anything else, wherever it stands in a page."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
