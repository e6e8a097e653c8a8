"""Settings of the documentation: Sphinx, the pydata theme, numpydoc, MyST with one executed notebook; no network."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

project = "evorobo"
author = "The evorobo authors"
copyright = f"2026, {author}"
version = release = installed_version("evorobo")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_nb",  # pages in Markdown, and the notebook
    "sphinx_design",
    "sphinxarg.ext",
]
root_doc = "index"
exclude_patterns = ["_build", "README.md"]
templates_path = ["_templates"]
default_role = "code"  # docstrings write `name` for code
smartquotes_action = "qe"  # quotes and ellipses; two dashes stay two, as in --help

# API reference: every page below api/ is generated from the docstrings
autosummary_generate = True
autosummary_imported_members = True
autodoc_typehints = "none"  # types stand in the numpydoc sections
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False  # the class template lists them
numpydoc_xref_param_type = False
viewcode_follow_imported_members = True

# Markdown
myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3

# the notebook is executed at every build
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

html_theme = "pydata_sphinx_theme"
html_title = "evorobo"
html_static_path = ["_static"]
html_css_files = ["evorobo.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "evorobo"},
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "search_bar_text": "Search: own CSV, add a robot, compare ...",
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}
_WITHOUT_SUBPAGES = """
index install concepts tutorial notebook course gallery cli faq architecture contributing changelog
"""
html_sidebars = {page: [] for page in _WITHOUT_SUBPAGES.split()}


def read_repository_page(app: Any, docname: str, source: list[str]) -> None:
    """Fill three pages from files that also stand on their own in the repository, with links that fit this folder."""
    if docname == "course":
        text = (ROOT / "experiments" / "lessons" / "README.md").read_text().partition("\n")[2]
        text = text.replace("](../../results/", "](../results/")
        text = re.sub(r"^## (\d\d)\n\n(\*\*\[([^:.?]+).*)", r"## \1. \3\n\n\2", text, flags=re.MULTILINE)
        text = re.sub(r"^(!\[.*\))$", r":::{div} wide\n\1\n:::", text, flags=re.MULTILINE)
        text = re.sub(r"\]\((\d\d_\w+\.py)\)", r"](../experiments/lessons/\1)", text)
        source[0] = source[0].replace("COURSE", text)
    elif docname in ("contributing", "changelog"):
        text = (ROOT / f"{docname.upper()}.md").read_text()
        source[0] = re.sub(r"\]\(docs/", "](", text)


def setup(app: Any) -> None:
    app.connect("source-read", read_repository_page)
