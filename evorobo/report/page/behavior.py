"""The best run of each method in action: an episode of its robot, or its predictions on test rows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.errors import EvoroboError, ResultsError
from evorobo.nets.genome import Genome
from evorobo.report.analysis.runs import load_genome
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.page.charts import Json, round_for_json
from evorobo.report.page.network import network_data
from evorobo.report.replay.encoding import sprite_sheet
from evorobo.report.replay.frames import EpisodeFrames, render_episodes
from evorobo.report.replay.staleness import staleness_caution
from evorobo.report.statistics import evenly_spaced_indices
from evorobo.study.results import Run
from evorobo.tasks.base import Task
from evorobo.tasks.control.recording import record_episode
from evorobo.tasks.control.spaces import DiscreteDecoder
from evorobo.tasks.control.task import ControlTask
from evorobo.tasks.data.tables import Table
from evorobo.tasks.data.task import DatasetTask

_MAX_FRAMES = 60
_SIZE = 300  # pixels
_MAX_POINTS = 400  # of predictions over true values
_EPISODE = 0


def behaviors(table: StudyTable) -> list[Json]:
    """The behavior of the best runs of each task; where the study cannot be made again, a sentence says why."""
    try:
        return [behavior_data(table, task) for task in table.study.tasks if task.name in table.tasks]
    except ResultsError as error:
        why = str(error)
    except EvoroboError as error:  # the script of the study is missing, or has changed
        why = f"The tasks cannot be loaded: {error}"
    return [{"task": "", "kind": "none", "why": why, "methods": []}]


def behavior_data(table: StudyTable, task: Task) -> Json:
    """For each method of a task the run with the best test score, with its network and its behavior.

    If the task fails here, for example on another machine, a sentence says why.
    """
    runs = _best_runs(table, task.name)
    empty: Json = {"task": task.name, "kind": "none", "why": "", "methods": []}
    if not runs:
        return {**empty, "why": "No run has finished yet."}
    data: Json = {"why": "This task has neither a robot nor rows to show."}
    try:
        genomes = [load_genome(run) for run in runs.values()]
        if isinstance(task, ControlTask):
            data = _robot_data(task, runs, genomes)
        if isinstance(task, DatasetTask):
            data = _dataset_data(task, runs, genomes)
    except EvoroboError as error:
        data = {"why": str(error)}
    cautions = [staleness_caution(run.folder, table.results.trust) for run in runs.values()]
    why = " ".join(dict.fromkeys(filter(None, [*cautions, data.get("why", "")])))
    return {**empty, **data, "why": why}


def _best_runs(table: StudyTable, task: str) -> dict[str, Run]:
    sign = table.sign(task)
    cells = table.cells_of(task, lambda cell: cell.with_genome)
    return {method: max(cell.with_genome, key=lambda run: sign * run.score) for method, cell in cells.items()}


def _robot_data(task: ControlTask, runs: dict[str, Run], genomes: Sequence[Genome]) -> Json:
    episodes: list[EpisodeFrames] | list[None] = [None] * len(genomes)
    why = ""
    try:
        episodes = render_episodes(task, [(genome, _EPISODE) for genome in genomes], _MAX_FRAMES, _SIZE)
    except EvoroboError as error:
        why = f"{error} Only the networks are shown."
    methods = []
    for (method, run), genome, episode in zip(runs.items(), genomes, episodes, strict=True):
        recording = episode.recording if episode else record_episode(task, genome, _EPISODE)
        steps = evenly_spaced_indices(len(recording), _MAX_FRAMES).tolist()
        methods.append(
            {
                **_describe_run(method, run),
                "note": f"this episode: return {recording.score:.4g} in {len(recording)} steps",
                "steps": steps,
                "film": _film(episode) if episode else None,
                "network": network_data(genome, recording.observations, steps, _robot_names(task)),
            }
        )
    return {"kind": "robot", "why": why, "episode": _EPISODE, "methods": methods}


def _film(episode: EpisodeFrames) -> Json:
    content, columns = sprite_sheet(episode.frames)
    height, width, _ = episode.frames[0].shape
    address = f"data:image/webp;base64,{b64encode(content).decode()}"
    return {"sheet": address, "columns": columns, "width": width, "height": height}


def _robot_names(task: ControlTask) -> tuple[Sequence[str], Sequence[str]]:
    robot = task.robot
    if robot is not None:
        return robot.sensors, robot.moves or robot.motors
    output = "choice" if isinstance(task.decoder, DiscreteDecoder) else "motor"
    return (), tuple(f"{output} {number}" for number in range(task.n_outputs))


def _dataset_data(task: DatasetTask, runs: dict[str, Run], genomes: Sequence[Genome]) -> Json:
    rows, table = task.parts.test, task.table
    scored = np.flatnonzero(np.isin(rows, task.scored_rows(rows)))
    shown = evenly_spaced_indices(len(scored), _MAX_FRAMES)
    steps, sequence = scored[shown].tolist(), task.sequences(rows)
    names = table.input_names, table.classes or table.target_names
    methods = []
    for (method, run), genome in zip(runs.items(), genomes, strict=True):
        predictions, targets = task.predict(genome, rows)
        compared = _confusion(predictions, targets, table.classes) if table.classes else _scatter(predictions, targets)
        methods.append(
            {
                **_describe_run(method, run),
                "note": f"on {len(scored)} test rows",
                "steps": steps,
                "captions": [_caption(table, predictions[row], targets[row]) for row in shown],
                "predictions": compared,
                "network": network_data(genome, table.inputs[rows], steps, names, sequence),
            }
        )
    return {"kind": "classes" if table.classes else "values", "targets": list(table.target_names), "methods": methods}


def _caption(table: Table, prediction: Any, target: Any) -> str:
    if table.classes:
        return f"prediction {table.classes[prediction]}, target {table.classes[target]}"
    return f"prediction {prediction[0]:.4g}, target {target[0]:.4g}"


def _describe_run(method: str, run: Run) -> Json:
    return {"method": method, "seed": run.seed, "score": round_for_json(run.score)}


def _confusion(predictions: np.ndarray, targets: np.ndarray, classes: Sequence[str]) -> Json:
    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, (targets, predictions), 1)
    return {"classes": list(classes), "counts": counts.tolist()}


def _scatter(predictions: np.ndarray, targets: np.ndarray) -> Json:
    """The first target of some of the rows."""
    shown = evenly_spaced_indices(len(targets), _MAX_POINTS)
    return {"predictions": round_for_json(predictions[shown, 0]), "targets": round_for_json(targets[shown, 0])}
