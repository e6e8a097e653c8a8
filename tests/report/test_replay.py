"""A trial's answer at the wheel again, in every form, and one sentence for whatever cannot be shown."""

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
    Genome,
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
from evorobo.report.replay import encoding as movies
from evorobo.report.replay.frames import evenly_spaced_indices, render_episodes, shared_limits
from evorobo.tasks.control.recording import DISPLAY_VARIABLES, record_episode


class Blind(Robot):
    """Nobody has told what it looks like."""

    sensors, motors, max_steps = ("place",), ("push",), 5

    def initial(self, rng):
        return rng.uniform(-1, 1, 1)

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        return state + 0.1 * action

    def reward(self, state, action, next_state):
        return -np.abs(next_state[:, 0])


register(Blind, "blind/Blind-v0")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A trial of each kind of task: a robot that draws itself, one that its environment draws, one unseen, and data."""
    folder = tmp_path_factory.mktemp("replay")
    patch = pytest.MonkeyPatch()
    patch.setenv("EVOROBO_DATA", str(folder))
    rng = np.random.default_rng(0)
    tasks = [
        ControlTask("evorobo/Phototaxis-v0", max_steps=25, test_episodes=3),
        ControlTask("CartPole-v1", max_steps=20, test_episodes=3),
        ControlTask("blind/Blind-v0", test_episodes=3),
        DatasetTask.from_arrays(rng.normal(size=(60, 2)), rng.integers(2, size=60), label="rows"),
    ]
    method, budget = Evolution(OpenAIES(population_size=4)), Budget(generations=2, n_evals=2)
    Study.grid("replay", tasks=tasks, methods=[method], seeds=1, budget=budget).run(folder)
    yield folder / "replay"
    patch.undo()


def seat(study, task):
    return study / task / "openai-es" / "seed-0"


def test_a_gif_shows_every_step_of_a_short_episode_and_each_differs_from_the_last(study):
    path = Replay(seat(study, "phototaxis")).gif()
    assert path == seat(study, "phototaxis") / "replay.gif"
    with Image.open(path) as film:
        assert film.n_frames == 25
        shown = []
        for number in range(25):
            film.seek(number)
            shown.append(np.asarray(film.convert("RGB"), int))
    assert all((one != other).any() for one, other in itertools.pairwise(shown))


def test_several_episodes_follow_each_other_from_the_first_one_asked_for(study, tmp_path):
    folder = seat(study, "phototaxis")
    task = Trial.load(folder / "trial.json").task
    genome = Genome.load(folder / "genome.npz")
    drawn = [film.frames[-1] for film in render_episodes(task, [(genome, 1), (genome, 2)], 25, 480)]
    with Image.open(Replay(folder, first_episode=1, n_episodes=2).gif(tmp_path / "both.gif")) as film:
        assert film.n_frames == 50
        for at, picture in zip((24, 49), drawn, strict=True):
            film.seek(at)
            shown = np.asarray(film.convert("RGB"), int)[: len(picture)]
            assert np.abs(shown - picture).mean() < 0.5  # a GIF has few colours


def test_environments_that_render_are_shown_as_they_render(study, tmp_path):
    pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    path = Replay(seat(study, "cartpole-v1")).gif(tmp_path / "pole.gif")
    task = Trial.load(seat(study, "cartpole-v1") / "trial.json").task
    genome = Genome.load(seat(study, "cartpole-v1") / "genome.npz")
    with Image.open(path) as film:
        assert film.n_frames == len(record_episode(task, genome))
        assert film.width / (film.height - 22) == pytest.approx(600 / 400)


def test_a_video_has_the_pictures_of_the_gif(study, tmp_path):
    reader = pytest.importorskip("imageio_ffmpeg", reason="pip install 'evorobo[replay]'")
    path = Replay(seat(study, "phototaxis")).mp4(tmp_path / "film.mp4")
    frames, seconds = reader.count_frames_and_secs(str(path))
    assert frames == 25
    assert seconds == pytest.approx(25 / movies.FRAMES_PER_SECOND, abs=0.1)


@pytest.mark.parametrize("task", ["phototaxis", "cartpole-v1"])
def test_many_episodes_fit_into_one_picture(study, task, tmp_path):
    if task != "phototaxis":
        pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    few, many = (
        matplotlib.image.imread(Replay(seat(study, task), n_episodes=n).png(tmp_path / f"{n}.png")) for n in (1, 3)
    )
    inked = [int((picture[..., :3] < 0.95).any(-1).sum()) for picture in (few, many)]
    assert inked[1] > inked[0]


def test_the_films_of_several_drivers_have_one_scale_and_one_start(study):
    task = Trial.load(seat(study, "phototaxis") / "trial.json").task
    genome = Genome.load(seat(study, "phototaxis") / "genome.npz")
    mine, teachers = render_episodes(task, [(genome, 0), (None, 0)], max_frames=10, max_size=80)
    assert [film.steps[[0, -1]].tolist() for film in (mine, teachers)] == [[0, 24], [0, 24]]
    np.testing.assert_array_equal(mine.frames[0], teachers.frames[0])
    assert (mine.frames[-1] != teachers.frames[-1]).any()
    (left, right), (bottom, top) = shared_limits(task.robot, [mine.recording, teachers.recording])
    for film in (mine, teachers):
        x, y = (film.recording.states[:, :2] - film.recording.states[:, 3:]).T
        assert left < x.min()
        assert x.max() < right
        assert bottom < y.min()
        assert y.max() < top


def test_pictures_are_spread_evenly_over_the_episode_with_both_ends():
    assert evenly_spaced_indices(5, 10).tolist() == [0, 1, 2, 3, 4]
    assert evenly_spaced_indices(101, 5).tolist() == [0, 25, 50, 75, 100]


def test_a_sheet_holds_every_picture_in_its_place(tmp_path):
    frames = [np.full((8, 6, 3), 10 * number, np.uint8) for number in range(13)]
    content, across = movies.sprite_sheet(frames)
    (tmp_path / "sheet.webp").write_bytes(content)
    with Image.open(tmp_path / "sheet.webp") as image:
        whole = np.asarray(image.convert("RGB"))
    for number in range(13):
        top, left = 8 * (number // across), 6 * (number % across)
        assert np.median(whole[top : top + 8, left : left + 6]) == pytest.approx(10 * number, abs=3)


# ---- what cannot be shown


def test_a_trial_without_a_genome_is_told_from_a_folder_that_is_none(study, tmp_path):
    shutil.copy(seat(study, "phototaxis") / "trial.json", tmp_path)
    with pytest.raises(ResultsError, match=r"holds no genome yet; run its study to the end of this trial first"):
        Replay(tmp_path).gif()
    with pytest.raises(ResultsError, match=r"holds no trial; give the folder of one seed, for example .*seed-"):
        Replay(study).gif()


def test_a_genome_stands_for_its_trial_and_a_picture_for_its_form(study, tmp_path):
    folder = seat(study, "phototaxis")
    assert Replay(folder / "genome.npz").png() == folder / "replay.png"
    for write, name in ((Replay.gif, "film.mp4"), (Replay.png, "film"), (Replay.mp4, "film.gif")):
        with pytest.raises(SettingsError, match=f"{name} would hold a .*; give it a name that ends in [.]"):
            write(Replay(folder), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_genome_is_told(study, tmp_path):
    shutil.copy(seat(study, "phototaxis") / "trial.json", tmp_path)
    (tmp_path / "genome.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match="is damaged or no genome file"):
        Replay(tmp_path).gif()


def test_data_have_no_robot_and_some_environments_no_pictures(study):
    with pytest.raises(TaskError, match="rows has no robot to look at; evorobo report shows"):
        Replay(seat(study, "rows")).gif()
    with pytest.raises(TaskError, match=r"blind/Blind-v0 cannot be shown as 'rgb_array'.* by its draw\(\)"):
        Replay(seat(study, "blind")).png()


def test_a_missing_ffmpeg_is_told_with_the_cure(study, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(SettingsError, match=r"an MP4 needs ffmpeg.*pip install 'evorobo\[replay\]', or take --gif"):
        Replay(seat(study, "phototaxis")).mp4()


def test_without_a_screen_there_is_no_window(study, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="no screen to open a window on; --gif writes the same into a file"):
        Replay(seat(study, "phototaxis")).window()
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "Agg")
    with pytest.raises(SettingsError, match="matplotlib has no window toolkit here"):
        Replay(seat(study, "phototaxis")).window()


def test_a_window_shows_whole_episodes(study, monkeypatch):
    pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    from gymnasium.envs.classic_control.cartpole import CartPoleEnv

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    shown, before = [], CartPoleEnv.render
    monkeypatch.setattr(CartPoleEnv, "render", lambda self: shown.append(self.render_mode) or before(self))
    Replay(seat(study, "cartpole-v1")).window()
    task = Trial.load(seat(study, "cartpole-v1") / "trial.json").task
    steps = len(record_episode(task, Genome.load(seat(study, "cartpole-v1") / "genome.npz")))
    assert shown == ["human"] * (steps + 1)


def test_pictures_look_for_no_screen_and_leave_none_behind(study, monkeypatch, tmp_path):
    pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    from gymnasium.envs.classic_control.cartpole import CartPoleEnv

    monkeypatch.setattr(sys, "platform", "linux")
    for name in {*DISPLAY_VARIABLES, "MUJOCO_GL"}:
        monkeypatch.delenv(name, raising=False)
    told, before = set(), CartPoleEnv.render

    def listen(self):
        told.add((os.environ["SDL_VIDEODRIVER"], os.environ["MUJOCO_GL"]))
        return before(self)

    monkeypatch.setattr(CartPoleEnv, "render", listen)
    Replay(seat(study, "cartpole-v1")).gif(tmp_path / "pole.gif")
    assert told == {("dummy", "egl")}
    assert not {"SDL_VIDEODRIVER", "MUJOCO_GL"} & os.environ.keys()
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    told.clear()
    Replay(seat(study, "cartpole-v1")).gif(tmp_path / "pole.gif")
    assert told == {("dummy", "osmesa")}
    assert os.environ["MUJOCO_GL"] == "osmesa"


@pytest.mark.parametrize(
    ("numbers", "answer"),
    [({"first_episode": -1}, "there is no episode -1"), ({"n_episodes": 0}, "at least one episode, not 0")],
)
def test_numbers_of_episodes_that_cannot_be_are_refused(numbers, answer):
    with pytest.raises(SettingsError, match=answer):
        Replay("anywhere", **numbers)
