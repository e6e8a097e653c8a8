"""How long does reading a large CSV file take, and how much memory? Compared with pandas and PyArrow, in one run.

`python benchmarks/csv_reading.py [--rows 2000000]` writes a file of 20 columns to a temporary folder and reads it in a
new process each time: by `pandas.read_csv(engine="pyarrow")` if it is installed, and by `read_table` with numbers only,
with text labels and sessions, and with decimal commas. It prints CPU seconds of parent and threads, and the memory that
the reading added, as ratios to pandas and to the array. `read_table` uses NumPy alone, so it is as fast without pandas.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

COLUMNS = 20
ROWS_PER_BLOCK = 20_000
READ = """
import json, resource, sys, time
{imports}
def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, start = memory(), time.process_time()
{read}
print(json.dumps([time.process_time() - start, memory() - before]))
"""
PANDAS = ("import pandas, pyarrow.csv", "data = pandas.read_csv(sys.argv[1], engine='pyarrow')")
OURS = "from evorobo.tasks.data.readers import read_table"
WAYS = {
    "numbers": ("numbers.csv", "table = read_table(sys.argv[1])"),
    "labels and sessions": ("labels.csv", "table = read_table(sys.argv[1], columns='session')"),
    "decimal commas": ("commas.csv", "table = read_table(sys.argv[1])"),
}


def main() -> None:
    """Print a line for each way to read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    n_rows = parser.parse_args().rows
    megabytes = n_rows * COLUMNS * 8 / 2**20
    print(f"{n_rows} rows x {COLUMNS} columns, {megabytes:.0f} MB as an array")
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), n_rows)
        reference = None
        if find_spec("pandas") and find_spec("pyarrow"):
            reference = measure(Path(folder) / "numbers.csv", *PANDAS)
            report("pandas with PyArrow", reference, reference, megabytes)
        for name, (file, read) in WAYS.items():
            report(f"read_table, {name}", measure(Path(folder) / file, OURS, read), reference, megabytes)


def write_files(folder: Path, n_rows: int) -> None:
    """Write numbers; numbers with a label and a session; and numbers with decimal commas."""
    rng = np.random.default_rng(0)
    header = [f"sensor{number}" for number in range(COLUMNS)]
    with (
        (folder / "numbers.csv").open("w") as numbers,
        (folder / "labels.csv").open("w") as labels,
        (folder / "commas.csv").open("w") as commas,
    ):
        numbers.write(",".join(header) + "\n")
        labels.write(",".join(["session", *header[2:], "label"]) + "\n")
        commas.write(";".join(header) + "\n")
        for start in range(0, n_rows, ROWS_PER_BLOCK):
            for row, values in enumerate(rng.normal(size=(min(ROWS_PER_BLOCK, n_rows - start), COLUMNS)), start):
                cells = [f"{value:.6f}" for value in values.tolist()]
                numbers.write(",".join(cells) + "\n")
                labels.write(f"2024-05-{row * 28 // n_rows + 1:02},{','.join(cells[2:])},{('go', 'turn')[row % 2]}\n")
                commas.write(";".join(cells).replace(".", ",") + "\n")


def measure(path: Path, imports: str, read: str) -> tuple[float, float]:
    """Return CPU seconds and megabytes that reading a file costs in a new process."""
    program = READ.format(imports=imports, read=read)
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    seconds, memory = json.loads(done.stdout)
    return seconds, memory


def report(name: str, cost: tuple[float, float], reference: tuple[float, float] | None, megabytes: float) -> None:
    """Print CPU seconds and memory, and their ratios to pandas and to the array."""
    seconds, memory = cost
    ratio = f"{seconds / reference[0]:.2f} x pandas" if reference else ""
    print(f"{name:36} {seconds:6.1f} CPU s  {ratio:14}  {memory:6.0f} MB  {memory / megabytes:.2f} x array")


if __name__ == "__main__":
    main()
