"""Bases adapted to irreps, in which a representation is block-diagonal, and the change to them as array operations.

The change is gathers, and one small product for each distinct summand: U is never formed unless asked for.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import prod

import numpy as np

from grouprep.irreps.base import Irrep
from grouprep.linalg.conditioning import inverse_scaled
from grouprep.linalg.memory import require_memory
from grouprep.linalg.pickling import Picklable, Value
from grouprep.representations import Representation
from grouprep.typing import AnyArray, Array, Element, Integers, Namespace

__all__ = ["AdaptedBasis", "SplitSummand"]


@dataclass(frozen=True, eq=False, repr=False)
class SplitSummand(Picklable):
    """A distinct summand R of V, where its copies stand, and its own decomposition.

    representation : R, no direct sum.
    starts : (copies,) the first coordinate of each copy in V.
    irreps : numbers of the irreps of R among those of V, ascending, one for each isometry.
    isometries : (dim R, dim R) unitary change of basis of R, column blocks in that order; None for the identity.
    inverse : its inverse, None for the identity.
    """

    representation: Representation
    starts: Integers
    irreps: tuple[int, ...]
    isometries: Array | None
    inverse: Array | None


class AdaptedBasis(Value):
    """A basis of V in which V is a direct sum of irreps: V(g) U = U blocks(g) for all g.

    Column blocks of U run over the irreps in their order, then over their copies (by the place in V of the summand they come from).

    V : the representation; irreps : those that occur; parts : the distinct summands of V, split.
    """

    def __init__(self, V: Representation, irreps: Sequence[Irrep], parts: Sequence[SplitSummand]) -> None:
        self.V, self.irreps, self.parts = V, tuple(irreps), tuple(parts)

    def key(self) -> tuple[Hashable, ...]:
        """The representation, and the irreps that occur."""
        return self.V, self.irreps

    @cached_property
    def multiplicities(self) -> tuple[int, ...]:
        """How often each of `irreps` occurs."""
        counts = [0] * len(self.irreps)
        for part in self.parts:
            for k in part.irreps:
                counts[k] += len(part.starts)
        return tuple(counts)

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """The coordinates of each irrep's copies in the spectral basis."""
        sizes = [m * I.dim for I, m in zip(self.irreps, self.multiplicities, strict=True)]
        ends = np.cumsum([0, *sizes]).tolist()
        return tuple(slice(a, b) for a, b in pairwise(ends))

    def blocks(self, g: Element) -> Array:
        """The block-diagonal matrices of elements g with leading batch axes, (..., dim, dim), from the values of each irrep."""
        values = [I(g) for I in self.irreps]
        lead, n = values[0].shape[:-2], self.V.dim
        require_memory(prod(lead) * n * n, f"the blocks of {self.V}", 16, "evaluate the irreps one by one")
        out = np.zeros((*lead, n, n), dtype=np.result_type(*values))
        start = 0
        for value, m in zip(values, self.multiplicities, strict=True):
            d = value.shape[-1]
            for _ in range(m):
                out[..., start : start + d, start : start + d] = value
                start += d
        return out

    @cached_property
    def gather(self) -> Integers:
        """(dim,) coordinates of V, part by part, copy by copy: what the parts' isometries act on."""
        return np.concatenate([(p.starts[:, None] + np.arange(p.representation.dim)).ravel() for p in self.parts])

    @cached_property
    def order(self) -> Integers:
        """(dim,) for each spectral coordinate its place after the parts' isometries: irrep, then copy, then coordinate."""
        keys = []
        for p in self.parts:
            dims = [self.irreps[k].dim for k in p.irreps]
            kind = np.repeat(p.irreps, dims)
            inner = np.repeat(np.arange(len(dims)), dims)
            coordinate = np.concatenate([np.arange(d) for d in dims])
            count, n = len(p.starts), len(kind)
            columns = (np.tile(kind, count), np.repeat(p.starts, n), np.tile(inner, count), np.tile(coordinate, count))
            keys.append(np.array(columns))
        table = np.concatenate(keys, axis=1)
        return np.lexsort(table[::-1])

    @property
    def is_complex(self) -> bool:
        """Whether the change of basis is complex."""
        return any(p.isometries is not None and p.isometries.dtype.kind == "c" for p in self.parts)

    @cached_property
    def change_of_basis(self) -> Array:
        """U (dim, dim), V(g) U = U blocks(g); TooLarge if it does not fit into memory."""
        n = self.V.dim
        kind = np.result_type(float, *(p.isometries for p in self.parts if p.isometries is not None))
        require_memory(n * n, f"the change of basis of {self.V}", kind.itemsize, "use Hom.to_spectral")
        out = np.zeros((n, n), dtype=kind)
        column = 0
        for p in self.parts:
            d = p.representation.dim
            X = np.eye(d) if p.isometries is None else p.isometries
            for start in p.starts:
                out[start : start + d, column : column + d] = X
                column += d
        out = np.ascontiguousarray(out[:, self.order])
        out.setflags(write=False)
        return out

    @cached_property
    def inverse(self) -> Array:
        """The inverse of `change_of_basis`: its adjoint if V is unitary."""
        if self.V.is_unitary:
            return self.change_of_basis.conj().T
        return inverse_scaled(self.change_of_basis)  # U* H has the condition of U squared

    # The change of basis as array operations

    @cached_property
    def constants(self) -> tuple[Array, ...]:
        """The numpy arrays that `spectral` and `spatial` use; whoever moves them to another library passes them in this order."""
        return (
            self.gather, self.order, np.argsort(self.gather), np.argsort(self.order),
            *(m for p in self.parts for m in (p.isometries, p.inverse) if m is not None),
        )  # fmt: skip

    @cached_property
    def moves(self) -> tuple[bool, ...]:
        """Which of the four gathers move anything."""
        return tuple(not np.array_equal(c, np.arange(len(c))) for c in self.constants[:4])

    @property
    def is_permutation(self) -> bool:
        """Whether U only permutes coordinates: V is a sum of irreps already."""
        return len(self.constants) == 4

    def spectral(self, T: AnyArray, xp: Namespace, constants: Sequence[AnyArray], axis: int) -> AnyArray:
        """U^-1 T along the rows (axis=-2), T U along the columns (axis=-1)."""
        T = self._take(T, xp, constants, 0, axis)
        return self._take(self._each(T, xp, constants, axis, inverse=axis == -2), xp, constants, 1, axis)

    def spatial(self, M: AnyArray, xp: Namespace, constants: Sequence[AnyArray], axis: int) -> AnyArray:
        """U M along the rows (axis=-2), M U^-1 along the columns (axis=-1)."""
        M = self._take(M, xp, constants, 3, axis)
        return self._take(self._each(M, xp, constants, axis, inverse=axis == -1), xp, constants, 2, axis)

    def _take(self, T: AnyArray, xp: Namespace, constants: Sequence[AnyArray], which: int, axis: int) -> AnyArray:
        return xp.take(T, constants[which], axis=axis) if self.moves[which] else T

    def _each(self, T: AnyArray, xp: Namespace, constants: Sequence[AnyArray], axis: int, inverse: bool) -> AnyArray:
        """Every part's matrix on its copies, which stand one after the other along the axis."""
        if self.is_permutation:
            return T
        out, start, used = [], 0, 4
        for p in self.parts:
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
