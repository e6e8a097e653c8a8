"""The tree of exceptions, and errors for unknown names."""

import pytest

from evorobo import DataError, EvoroboError, LearningError, ResultsError, SettingsError, TaskError, errors
from evorobo.errors import unknown


def test_the_base_class_catches_all():
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert {SettingsError, DataError, TaskError, LearningError, ResultsError} < set(kinds)
    assert all(issubclass(each, EvoroboError) for each in kinds)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (SettingsError, ValueError),
        (DataError, ValueError),
        (TaskError, RuntimeError),
        (LearningError, RuntimeError),
        (ResultsError, RuntimeError),
    ],
)
def test_each_is_also_a_builtin_error(kind, builtin):
    assert issubclass(kind, builtin)


def test_the_drawing_at_the_top_of_the_file_shows_the_whole_tree():
    for each in EvoroboError.__subclasses__():
        if each.__module__ == errors.__name__:
            assert f"-- {each.__name__} " in (errors.__doc__ or "")


def test_an_unknown_name_is_answered_with_the_nearest_one():
    error = unknown("task", "fototaxis", ["maze", "phototaxis", "wall_following"])
    assert isinstance(error, SettingsError)
    assert str(error) == "unknown task 'fototaxis'; did you mean 'phototaxis'?"


def test_a_name_without_a_similar_one_is_answered_with_all_names_in_order():
    assert str(unknown("task", "xyz", ["maze", "balance"])) == "unknown task 'xyz'; known: balance, maze."


def test_a_name_with_a_hardly_similar_one_is_answered_with_all_names_too():
    told = "unknown currency 'minutes'; did you mean 'env_steps'? Known: env_steps, flops."
    assert str(unknown("currency", "minutes", ["flops", "env_steps"])) == told


def test_no_name_is_offered_where_none_is_known():
    assert str(unknown("task", "maze", iter(()))) == "unknown task 'maze'; known: none."


def test_a_name_that_is_not_text_is_unknown_too():
    assert str(unknown("class", 3, ["one", "two"])) == "unknown class 3; known: one, two."


def test_of_many_names_twelve_are_shown_and_the_others_counted():
    names = [f"task{number:02}" for number in range(14)]
    assert str(unknown("task", "xyz", names[:12])).endswith("task10, task11.")
    assert str(unknown("task", "xyz", names)).endswith("task10, task11 and 2 more.")
