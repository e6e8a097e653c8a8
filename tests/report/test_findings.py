"""What is printed and kept of a study: table, verdicts, cautions, and nothing twice."""

import re

from evorobo.report.analysis import summary as findings, tables
from evorobo.report.analysis.cautions import cautions
from evorobo.report.analysis.verdicts import verdicts


def test_every_verdict_and_caution_is_under_the_table(small_study):
    told, kept = findings.to_terminal(small_study), findings.to_markdown(small_study)
    assert told.startswith(tables.to_terminal(tables.summary_rows(small_study)))
    assert kept.startswith(tables.to_markdown(tables.summary_rows(small_study)))
    assert len(verdicts(small_study)) == 3
    for words in (*(verdict.sentence for verdict in verdicts(small_study)), *cautions(small_study)):
        assert told.count(words) == kept.count(words) == 1


def test_of_several_tasks_each_sentence_names_its_own(fakes, tmp_path):
    fakes.write_study(tmp_path, "both", {"reach": {}, "grasp": {}}, ["a", "b"])
    for task in ("reach", "grasp"):
        for method, score in (("a", 1), ("b", 2)):
            for seed in range(3):
                fakes.write_run(tmp_path / f"{task}/{method}/seed-{seed}", [{"env_steps": 1, "test": score + seed / 9}])
    told = findings.sentences(fakes.load(tmp_path))
    assert [words.split(":")[0] for words in told] == ["reach", "grasp"]


def test_the_crossing_of_the_curves_is_told_in_flops(small_study):
    told = "\n".join(findings.sentences(small_study))
    assert re.search(r"cma-es stays ahead of my-own from the start on \(interval from the start to \S+ FLOPs\)", told)


def test_writing_keeps_table_verdicts_and_numbers(small_study, tmp_path):
    written = findings.write(small_study, tmp_path / "out")
    assert [path.name for path in written] == ["table.csv", "table.md", "verdicts.csv"]
    assert written[0].read_text() == tables.to_csv(tables.summary_rows(small_study))
    assert written[1].read_text() == findings.to_markdown(small_study) + "\n"
    assert len(written[2].read_text().splitlines()) == 1 + len(verdicts(small_study))


def test_a_study_without_runs_has_an_empty_table_and_no_words(tiny_study):
    results = tiny_study({})
    assert findings.to_terminal(results) == tables.to_terminal([])
