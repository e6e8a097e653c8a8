"""The figure shows what the runs did: every run, the right averages, the references, and what is missing."""

import matplotlib
import matplotlib.image
import numpy as np
import pytest

from evorobo import ResultsError, SettingsError
from evorobo.report.figures.curves import figure, plot
from evorobo.report.figures.panel import average
from evorobo.report.figures.style import METHOD_STYLES, style
from evorobo.report.statistics import bootstrap_interval, iqm


def line(axes, label):
    (found,) = [each for each in axes.lines if each.get_label() == label]
    return found


def words(drawn):
    return "\n".join(text.get_text() for text in drawn.texts)


def test_every_run_is_drawn_as_it_was(small_study):
    flops = figure(small_study).axes[0]
    for run in small_study.runs:
        x, y = line(flops, f"_{run.method} {run.seed}").get_data()
        # the first look is at a price of zero, which a logarithmic axis does not have
        assert x == pytest.approx(run.curve["forward_flops"][1:] + run.curve["backward_flops"][1:])
        assert y == pytest.approx(run.curve["test"][1:])


def test_the_thick_line_is_the_iqm_and_the_band_its_interval(small_study):
    steps = figure(small_study).axes[1]
    values = np.stack([run.curve["test"][1:] for run in small_study.runs_of("CartPole", "cma-es")])
    x, y = line(steps, "cma-es").get_data()
    assert x == pytest.approx(small_study.runs[-1].curve["env_steps"][1:])
    assert y == pytest.approx(iqm(values))
    low, high = bootstrap_interval(values)
    corners = next(band for band in steps.collections if same(band, "cma-es")).get_paths()[0].vertices
    assert {round(float(v), 6) for v in (*low, *high)} <= {round(float(v), 6) for v in corners[:, 1]}


def test_a_method_has_its_colour_in_all_panels(small_study):
    drawn = figure(small_study)
    for panel in drawn.axes[:2]:
        assert line(panel, "cma-es").get_color() == METHOD_STYLES["cma-es"].color
        assert line(panel, "_my-own 3").get_color() == style("my-own").color
    assert line(drawn.axes[2], "_cma-es IQM").get_color() == METHOD_STYLES["cma-es"].color


def test_references_cross_all_panels_and_are_named_once(small_study):
    drawn = figure(small_study)
    for panel in drawn.axes:
        assert line(panel, "_solved").get_ydata()[0] == 475
        assert line(panel, "_random").get_ydata()[0] == 22
    named = [text.get_text() for panel in drawn.axes for text in panel.texts]
    assert named == ["random", "solved"]


def test_final_scores_are_the_runs_own(small_study):
    finals = figure(small_study).axes[-1]
    scores = [run.score for run in small_study.runs_of("CartPole", "my-own")]
    assert line(finals, "_my-own runs").get_ydata() == pytest.approx(scores)
    assert line(finals, "_my-own IQM").get_ydata() == pytest.approx(float(iqm(scores)))
    assert [label.get_text() for label in finals.get_xticklabels()] == ["backprop", "cma-es", "my-own"]


def test_all_panels_of_a_row_share_the_score_axis_and_show_every_dot(small_study):
    panels = figure(small_study).axes
    low, high = panels[0].get_ylim()
    assert all(panel.get_ylim() == (low, high) for panel in panels)
    assert all(low < run.score < high for run in small_study.runs)


def test_who_spends_none_of_a_currency_is_named_and_not_drawn(small_study):
    steps = figure(small_study).axes[1]
    assert steps.get_xlabel() == "environment steps\nbackprop spends none"
    assert not [each for each in steps.lines if "backprop" in each.get_label()]


def test_any_currency_and_a_linear_axis_that_begins_at_zero(small_study):
    drawn = figure(small_study, x=("cpu_seconds", "samples", "episodes"), log=False)
    time, samples, episodes, _ = drawn.axes
    assert time.get_xlabel() == "CPU time [s]"
    assert samples.get_xlabel() == "labelled samples\ncma-es, my-own spend none"
    assert line(episodes, "_cma-es 0").get_xdata()[0] == 0
    assert episodes.get_xscale() == "linear"


def test_an_unknown_currency_offers_the_nearest(small_study):
    with pytest.raises(SettingsError, match="did you mean 'env_steps'"):
        figure(small_study, x=("envsteps",))


def test_title_seeds_legend_and_caution_surround_the_panels(small_study):
    drawn = figure(small_study)
    assert "cart-pole" in words(drawn)
    assert "5 seeds for each method" in words(drawn)
    assert "Only 5 runs" in words(drawn)
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["backprop", "cma-es", "my-own"]
    assert drawn.axes[0].get_ylabel() == "test return\nhigher is better →"


def test_failed_runs_are_left_out_and_unfinished_ones_are_not_averaged(tiny_study):
    drawn = figure(tiny_study({"ga": [1, 2, 3, 4, 900, 50]}, failed=1, unfinished=1))
    flops, finals = drawn.axes[0], drawn.axes[-1]
    labels = {each.get_label() for each in flops.lines}
    assert "_ga 4" not in labels  # failed
    assert "_ga 5" in labels  # unfinished
    assert line(flops, "ga").get_ydata()[-1] == 2.5
    assert line(finals, "_ga runs").get_ydata().tolist() == [1, 2, 3, 4]
    assert "1 of 6 runs failed and is left out. 1 of 6 runs is unfinished" in words(drawn)


