"""Read studies, their parts, and tables of other tools; everything else is an error with advice."""

import numpy as np
import pytest

from evorobo import DataError, ResultsError, SettingsError
from evorobo.report.analysis.compare import compare
from evorobo.report.analysis.result_files import read_results
from evorobo.report.formats.convert import convert
from evorobo.tasks.base import MetricInfo

TABLE = """Global Step,Episodic Return,Seed,Algo
10,1.5,a,ppo
30,3.5,a,ppo
20,2.5,a,ppo
10,4,b,ppo
10,7,7,sac
"""


@pytest.fixture
def study(fakes, tmp_path):
    folder = tmp_path / "study"
    fakes.write_study(folder, "race", {"reach": {"references": {"random": 1}}, "grasp": {}}, ["ga", "cma-es"])
    for task in ("reach", "grasp"):
        for method in ("ga", "cma-es"):
            fakes.write_run(
                folder / f"{task}/{method}/seed-3", [{"env_steps": 5, "train": 8, "validation": 7, "test": 6}]
            )
    return folder


def test_a_study_or_a_part_of_it_is_read(study):
    assert read_results(study).tasks == ["reach", "grasp"]
    part = read_results(study / "grasp")
    assert (part.tasks, part.methods, {run.task for run in part.runs}) == (["grasp"], ["ga", "cma-es"], {"grasp"})
    (run,) = read_results(study / "grasp/ga").runs
    assert (run.task, run.method, run.seed, run.score) == ("grasp", "ga", 3, 6)


def test_a_part_is_found_from_inside_the_study_too(study, monkeypatch):
    monkeypatch.chdir(study / "grasp")
    assert read_results("ga").methods == ["ga"]
    assert read_results(".").tasks == ["grasp"]


def test_another_column_replaces_the_test_score(study):
    validated = read_results(study, "validation")
    assert validated.runs[0].score == 7
    assert validated.references["reach"] == {"random": 1}  # the scale is the same
    trained = read_results(study, "train", lower_is_better=True)
    assert (trained.runs[0].score, trained.metrics["reach"]) == (8, MetricInfo("train", higher_is_better=False))
    assert trained.references["reach"] == {}


def test_a_missing_column_raises(study):
    with pytest.raises(ResultsError, match=r"seed-3 has no column 'loss'; its columns are env_steps, .*test\."):
        read_results(study, "loss")


def test_a_table_has_runs_by_method_and_seed_with_sorted_evals(tmp_path):
    (tmp_path / "theirs.csv").write_text(TABLE)
    results = read_results(tmp_path / "theirs.csv")
    assert (results.name, results.methods, results.metrics) == (
        "theirs",
        ["ppo", "sac"],
        {"": MetricInfo("Episodic Return")},
    )
    assert [(run.method, run.seed) for run in results.runs] == [("ppo", 0), ("ppo", 1), ("sac", 7)]
    first = results.runs[0].curve
    assert (first["env_steps"].tolist(), first["test"].tolist()) == ([10, 20, 30], [1.5, 2.5, 3.5])
    assert {run.status for run in results.runs} == {"finished"}


def runs_of(path, text, metric="test"):
    path.write_text(text)
    return [(run.method, run.seed, run.curve["test"].tolist()) for run in read_results(path, metric).runs]


@pytest.mark.parametrize("method", ["exp_name", "algo", "agent"])
@pytest.mark.parametrize("seed", ["trial", "run_id", "Seed", "run"])
def test_runs_have_the_usual_names(tmp_path, method, seed):
    text = f"{method},{seed},step,score\nes,0,10,1\nes,0,20,2\nes,1,10,3\nes,1,20,4\nga,0,10,5\nga,0,20,6\n"
    assert runs_of(tmp_path / "x.csv", text) == [("es", 0, [1, 2]), ("es", 1, [3, 4]), ("ga", 0, [5, 6])]


