"""The report page in a browser: it opens without errors or requests, and reacts to the pointer and the keyboard."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from browser import Browser
from layout import outside_first_screen, overlaps, small_texts

from evorobo import Backprop, Budget, ControlTask, DatasetTask, Evolution, OpenAIES, Study, write_report
from evorobo.study.results import load

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The page of a small study of a robot and a data set, with names that contain markup."""
    folder = tmp_path_factory.mktemp("browser")
    patch = pytest.MonkeyPatch()
    patch.setenv("EVOROBO_DATA", str(folder))
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(90, 3))
    tasks = [
        ControlTask("evorobo/Phototaxis-v0", max_steps=30, test_episodes=3, validation_episodes=2, n_demonstrations=2),
        DatasetTask.from_arrays(inputs, (inputs[:, 0] > 0).astype(int), classes=[HOSTILE, "b"], label="rows"),
    ]
    study = Study.grid(
        "browser",
        tasks=tasks,
        methods=[Evolution(OpenAIES(population_size=6)), Backprop()],
        seeds=3,
        budget=Budget(flops=4e5, n_evals=5),
        hidden=(4,),
    )
    study.run(folder)
    about = json.loads((folder / "browser" / "study.json").read_text())
    about["question"] = HOSTILE
    about["tasks"]["rows"]["references"][HOSTILE] = 0.7
    (folder / "browser" / "study.json").write_text(json.dumps(about))
    yield write_report(replace(load(folder / "browser"), name=HOSTILE), robustness=True)
    patch.undo()


@pytest.fixture(scope="module")
def browser(path):
    with Browser() as made:
        made.open(path)
        yield made


def chart(number, part):
    return f"document.querySelectorAll('#curve-charts svg')[{number}].{part}"


def test_it_opens_without_errors_or_requests(browser, path):
    assert browser.run("document.querySelectorAll('figure svg').length") >= 2 + 2 * 2 + 2 * 2
    browser.wait("[...document.querySelectorAll('canvas.film')].length === 2")
    assert browser.complaints == []
    assert browser.requests[0] == path.resolve().as_uri()
    assert all(address.startswith("data:") for address in browser.requests[1:])


def test_the_cost_on_the_x_axis_can_be_chosen(browser):
    before = browser.run(chart(0, "querySelector('.average').getAttribute('d')"))
    choose = "cost_column.value = '{}'; cost_column.dispatchEvent(new Event('change'))"
    browser.run(choose.format("env_steps"))
    assert "environment steps" in browser.run(chart(0, "textContent"))
    assert browser.run(chart(0, "querySelector('.average').getAttribute('d')")) != before
    assert "openai-es, backprop spend none" in browser.run(chart(1, "textContent"))  # data sets have no steps
    browser.run(choose.format("flops"))
    assert browser.run(chart(0, "querySelector('.average').getAttribute('d')")) == before


def test_the_axis_can_be_linear_and_single_runs_and_methods_can_be_hidden(browser):
    before = browser.run(chart(0, "querySelector('.average').getAttribute('d')"))
    browser.run("document.getElementById('log').click()")
    assert browser.run(chart(0, "querySelector('.average').getAttribute('d')")) != before
    browser.run("document.getElementById('log').click()")
    assert browser.run(chart(0, "querySelectorAll('.single').length")) == 6
    browser.run("document.getElementById('singles').click()")
    assert browser.run(chart(0, "querySelectorAll('.single').length")) == 0
    browser.run("document.querySelector('#legend button').click()")
    assert browser.run(chart(0, "querySelectorAll('.average').length")) == 1
    browser.run("document.querySelector('#legend button').click(); document.getElementById('singles').click()")
    assert browser.run(chart(0, "querySelectorAll('.average').length")) == 2


def test_values_are_shown_at_the_pointer_and_by_the_arrow_keys(browser):
    browser.run(chart(0, "scrollIntoView({behavior: 'instant'})"))
    box = browser.run(f"{{const box = {chart(0, 'getBoundingClientRect()')}; [box.x, box.y, box.width, box.height]}}")
    assert browser.run("tip.hidden")
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    under_pointer = browser.run("tip.textContent")
    assert "FLOPs" in under_pointer
    assert "backprop: " in under_pointer
    browser.run(chart(0, "focus()"))
    browser.press("Home")
    first = browser.run("tip.textContent")
    browser.press("ArrowRight")
    assert browser.run("tip.textContent") not in (first, "")
    browser.press("Escape")
    assert browser.run("tip.hidden")


