"""A fraction of all combinations of levels, and what each factor does: a regular two-level design with one factor of eight levels.

Source: Box, Hunter and Hunter, Statistics for Experimenters, second edition 2005, chapters 6 (fractional designs) and 9 (least squares).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

__all__ = ["Effects", "fit", "fraction"]

# Bits a, b, c tell the eight levels of the first factor; the second has d, and so on. Each word is a product of these six bits. No main
# effect is mixed with an interaction of two factors, and the first factor's interactions with the second are clear of main effects.
BITS = "abcdef"
WORDS = ("d", "e", "abcde", "f", "bcdf", "abcef", "bdef")
BLOCKS = ("acde", "cdef")  # which of four seeds a run has; no main effect is mixed with them


def fraction() -> tuple[list[tuple[int, ...]], list[int]]:
    """Of each of 64 runs the levels of its factors, one from 0 to 7 and a 0 or 1 for each of `WORDS`; and its block, from 0 to 3."""
    levels, blocks = [], []
    for bits in product((0, 1), repeat=len(BITS)):
        value = dict(zip(BITS, bits, strict=True))
        parity = [sum(value[letter] for letter in word) % 2 for word in (*WORDS, *BLOCKS)]
        levels.append((4 * value["a"] + 2 * value["b"] + value["c"], *parity[:-2]))
        blocks.append(2 * parity[-2] + parity[-1])
    return levels, blocks


@dataclass(frozen=True)
class Effects:
    """What least squares finds.

    means : of the first factor's levels, all else averaged; error : of such a mean.
    steps : of each other factor, the mean at its second level minus that at its first; step_error : of such a difference.
    shares : of the variance that each factor explains, the first one first; `blocks` of the seeds, `residual` of the rest.
    """

    means: NDArray[np.float64]
    error: float
    steps: NDArray[np.float64]
    step_error: float
    shares: NDArray[np.float64]
    blocks: float
    residual: float


def fit(levels: Sequence[Sequence[int]], blocks: Sequence[int], values: Sequence[float]) -> Effects:
    """Main effects, with a constant for every block (seed); errors are from what main effects and blocks leave.

    Parameters
    ----------
    levels, blocks : of each run, as `fraction` gives them, or all of them in every block.
    values : of each run.
    """
    X, y = np.asarray(levels), np.asarray(values, dtype=float)
    total = y - y.mean()
    parts = (
        [_means(X[:, 0], total)] + [_means(column, total) for column in X.T[1:]] + [_means(np.asarray(blocks), total)]
    )
    left = total - sum(fitted for _, fitted in parts)  # the columns are orthogonal: each is fitted alone
    taken = sum(len(found) - 1 for found, _ in parts)
    variance = float(left @ left) / max(1, len(y) - 1 - taken)
    whole = float(total @ total) or 1.0
    shares = np.array([float(fitted @ fitted) / whole for _, fitted in parts])
    n, each = len(y), len(y) / len(parts[0][0])
    return Effects(
        means=y.mean() + np.array(list(parts[0][0].values())),
        error=(variance / each) ** 0.5,
        steps=np.array([found.get(1, np.nan) - found.get(0, np.nan) for found, _ in parts[1:-1]]),
        step_error=(4 * variance / n) ** 0.5,
        shares=shares[:-1],
        blocks=float(shares[-1]),
        residual=float(left @ left) / whole,
    )


def _means(column: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[Mapping[int, float], NDArray[np.float64]]:
    """The mean of each level, and the values that they predict."""
    found = {int(level): float(values[column == level].mean()) for level in np.unique(column)}
    return found, np.array([found[int(level)] for level in column])
