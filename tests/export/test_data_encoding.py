"""Exported controllers replace missing values, read texts and keep past rows as the genome does, in every language."""

import numpy as np
import pytest
from languages import EXACT, LANGUAGES, load

from evorobo import DataFormat, Genome, NetworkSpec, RollingWindow, Scaler, export_genome, import_genome
from evorobo.nets.data_format import format_to_plain

RNG = np.random.default_rng(0)
CATEGORIES = ((), ("grass", "sand", "stone"), ())
FILL = np.array([0.5, -1.0, np.nan])
WINDOWS = (RollingWindow(3, ("mean", "sd", "min", "max")), RollingWindow(2, ("mean",)))


def a_genome(hidden=(4,), fill=FILL, categories=CATEGORIES, **history):
    data = DataFormat(("slope", "ground", "speed"), fill, categories, **history, classes=("go", "stop"))
    spec = NetworkSpec.build(data.n_inputs, hidden, 2)
    scaler = Scaler(RNG.normal(size=data.n_inputs), RNG.uniform(0.5, 2, data.n_inputs))
    return Genome(spec, spec.init(np.random.default_rng(1)), scaler, data=data)


def some_rows():
    rows = RNG.normal(size=(12, 3)).astype(np.float32)
    rows[:, 1] = [0, 1, 2, -1, np.nan, 2, 2, 0, 1, 7, 0, 1]
    rows[[0, 5, 6], 0] = np.nan
    return rows


GENOMES = {
    "replaced": a_genome(categories=((), (), ()), fill=np.array([0.5, 0.0, 1.0])),
    "one-hot": a_genome(fill=np.array([np.nan, -1.0, np.nan])),
    "both": a_genome(),
    "past rows": a_genome(lags=(1, 4), windows=WINDOWS),
    "past rows alone": a_genome(categories=((), (), ()), fill=np.full(3, 0.0), lags=(2,)),
}


@pytest.mark.parametrize("to", LANGUAGES)
@pytest.mark.parametrize("name", GENOMES)
def test_a_file_gives_the_outputs_of_the_genome(to, name, tmp_path):
    genome, rows = GENOMES[name], some_rows()
    if np.isnan(genome.data.fill[0]):
        rows[:, 0] = np.nan_to_num(rows[:, 0])
    expected = genome(rows.astype(float), n_steps=len(rows))
    controller = load(to, genome, tmp_path)
    for _ in range(2):
        outputs = [np.ravel(controller.step(row)[0]) for row in rows]
        assert np.array(outputs) == pytest.approx(expected, abs=EXACT[to] * 3)
        controller.reset()


def test_json_keeps_the_encoding(tmp_path):
    genome = GENOMES["past rows"]
    (path,) = export_genome(genome, "json", tmp_path / "leg.json")
    again = import_genome(path)
    rows = some_rows().astype(float)
    assert again(rows, n_steps=12) == pytest.approx(genome(rows, n_steps=12), abs=1e-12)
    assert format_to_plain(again.data) == format_to_plain(genome.data)


def test_the_numbers_of_texts_are_in_the_first_lines(tmp_path):
    (path,) = export_genome(GENOMES["both"], "numpy", tmp_path / "leg.py")
    assert "ground (the number of a text: 0 grass, 1 sand, 2 stone)" in path.read_text()


def test_a_genome_file_keeps_the_encoding(tmp_path):
    genome = GENOMES["past rows"]
    genome.save(tmp_path / "genome.npz")
    again = Genome.load(tmp_path / "genome.npz")
    assert format_to_plain(again.data) == format_to_plain(genome.data)
