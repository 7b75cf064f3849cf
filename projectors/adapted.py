"""The change to a symmetry-adapted basis as array operations: gathers, and one small product for each distinct summand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouprep.linalg.pickling import Picklable
from projectors.isotypic import Decomposition

__all__ = ["AdaptedBasis"]


class AdaptedBasis(Picklable):
    """U and U^-1 of a decomposition, applied to rows or columns of arrays of any library without forming U.

    constants : the numpy arrays that `apply` uses; whoever moves them to another library passes them back in this order.
    """

    def __init__(self, D: Decomposition) -> None:
        self.decomposition = D
        self.constants: tuple[NDArray[Any], ...] = (
            D.gather, D.order, np.argsort(D.gather), np.argsort(D.order),
            *(m for p in D.parts for m in (p.isometries, p.inverse) if m is not None),
        )  # fmt: skip

    @cached_property
    def moves(self) -> tuple[bool, ...]:
        """Which of the four gathers move anything."""
        return tuple(not np.array_equal(c, np.arange(len(c))) for c in self.constants[:4])

    @property
    def is_permutation(self) -> bool:
        """Whether U only permutes coordinates: V is a sum of irreps already."""
        return len(self.constants) == 4

    def spectral(self, T: Any, xp: Any, constants: Sequence[Any], axis: int) -> Any:
        """U^-1 T along the rows (axis=-2), T U along the columns (axis=-1)."""
        T = self._take(T, xp, constants, 0, axis)
        return self._take(self._each(T, xp, constants, axis, inverse=axis == -2), xp, constants, 1, axis)

    def spatial(self, M: Any, xp: Any, constants: Sequence[Any], axis: int) -> Any:
        """U M along the rows (axis=-2), M U^-1 along the columns (axis=-1)."""
        M = self._take(M, xp, constants, 3, axis)
        return self._take(self._each(M, xp, constants, axis, inverse=axis == -1), xp, constants, 2, axis)

    def _take(self, T: Any, xp: Any, constants: Sequence[Any], which: int, axis: int) -> Any:
        return xp.take(T, constants[which], axis=axis) if self.moves[which] else T

    def _each(self, T: Any, xp: Any, constants: Sequence[Any], axis: int, inverse: bool) -> Any:
        """Every part's matrix on its copies, which stand one after the other along the axis."""
        if self.is_permutation:
            return T
        out, start, used = [], 0, 4
        for p in self.decomposition.parts:
            n, count = p.representation.dim, len(p.starts)
            stop = start + n * count
            piece = T[..., start:stop, :] if axis == -2 else T[..., start:stop]
            start = stop
            if p.isometries is not None:
                matrix = constants[used + int(inverse)]
                used += 2
                shape = piece.shape
                if axis == -2:
                    moved = matrix @ xp.reshape(piece, (*shape[:-2], count, n, shape[-1]))
                else:
                    moved = xp.reshape(piece, (*shape[:-1], count, n)) @ matrix
                piece = xp.reshape(moved, shape)
            out.append(piece)
        return out[0] if len(out) == 1 else xp.concat(out, axis=axis)