@pytest.mark.parametrize(
    "text",
    [
        "attempt,step,score\na,10,1\na,20,2\nb,10,3\nb,20,4\n",
        "algo,attempt,step,score\nes,a,10,1\nes,a,20,2\nes,b,10,3\nes,b,20,4\n",
        "seed,attempt,env_steps,cpu_seconds,test\n0,a,10,.1,1\n0,a,20,.2,2\n0,b,10,.3,3\n0,b,20,.4,4\n",
        "attempt,step,score\na,10,1\na,20,2\nb,11,3\nb,21,4\n",
    ],
)
def test_runs_that_flowed_together_are_refused_and_the_column_between_them_is_named(tmp_path, text):
    with pytest.raises(DataError, match=r"so several runs lie in it; name the column .*: one of attempt, renamed to"):
        runs_of(tmp_path / "x.csv", text)
    assert len(runs_of(tmp_path / "x.csv", text.replace("seed,", "x,").replace("attempt", "seed"))) == 2


def test_a_repeated_step_without_another_column_asks_for_one(tmp_path):
    with pytest.raises(DataError, match="add a column seed"):
        runs_of(tmp_path / "x.csv", "step,score\n10,1\n20,2\n10,3\n")


@pytest.mark.parametrize(
    ("header", "of"),
    [("Step,global_step,score", "steps, Step, global_step"), ("step,reward,episodic_return", "scores, reward, episod")],
)
def test_two_columns_of_one_meaning_are_asked_for(tmp_path, header, of):
    with pytest.raises(DataError, match=f"several columns of {of}"):
        runs_of(tmp_path / "x.csv", f"{header}\n1,2048,5\n2,4096,6\n")
    if "reward" in header:
        assert runs_of(tmp_path / "x.csv", f"{header}\n1,2,5\n2,4,6\n", "reward") == [("x", 0, [2, 4])]


@pytest.mark.parametrize("metric", ["Success Rate", "success rate", "success_rate"])
def test_a_metric_may_have_a_blank(tmp_path, metric):
    assert runs_of(tmp_path / "x.csv", "Env Steps,Success Rate\n1,0.5\n2,0.6\n", metric) == [("x", 0, [0.5, 0.6])]


def test_costs_that_only_some_methods_have_are_left_out(tmp_path):
    """As in the table of a study with baselines, with seeds as pandas writes them."""
    text = "method,seed,env_steps,flops,forward_flops,test\nes,3.0,10,5,5,1\nes,7.0,10,5,5,2\nppo,0.0,10,,,3\n"
    assert runs_of(tmp_path / "x.csv", text) == [("es", 3, [1]), ("es", 7, [2]), ("ppo", 0, [3])]


def test_a_table_of_one_run_needs_only_two_columns(tmp_path):
    (tmp_path / "one.tsv").write_text("step\tscore\n1\t2\n2\t3\n")
    (run,) = read_results(tmp_path / "one.tsv").runs
    assert (run.method, run.seed, run.score) == ("one", 0, 3)


def test_the_ending_of_a_table_may_be_in_capitals(tmp_path):
    (tmp_path / "CURVES.CSV").write_text("step,reward\n1,0.5\n2,0.75\n")
    assert read_results(tmp_path / "CURVES.CSV").runs[0].score == 0.75


def test_all_cost_columns_are_kept_and_tasks_are_separated(tmp_path):
    (tmp_path / "x.csv").write_text("env_steps,cpu_seconds,loss,task\n1,0.5,9,a\n2,0.7,8,a\n1,0.5,3,b\n")
    results = read_results(tmp_path / "x.csv", "loss", lower_is_better=True)
    assert (results.tasks, results.metrics["b"]) == (["a", "b"], MetricInfo("loss", higher_is_better=False))
    assert results.runs[0].curve["cpu_seconds"].tolist() == [0.5, 0.7]


