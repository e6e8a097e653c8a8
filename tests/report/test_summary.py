"""The summary of a study: table, verdicts and cautions, each once."""

import re

from evorobo.report.analysis import tables
from evorobo.report.analysis.summary import summarize


def test_every_verdict_and_caution_is_under_the_table(small_table):
    summary = summarize(small_table)
    terminal, markdown = summary.to_terminal(), summary.to_markdown()
    assert terminal.startswith(tables.to_terminal(summary.rows))
    assert markdown.startswith(tables.to_markdown(summary.rows))
    assert len(summary.verdicts) == 3
    assert len(summary.cautions) == 1
    for text in (*(verdict.to_sentence() for verdict in summary.verdicts), *summary.cautions):
        assert terminal.count(text) == markdown.count(text) == 1


def test_with_several_tasks_each_sentence_names_its_task(fakes, tmp_path):
    fakes.write_study(tmp_path, "both", {"reach": {}, "grasp": {}}, ["a", "b"])
    for task in ("reach", "grasp"):
        for method, score in (("a", 1), ("b", 2)):
            for seed in range(3):
                fakes.write_run(tmp_path / f"{task}/{method}/seed-{seed}", [{"env_steps": 1, "test": score + seed / 9}])
    sentences = summarize(fakes.load_table(tmp_path)).sentences
    assert [text.split(":")[0] for text in sentences] == ["reach", "grasp"]


def test_the_crossover_of_the_curves_is_given_in_flops(fakes, tmp_path):
    fakes.write_study(tmp_path, "s", {"reach": {}}, ["cma-es", "my-own"])
    for seed in range(8):
        for method, end in (("cma-es", 490), ("my-own", 100)):
            fakes.write_run(tmp_path / f"reach/{method}/seed-{seed}", fakes.learning(seed, 20, end))
    text = "\n".join(summarize(fakes.load_table(tmp_path)).sentences)
    assert re.search(r"cma-es stays ahead of my-own from .+ on( \(interval .+ to .+ FLOPs\))?\.", text)


def test_a_summary_is_written_as_tables_and_verdicts(small_table, tmp_path):
    summary = summarize(small_table)
    written = summary.write(tmp_path / "out")
    assert [path.name for path in written] == ["table.csv", "table.md", "verdicts.csv"]
    assert written[0].read_text() == tables.to_csv(summary.rows)
    assert written[1].read_text() == summary.to_markdown() + "\n"
    assert len(written[2].read_text().splitlines()) == 1 + len(summary.verdicts)


def test_a_study_without_runs_has_an_empty_table_and_no_sentences(tiny_table):
    assert summarize(tiny_table({})).to_terminal() == tables.to_terminal([])
