"""One visual language: the same method looks the same in any company, and no two look alike."""

import itertools

import matplotlib.colors
import numpy as np

from evorobo.report.figures.style import _SLOTS, METHOD_STYLES, assign_styles, style


def test_a_known_method_keeps_its_style_in_any_company():
    for company in (["backprop"], ["ga", "backprop", "my-own"], [f"method {i}" for i in range(50)] + ["backprop"]):
        assert assign_styles(company)["backprop"] == METHOD_STYLES["backprop"]


def test_an_unknown_method_keeps_its_style_beside_every_known_one():
    for name in ("lamarck", "my-own", "backprop, twice as wide", ""):
        assert (
            assign_styles([*METHOD_STYLES, name])[name]
            == assign_styles([name, *reversed(METHOD_STYLES)])[name]
            == style(name)
        )


def test_a_style_does_not_depend_on_the_process_or_the_day():
    # Python's own hash() would
    assert style("lamarck").color == "#A50026"


def test_two_that_want_one_colour_get_two_and_the_first_by_alphabet_has_its_own():
    names = [f"method {i}" for i in range(40)]
    a, b = next((a, b) for a, b in itertools.combinations(sorted(names), 2) if style(a) == style(b))
    both = assign_styles([b, a])
    assert both == assign_styles([a, b])
    assert both[a] == style(a)
    assert both[b].color not in (style(a).color, *(known.color for known in METHOD_STYLES.values()))


def test_who_is_pushed_aside_pushes_nobody():
    names = [f"method {i}" for i in range(8)]
    together = assign_styles(names)
    first = {style(name): name for name in sorted(names, reverse=True)}  # by slot, the first by alphabet
    for wanted, name in first.items():
        assert together[name] == wanted


def test_no_two_styles_of_a_figure_are_alike():
    many = assign_styles([*METHOD_STYLES, *(f"method {i}" for i in range(100))])
    assert len(set(many.values())) == len(many)
    few = assign_styles([*METHOD_STYLES, *(f"method {i}" for i in range(8))])
    assert len({each.color for each in few.values()}) == len(few)
    assert len(set(_SLOTS)) == len(_SLOTS)


def test_without_colour_the_learners_still_differ_in_dashes_and_markers():
    learners = [METHOD_STYLES[name] for name in ("backprop", "cma-es", "openai-es", "ga", "comma-es", "plus-es")]
    assert len({each.dashes for each in learners}) == len({each.marker for each in learners}) == len(learners)


def test_colours_can_be_told_apart_by_the_colour_blind():
    # Machado et al. 2009, severity 1: what a reader with deuteranopia or protanopia sees, in linear RGB
    deuteranopia = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    protanopia = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    colours = [METHOD_STYLES[name].color for name in ("backprop", "cma-es", "openai-es", "ga", "comma-es", "plus-es")]
    linear = np.array([matplotlib.colors.to_rgb(color) for color in colours]) ** 2.2
    for eyes in (np.eye(3), np.array(deuteranopia), np.array(protanopia)):
        seen = np.clip(linear @ eyes.T, 0, 1) ** (1 / 2.2)
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.15


def test_the_order_of_the_methods_is_kept():
    assert list(assign_styles(["z", "ga", "a", "ga"])) == ["z", "ga", "a"]
