"""A trial's answer at the wheel again: as a GIF, an MP4, one picture of many episodes, or in a window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from evorobo.errors import ResultsError, SettingsError
from evorobo.nets.genome import Genome
from evorobo.report.figures import output as canvas
from evorobo.report.replay import encoding as movies, window
from evorobo.report.replay.frames import (
    EpisodeFrames,
    drawable_robot,
    recorded_states,
    render_episodes,
    require_robot_task,
    shared_limits,
)
from evorobo.study.trial import Trial
from evorobo.tasks.control.recording import record_episode
from evorobo.tasks.control.task import ControlTask

_MOST = 150  # pictures of an episode
_SIZE = 480  # pixels
_PATHS, _SHEETS, _ACROSS = 20, 4, 6  # episodes in one picture: as ways, or as rows of so many small pictures


@dataclass(frozen=True)
class Replay:
    """The answer kept in `folder` (`results/<study>/<task>/<method>/seed-0`, or the genome in it) on its own test
    episodes.

    They are numbered from 0; `first` is the first one to show, `episodes` how many, None for what suits the form.
    Raises `ResultsError` where no answer is kept, `TaskError` for tasks without a robot to look at.
    """

    folder: str | Path
    first_episode: int = 0
    n_episodes: int | None = None

    def __post_init__(self) -> None:
        if self.first_episode < 0:
            raise SettingsError(f"test episodes are numbered from 0; there is no episode {self.first_episode}.")
        if self.n_episodes is not None and self.n_episodes < 1:
            raise SettingsError(f"a replay needs at least one episode, not {self.n_episodes}.")

    def gif(self, out: str | Path | None = None) -> Path:
        """The episodes one after the other, in `replay.gif` beside the genome unless `out` says otherwise."""
        path = self._out(out, ".gif")
        return movies.write_gif(self._captioned_frames(), path)

    def mp4(self, out: str | Path | None = None) -> Path:
        """The same as a video, `replay.mp4`. Raises `SettingsError` where ffmpeg is missing."""
        path = self._out(out, ".mp4")
        return movies.write_mp4(self._captioned_frames(), path)

    def png(self, out: str | Path | None = None) -> Path:
        """Many episodes in one picture, `replay.png`: the ways of a robot that draws itself, else a row for each."""
        path = self._out(out, ".png")
        figure = self._path_figure() if drawable_robot(self._task) else self._contact_sheet()
        return canvas.save_figure(figure, path)

    def window(self) -> None:
        """In a window, until it is closed or the episodes are over. Raises `SettingsError` without a screen."""
        window.show(self._task, self._genome, self._numbers(1))

    @property
    def trial_folder(self) -> Path:
        """The folder of the trial."""
        return Path(self.folder).parent if Path(self.folder).is_file() else Path(self.folder)

    def _out(self, out: str | Path | None, suffix: str) -> Path:
        path = Path(out) if out else self.trial_folder / f"replay{suffix}"
        if path.suffix.lower() != suffix:
            raise SettingsError(f"{path} would hold a {suffix[1:].upper()}; give it a name that ends in {suffix}.")
        return path

    @cached_property
    def _task(self) -> ControlTask:
        return require_robot_task(Trial.load(self.trial_folder / "trial.json").task)

    @cached_property
    def _genome(self) -> Genome:
        kept = self.trial_folder / "genome.npz"
        if (kept.parent / "trial.json").is_file() and not kept.is_file():
            raise ResultsError(f"{self.folder} holds no genome yet; run its study to the end of this trial first.")
        return Genome.load(kept)

    def _numbers(self, usual: int) -> range:
        return range(self.first_episode, self.first_episode + (self.n_episodes or usual))

    def _render(self, numbers: range, most: int) -> list[EpisodeFrames]:
        return render_episodes(self._task, [(self._genome, episode) for episode in numbers], most, _SIZE)

    def _captioned_frames(self) -> list[np.ndarray]:
        shown, numbers = [], self._numbers(1)
        for episode, film in zip(numbers, self._render(numbers, _MOST), strict=True):
            last, score = len(film.recording), film.recording.score
            for step, picture in zip(film.steps, film.frames, strict=True):
                text = f"episode {episode}, step {step + 1} of {last}; return {score:.4g}"
                shown.append(movies.add_caption(picture, text))
        return shown

    def _path_figure(self) -> Figure:
        robot, numbers = drawable_robot(self._task), self._numbers(_PATHS)
        assert robot is not None
        records = [record_episode(self._task, self._genome, episode) for episode in numbers]
        (left, right), (bottom, top) = limits = shared_limits(robot, records)
        with canvas.figure_style():
            figure = Figure(figsize=(6, 6 * (top - bottom) / (right - left) + 0.3), layout="constrained")
            axes = figure.add_subplot()
            for record in records:
                robot.draw(axes, recorded_states(record))
            axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")
            axes.set_axis_off()
            mean = np.mean([record.score for record in records])
            axes.set_title(f"{self._task.name}: {_named(numbers)}, mean return {mean:.4g}")
        return figure

    def _contact_sheet(self) -> Figure:
        numbers = self._numbers(_SHEETS)
        with canvas.figure_style():
            figure = Figure(layout="constrained")
            grid = figure.subplots(len(numbers), _ACROSS, squeeze=False)
            made = self._render(numbers, _ACROSS)
            for episode, row, film in zip(numbers, grid, made, strict=True):
                for axes in row:
                    axes.set_axis_off()
                for axes, step, picture in zip(row, film.steps, film.frames, strict=False):
                    axes.imshow(picture)
                    axes.set_title(f"step {step + 1}", weight="normal")
                row[0].set_title(f"episode {episode}, return {film.recording.score:.4g}\nstep {film.steps[0] + 1}")
            height, width, _ = made[0].frames[0].shape
            figure.set_size_inches(10, len(numbers) * (10 / _ACROSS * height / width + 0.45) + 0.3)
            figure.suptitle(f"{self._task.name}: {_named(numbers)}", fontsize=10)
        return figure


def _named(numbers: range) -> str:
    return f"test episode {numbers[0]}" if len(numbers) == 1 else f"test episodes {numbers[0]} to {numbers[-1]}"
