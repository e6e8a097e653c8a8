"""Convert results to the formats of other tools: a CSV or Parquet file, or event files for TensorBoard."""

from __future__ import annotations

import io
from pathlib import Path

from evorobo.errors import SettingsError, unknown
from evorobo.files import as_path, write_atomically
from evorobo.report.formats.dataframe import load_results, load_studies
from evorobo.report.formats.tensorboard import write_tensorboard

FORMATS = ("csv", "parquet", "tensorboard")


def convert(path: str | Path, to: str, out: str | Path | None = None, x: str = "") -> str:
    """Write the studies at `path` as "csv" or "parquet" (see `load_results`), or as "tensorboard"; returns the path.

    `out` is by default `evals.csv`, `evals.parquet` or `tensorboard/` in `path`; `x` is the cost that TensorBoard's
    steps count.
    """
    if to not in FORMATS:
        raise unknown("format", to, FORMATS)
    if to == "tensorboard":
        folder = as_path(out or Path(path) / "tensorboard")
        cost_columns = {write_tensorboard(results, folder, x) for results in load_studies(path)}
        return f"{folder} (steps are {' or '.join(sorted(cost_columns))}); open it with: tensorboard --logdir {folder}"
    if x:
        raise SettingsError(f"--x applies to TensorBoard only; a {to} file holds every column.")
    table, file = load_results(path), as_path(out or Path(path) / f"evals.{to}")
    if to == "csv":
        write_atomically(file, table.to_csv(index=False, lineterminator="\n"))
        return str(file)
    content = io.BytesIO()
    try:
        table.to_parquet(content, index=False)
    except ImportError as error:
        raise SettingsError("Parquet files need pyarrow: pip install 'evorobo[pandas]'.") from error
    write_atomically(file, content.getvalue())
    return str(file)