def test_a_study_of_failures_only_has_nothing_to_show(tiny_study):
    with pytest.raises(ResultsError, match="no scores to show yet"):
        figure(tiny_study({"ga": [1, 2]}, failed=2))


def test_a_study_that_has_just_begun_is_drawn_without_averages(tiny_study):
    drawn = figure(tiny_study({"ga": [1, 2]}, unfinished=2))
    assert {"_ga 0", "_ga 1"} == {each.get_label() for each in drawn.axes[0].lines}


def test_one_seed_is_its_own_average_without_a_band(tiny_study):
    drawn = figure(tiny_study({"ga": [7]}))
    assert line(drawn.axes[0], "ga").get_ydata()[-1] == 7
    assert "1 seed for each method" in words(drawn)
    assert "no interval can be given" in words(drawn)


def test_what_was_paid_beforehand_is_one_point_and_no_vertical_line(tmp_path, fakes):
    fakes.write_study(tmp_path, "cloning", {"arm": {}}, ["backprop"])
    for seed in range(3):
        fakes.write_run(tmp_path / f"arm/backprop/seed-{seed}", fakes.cloning(seed, 0, 1, paid=5000))
    results = fakes.load(tmp_path)
    steps = figure(results).axes[1]
    assert line(steps, "_backprop 2").get_xdata().tolist() == [5000]
    assert line(steps, "_backprop 2").get_ydata().tolist() == [results.runs[2].score]


def test_a_few_wild_looks_do_not_flatten_the_picture_and_are_counted(tmp_path, fakes):
    fakes.write_study(tmp_path, "wild", {"arm": {}}, ["ga"])
    for seed in range(4):
        rows = fakes.learning(seed, 0, 100)
        rows[3]["test"] = -1e6 if seed == 0 else rows[3]["test"]
        fakes.write_run(tmp_path / f"arm/ga/seed-{seed}", rows)
    drawn = figure(fakes.load(tmp_path))
    assert drawn.axes[0].get_ylim()[0] > -50
    assert "evals lie outside the picture (from -1M to" in words(drawn)


def test_the_average_of_runs_looked_at_at_different_times_by_hand():
    runs = [(np.array([1.0, 3.0]), np.array([10.0, 30.0])), (np.array([2.0, 4.0]), np.array([0.0, 2.0]))]
    mean = average(runs)
    # from 2, where both are known; at 2: (10, 0), at 4: (30, 2)
    assert mean.x.tolist() == [2, 4]
    assert mean.middle.tolist() == [5, 16]


def test_a_run_that_ended_early_keeps_its_answer():
    mean = average([(np.array([1.0, 2.0]), np.array([0.0, 8.0])), (np.array([1.0, 9.0]), np.array([0.0, 4.0]))])
    assert (mean.x[-1], mean.middle[-1]) == (9, 6)


def test_plot_writes_a_picture_and_leaves_matplotlib_as_it_was(small_study, tmp_path):
    before = dict(matplotlib.rcParams)
    path = plot(small_study, tmp_path / "new" / "curves.png")
    assert path == tmp_path / "new" / "curves.png"
    height, width, _ = matplotlib.image.imread(path).shape
    assert width > height > 300
    assert dict(matplotlib.rcParams) == before
    assert [each.name for each in path.parent.iterdir()] == ["curves.png"]


def test_the_same_results_make_the_same_picture(small_study, tmp_path):
    first, again = (plot(small_study, tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == again


def test_words_around_the_panels_do_not_overlap(small_study):
    drawn = figure(small_study)
    drawn.draw_without_rendering()
    boxes = [text.get_window_extent() for text in drawn.texts] + [drawn.legends[0].get_window_extent()]
    boxes += [axes.get_tightbbox() for axes in drawn.axes]
    for i, box in enumerate(boxes):
        assert drawn.bbox.x0 <= box.x0 < box.x1 <= drawn.bbox.x1 + 1
        # a pixel of padding between two lines of small print is no overlap
        assert not any(box.padded(-2).overlaps(other.padded(-2)) for other in boxes[i + 1 :])


def test_a_dollar_in_a_name_is_a_dollar(tiny_study, tmp_path):
    assert plot(tiny_study({"$\\frac{": [1, 2]}), tmp_path / "curves.png").exists()


def same(band, method):
    return matplotlib.colors.to_hex(band.get_facecolor()[0]) == METHOD_STYLES[method].color.lower()


def test_scores_before_anything_was_paid_do_not_stretch_an_axis_that_cannot_show_them(tiny_study):
    # fake runs begin with a score of 0 at a price of 0
    study = tiny_study({"ga": [100.0, 101.0, 102.0]})
    assert figure(study).axes[0].get_ylim()[0] > 90
    assert figure(study, log=False).axes[0].get_ylim()[0] <= 0
