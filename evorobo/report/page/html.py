"""An HTML page from a template, scripts and data, with a policy that allows the page's own parts alone."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evorobo.report.page.charts import Json

CHARTS = ("elements.js", "ticks.js", "plot.js", "chart.js", "curves.js")
"""The scripts that draw learning curves."""
BEHAVIOR = ("predictions.js", "network.js", "stage.js")
"""The scripts that show robots, networks and predictions."""


def render_html(template: str, scripts: Sequence[str], data: Json, *, connects: bool = False, **fields: Any) -> str:
    """Fill a template of the folder `assets`; `connects` is whether the page may ask the server that it came from.

    All text in `fields` and `data` is escaped, by the template or as JSON. The content security policy allows only the
    page's own scripts and styles, by their hashes.
    """
    script = "\n".join(map(_asset, scripts))
    script, style = f'(() => {{\n"use strict";\n{script}\n}})();\n', _asset("page.css")
    policy = f"default-src 'none'; img-src data:; script-src {_source(script)}; style-src {_source(style)}; "
    policy += "connect-src 'self'; " if connects else ""
    environment = Environment(
        loader=PackageLoader("evorobo.report.page", "assets"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(template).render(
        policy=f"{policy}base-uri 'none'; form-action 'none'",
        script=Markup(script),
        style=Markup(style),
        data=Markup(_escape_json(data)),
        **fields,
    )


def _asset(name: str) -> str:
    return (files("evorobo.report.page") / "assets" / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _escape_json(data: Json) -> str:
    """JSON that a browser cannot mistake for markup anywhere in a page."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
