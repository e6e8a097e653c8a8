"""How long does reading a large CSV file take, and how much memory? Compared with pandas and PyArrow, in one run.

`python benchmarks/csv_reading.py [--rows 2000000]` writes files of 20 columns to a temporary folder and reads each in a
new process: by `pandas.read_csv(engine="pyarrow")` if it is installed, by `read_table`, and by `read_table` without
PyArrow. It prints CPU seconds of parent and threads, and the memory that the reading added, as ratios to
pandas and to the array.
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
PANDAS = ("import pandas, pyarrow.csv", "data = pandas.read_csv(sys.argv[1], engine='pyarrow'{})")
OURS = ("from evorobo.tasks.data.readers import read_table", "table = read_table(sys.argv[1]{})")
WITHOUT_ARROW = (f"sys.modules['pyarrow'] = None\n{OURS[0]}", OURS[1])
FILES = {  # options of pandas and of read_table
    "numbers of 6 decimals": ("numbers.csv", "", ""),
    "numbers of 17 digits": ("digits.csv", "", ""),
    "labels, sessions, Booleans": ("labels.csv", "", ", columns='session'"),
    "decimal commas": ("commas.csv", ", sep=';', decimal=','", ""),
}


def main() -> None:
    """Print the costs of each file and reader."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    n_rows = parser.parse_args().rows
    megabytes = n_rows * COLUMNS * 8 / 2**20
    print(f"{n_rows} rows x {COLUMNS} columns, {megabytes:.0f} MB as an array")
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), n_rows)
        for name, (file, pandas_options, options) in FILES.items():
            print(name)
            path, reference = Path(folder) / file, None
            if find_spec("pandas") and find_spec("pyarrow"):
                reference = measure(path, PANDAS, pandas_options)
                report("pandas with PyArrow", reference, reference, megabytes)
                report("read_table", measure(path, OURS, options), reference, megabytes)
            report("read_table without PyArrow", measure(path, WITHOUT_ARROW, options), reference, megabytes)


def write_files(folder: Path, n_rows: int) -> None:
    """Write numbers, short and long; numbers with a label, a session and a Boolean; numbers with decimal commas.

    The same block of rows is repeated.
    """
    header = [f"sensor{number}" for number in range(COLUMNS)]
    rows = np.random.default_rng(0).normal(size=(ROWS_PER_BLOCK, COLUMNS)).tolist()
    short = [[f"{value:.6f}" for value in row] for row in rows]
    n_blocks = n_rows // ROWS_PER_BLOCK
    write(folder / "numbers.csv", header, ",", short, n_blocks)
    write(folder / "digits.csv", header, ",", [list(map(repr, row)) for row in rows], n_blocks)
    write(folder / "commas.csv", header, ";", [[cell.replace(".", ",") for cell in row] for row in short], n_blocks)
    labels = [[str(float(row[0]) > 1), *row[3:], ("go", "turn")[float(row[1]) > 0]] for row in short]
    write(folder / "labels.csv", ["session", "bumper", *header[3:], "label"], ",", labels, n_blocks, sessions=28)


def write(
    path: Path, header: list[str], mark: str, rows: list[list[str]], n_blocks: int, sessions: int | None = None
) -> None:
    """Write a header and the block of rows, repeated; with sessions, each block begins with the day of its session."""
    with path.open("w") as file:
        file.write(mark.join(header) + "\n")
        for block in range(n_blocks):
            start = f"2024-05-{block * sessions // n_blocks + 1:02}{mark}" if sessions else ""
            file.writelines(f"{start}{mark.join(row)}\n" for row in rows)


def measure(path: Path, reader: tuple[str, str], options: str) -> tuple[float, float]:
    """Return CPU seconds and megabytes that reading a file costs in a new process."""
    imports, read = reader
    program = READ.format(imports=imports, read=read.format(options))
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    seconds, memory = json.loads(done.stdout)
    return seconds, memory


def report(name: str, cost: tuple[float, float], reference: tuple[float, float] | None, megabytes: float) -> None:
    """Print CPU seconds and memory, and their ratios to pandas and to the array."""
    seconds, memory = cost
    ratio = f"{seconds / reference[0]:.2f} x pandas" if reference else ""
    print(f"  {name:28} {seconds:6.1f} CPU s  {ratio:14}  {memory:6.0f} MB  {memory / megabytes:.2f} x array")


if __name__ == "__main__":
    main()
