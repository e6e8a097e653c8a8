"""The figure of a study: every run, the averages, the references, and notes on what is left out."""

from dataclasses import replace

import matplotlib
import matplotlib.image
import numpy as np
import pytest
from matplotlib.text import Text

from evorobo import FigureSettings, ResultsError, SettingsError
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import output
from evorobo.report.figures.curves import figure, plot
from evorobo.report.figures.panel import n_hidden_by
from evorobo.report.figures.style import METHOD_STYLES, style
from evorobo.report.page.charts import task_charts
from evorobo.report.statistics import AverageCurve, average_curve, bootstrap_interval, iqm


def line(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line


def text_of(drawn):
    return "\n".join(text.get_text() for text in drawn.texts)


def test_every_run_is_drawn_as_it_was(small_table):
    flops = figure(small_table).axes[0]
    for run in small_table.results.runs:
        x, y = line(flops, f"_{run.method} {run.seed}").get_data()
        # the first eval has cost 0, which a logarithmic axis cannot show
        assert x == pytest.approx(run.curve["forward_flops"][1:] + run.curve["backward_flops"][1:])
        assert y == pytest.approx(run.curve["test"][1:])


def test_the_thick_line_is_the_iqm_and_the_band_its_interval(small_table):
    steps = figure(small_table).axes[1]
    values = np.stack([run.curve["test"][1:] for run in small_table.cells["CartPole", "cma-es"].runs])
    x, y = line(steps, "cma-es").get_data()
    assert x == pytest.approx(small_table.results.runs[-1].curve["env_steps"][1:])
    assert y == pytest.approx(iqm(values))
    low, high = bootstrap_interval(values)
    corners = next(band for band in steps.collections if same(band, "cma-es")).get_paths()[0].vertices
    assert {round(float(v), 6) for v in (*low, *high)} <= {round(float(v), 6) for v in corners[:, 1]}


def test_a_method_has_the_same_color_in_all_panels(small_table):
    drawn = figure(small_table)
    for panel in drawn.axes[:2]:
        assert line(panel, "cma-es").get_color() == METHOD_STYLES["cma-es"].color
        assert line(panel, "_my-own 3").get_color() == style("my-own").color
    assert line(drawn.axes[2], "_cma-es IQM").get_color() == METHOD_STYLES["cma-es"].color


def test_references_are_in_all_panels_and_named_once(small_table):
    drawn = figure(small_table)
    for panel in drawn.axes:
        assert line(panel, "_solved").get_ydata()[0] == 475
        assert line(panel, "_random").get_ydata()[0] == 22
    names = [text.get_text() for panel in drawn.axes for text in panel.texts]
    assert names == ["random", "solved"]


def test_final_scores_are_the_runs_own(small_table):
    finals = figure(small_table).axes[-1]
    scores = [run.score for run in small_table.cells["CartPole", "my-own"].runs]
    assert line(finals, "_my-own runs").get_ydata() == pytest.approx(scores)
    assert line(finals, "_my-own IQM").get_ydata() == pytest.approx(float(iqm(scores)))
    assert [label.get_text() for label in finals.get_xticklabels()] == ["backprop", "cma-es", "my-own"]


def test_all_panels_of_a_row_share_the_score_axis_and_show_every_dot(small_table):
    panels = figure(small_table).axes
    low, high = panels[0].get_ylim()
    assert all(panel.get_ylim() == (low, high) for panel in panels)
    assert all(low < run.score < high for run in small_table.results.runs)


def test_a_method_without_some_cost_is_named_and_not_drawn(small_table):
    steps = figure(small_table).axes[1]
    assert steps.get_xlabel() == "environment steps\nbackprop spends none"
    assert not [line for line in steps.lines if "backprop" in line.get_label()]


def test_any_cost_and_a_linear_axis_that_starts_at_zero(small_table):
    drawn = figure(small_table, FigureSettings(x=("cpu_seconds", "samples", "episodes"), log_x=False))
    time, samples, episodes, _ = drawn.axes
    assert time.get_xlabel() == "CPU time [s]"
    assert samples.get_xlabel() == "labeled samples\ncma-es, my-own spend none"
    assert line(episodes, "_cma-es 0").get_xdata()[0] == 0
    assert episodes.get_xscale() == "linear"


def test_an_unknown_cost_column_offers_the_nearest(small_table):
    with pytest.raises(SettingsError, match="did you mean 'env_steps'"):
        FigureSettings(x=("envsteps",))


def test_title_seeds_legend_and_caution_surround_the_panels(small_table):
    drawn = figure(small_table)
    assert "cart-pole" in text_of(drawn)
    assert "5 seeds for each method" in text_of(drawn)
    assert "There are only 5 runs." in text_of(drawn)
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["backprop", "cma-es", "my-own"]
    assert drawn.axes[0].get_ylabel() == "test return\nhigher is better →"


def test_failed_runs_are_left_out_and_unfinished_ones_are_not_averaged(tiny_table):
    drawn = figure(tiny_table({"ga": [1, 2, 3, 4, 900, 50]}, failed=1, unfinished=1))
    flops, finals = drawn.axes[0], drawn.axes[-1]
    labels = {line.get_label() for line in flops.lines}
    assert "_ga 4" not in labels  # failed
    assert "_ga 5" in labels  # unfinished
    assert line(flops, "ga").get_ydata()[-1] == 2.5
    assert line(finals, "_ga runs").get_ydata().tolist() == [1, 2, 3, 4]
    assert "1 of 6 runs failed and is left out; verdicts are withheld. 1 of 6 runs is unfinished" in text_of(drawn)


def test_a_study_of_failures_only_has_nothing_to_show(tiny_table):
    with pytest.raises(ResultsError, match="no scores to show yet"):
        figure(tiny_table({"ga": [1, 2]}, failed=2))


def test_a_study_that_has_just_started_is_drawn_without_averages(tiny_table):
    drawn = figure(tiny_table({"ga": [1, 2]}, unfinished=2))
    assert {"_ga 0", "_ga 1"} == {line.get_label() for line in drawn.axes[0].lines}


def test_one_seed_is_its_own_average_without_a_band(tiny_table):
    drawn = figure(tiny_table({"ga": [7]}))
    assert line(drawn.axes[0], "ga").get_ydata()[-1] == 7
    assert "1 seed for each method" in text_of(drawn)
    assert "A single run has no interval" in text_of(drawn)


def test_a_cost_before_training_is_one_point_and_no_vertical_line(tmp_path, fakes):
    fakes.write_study(tmp_path, "cloning", {"arm": {}}, ["backprop"])
    for seed in range(3):
        fakes.write_run(tmp_path / f"arm/backprop/seed-{seed}", fakes.cloning(seed, 0, 1, teacher_steps=5000))
    table = fakes.load_table(tmp_path)
    steps = figure(table).axes[1]
    assert line(steps, "_backprop 2").get_xdata().tolist() == [5000]
    assert line(steps, "_backprop 2").get_ydata().tolist() == [table.results.runs[2].score]


def test_a_few_outliers_do_not_compress_the_axis_and_are_counted(tmp_path, fakes):
    fakes.write_study(tmp_path, "wild", {"arm": {}}, ["ga"])
    for seed in range(4):
        rows = fakes.learning(seed, 0, 100)
        rows[3]["test"] = -1e6 if seed == 0 else rows[3]["test"]
        fakes.write_run(tmp_path / f"arm/ga/seed-{seed}", rows)
    drawn = figure(fakes.load_table(tmp_path))
    assert drawn.axes[0].get_ylim()[0] > -50
    assert "evals lie outside the figure (from -1M to" in text_of(drawn)


def test_the_average_of_runs_with_different_evals_by_hand():
    runs = [(np.array([1.0, 3.0]), np.array([10.0, 30.0])), (np.array([2.0, 4.0]), np.array([0.0, 2.0]))]
    mean = average_curve(runs)
    # from 2, where both have a value; at 2: (10, 0), at 4: (30, 2)
    assert mean.x.tolist() == [2, 4]
    assert mean.middle.tolist() == [5, 16]


def test_a_run_that_ended_early_keeps_its_last_score():
    mean = average_curve([(np.array([1.0, 2.0]), np.array([0.0, 8.0])), (np.array([1.0, 9.0]), np.array([0.0, 4.0]))])
    assert (mean.x[-1], mean.middle[-1]) == (9, 6)


def test_plot_writes_a_file_and_restores_the_settings_of_matplotlib(small_table, tmp_path):
    before = dict(matplotlib.rcParams)
    (path,) = plot(small_table, tmp_path / "new" / "curves.png")
    assert path == tmp_path / "new" / "curves.png"
    height, width, _ = matplotlib.image.imread(path).shape
    assert width > height > 300
    assert dict(matplotlib.rcParams) == before
    assert [file.name for file in path.parent.iterdir()] == ["curves.png"]


def test_equal_results_give_equal_files(small_table, tmp_path):
    first, again = (plot(small_table, tmp_path / name)[0].read_bytes() for name in ("a.png", "b.png"))
    assert first == again


def test_texts_around_the_panels_do_not_overlap(small_table):
    drawn = figure(small_table)
    drawn.draw_without_rendering()
    boxes = [text.get_window_extent() for text in drawn.texts] + [drawn.legends[0].get_window_extent()]
    boxes += [axes.get_tightbbox() for axes in drawn.axes]
    for i, box in enumerate(boxes):
        assert drawn.bbox.x0 <= box.x0 < box.x1 <= drawn.bbox.x1 + 1
        # a pixel of padding between two lines of a footnote is no overlap
        assert not any(box.padded(-2).overlaps(other.padded(-2)) for other in boxes[i + 1 :])


def test_names_of_references_that_are_close_do_not_overlap(small_table, monkeypatch):
    close = {"PPO, 1M steps": 470.0, "ARS, 12M steps": 474.0, "solved": 475.0, "random": 22.0}
    monkeypatch.setattr(StudyTable, "references", lambda self, task: close)
    drawn = figure(small_table)
    drawn.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for panel in drawn.axes for text in panel.texts]  # without their lines
    assert len(boxes) == len(close)
    for i, box in enumerate(boxes):
        assert not any(box.padded(1).overlaps(other.padded(1)) for other in boxes[i + 1 :])


