"""Replay the solution of a trial: as a GIF, an MP4, one picture of many episodes, or in a window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from evorobo.errors import ResultsError, SettingsError
from evorobo.fields import NonNegativeInt, PositiveInt, checks_fields
from evorobo.files import as_path, write_atomically
from evorobo.nets.genome import Genome
from evorobo.notebooks import to_html
from evorobo.report.figures import output
from evorobo.report.replay import window
from evorobo.report.replay.encoding import add_caption, gif_bytes, write_mp4
from evorobo.report.replay.frames import (
    EpisodeFrames,
    drawable_robot,
    recorded_states,
    render_episodes,
    require_robot_task,
    shared_limits,
)
from evorobo.study.digests import checked_path
from evorobo.study.trial import Trial
from evorobo.tasks.control.recording import draw_states, record_episode
from evorobo.tasks.control.task import ControlTask

_MAX_FRAMES = 150  # of an episode
_SIZE = 480  # pixels
_PATHS, _ROWS, _COLUMNS = 20, 4, 6  # episodes drawn as paths; episodes drawn as rows of frames, and frames in a row


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
        The number of episodes; by default 1 for a GIF, video or window and up to 20 for a picture.
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
    >>> replay.gif().name, replay.png().name
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
        path = self._out(out, ".gif")
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
        path = self._out(out, ".mp4")
        return write_mp4(self._captioned_frames(), path)

    def png(self, out: str | Path | None = None) -> Path:
        """Write many episodes as one picture.

        A robot that draws itself is shown by its paths; other episodes are rows of frames.

        Parameters
        ----------
        out : str or Path, optional
            The file; by default `replay.png` in the folder of the trial.

        Returns
        -------
        Path
            The file that was written.
        """
        path = self._out(out, ".png")
        figure = self._path_figure() if drawable_robot(self._task) else self._contact_sheet()
        return output.save_figure(figure, path)

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

    def _out(self, out: str | Path | None, suffix: str) -> Path:
        path = as_path(out) if out else self.trial_folder / f"replay{suffix}"
        if path.suffix.lower() != suffix:
            raise SettingsError(f"{path} would hold a {suffix[1:].upper()}; give it a name that ends in {suffix}.")
        return path

    @cached_property
    def _task(self) -> ControlTask:
        return require_robot_task(Trial.load(self.trial_folder / "trial.json", trust=self.trust).task)

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

    def _path_figure(self) -> Figure:
        robot, episodes = drawable_robot(self._task), self._episodes(_PATHS)
        assert robot is not None
        records = [record_episode(self._task, self._genome, episode) for episode in episodes]
        (left, right), (bottom, top) = limits = shared_limits(robot, records)
        with output.figure_style():
            figure = Figure(figsize=(6, 6 * (top - bottom) / (right - left) + 0.3), layout="constrained")
            axes = figure.add_subplot()
            for record in records:
                draw_states(robot, axes, recorded_states(record))
            axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")
            axes.set_axis_off()
            mean = np.mean([record.score for record in records])
            axes.set_title(f"{self._task.name}: {_describe_episodes(episodes)}, mean return {mean:.4g}")
        return figure

    def _contact_sheet(self) -> Figure:
        episodes = self._episodes(_ROWS)
        with output.figure_style():
            figure = Figure(layout="constrained")
            grid = figure.subplots(len(episodes), _COLUMNS, squeeze=False)
            rendered = self._render(episodes, _COLUMNS)
            for episode, row, shown in zip(episodes, grid, rendered, strict=True):
                for axes in row:
                    axes.set_axis_off()
                for axes, step, frame in zip(row, shown.steps, shown.frames, strict=False):
                    axes.imshow(frame)
                    axes.set_title(f"step {step + 1}", weight="normal")
                row[0].set_title(f"episode {episode}, return {shown.recording.score:.4g}\nstep {shown.steps[0] + 1}")
            height, width, _ = rendered[0].frames[0].shape
            figure.set_size_inches(10, len(episodes) * (10 / _COLUMNS * height / width + 0.45) + 0.3)
            figure.suptitle(f"{self._task.name}: {_describe_episodes(episodes)}", fontsize=10)
        return figure


def _describe_episodes(episodes: range) -> str:
    return f"test episode {episodes[0]}" if len(episodes) == 1 else f"test episodes {episodes[0]} to {episodes[-1]}"
