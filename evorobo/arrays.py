"""The type of the arrays in signatures: NumPy arrays of floating-point numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