def test_a_dollar_in_a_name_is_drawn_as_a_dollar(tiny_study, tmp_path):
    results = tiny_study({"ga": [1, 2]})
    runs = [replace(run, method="$\\frac{") for run in results.runs]
    table = StudyTable.from_results(replace(results, methods=["$\\frac{"], runs=runs))
    assert plot(table, tmp_path / "curves.png")[0].exists()


@pytest.mark.parametrize(("n_tasks", "sizes"), [(1, [1]), (16, [16]), (17, [16, 1]), (40, [16, 16, 8])])
def test_a_study_of_many_tasks_has_figures_of_sixteen_tasks_each(fakes, tmp_path, monkeypatch, n_tasks, sizes):
    names = [f"task-{number}" for number in range(n_tasks)]
    fakes.write_study(tmp_path, "many", {name: {} for name in names}, ["ga"])
    for name in names:
        fakes.write_run(tmp_path / name / "ga" / "seed-0", fakes.learning(0, 0, 1))
    drawn = {}
    monkeypatch.setattr(output, "save_figure", lambda figure, path: drawn.update({path.name: figure}) or path)
    paths = plot(fakes.load_table(tmp_path), tmp_path / "curves.png")
    assert [path.name for path in paths] == ["curves.png", "curves-2.png", "curves-3.png"][: len(sizes)] == list(drawn)
    titles = [[axes.get_title(loc="left") for axes in figure.axes] for figure in drawn.values()]
    shown = [[title for title in of_figure if title.startswith("task-")] for of_figure in titles]
    assert [len(of_figure) for of_figure in shown] == sizes
    assert [name for of_figure in shown for name in of_figure] == names
    ends = [f"many, part {number} of {len(sizes)}" if len(sizes) > 1 else "many" for number in range(1, len(sizes) + 1)]
    assert [figure.texts[0].get_text() for figure in drawn.values()] == ends


