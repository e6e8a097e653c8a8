"""The notebook of the documentation runs in a fresh kernel with figures in its outputs; mistakes have sentences."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PAGE = Path(__file__).parents[1] / "docs" / "notebook.ipynb"

MISTAKES = {
    "main": "er.main(study)",
    "robot": 'class Shy(er.Robot):\n    motors = ("m",)\n\ner.register(Shy, "my/Shy-v0")',
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The executed cells of the notebook, and of cells with mistakes after them."""
    notebook = nbformat.read(PAGE, as_version=4)
    for source in MISTAKES.values():
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": ["raises-exception"]}))
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{PAGE.parents[1]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def html_of(cells, source):
    (cell,) = [cell for cell in cells if cell.source == source]
    return "".join(output.data.get("text/html", "") for output in cell.outputs if "data" in output)


def test_results_are_displayed_as_figure_table_and_verdicts(cells):
    html = html_of(cells, "results")
    assert html.count('<img src="data:image/png;base64,') == 1
    assert "<table>" in html
    assert "(n = 3 v 3" in html or "n = 3 v 3, corrected p" in html
    assert "data:image/png" in html_of(cells, 'er.compare("results/notebook")')


def test_a_genome_is_a_table_and_a_replay_an_animation(cells):
    assert "Network 2-8-2, 42 weights" in html_of(cells, "genome")
    assert "data:image/gif;base64," in html_of(cells, 'er.Replay("results/notebook/phototaxis/cma-es/seed-0")')


def test_a_study_shows_one_bar_and_no_lines(cells):
    (cell,) = [cell for cell in cells if cell.source.endswith("results = study.run(jobs=1)")]
    (bar,) = cell.outputs
    assert '<progress value="6.000" max="6"></progress> notebook: 6 of 6 trials' in bar.data["text/html"]


def test_mistakes_in_a_notebook_are_answered_with_the_cure(cells):
    main, robot = (cell.outputs[-1] for cell in cells[-2:])
    assert main.evalue == "main reads a command line, and a notebook has none; use show(study.run())."
    assert robot.evalue.startswith(
        "Shy was defined in a cell; begin the cell with %%writefile my_file.py, and import Shy"
    )
