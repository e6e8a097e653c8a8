"""Replays of a solution in every form, and an error for each task that cannot be shown."""

import itertools
import os
import shutil
import sys

import matplotlib.image
import numpy as np
import pytest
from PIL import Image

from evorobo import (
    Budget,
    ControlTask,
    DataError,
    DatasetTask,
    Evolution,
    FigureSettings,
    Genome,
    NetworkSpec,
    OpenAIES,
    Replay,
    ResultsError,
    Robot,
    SettingsError,
    Study,
    TaskError,
    Trial,
    register,
)
from evorobo.report.replay.encoding import FRAMES_PER_SECOND, sprite_sheet
from evorobo.report.replay.frames import render_episodes, shared_view
from evorobo.tasks.control.recording import DISPLAY_VARIABLES, record_episode


class Invisible(Robot):
    """A robot that defines no `draw`."""

    sensors, motors, max_steps = ("place",), ("push",), 5

    def initial(self, rng):
        return rng.uniform(-1, 1, 1)

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        return state + 0.1 * action

    def reward(self, state, action, next_state):
        return -np.abs(next_state[:, 0])


class Labeled(Invisible):
    """A robot that is drawn over time, on a logarithmic axis."""

    def draw(self, ax, states):
        ax.plot(np.arange(len(states)), 10.0 ** states[:, 0])
        ax.set(xlabel="step", ylabel="place", yscale="log")