def same(band, method):
    return matplotlib.colors.to_hex(band.get_facecolor()[0]) == METHOD_STYLES[method].color.lower()


def test_scores_at_cost_0_do_not_stretch_a_logarithmic_axis(tiny_table):
    # the runs start with a score of 0 at cost 0
    study = tiny_table({"ga": [100.0, 101.0, 102.0]})
    assert figure(study).axes[0].get_ylim()[0] > 90
    assert figure(study, FigureSettings(log_x=False)).axes[0].get_ylim()[0] <= 0


def test_a_curve_is_not_hidden_by_one_that_shares_its_end_only():
    costs = np.geomspace(1.0, 100.0, 11)
    whole = AverageCurve(costs, *[np.minimum(costs, 50.0)] * 3)
    tail = AverageCurve(costs[-3:], *[whole.middle[-3:]] * 3)
    assert n_hidden_by({"whole": whole, "tail": tail}, "whole") == 0
    assert n_hidden_by({"tail": tail, "whole": whole}, "tail") == 1


def test_curves_that_coincide_stay_visible(tmp_path, fakes):
    methods = {"ga": 0.0, "cma-es": 0.0, "openai-es": 0.02, "comma-es": 30.0}
    fakes.write_study(tmp_path, "equal", {"arm": {}}, list(methods))
    for method, shift in methods.items():
        for seed in range(3):
            rows = [{**row, "test": row["test"] + shift} for row in fakes.learning(seed, 0, 100)]
            fakes.write_run(tmp_path / f"arm/{method}/seed-{seed}", rows)
    panel = figure(fakes.load_table(tmp_path)).axes[0]
    assert [line(panel, method).get_linewidth() for method in methods] == [6, 4, 2, 2]
    places = [line(panel, f"_{method} markers").get_markevery()[0] for method in methods]
    assert len(set(places)) == len(methods)  # markers of one curve are not under those of another
    of_page = task_charts(fakes.load_table(tmp_path), "arm")["methods"].values()
    assert [method["averages"]["flops"]["hidden"] for method in of_page] == [2, 1, 0, 0]
