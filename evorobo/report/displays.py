"""Results, genomes, replays, verdicts and comparisons as HTML for a notebook: figure, table, animation."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import escape
from matplotlib.figure import Figure
from tabulate import tabulate

from evorobo.errors import ResultsError
from evorobo.nets.genome import Genome
from evorobo.report.analysis import scores, tables
from evorobo.report.analysis.comparison import Comparison
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.summary import Summary, summarize
from evorobo.report.analysis.verdicts import Verdict
from evorobo.report.figures import comparison_figure, curves, output
from evorobo.report.replay.replay import Replay
from evorobo.study.results import Results

_GENOME_COLUMNS = ("layer", "parameter", "shape", "lowest", "highest")


def to_html(thing: Any) -> str:
    """A thing as HTML. All texts in it are escaped."""
    return next(display for kind, display in _DISPLAYS.items() if isinstance(thing, kind))(thing)


def _results(results: Results) -> str:
    table = StudyTable.from_results(results)
    try:
        table.import_own_files()
        picture = _figure(curves.figure(table))
    except ResultsError as error:  # nothing to show yet
        picture = _paragraph(str(error))
    return picture + _summary(summarize(table))


def _summary(summary: Summary) -> str:
    titles, lines = tables.format_cells(summary.rows, str)
    table = _table(lines, titles)
    return table + "".join(map(_paragraph, [*summary.sentences, *summary.cautions]))


def _comparison(comparison: Comparison) -> str:
    header, rows, note = scores.table_cells(comparison.rows, comparison.cost_column)
    texts = "".join(map(_paragraph, comparison.sentences))
    after = "".join(map(_paragraph, filter(None, [note, *comparison.cautions])))
    return _figure(comparison_figure.figure(comparison)) + texts + _table(rows, header) + after


def _verdict(verdict: Verdict) -> str:
    return _paragraph(verdict.to_sentence(), bold=verdict.significant)


def _genome(genome: Genome) -> str:
    rows = []
    for block in genome.spec.genes.blocks:
        weights = genome.weights[block.start : block.stop]
        shape = " x ".join(map(str, block.shape))
        layer = f"{block.layer}: {type(genome.spec.layers[block.layer]).__name__}"
        rows.append([layer, block.parameter, shape, f"{weights.min():.3g}", f"{weights.max():.3g}"])
    widths = "-".join(map(str, genome.spec.widths))
    return _paragraph(f"Network {widths}, {genome.spec.n_params} weights") + _table(rows, _GENOME_COLUMNS)


def _replay(replay: Replay) -> str:
    return f'<img src="data:image/gif;base64,{b64encode(replay.gif_bytes()).decode()}" alt="replay">'


_DISPLAYS: dict[type, Callable[[Any], str]] = {
    Results: _results,
    Summary: _summary,
    Comparison: _comparison,
    Verdict: _verdict,
    Genome: _genome,
    Replay: _replay,
}


def _figure(figure: Figure) -> str:
    content = b64encode(output.figure_bytes(figure)).decode()
    return f'<img src="data:image/png;base64,{content}" style="max-width: 100%" alt="{escape(figure.get_label())}">'


def _table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> str:
    return str(tabulate(rows, header, "html", disable_numparse=True))


def _paragraph(text: str, bold: bool = False) -> str:
    return f"<p><b>{escape(text)}</b></p>" if bold else f"<p>{escape(text)}</p>"
