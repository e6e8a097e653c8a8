"""Settings changed from the command line."""

from dataclasses import replace

import pytest
from toys import Bowl

from evorobo import (
    CMAES,
    SGD,
    AnalyticGradient,
    Backprop,
    Budget,
    ControlTask,
    Dense,
    Evolution,
    SettingsError,
    Stage,
    Stages,
    Study,
)
from evorobo.study.overrides import apply_overrides, compile_all

STUDY = Study.grid(
    "study",
    tasks=[ControlTask("CartPole-v1", env_kwargs={}), ControlTask("evorobo/Phototaxis-v0", env_kwargs={"noise": 0.1})],
    methods=[Evolution(CMAES()), Backprop()],
    seeds=3,
    budget=Budget(flops=1e6),
    hidden=(8,),
)


def changed(*assignments):
    return apply_overrides(STUDY, list(assignments))


def test_without_assignments_nothing_changes():
    assert changed() == STUDY


@pytest.mark.parametrize(
    ("assignment", "read", "value"),
    [
        ("budget.flops=2e5", lambda s: s.budget.flops, 2e5),
        ("budget.n_evals=7", lambda s: s.budget.n_evals, 7),
        ("budget.n_evals=7.0", lambda s: s.budget.n_evals, 7),
        ("hidden=[32,16]", lambda s: s.hidden, (32, 16)),
        ("hidden=[]", lambda s: s.hidden, ()),
        ('hidden=[{"type":"Dense","units":4,"activation":"relu"}]', lambda s: s.hidden, (Dense(4, "relu"),)),
        ("seeds=[5,6]", lambda s: s.seeds, (5, 6)),
        ("name=other", lambda s: s.name, "other"),
        ("name=7", lambda s: s.name, "7"),
        ("tasks.cartpole-v1.episodes=4", lambda s: [t.episodes for t in s.tasks], [4, 1]),
        ("tasks.*.episodes=4", lambda s: [t.episodes for t in s.tasks], [4, 4]),
        ("tasks.cartpole-v1.normalize=true", lambda s: s.tasks[0].normalize, True),
        ("tasks.cartpole-v1.max_steps=1e2", lambda s: s.tasks[0].max_steps, 100),
        ("hidden=[1.6e1]", lambda s: s.hidden, (16,)),
        ("methods.cma-es.strategy.population_size=1.2e1", lambda s: s.methods[0].strategy.population_size, 12),
        ("seeds=[5.0,6e0]", lambda s: s.seeds, (5, 6)),
        ("tasks.cartpole-v1.max_steps=50", lambda s: s.tasks[0].max_steps, 50),
        ("tasks.phototaxis.env_kwargs.noise=0", lambda s: s.tasks[1].env_kwargs, {"noise": 0}),
        ("tasks.cartpole-v1.env_kwargs.sutton_barto_reward=true", lambda s: len(s.tasks[0].env_kwargs), 1),
        ("methods.cma-es.strategy.sigma=0.1", lambda s: s.methods[0].strategy.sigma, 0.1),
        ("methods.cma-es.strategy.population_size=12", lambda s: s.methods[0].strategy.population_size, 12),
        ("methods.backprop.optimizer.learning_rate=1", lambda s: s.methods[1].optimizer.learning_rate, 1),
        (
            'methods.backprop.optimizer={"type":"SGD","learning_rate":0.5}',
            lambda s: s.methods[1].optimizer,
            SGD(0.5),
        ),
        ("methods.backprop.max_grad_norm=null", lambda s: s.methods[1].max_grad_norm, None),
        (" methods.backprop.dtype =float32", lambda s: s.methods[1].dtype, "float32"),
    ],
)
def test_a_path_names_a_setting(assignment, read, value):
    assignment = assignment.replace("cartpole-v1", STUDY.tasks[0].name)
    study = changed(assignment)
    assert read(study) == value
    assert type(read(study)) is type(value)
    assert read(STUDY) != value or value is None


