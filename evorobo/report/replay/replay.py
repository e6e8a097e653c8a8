"""Replay the solution of a trial: as a GIF, an MP4, one figure of many episodes, or in a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.errors import ResultsError, SettingsError
from evorobo.fields import NonNegativeInt, PositiveInt, checks_fields
from evorobo.files import as_path, write_atomically
from evorobo.nets.genome import Genome
from evorobo.notebooks import to_html
from evorobo.report.figures import output
from evorobo.report.figures.layout import FigureLayout
from evorobo.report.figures.paths import paths
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import assign_styles
from evorobo.report.replay import window
from evorobo.report.replay.encoding import add_caption, gif_bytes, write_mp4
from evorobo.report.replay.frames import (
    EpisodeFrames,
    drawable_robot,
    recorded_states,
    render_episodes,
    require_robot_task,
)
from evorobo.study.digests import checked_path
from evorobo.study.trial import Trial
from evorobo.tasks.control.recording import draw_states, record_episode
from evorobo.tasks.control.task import ControlTask

_MAX_FRAMES = 150  # of an episode
_SIZE = 480  # pixels
_PATHS, _ROWS, _COLUMNS = 20, 4, 6  # episodes drawn as paths; episodes drawn as rows of frames, and frames in a row
_SHEET = 10.0  # inches, the usual width of the rows of frames


@checks_fields
@dataclass(frozen=True)
class Replay:
    """The solution of a trial on its own test episodes, which are numbered from 0.

    Parameters
    ----------
    folder : str or Path
        The folder of the trial, `results/<study>/<task>/<method>/seed-0`, or the genome file in it.
    first_episode : int, default 0
        The number of the first episode to show.
    n_episodes : int, optional
        The number of episodes; by default 1 for a GIF, video or window and up to 20 for a figure.
    trust : bool, default False
        Whether code that the settings name is run although this user's runs did not write them (see `Trial.load`).

    Raises
    ------
    SettingsError
        If `first_episode` or `n_episodes` is invalid.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> replay = er.Replay(results.folder / "phototaxis" / "cma-es" / "seed-0", n_episodes=2)
    >>> replay.gif().name, replay.plot()[0].name
    ('replay.gif', 'replay.png')
    """

    folder: str | Path
    first_episode: NonNegativeInt = 0
    n_episodes: PositiveInt | None = None
    trust: bool = False

    def gif(self, out: str | Path | None = None) -> Path:
        """Write the episodes one after the other as a GIF.

        Parameters
        ----------
        out : str or Path, optional
            The file; by default `replay.gif` in the folder of the trial.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        ResultsError
            If the trial has no genome yet.
        TaskError
            If the task has no robot, or the robot cannot be drawn.
        """
        path = self._film_path(out, ".gif")
        write_atomically(path, self.gif_bytes())
        return path

    def _repr_html_(self) -> str:
        return to_html(self)

    def gif_bytes(self) -> bytes:
        """Return the content of the GIF that `gif` writes.

        Returns
        -------
        bytes
            The content.
        """
        return gif_bytes(self._captioned_frames())

    def mp4(self, out: str | Path | None = None) -> Path:
        """Write the episodes one after the other as a video.

        Parameters
        ----------
        out : str or Path, optional
            The file; by default `replay.mp4` in the folder of the trial.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        SettingsError
            If ffmpeg is not installed.
        """
        path = self._film_path(out, ".mp4")
        return write_mp4(self._captioned_frames(), path)

    def plot(self, out: str | Path | None = None, settings: FigureSettings | None = None) -> list[Path]:
        """Draw many episodes in one figure: PNG, PDF, SVG or PGF.

        A robot that draws itself is shown by its paths; other episodes are rows of frames.

        Parameters
        ----------
        out : str or Path, optional
            The file; the ending of its name decides on the format. By default `replay.png` in the folder of the trial.
        settings : FigureSettings, optional
            The width and the title.

        Returns
        -------
        list of Path
            The files that were written: the figure, and with a width also a text file with its caption.

        Raises
        ------
        SettingsError
            If the ending of the file's name is unknown.
        """
        path, settings = as_path(out or self.trial_folder / "replay.png"), settings or FigureSettings()
        output.file_format(path)
        figure = self._path_figure(settings) if drawable_robot(self._task) else self._contact_sheet(settings)
        return output.save_with_caption(figure, path, settings)

    def window(self) -> None:
        """Play the episodes in a window, until it is closed or the episodes are over.

        Raises
        ------
        SettingsError
            If there is no screen, or no toolkit for windows.
        """
        window.show(self._task, self._genome, self._episodes(1))

    @property
    def trial_folder(self) -> Path:
        """The folder of the trial.

        Returns
        -------
        Path
            The folder, also where `folder` is the genome file in it.
        """
        folder = as_path(self.folder)
        return folder.parent if folder.is_file() else folder

    def _film_path(self, out: str | Path | None, suffix: str) -> Path:
        path = as_path(out) if out else self.trial_folder / f"replay{suffix}"
        if path.suffix.lower() != suffix:
            raise SettingsError(f"{path} would hold a {suffix[1:].upper()}; give it a name that ends in {suffix}.")
        return path

    @cached_property
    def _trial(self) -> Trial:
        return Trial.load(self.trial_folder / "trial.json", trust=self.trust)

    @cached_property
    def _task(self) -> ControlTask:
        return require_robot_task(self._trial.task)

    @cached_property
    def _genome(self) -> Genome:
        path = self.trial_folder / "genome.npz"
        if (path.parent / "trial.json").is_file() and not path.is_file():
            raise ResultsError(f"{self.folder} holds no genome yet; run its study to the end of this trial first.")
        return Genome.load(checked_path(self.trial_folder, path.name), trust=self.trust)

    def _episodes(self, default: int) -> range:
        return range(self.first_episode, self.first_episode + (self.n_episodes or default))

    def _render(self, episodes: range, max_frames: int) -> list[EpisodeFrames]:
        return render_episodes(self._task, [(self._genome, episode) for episode in episodes], max_frames, _SIZE)

    def _captioned_frames(self) -> list[np.ndarray]:
        frames, episodes = [], self._episodes(1)
        for episode, rendered in zip(episodes, self._render(episodes, _MAX_FRAMES), strict=True):
            n_steps, score = len(rendered.recording), rendered.recording.score
            for step, frame in zip(rendered.steps, rendered.frames, strict=True):
                text = f"episode {episode}, step {step + 1} of {n_steps}; return {score:.4g}"
                frames.append(add_caption(frame, text))
        return frames

    def _path_figure(self, settings: FigureSettings) -> Figure:
        robot, episodes, method = drawable_robot(self._task), self._episodes(_PATHS), self._trial.method.name
        assert robot is not None
        records = [record_episode(self._task, self._genome, episode) for episode in episodes]

        def draw(axes: Axes) -> None:
            for record in records:
                draw_states(robot, axes, recorded_states(record))

        about = _describe_episodes(episodes, [record.score for record in records])
        return paths({method: draw}, assign_styles([method]), self._task.name, about, robot.length_unit, settings)

    def _contact_sheet(self, settings: FigureSettings) -> Figure:
        episodes, width = self._episodes(_ROWS), settings.inches or _SHEET
        with output.figure_style():
            figure = Figure(layout="constrained")
            grid = figure.subplots(len(episodes), _COLUMNS, squeeze=False)
            rendered = self._render(episodes, _COLUMNS)
            for episode, row, shown in zip(episodes, grid, rendered, strict=True):
                for axes in row:
                    axes.set_axis_off()
                for axes, step, frame in zip(row, shown.steps, shown.frames, strict=False):
                    axes.imshow(frame)
                    axes.set_title(f"step {step + 1}", weight="normal", size=8)
                row[0].annotate(
                    f"episode {episode}, return {shown.recording.score:.4g}", (0, 1), xytext=(0, 18),
                    xycoords="axes fraction", textcoords="offset points", weight="bold", size=8,
                )  # fmt: skip
            about = _describe_episodes(episodes, [shown.recording.score for shown in rendered])
            layout = FigureLayout(width, f"{self._task.name}: {self._trial.method.name}", about, {}, [], settings)
            frame_height, frame_width, _ = rendered[0].frames[0].shape
            height = len(episodes) * (width / _COLUMNS * frame_height / frame_width + 0.45)
            figure.set_size_inches(width, layout.top + layout.bottom + height)
            layout.draw(figure)
        return figure


def _describe_episodes(episodes: range, scores: Sequence[float]) -> str:
    if len(episodes) == 1:
        return f"Test episode {episodes[0]}, return {scores[0]:.4g}."
    return f"Test episodes {episodes[0]} to {episodes[-1]}, mean return {np.mean(scores):.4g}."
