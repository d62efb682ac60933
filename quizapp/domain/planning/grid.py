"""A grid over ln stability and difficulty, with bilinear interpolation.

A cell index counts stability first: ``cell = stability_row * DIFFICULTIES + difficulty_column``.
"""

import numpy as np
from numpy.typing import NDArray

from quizapp.domain.planning.memories import Floats

Ints = NDArray[np.integer]

STABILITIES, DIFFICULTIES = 20, 5
CELLS = STABILITIES * DIFFICULTIES
_LOW, _HIGH = float(np.log(0.02)), float(np.log(3000.0))
_S_STEP = (_HIGH - _LOW) / (STABILITIES - 1)
_D_STEP = 9.0 / (DIFFICULTIES - 1)

# From the corner with the smaller stability and difficulty to the other three.
CORNERS = (0, 1, DIFFICULTIES, DIFFICULTIES + 1)


def nodes() -> tuple[Floats, Floats]:
    """Stability and difficulty of every cell, each of shape (CELLS,)."""
    s = np.exp(_LOW + _S_STEP * np.arange(STABILITIES))
    d = 1.0 + _D_STEP * np.arange(DIFFICULTIES)
    return np.repeat(s, DIFFICULTIES), np.tile(d, STABILITIES)


def place(ln_stability: Floats, difficulty: Floats) -> tuple[Ints, Floats, Floats]:
    """The lower corner of a memory's square, and how far it lies toward the upper ones (0-1)."""
    u = np.clip((ln_stability - _LOW) / _S_STEP, 0, STABILITIES - 1 - 1e-4)
    v = np.clip((difficulty - 1.0) / _D_STEP, 0, DIFFICULTIES - 1 - 1e-4)
    row, column = u.astype(np.int32), v.astype(np.int32)
    return (
        row * np.int32(DIFFICULTIES) + column,
        (u - row).astype(np.float32),
        (v - column).astype(np.float32),
    )


def corner_weights(toward_s: Floats, toward_d: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Bilinear weights in the order of ``CORNERS``; they sum to 1."""
    both = toward_s * toward_d
    return 1 - toward_s - toward_d + both, toward_d - both, toward_s - both, both
