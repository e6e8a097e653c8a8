"""What a page looks like in a browser, from the boxes of its elements: overlaps, and the first screen."""

from __future__ import annotations

from pathlib import Path

from browser import Browser

_SCRIPT = Path(__file__).with_suffix(".js").read_text()


def overlaps(browser: Browser) -> list[str]:
    """The texts, lines and boxes of the page that lie over each other or are cut off."""
    return browser.run(f"{_SCRIPT}.overlaps()")


def outside_first_screen(browser: Browser) -> list[str]:
    """What of the question, the verdict and the curves is not on the first screen."""
    return browser.run(f"{_SCRIPT}.outsideFirstScreen()")


def small_texts(browser: Browser) -> list[float]:
    """The sizes in pixels of texts in charts that are smaller than the small print of the page."""
    return browser.run(f"{_SCRIPT}.smallTexts()")