register(Invisible, "test/Invisible-v0")
register(Labeled, "test/Labeled-v0")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A trial of each kind of task: a robot with `draw`, one with a renderer, one without both, and a data set."""
    folder = tmp_path_factory.mktemp("replay")
    patch = pytest.MonkeyPatch()
    patch.setenv("EVOROBO_DATA", str(folder))
    rng = np.random.default_rng(0)
    tasks = [
        ControlTask("evorobo/Phototaxis-v0", max_steps=25, test_episodes=3),
        ControlTask("CartPole-v1", max_steps=20, test_episodes=3),
        ControlTask("test/Invisible-v0", test_episodes=3),
        DatasetTask.from_arrays(rng.normal(size=(60, 2)), rng.integers(2, size=60), label="rows"),
    ]
    method, budget = Evolution(OpenAIES(population_size=4)), Budget(generations=2, n_evals=2)
    Study.grid("replay", tasks=tasks, methods=[method], seeds=1, budget=budget).run(folder)
    yield folder / "replay"
    patch.undo()


def trial_folder(study, task):
    return study / task / "openai-es" / "seed-0"


def test_a_gif_shows_every_step_of_a_short_episode(study):
    path = Replay(trial_folder(study, "phototaxis")).gif()
    assert path == trial_folder(study, "phototaxis") / "replay.gif"
    with Image.open(path) as gif:
        assert gif.n_frames == 25
        shown = []
        for number in range(25):
            gif.seek(number)
            shown.append(np.asarray(gif.convert("RGB"), int))
    assert all((one != other).any() for one, other in itertools.pairwise(shown))


def test_several_episodes_follow_each_other_from_the_first_episode(study, tmp_path):
    folder = trial_folder(study, "phototaxis")
    task = Trial.load(folder / "trial.json").task
    genome = Genome.load(folder / "genome.npz")
    last_frames = [episode.frames[-1] for episode in render_episodes(task, [(genome, 1), (genome, 2)], 25, 480)]
    with Image.open(Replay(folder, first_episode=1, n_episodes=2).gif(tmp_path / "both.gif")) as gif:
        assert gif.n_frames == 50
        for index, frame in zip((24, 49), last_frames, strict=True):
            gif.seek(index)
            shown = np.asarray(gif.convert("RGB"), int)[: len(frame)]
            assert np.abs(shown - frame).mean() < 0.5  # a GIF has few colors


def test_environments_with_a_renderer_are_shown_by_it(study, tmp_path):
    pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    path = Replay(trial_folder(study, "cartpole-v1")).gif(tmp_path / "pole.gif")
    task = Trial.load(trial_folder(study, "cartpole-v1") / "trial.json").task
    genome = Genome.load(trial_folder(study, "cartpole-v1") / "genome.npz")
    with Image.open(path) as gif:
        assert gif.n_frames == len(record_episode(task, genome))
        assert gif.width / (gif.height - 22) == pytest.approx(600 / 400)


def test_a_video_has_the_frames_of_the_gif(study, tmp_path):
    reader = pytest.importorskip("imageio_ffmpeg", reason="pip install 'evorobo[replay]'")
    path = Replay(trial_folder(study, "phototaxis")).mp4(tmp_path / "film.mp4")
    frames, seconds = reader.count_frames_and_secs(str(path))
    assert frames == 25
    assert seconds == pytest.approx(25 / FRAMES_PER_SECOND, abs=0.1)


@pytest.mark.parametrize("task", ["phototaxis", "cartpole-v1"])
def test_many_episodes_fit_into_one_picture(study, task, tmp_path):
    if task != "phototaxis":
        pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    few, many = (
        matplotlib.image.imread(Replay(trial_folder(study, task), n_episodes=n).plot(tmp_path / f"{n}.png")[0])
        for n in (1, 3)
    )
    inked = [int((picture[..., :3] < 0.95).any(-1).sum()) for picture in (few, many)]
    assert inked[1] > inked[0]


def test_the_frames_of_several_solutions_have_one_scale_and_one_start(study):
    task = Trial.load(trial_folder(study, "phototaxis") / "trial.json").task
    genome = Genome.load(trial_folder(study, "phototaxis") / "genome.npz")
    first, teacher = render_episodes(task, [(genome, 0), (None, 0)], max_frames=10, max_size=80)
    assert [episode.steps[[0, -1]].tolist() for episode in (first, teacher)] == [[0, 24], [0, 24]]
    np.testing.assert_array_equal(first.frames[0], teacher.frames[0])
    assert (first.frames[-1] != teacher.frames[-1]).any()
    view = shared_view(task.robot, [first.recording, teacher.recording])
    assert not view.has_axes
    (left, right), (bottom, top) = view.x, view.y
    for episode in (first, teacher):
        x, y = (episode.recording.states[:, :2] - episode.recording.states[:, 3:]).T
        assert left < x.min()
        assert x.max() < right
        assert bottom < y.min()
        assert y.max() < top


def test_a_drawing_that_labels_an_axis_keeps_its_axes_in_frames():
    task = ControlTask("test/Labeled-v0", test_episodes=3)
    genome = Genome(NetworkSpec.build(1, (), 1), np.array([1.0, 0.0]))
    first, other = render_episodes(task, [(genome, 0), (genome, 1)], max_frames=5, max_size=200)
    view = shared_view(task.robot, [first.recording, other.recording])
    places = 10.0 ** np.concatenate([first.recording.states, other.recording.states])
    assert view.has_axes
    assert 0 < view.y[0] < places.min() < places.max() < view.y[1]  # of a logarithmic axis
    assert first.frames[0].shape == (150, 200, 3)
    margin = first.frames[0][:, :24]  # labels and ticks, the same in all frames
    assert (margin < 128).any()
    for frame in (*first.frames, *other.frames):
        np.testing.assert_array_equal(frame[:, :24], margin)


def test_a_figure_of_many_episodes_for_a_paper(study, tmp_path):
    settings = FigureSettings(width="8.5cm")
    path, caption = Replay(trial_folder(study, "phototaxis"), n_episodes=3).plot(tmp_path / "paths.pdf", settings)
    assert b"/FontFile2" in path.read_bytes()
    assert caption.read_text().startswith("Test episodes 0 to 2, mean return ")
    assert caption.read_text().endswith("m long.\n")


def test_a_sprite_sheet_holds_every_frame_in_its_position(tmp_path):
    frames = [np.full((8, 6, 3), 10 * number, np.uint8) for number in range(13)]
    content, columns = sprite_sheet(frames)
    (tmp_path / "sheet.webp").write_bytes(content)
    with Image.open(tmp_path / "sheet.webp") as image:
        sheet = np.asarray(image.convert("RGB"))
    for number in range(13):
        top, left = 8 * (number // columns), 6 * (number % columns)
        assert np.median(sheet[top : top + 8, left : left + 6]) == pytest.approx(10 * number, abs=3)


# ---- errors


def test_a_trial_without_a_genome_and_a_folder_without_a_trial_have_different_errors(study, tmp_path):
    shutil.copy(trial_folder(study, "phototaxis") / "trial.json", tmp_path)
    with pytest.raises(ResultsError, match=r"holds no genome yet; run its study to the end of this trial first"):
        Replay(tmp_path).gif()
    with pytest.raises(ResultsError, match=r"holds no trial; give the folder of one seed, for example .*seed-"):
        Replay(study).gif()


def test_the_genome_file_stands_for_its_trial_and_a_wrong_suffix_raises(study, tmp_path):
    folder = trial_folder(study, "phototaxis")
    assert Replay(folder / "genome.npz").plot() == [folder / "replay.png"]
    for write, name in ((Replay.gif, "film.mp4"), (Replay.plot, "film"), (Replay.mp4, "film.gif")):
        with pytest.raises(SettingsError, match=f"{name} (would hold a|names no known) .*; give it a name that ends"):
            write(Replay(folder), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_genome_raises(study, tmp_path):
    shutil.copy(trial_folder(study, "phototaxis") / "trial.json", tmp_path)
    (tmp_path / "genome.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match="is damaged or no genome file"):
        Replay(tmp_path).gif()


def test_data_sets_and_robots_that_cannot_be_drawn_raise(study):
    with pytest.raises(TaskError, match="rows has no robot to show; evorobo report shows"):
        Replay(trial_folder(study, "rows")).gif()
    with pytest.raises(TaskError, match=r"test/Invisible-v0 cannot be shown as 'rgb_array'.* by its draw\(\)"):
        Replay(trial_folder(study, "invisible")).plot()


def test_a_missing_ffmpeg_raises_with_the_command_that_installs_it(study, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(SettingsError, match=r"an MP4 needs ffmpeg.*pip install 'evorobo\[replay\]', or use --gif"):
        Replay(trial_folder(study, "phototaxis")).mp4()


def test_a_window_without_a_screen_raises(study, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="there is no screen for a window; --gif writes the episode to a file"):
        Replay(trial_folder(study, "phototaxis")).window()
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "Agg")
    with pytest.raises(SettingsError, match="matplotlib has no window toolkit; pip install PyQt6"):
        Replay(trial_folder(study, "phototaxis")).window()


def test_a_window_shows_whole_episodes(study, monkeypatch):
    pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    from gymnasium.envs.classic_control.cartpole import CartPoleEnv

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    shown, before = [], CartPoleEnv.render
    monkeypatch.setattr(CartPoleEnv, "render", lambda self: shown.append(self.render_mode) or before(self))
    Replay(trial_folder(study, "cartpole-v1")).window()
    task = Trial.load(trial_folder(study, "cartpole-v1") / "trial.json").task
    steps = len(record_episode(task, Genome.load(trial_folder(study, "cartpole-v1") / "genome.npz")))
    assert shown == ["human"] * (steps + 1)


def test_rendering_needs_no_screen_and_restores_the_environment_variables(study, monkeypatch, tmp_path):
    pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    from gymnasium.envs.classic_control.cartpole import CartPoleEnv

    monkeypatch.setattr(sys, "platform", "linux")
    for name in {*DISPLAY_VARIABLES, "MUJOCO_GL"}:
        monkeypatch.delenv(name, raising=False)
    displays, before = set(), CartPoleEnv.render

    def record(self):
        displays.add((os.environ["SDL_VIDEODRIVER"], os.environ["MUJOCO_GL"]))
        return before(self)

    monkeypatch.setattr(CartPoleEnv, "render", record)
    Replay(trial_folder(study, "cartpole-v1")).gif(tmp_path / "pole.gif")
    assert displays == {("dummy", "egl")}
    assert not {"SDL_VIDEODRIVER", "MUJOCO_GL"} & os.environ.keys()
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    displays.clear()
    Replay(trial_folder(study, "cartpole-v1")).gif(tmp_path / "pole.gif")
    assert displays == {("dummy", "osmesa")}
    assert os.environ["MUJOCO_GL"] == "osmesa"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"first_episode": -1}, "first_episode must be a whole"),
        ({"n_episodes": 0}, "n_episodes must be a whole number"),
    ],
)
def test_invalid_numbers_of_episodes_raise(settings, message):
    with pytest.raises(SettingsError, match=message):
        Replay("anywhere", **settings)