@pytest.mark.parametrize(
    ("text", "metric", "message"),
    [
        (
            "a,score\n1,2\n",
            "test",
            r"t\.csv has no column of steps \(step, .*wall_seconds\) among its columns a, score; name the one",
        ),
        (
            "step,points\n1,2\n",
            "test",
            r"t\.csv has no column of scores \(test, score, .* among its columns step, points",
        ),
        ("step,points\n1,2\n", "score", r"no column of scores \(score\) among its columns step, points"),
        ("step,score\n", "test", r"t\.csv has a header and no rows"),
        ("step,score\n1,high\n", "test", r"t\.csv, line 2, column 'score': 'high' is not a number"),
        ("step,score\n1,2\n,3\n", "test", r"t\.csv, line 3, column 'step' is empty"),
    ],
)
def test_an_invalid_table_raises_with_the_line(tmp_path, text, metric, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_results(tmp_path / "t.csv", metric)


def test_other_paths_raise_with_a_hint(study, tmp_path):
    with pytest.raises(ResultsError, match="nowhere is not a study, a part of one or a table: give a folder"):
        read_results(tmp_path / "nowhere")
    with pytest.raises(ResultsError, match=r"it holds .*study; choose one"):
        read_results(tmp_path)
    with pytest.raises(ResultsError, match="reach/gaga holds no runs yet"):
        read_results(study / "reach/gaga")
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(DataError, match=r"x\.json is not a table that can be compared"):
        read_results(tmp_path / "x.json")


def test_a_converted_study_with_a_diverged_run_goes_back_in(tiny_study, tmp_path):
    pytest.importorskip("pandas")
    study = tiny_study({"ga": [1.0, 2, 3], "es": [4.0, 5, 6]}, diverged=1)
    for method in ("ga", "es"):  # the score of a diverged run is empty
        path = study.folder / f"reach-grasp/{method}/seed-2/curve.csv"
        path.write_text(path.read_text().rstrip("\n").rpartition(",")[0] + ",\n")
    convert(study.folder, "csv", tmp_path / "evals.csv")
    results = read_results(tmp_path / "evals.csv")
    assert {(run.method, run.seed, run.status) for run in results.runs} == {
        (method, seed, "diverged" if seed == 2 else "finished") for method in ("ga", "es") for seed in range(3)
    }
    assert [run.score for run in results.runs if run.status == "finished"] == [1, 2, 4, 5]


def test_an_empty_score_of_a_finished_run_is_an_error(tmp_path):
    (tmp_path / "t.csv").write_text("step,score,status\n1,2,finished\n2,,finished\n")
    with pytest.raises(DataError, match=r"line 3.*empty"):
        read_results(tmp_path / "t.csv")


@pytest.mark.parametrize(("ours", "theirs"), [("seed", "tag"), ("method", "tag"), ("task", "tag")])
def test_columns_can_be_named(tmp_path, ours, theirs):
    (tmp_path / "t.csv").write_text(
        "tag,Step,global_step,reward,episodic_return\nx1,1,10,5,7\nx1,2,20,6,8\nx2,1,10,5,9\n"
    )
    columns = {"env_steps": "global_step", "test": "episodic_return", ours: theirs}
    results = read_results(tmp_path / "t.csv", columns=columns)
    assert [run.curve["test"].tolist() for run in results.runs] == [[7, 8], [9]]
    assert results.runs[0].curve["env_steps"].tolist() == [10, 20]


def test_a_named_column_replaces_one_of_that_name(tmp_path):
    (tmp_path / "t.csv").write_text("seed,run_name,step,score\n0,a,1,5\n0,b,1,6\n")
    assert len(read_results(tmp_path / "t.csv", columns={"seed": "run_name"}).runs) == 2


def test_an_unknown_column_is_an_error(tmp_path):
    (tmp_path / "t.csv").write_text("step,score\n1,5\n")
    with pytest.raises(SettingsError, match="unknown column of evorobo 'steps'"):
        read_results(tmp_path / "t.csv", columns={"steps": "step"})
    with pytest.raises(DataError, match="nope"):
        read_results(tmp_path / "t.csv", columns={"seed": "nope"})


def write_monitor(path, start, returns, header="#{}"):
    path.parent.mkdir(parents=True, exist_ok=True)
    header = f'#{{"t_start": {start}}}' if header == "#{}" else header
    rows = "".join(f"{value},10,{number + 1}.5\n" for number, value in enumerate(returns))
    path.write_text(f"{header}\nr,l,t\n{rows}")


def test_four_monitor_files_of_one_run_are_one_run(tmp_path):
    for number in range(4):
        write_monitor(tmp_path / f"ppo/{number}.monitor.csv", 100.0 + number / 10, [number, 10 + number])
    results = read_results(tmp_path / "ppo")
    (run,) = results.runs
    assert (results.name, run.method, run.seed, run.status) == ("ppo", "ppo", 0, "finished")
    assert run.curve["env_steps"].tolist() == [10, 20, 30, 40, 50, 60, 70, 80]
    # the episodes in the order in which they ended: 0, 1, 2, 3, 10, 11, 12, 13
    assert run.curve["test"].tolist() == pytest.approx([0, 0.5, 1, 1.5, 16 / 5, 27 / 6, 39 / 7, 52 / 8])
    with pytest.raises(DataError, match=r"2.monitor.csv is one of the 4 environments of a run; give the folder"):
        read_results(tmp_path / "ppo/2.monitor.csv")


def test_each_folder_of_monitor_files_is_a_run(tmp_path):
    for seed in range(3):
        for number in range(2):
            write_monitor(tmp_path / f"logs/seed-{seed}/{number}.monitor.csv", 0, [seed, seed])
    runs = read_results(tmp_path / "logs").runs
    assert [(run.method, run.seed, run.curve["test"][-1]) for run in runs] == [
        ("logs", seed, seed) for seed in range(3)
    ]


def test_logs_are_compared_with_a_study_under_the_name_of_their_folder(tmp_path_factory, small_study):
    tmp_path = tmp_path_factory.mktemp("logs")
    for seed in range(6):
        write_monitor(tmp_path / f"theirs/{seed}/monitor.csv", 0, [100.0 + seed] * 5)
    text = str(compare(small_study.folder / "CartPole/cma-es", tmp_path / "theirs"))
    assert "cma-es" in text
    assert "theirs" in text


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/monitor.csv", "a"),
        ("a/ppo.monitor.csv", "ppo"),
        ("b c/0.monitor.csv", "b c"),
        ("a/PPO_2.Monitor.CSV", "PPO_2"),
    ],
)
def test_a_monitor_file_is_named_after_itself_or_its_folder(tmp_path, path, name):
    write_monitor(tmp_path / path, 0, [1, 2])
    assert read_results(tmp_path / path).methods == [name]