def test_the_robots_move_and_their_networks_with_them(browser):
    player = "document.querySelector('.player')"
    pictures = "[...document.querySelector('.cards').querySelectorAll('canvas')].map(canvas => canvas.toDataURL())"
    browser.run(f"{player}.querySelector('button').focus()")
    at_the_end = browser.run(pictures)
    assert len(at_the_end) == 4  # two robots, two networks
    browser.press(" ")
    browser.wait(f"+{player}.querySelector('input').value > 3 && {player}.textContent.includes('Pause')")
    moving = browser.run(pictures)
    assert all(one != other for one, other in zip(at_the_end, moving, strict=True))
    browser.wait(f"{player}.textContent.includes('Play')")  # it stops at the end
    assert browser.run(pictures) == at_the_end
    assert browser.run(f"{player}.querySelector('output').textContent") == "step 30 of 30"


def test_the_slider_moves_by_the_keys(browser):
    slider = "document.querySelectorAll('.player input')[1]"
    browser.run(f"{slider}.focus()")
    browser.press("Home")
    assert browser.run("document.querySelectorAll('.player output')[1].textContent").startswith("test row 1 of")
    assert "target" in browser.run("document.querySelectorAll('.cards')[1].textContent")


def test_names_in_the_data_are_shown_as_text(browser):
    assert browser.run("document.querySelector('h1').textContent") == HOSTILE
    assert browser.run("document.title").startswith(HOSTILE[:20])
    assert browser.run("[...document.images].every(image => image.src.startsWith('data:image/png'))")
    assert browser.run("document.scripts.length") == 2
    assert HOSTILE[:14] in browser.run("document.querySelectorAll('.cards')[1].textContent")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_question_verdict_and_curves_fit_on_the_first_screen_and_nothing_overlaps(browser, width, height):
    browser.resize(width, height)
    problems = outside_first_screen(browser), overlaps(browser), small_texts(browser)
    browser.resize(1200, 900)
    assert problems == ([], [], [])


def test_the_values_stand_beside_the_line_at_which_they_are_read(browser):
    browser.run(chart(0, "scrollIntoView({behavior: 'instant'})"))
    box = browser.run(f"{{const box = {chart(0, 'getBoundingClientRect()')}; [box.x, box.y, box.width, box.height]}}")
    gaps, tops = [], set()
    for across, down in ((0.3, 0.3), (0.3, 0.7), (0.5, 0.5)):
        browser.call(
            "Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + across * box[2], y=box[1] + down * box[3]
        )
        line = chart(0, "querySelector('[visibility=visible] line').getBoundingClientRect().left")
        gap, top = browser.run(f"[tip.getBoundingClientRect().left - {line}, tip.getBoundingClientRect().top]")
        gaps.append(gap)
        tops.add(top)
    assert gaps == pytest.approx([12] * 3, abs=2)
    assert len(tops) == 1  # it does not follow the pointer up and down


def test_the_curves_of_a_name_stand_out_while_the_pointer_is_on_it(browser):
    enter, leave = (
        f"document.querySelector('#legend button').dispatchEvent(new Event('pointer{way}'))"
        for way in ("enter", "leave")
    )
    browser.run(enter)
    assert (
        browser.run("[...document.querySelectorAll('#curve-charts .faint')].map(one => one.dataset.name)")
        == ["backprop"] * 2
    )
    browser.run(leave)
    assert browser.run("document.querySelectorAll('.faint').length") == 0


def test_it_fits_a_phone_and_opens_all_details_for_print(browser):
    browser.resize(390, 844)
    assert browser.run("document.documentElement.scrollWidth") <= 390
    browser.resize(1200, 900)
    assert browser.run("[...document.querySelectorAll('details')].some(details => details.open)") is False
    assert len(browser.call("Page.printToPDF")["data"]) > 10_000
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("[...document.querySelectorAll('details')].every(details => details.open)")
    browser.run("dispatchEvent(new Event('afterprint'))")


def test_there_were_no_errors_and_no_requests_in_all_tests(browser):
    assert browser.complaints == []
    assert all(address.startswith(("file:", "data:")) for address in browser.requests)
