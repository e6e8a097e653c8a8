"""Styles: a method looks the same in all figures, and no two methods of a figure look alike."""

import itertools

import matplotlib.colors
import numpy as np
import pytest

from evorobo import SettingsError, register_component
from evorobo.registry import _components
from evorobo.report.figures.style import _SLOTS, METHOD_STYLES, SOLID, Style, assign_styles, style


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
    assert style("lamarck").color == "#A50026"


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
    few = assign_styles([*METHOD_STYLES, *(f"method {i}" for i in range(8))])
    assert len({style.color for style in few.values()}) == len(few)
    assert len(set(_SLOTS)) == len(_SLOTS)


def test_common_methods_differ_in_dashes_and_markers_too():
    styles = [METHOD_STYLES[name] for name in ("backprop", "cma-es", "openai-es", "ga", "comma-es", "plus-es")]
    assert len({one.dashes for one in styles}) == len({one.marker for one in styles}) == len(styles)


def test_colors_are_distinct_for_color_blind_readers():
    # Machado et al. 2009, severity 1: what a reader with deuteranopia or protanopia sees, in linear RGB
    deuteranopia = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    protanopia = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    colors = [METHOD_STYLES[name].color for name in ("backprop", "cma-es", "openai-es", "ga", "comma-es", "plus-es")]
    linear = np.array([matplotlib.colors.to_rgb(color) for color in colors]) ** 2.2
    for eyes in (np.eye(3), np.array(deuteranopia), np.array(protanopia)):
        seen = np.clip(linear @ eyes.T, 0, 1) ** (1 / 2.2)
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.15


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
