"""What arrays of the engine hold."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int32]
"""Of pods: each template has some of these, so they are small."""
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.signedinteger[Any]]
Bools = npt.NDArray[np.bool_]
