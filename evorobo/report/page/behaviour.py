"""The best answer of each method at work, side by side: a robot's episode, or a data set's test rows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.errors import EvoroboError
from evorobo.nets.genome import Genome
from evorobo.report.analysis import runs
from evorobo.report.page.charts import Json, round_for_json
from evorobo.report.page.network import network_data
from evorobo.report.replay.encoding import sprite_sheet
from evorobo.report.replay.frames import EpisodeFrames, evenly_spaced_indices, render_episodes
from evorobo.report.replay.staleness import staleness_caution
from evorobo.study.results import Results, Run
from evorobo.tasks.base import Task
from evorobo.tasks.control.recording import record_episode
from evorobo.tasks.control.spaces import DiscreteDecoder
from evorobo.tasks.control.task import ControlTask
from evorobo.tasks.data.tables import Table
from evorobo.tasks.data.task import DatasetTask

_PICTURES = 60
_SIZE = 300  # pixels
_POINTS = 400  # of predictions against the truth
_EPISODE = 0


def behavior_data(results: Results, task: Task) -> Json:
    """Of each method of a task the run with the best test score, with its network and what there is to see of it.

    A task that breaks down here, on another machine say, is told in a sentence instead.
    """
    best = _best(results, task.name)
    plain: Json = {"task": task.name, "kind": "none", "why": "", "methods": []}
    if not best:
        return {**plain, "why": "No run has finished yet."}
    shown: Json = {"why": "This task has neither a robot nor rows to look at."}
    try:
        genomes = [Genome.load(run.folder / "genome.npz") for run in best.values()]
        if isinstance(task, ControlTask):
            shown = _on_the_robot(task, best, genomes)
        if isinstance(task, DatasetTask):
            shown = _on_the_data(task, best, genomes)
    except EvoroboError as error:
        shown = {"why": str(error)}
    changes = [staleness_caution(run.folder) for run in best.values()]
    why = " ".join(dict.fromkeys(filter(None, [*changes, shown.get("why", "")])))
    return {**plain, **shown, "why": why}


def _best(results: Results, task: str) -> dict[str, Run]:
    sign = 1 if results.metrics[task].higher_is_better else -1
    cells = {method: runs.with_genome(results.runs_of(task, method)) for method in results.methods}
    return {method: max(cell, key=lambda run: sign * run.score) for method, cell in cells.items() if cell}


def _on_the_robot(task: ControlTask, best: dict[str, Run], genomes: Sequence[Genome]) -> Json:
    shown: list[EpisodeFrames] | list[None] = [None] * len(genomes)
    why = ""
    try:
        shown = render_episodes(task, [(genome, _EPISODE) for genome in genomes], _PICTURES, _SIZE)
    except EvoroboError as error:
        why = f"{error} Here are the networks alone."
    methods = []
    for (method, run), genome, film in zip(best.items(), genomes, shown, strict=True):
        recording = film.recording if film else record_episode(task, genome, _EPISODE)
        steps = evenly_spaced_indices(len(recording), _PICTURES)
        methods.append(
            {
                **_about(method, run),
                "note": f"this episode: return {recording.score:.4g} in {len(recording)} steps",
                "steps": steps.tolist(),
                "film": _film(film) if film else None,
                "network": network_data(genome, recording.observations, steps.tolist(), _robot_names(task)),
            }
        )
    return {"kind": "robot", "why": why, "episode": _EPISODE, "methods": methods}


def _film(film: EpisodeFrames) -> Json:
    content, across = sprite_sheet(film.frames)
    height, width, _ = film.frames[0].shape
    address = f"data:image/webp;base64,{b64encode(content).decode()}"
    return {"sheet": address, "columns": across, "width": width, "height": height}


def _robot_names(task: ControlTask) -> tuple[Sequence[str], Sequence[str]]:
    robot = task.robot
    if robot is not None:
        return robot.sensors, robot.moves or robot.motors
    choices = isinstance(task.decoder, DiscreteDecoder)
    return (), tuple(f"{'choice' if choices else 'motor'} {number}" for number in range(task.n_outputs))


def _on_the_data(task: DatasetTask, best: dict[str, Run], genomes: Sequence[Genome]) -> Json:
    rows = task.parts.test
    table = task.table
    judged = np.flatnonzero(np.isin(rows, task.scored_rows(rows)))
    some = evenly_spaced_indices(len(judged), _PICTURES)
    moments, sequence = judged[some].tolist(), task.sequences(rows)
    methods = []
    for (method, run), genome in zip(best.items(), genomes, strict=True):
        answers, truth = task.predict(genome, rows)
        names = table.input_names, table.classes or table.target_names
        methods.append(
            {
                **_about(method, run),
                "note": f"on {len(judged)} test rows",
                "steps": moments,
                "captions": [_told(table, answers[at], truth[at]) for at in some],
                "predictions": _confusion(answers, truth, table.classes) if table.classes else _scatter(answers, truth),
                "network": network_data(genome, table.inputs[rows], moments, names, sequence),
            }
        )
    return {"kind": "classes" if table.classes else "values", "targets": list(table.target_names), "methods": methods}


def _told(table: Table, answer: Any, truth: Any) -> str:
    if table.classes:
        return f"answer {table.classes[answer]}, truth {table.classes[truth]}"
    return f"answer {answer[0]:.4g}, truth {truth[0]:.4g}"


def _about(method: str, run: Run) -> Json:
    return {"method": method, "seed": run.seed, "score": round_for_json(run.score)}


def _confusion(answers: np.ndarray, truth: np.ndarray, classes: Sequence[str]) -> Json:
    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, (truth, answers), 1)
    return {"classes": list(classes), "counts": counts.tolist()}


def _scatter(answers: np.ndarray, truth: np.ndarray) -> Json:
    """Of the first target, a part of the rows."""
    some = evenly_spaced_indices(len(truth), _POINTS)
    return {"predictions": round_for_json(answers[some, 0]), "truth": round_for_json(truth[some, 0])}