def test_evaluations_are_runs_and_their_steps_must_grow(tmp_path):
    for seed in range(2):
        (tmp_path / f"td3/{seed}").mkdir(parents=True)
        np.savez(tmp_path / f"td3/{seed}/evaluations.npz", timesteps=[10, 20], results=[[1, 3], [seed, 6]])
    runs = read_results(tmp_path / "td3").runs
    assert [run.curve["test"].tolist() for run in runs] == [[2, 3], [2, 3.5]]
    np.savez(tmp_path / "td3/1/evaluations.npz", timesteps=[10, 5], results=[[1, 3], [1, 6]])
    with pytest.raises(DataError, match=r"timesteps begin again in .*, so several runs lie in it"):
        read_results(tmp_path / "td3")


def test_two_kinds_of_logs_in_a_folder_are_a_question(tmp_path):
    write_monitor(tmp_path / "sac/monitor.csv", 0, [1, 2])
    np.savez(tmp_path / "sac/evaluations.npz", timesteps=[10, 20], results=[[1, 3], [5, 6]])
    with pytest.raises(DataError, match=r"holds monitor files of training episodes \(monitor.csv\) and evaluations"):
        read_results(tmp_path / "sac")
    assert read_results(tmp_path / "sac/evaluations.npz").runs[0].curve["test"].tolist() == [2, 5.5]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("#{}\nr,l,t\n1,2,3\n#{}\nr,l,t\n1,2,3\n", "line 4: a second header begins, so two runs lie in one file"),
        ("#{}\nr,l,t\n1,2,3\nnan,2,4\n", "a score that is not a finite number, in its row 2"),
        ("#{}\nr,l,t\n1,2,3\n1,2,1\n", "the time t falls in"),
        ("#{}\nr,l,t\n", "holds no episode yet"),
        ("r,l,t\n1,2,3\n", "is not a complete monitor.csv"),
        ("", "is not a complete monitor.csv"),
    ],
)
def test_a_monitor_file_that_is_not_one_run_is_refused(tmp_path, text, answer):
    (tmp_path / "monitor.csv").write_text(text)
    with pytest.raises(DataError, match=answer):
        read_results(tmp_path / "monitor.csv")
