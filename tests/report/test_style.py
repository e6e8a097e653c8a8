"""Styles: a method looks the same in all figures, and no two methods of a figure look alike."""

import itertools

import matplotlib.colors
import numpy as np
import pytest

from evorobo import SettingsError, register_component
from evorobo.registry import _components
from evorobo.report.figures.style import FAMILIES, METHOD_STYLES, SOLID, Style, assign_styles, style, table_styles


def test_a_known_method_has_the_same_style_in_all_figures():
    for methods in (["backprop"], ["ga", "backprop", "my-own"], [f"method {i}" for i in range(50)] + ["backprop"]):
        assert assign_styles(methods)["backprop"] == METHOD_STYLES["backprop"]


def test_another_method_has_the_same_style_beside_all_known_ones():
    for name in ("lamarck", "my-own", "backprop, twice as wide", ""):
        assert (
            assign_styles([*METHOD_STYLES, name])[name]
            == assign_styles([name, *reversed(METHOD_STYLES)])[name]
            == style(name)
        )


def test_a_style_does_not_depend_on_the_process():
    # Python's own hash() would
    assert style("lamarck").color == FAMILIES["other"][0]


def test_two_methods_with_one_preferred_color_get_two_in_alphabetical_order():
    names = [f"method {i}" for i in range(40)]
    a, b = next((a, b) for a, b in itertools.combinations(sorted(names), 2) if style(a) == style(b))
    both = assign_styles([b, a])
    assert both == assign_styles([a, b])
    assert both[a] == style(a)
    assert both[b].color not in (style(a).color, *(known.color for known in METHOD_STYLES.values()))


def test_a_method_that_loses_its_color_takes_no_preferred_one():
    names = [f"method {i}" for i in range(8)]
    styles = assign_styles(names)
    first = {style(name): name for name in sorted(names, reverse=True)}  # by slot, the first by alphabet
    for preferred, name in first.items():
        assert styles[name] == preferred


def test_no_two_styles_of_a_figure_are_alike():
    many = assign_styles([*METHOD_STYLES, *(f"method {i}" for i in range(100))])
    assert len(set(many.values())) == len(many)
    few = assign_styles(f"method {i}" for i in range(len(FAMILIES["other"])))
    assert len({style.color for style in few.values()}) == len(few)


# what a reader sees in linear RGB: with usual eyes, with deuteranopia and protanopia (Machado et al. 2009, severity 1)
EYES = [
    np.eye(3),
    np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
]


def oklab(color, eyes=EYES[0]):
    """A color in OKLab (Ottosson 2020), in which a distance of 0.02 is just noticeable side by side."""
    rgb = np.array(matplotlib.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(to_lab) @ np.cbrt(np.array(to_cones) @ np.clip(eyes @ linear, 0, 1))


def smallest_distance(colors):
    return min(
        float(np.linalg.norm(oklab(a, eyes) - oklab(b, eyes)))
        for eyes in EYES
        for a, b in itertools.combinations(colors, 2)
    )


TEN = ["backprop", "dagger", "cma-es", "sep-cma-es", "openai-es", "pgpe", "comma-es", "plus-es", "ga", "de"]


@pytest.mark.parametrize(
    ("colors", "at_least"),
    [
        ([colors[0] for colors in FAMILIES.values()], 0.07),
        ([color for family, colors in FAMILIES.items() if family != "other" for color in colors[:2]], 0.07),
        ([METHOD_STYLES[method].color for method in TEN], 0.07),
        ([METHOD_STYLES[method].color for method in ("backprop", "shac", "ppo", "a2c", "cma-es")], 0.07),
    ],
)
def test_colors_are_distinct_for_color_blind_readers(colors, at_least):
    assert smallest_distance(colors) > at_least


def test_a_policy_gradient_does_not_have_the_color_of_backpropagation():
    settings = {"quick": {"type": "PPO", "name": "quick"}, "backprop": {"type": "Backprop", "name": "backprop"}}
    assert assign_styles(settings, settings)["quick"] == METHOD_STYLES["ppo"]
    assert METHOD_STYLES["ppo"].color not in FAMILIES["gradient"]


def test_ten_methods_of_equal_gray_differ_in_dashes_and_markers():
    styles = [METHOD_STYLES[method] for method in TEN]
    for one, other in itertools.combinations(styles, 2):
        if abs(oklab(one.color)[0] - oklab(other.color)[0]) < 0.06:
            assert one.dashes != other.dashes
            assert one.marker != other.marker


def test_bright_colors_come_before_dark_ones_and_all_are_visible_on_white():
    for family, colors in FAMILIES.items():
        lightness = [oklab(color)[0] for color in colors]
        assert max(lightness) < 0.86, family
        assert min(lightness[:2]) > max(lightness[2:]) - 0.2, family
        assert min(lightness[:2]) > 0.5, family


def test_methods_of_one_family_get_its_colors_bright_ones_first(fakes, tmp_path):
    def evolved(strategy):
        return {"type": "Evolution", "strategy": {"type": "CMAES", "name": "cma-es"} | strategy, "name": "any"}

    settings = {
        "wide": evolved({}),
        "narrow": evolved({"sigma": 0.1}),
        "restarted": {"type": "Evolution", "strategy": {"type": "Restarts", "strategy": {"type": "CMAES"}}},
        "taught": {"type": "Backprop", "name": "taught"},
    }
    styles = assign_styles(settings, settings)
    assert [styles[name].color for name in ("wide", "narrow", "restarted")] == list(FAMILIES["cma"][:3])
    assert styles["taught"] == METHOD_STYLES["backprop"]
    assert assign_styles(["cma-es", *settings], settings)["wide"].color == FAMILIES["cma"][1]
    # a color that a known method uses is not used twice while others are free
    assert assign_styles(["cma-es", "sep-cma-es", *settings], settings)["wide"].color == FAMILIES["cma"][2]
    many = {f"{number}": evolved({}) for number in range(30)}
    assert len(set(assign_styles(many, many).values())) == 30


def test_a_part_of_a_study_and_new_names_keep_the_colors(small_table):
    before = table_styles(small_table)
    part = small_table.select(["CartPole"], ["my-own", "cma-es"]).rename({"cma-es": "CMA-ES", "CartPole": "Cart pole"})
    assert table_styles(part) == {"CMA-ES": before["cma-es"], "my-own": before["my-own"]}
    assert (part.tasks, [run.task for run in part.results.runs[:1]]) == (["Cart pole"], ["Cart pole"])


def test_the_order_of_the_methods_is_kept():
    assert list(assign_styles(["z", "ga", "a", "ga"])) == ["z", "ga", "a"]


@pytest.fixture
def registered(monkeypatch):
    """Register styles that are forgotten after the test."""
    monkeypatch.setitem(_components, "style", {})
    return register_component


def test_a_method_of_the_users_file_brings_its_style(registered):
    registered("style", "my-es")(("#123456", "solid", "o"))
    assert style("my-es") == Style("#123456", SOLID, "o")
    assert assign_styles(["my-es", "ga"])["ga"] == METHOD_STYLES["ga"]


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (("#123456", "dahsed", "o"), "unknown dashes 'dahsed'; did you mean 'dashed'"),
        ("#123456", "the style of my-es is '#123456'; register a color, dashes and a marker"),
    ],
)
def test_an_invalid_style_raises(registered, thing, message):
    registered("style", "my-es")(thing)
    with pytest.raises(SettingsError, match=message):
        style("my-es")
