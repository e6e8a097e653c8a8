"""A recording of a robot as users have it: IMU and encoders, time stamps, sessions, a text column, two holes."""

from pathlib import Path

import numpy as np

CLASSES, SHARES = ("asphalt", "gravel", "mud"), (0.80, 0.15, 0.05)
SENSORS = ("accel_x", "accel_y", "accel_z", "gyro_x", "gyro_y", "gyro_z", "encoder_left", "encoder_right")


def write_terrain(path: Path, n_rows: int = 20_000, n_sessions: int = 20, seed: int = 0) -> Path:
    """Write the file: stretches of ground last about half a second at 50 Hz, and each session has its own offsets."""
    rng = np.random.default_rng(seed)
    session = np.arange(n_rows) * n_sessions // n_rows
    stretch = np.cumsum(rng.random(n_rows) < 1 / 25)
    n_stretches = stretch[-1] + 1
    kinds = np.repeat(np.arange(3), np.ceil(np.array(SHARES) * n_stretches).astype(int))[:n_stretches]
    terrain = rng.permutation(kinds)[stretch]
    offset = rng.normal(0, 0.3, (n_sessions, len(SENSORS)))[session]
    effect = np.array([[0, 0, 0, 0, 0, 0, 0, 0], [1, 0.5, 2, 0, 1.5, 0, 0, 0], [0, 0, -1.5, 0, 0, 0, -2, -2]])
    walk = np.sin(np.arange(n_rows)[:, None] / 4 + np.arange(len(SENSORS)))
    values = offset + effect[terrain] + 0.5 * walk + rng.normal(0, 0.7, (n_rows, len(SENSORS)))
    weather = np.array(["dry", "rain", "snow"])[rng.integers(0, 3, n_sessions)][session]
    cells = np.char.mod("%.4f", values)
    cells[n_rows // 3, 2] = cells[n_rows // 2, 6] = ""
    time = np.char.mod("%.2f", 1000 + np.arange(n_rows) / 50)
    columns = [time, np.char.mod("day%02d", session), *cells.T, weather, np.array(CLASSES)[terrain]]
    lines = [",".join(("timestamp", "session", *SENSORS, "weather", "terrain"))]
    lines += [",".join(row) for row in zip(*columns, strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path