def test_later_assignments_win():
    assert changed("budget.flops=1", "budget.flops=2").budget.flops == 2


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("budget.flop=1", "unknown setting in --set budget.flop: 'flop'; did you mean 'flops'?"),
        ("bugdet.flops=1", "unknown setting in --set bugdet.flops: 'bugdet'; did you mean 'budget'?"),
        ("methods.cma-es.strategy.sgima=1", "'sgima'; did you mean 'sigma'?"),
        ("methods.cmaes.strategy.sigma=1", "unknown method 'cmaes'; did you mean 'cma-es'?"),
        ("tasks.fototaxis.episodes=1", "unknown task 'fototaxis'; did you mean 'phototaxis'?"),
        ("budget.flops", "--set takes path=value, not 'budget.flops'"),
        ("budget.flops=many", "Budget: flops must be a number above 0 or None, not 'many'"),
        ("budget.flops=true", "Budget: flops must be a number above 0 or None, not True"),
        ("budget.flops=[1]", "Budget: flops must be a number above 0 or None, not (1,)"),
        ("budget.flops=0", "flops must be a number above 0 or None, not 0"),
        ("budget=5", "budget has fields; set one of them: env_steps, episodes"),
        ("hidden=8", "hidden is a list; write it as hidden=[8]"),
        ("hidden=[8", "hidden is a list; close its brackets, with texts in double quotes"),
        ("hidden=abc", "hidden is a list; write it as hidden=[abc]"),
        (
            'hidden=["a"]',
            "hidden[0] must be a whole number of at least 1, an object such as Dense(8) or",
        ),
        ("seeds=4", "seeds is a list; write it as seeds=[4]"),
        ("seeds=[]", "seeds must be a tuple of at least 1 item"),
        ("tasks.phototaxis.normalize=yes", "ControlTask: normalize must be True or False, not 'yes'"),
        ("tasks.phototaxis.episodes=2.5", "episodes must be a whole number of at least 1, not 2.5"),
        ("tasks.phototaxis=5", "--set tasks.phototaxis names no field; write tasks.phototaxis.<field>=value"),
        ("tasks=5", "tasks is a list"),
        (
            "methods.cma-es.strategy.population_size=few",
            "population_size must be a whole number of at least 4 or None, not 'few'",
        ),
        ("methods.backprop.batch_size.size=3", "names a field of 64, which has none"),
        ("methods.backprop.batch_size.size.x=3", "unknown setting in --set methods.backprop.batch_size.size.x: 'size'"),
        ('methods.backprop.optimizer={"type":"SDG"}', "unknown name 'SDG'; did you mean 'SGD'?"),
        ("methods.backprop.type=Evolution", "unknown setting in --set methods.backprop.type: 'type'"),
    ],
)
def test_an_unknown_path_or_an_invalid_value_is_refused_with_a_cure(assignment, sentence):
    with pytest.raises(SettingsError) as caught:
        changed(assignment)
    assert sentence in str(caught.value)


def test_a_users_own_task_can_be_changed_too():
    study = Study.grid("s", tasks=[Bowl()], methods=[Backprop()], seeds=1, budget=Budget(flops=1), hidden=())
    assert apply_overrides(study, ["tasks.bowl.name=dish"]).tasks == (Bowl("dish"),)


def test_null_clears_a_text_too():
    named = apply_overrides(STUDY, ["tasks.cartpole-v1.label=pole"])
    assert named.tasks[0].name == "pole"
    assert apply_overrides(named, ["tasks.pole.label=null"]).tasks[0].label is None


def test_one_flag_compiles_tasks_and_methods_also_within_stages():
    stages = Stages(Stage(Backprop(), Budget(generations=3)), AnalyticGradient())
    study = compile_all(replace(STUDY, methods=(stages, Evolution(CMAES()))))
    assert [task.compiled for task in study.tasks] == [True, True]
    assert study.methods[0].stages[1].method == AnalyticGradient(compiled=True)
    assert study.methods[1] == STUDY.methods[0]
