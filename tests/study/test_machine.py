"""The machine of a run: what decides the last bits of numbers is recorded, and a change of it is recognized."""

import getpass
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from evorobo.study import machine
from evorobo.study.machine import differing_facts, machine_facts
from evorobo.study.provenance import continuations


def test_a_machine_has_versions_processor_and_kernel_and_no_names_of_people_or_hosts():
    facts = machine_facts()
    assert facts["numpy"] == np.__version__
    assert {"python", "system", "processor", "architecture", "blas", "simd", "cores", "evorobo", "deap"} <= facts.keys()
    assert all(facts[name] for name in ("processor", "architecture", "blas"))
    text = str(facts)
    assert os.getcwd() not in text
    assert socket.gethostname() not in text
    assert getpass.getuser() not in text.split()


def git(folder, *command):
    subprocess.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", *command], check=True)


def test_the_commit_is_that_of_a_checkout_and_says_whether_files_changed(tmp_path):
    (tmp_path / "__init__.py").write_text("")
    assert machine._commit(tmp_path) == ""  # no checkout
    git(tmp_path, "init", "-q")
    assert machine._commit(tmp_path) == ""  # a package that is installed below a checkout is not tracked
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    commit = machine._commit(tmp_path)
    assert len(commit) == 40
    assert int(commit, 16) > 0
    (tmp_path / "__init__.py").write_text("changed = True")
    assert machine._commit(tmp_path) == f"{commit}-dirty"


def test_only_facts_that_may_change_numbers_make_another_machine():
    facts = machine_facts()
    assert differing_facts(facts, facts) == {}
    assert differing_facts(facts, {**facts, "cores": 999, "system": "Plan 9", "commit": "0" * 40}) == {}
    assert differing_facts(facts, {**facts, "blas": "openblas Nehalem"}) == {"blas": "openblas Nehalem"}
    assert differing_facts(facts, {**facts, "numpy": "9.9"}) == {"numpy": "9.9"}
    assert differing_facts({"processor": "one"}, {**facts, "processor": "two"}) == {"processor": "two"}


def test_what_changed_is_listed_step_by_step():
    steps = [{"date": "2026-01-02", "blas": "B"}, {"date": "2026-01-03", "blas": "C", "numpy": "2"}]
    record = {"blas": "A", "numpy": "1", "continued": steps}
    assert continuations(record) == ["blas A, then B", "blas B, then C; numpy 1, then 2"]
    assert continuations({"blas": "A"}) == []


@pytest.mark.parametrize("damaged", [None, 3, "text", [3, None], {"blas": "B"}])
def test_a_damaged_list_of_steps_counts_as_none(damaged):
    assert continuations({"blas": "A", "continued": damaged}) == []


def test_the_kernel_is_the_one_that_openblas_chose():
    if "openblas" not in machine_facts()["blas"] or machine_facts()["architecture"] not in ("x86_64", "AMD64"):
        pytest.skip("another BLAS")
    program = "from evorobo.study.machine import machine_facts; print(machine_facts()['blas'])"
    kernels = set()
    for kernel in ("Haswell", "Nehalem"):
        environment = {**os.environ, "OPENBLAS_CORETYPE": kernel}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        kernels.add(done.stdout.split()[-1])
    assert kernels == {"Haswell", "Nehalem"}
