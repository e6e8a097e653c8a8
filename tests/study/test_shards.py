"""Shards of a study: together they are all trials, each once."""

import pytest
from curves import all_curves
from toys import Bowl

from evorobo import Backprop, Budget, Evolution, SettingsError, Study
from evorobo.study.shards import select_shard


@pytest.mark.parametrize(("size", "total"), [(12, 3), (13, 4), (3, 5), (0, 2), (60, 7)])
def test_shards_are_all_trials_each_once_and_of_equal_size(size, total):
    shards = [select_shard(range(size), f"{number}/{total}") for number in range(1, total + 1)]
    assert [trial for shard in shards for trial in shard] == [*range(size)]
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    assert select_shard(range(size), None) == [*range(size)]


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "1/0", "a/b", "1/3/5", "-1/3", "", " 1/3", 3])
def test_what_is_no_shard_is_refused(shard):
    with pytest.raises(SettingsError, match=r"such as 3/10 \(numbers begin at 1\)"):
        select_shard(range(9), shard)


def test_the_shards_of_a_study_have_every_method_and_give_the_curves_of_one_run(tmp_path):
    study = Study.grid(
        "toys", tasks=[Bowl()], methods=[Evolution(), Backprop()], seeds=4, budget=Budget(generations=2), hidden=(3,)
    )
    for number in (2, 1):
        before = set(all_curves(tmp_path / "shards"))
        study.run(tmp_path / "shards", shard=f"{number}/2")
        new = set(all_curves(tmp_path / "shards")) - before
        assert len(new) == 4
        assert {path.split("/")[2] for path in new} == {"cma-es", "backprop"}
    study.run(tmp_path / "whole")
    assert all_curves(tmp_path / "shards") == all_curves(tmp_path / "whole")
