"""The structure of a whole operator V -> W: blocks of the structures of its summands' pairs, and P on rows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.linalg.fields import common_domain, convert_matrix
from grouprep.linalg.memory import require_memory
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.summary import Summary
from grouprep.typing import AnyArray, Array, Namespace, Scalar
from projectors.arrays import fitted
from projectors.structure.base import Structure, kind
from projectors.structure.frame import SpectralFrame

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Band", "Block", "Blocks", "Squares"]

Squares: TypeAlias = Mapping[int, Mapping[int, Fraction]]
"""Positive rational numbers by row and column of a sparse matrix."""

_ONE = Fraction(1)


@dataclass(frozen=True, eq=False, repr=False)
class Block(Summary):
    """Where copies of one pair of summands stand: rows (row + a * m), columns (column + b * n), a < rows_n, b < columns_n."""

    structure: Structure
    row: int
    rows_n: int
    column: int
    columns_n: int

    @property
    def count(self) -> int:
        """The number of basis elements that the block contributes."""
        return self.rows_n * self.columns_n * self.structure.dim

    def slices(self) -> tuple[slice, slice]:
        """The rows and columns of the block."""
        m, n = self.structure.shape
        return slice(self.row, self.row + self.rows_n * m), slice(self.column, self.column + self.columns_n * n)

    def read(self, T: Array) -> Array:
        """(..., dim W, dim V) -> (..., rows_n, columns_n, m, n)."""
        rows, columns = self.slices()
        m, n = self.structure.shape
        part = T[..., rows, columns].reshape(*T.shape[:-2], self.rows_n, m, self.columns_n, n)
        return np.moveaxis(part, -2, -3)

    def write(self, values: Array, out: Array) -> None:
        """(..., rows_n, columns_n, m, n) into its place in (..., dim W, dim V)."""
        rows, columns = self.slices()
        m, n = self.structure.shape
        part = np.moveaxis(values, -3, -2)
        out[..., rows, columns] = part.reshape(*part.shape[:-4], self.rows_n * m, self.columns_n * n)


@dataclass(frozen=True, eq=False, repr=False)
class Band(Summary):
    """The blocks beside each other in the rows of some copies of one summand of W. P acts on each copy by itself.

    height : rows of a copy; copies : how many stand there.
    blocks : from the left, they fill the rows; constants : the slice of each one's among those of the whole.
    """

    height: int
    copies: int
    blocks: tuple[Block, ...]
    constants: tuple[slice, ...]

    def project(self, rows: AnyArray, copies: int, xp: Namespace, constants: Sequence[AnyArray]) -> AnyArray:
        """The projections of some of the copies, from their rows of T.

        Parameters
        ----------
        rows : (..., copies * height, dim V), in single or double precision, complex if the projector is.
        constants : those of the whole projector, in the library xp; weights and bases are taken in the precision of the rows.
        """
        pieces = [
            b.structure.project(rows, copies, xp, fitted(xp, constants[at], rows), b)
            for b, at in zip(self.blocks, self.constants, strict=True)
        ]
        return pieces[0] if len(pieces) == 1 else xp.concat(pieces, axis=-1)

    @property
    def orbit_size(self) -> int | None:
        """s if P is one gather, means of s entries each, and one gather back in these rows (see `Structure.orbit_size`)."""
        return self.blocks[0].structure.orbit_size if len(self.blocks) == 1 else None


@dataclass(frozen=True, eq=False, repr=False)
class Blocks(Summary):
    """The blocks of all pairs of summands, row by row; they tile the operators.

    shape : (dim W, dim V).
    """

    shape: tuple[int, int]
    blocks: tuple[Block, ...]

    def __len__(self) -> int:
        return sum(b.count for b in self.blocks)

    @cached_property
    def dtype(self) -> np.dtype[np.generic]:
        """float64, or complex128 if some element is complex."""
        return np.result_type(np.float64, *(b.structure.dtype for b in self.blocks))

    @property
    def is_self_dual(self) -> bool:
        """Whether the basis is orthonormal in the Frobenius inner product, so that P is its own transpose."""
        return all(b.structure.is_self_dual for b in self.blocks)

    @cached_property
    def errs_within(self) -> bool:
        """Whether rounding leaves P(T) within the range of P."""
        return all(b.structure.errs_within for b in self.blocks)

    @cached_property
    def is_strided(self) -> bool:
        """Whether P needs no gathers on numpy arrays."""
        return all(b.structure.is_strided for b in self.blocks)

    @property
    def frame(self) -> SpectralFrame | None:
        """The frame if P is a mask and traces there, else None."""
        return self.blocks[0].structure.frame if len(self.blocks) == 1 else None

    # The basis

    def coordinates(self, T: Array) -> Array:
        """Inner products of operators (..., dim W, dim V) with the elements: (..., r)."""
        parts = [b.structure.coordinates(b.read(T)).reshape(*T.shape[:-2], b.count) for b in self.blocks if b.count]
        return np.concatenate(parts, axis=-1) if parts else np.zeros((*T.shape[:-2], 0), dtype=T.dtype)

    def combine(self, c: Array) -> Array:
        """The combinations sum_k c_k X_k: (..., r) -> (..., dim W, dim V)."""
        out = np.zeros((*c.shape[:-1], *self.shape), dtype=kind(c, self.dtype))
        ends = np.cumsum([0, *(b.count for b in self.blocks)]).tolist()
        for b, (start, stop) in zip(self.blocks, pairwise(ends), strict=True):
            if b.count:
                part = c[..., start:stop].reshape(*c.shape[:-1], b.rows_n, b.columns_n, b.structure.dim)
                b.write(b.structure.combine(part), out)
        return out

    def combine_coordinates(self, T: Array) -> Array:
        """P(T) of operators (..., dim W, dim V) by its definition, block by block."""
        out = np.zeros(T.shape, dtype=kind(T, self.dtype))
        for b in self.blocks:
            if b.count:
                b.write(b.structure.combine_coordinates(b.read(T)), out)
        return out

    def exact_rows(self) -> tuple[DomainMatrix, Squares | None]:
        """The exact basis of the whole space as rows (r, dim W * dim V), in the order of the float basis, and the squares of roots.

        The squares are rational numbers by row and column; None where no structure has roots.
        """
        height, width = self.shape
        parts = {id(b.structure): b.structure.rows() for b in self.blocks}
        entries = sum(b.rows_n * b.columns_n * parts[id(b.structure)].nnz() for b in self.blocks)
        require_memory(
            entries,
            f"an exact basis with {entries:,} entries",
            itemsize=150,
            remedy="solve the distinct summands alone",
        )
        domain = common_domain(*(p.domain for p in parts.values()))
        converted = {k: from_domain_matrix_rows(convert_matrix(p, domain)) for k, p in parts.items()}
        out: dict[int, dict[int, Scalar]] = {}
        squares: dict[int, dict[int, Fraction]] = {}
        number = 0
        for b in self.blocks:
            m, n = b.structure.shape
            roots = b.structure.roots
            for top in range(b.row, b.row + b.rows_n * m, m):
                for left in range(b.column, b.column + b.columns_n * n, n):
                    for k in range(b.structure.dim):
                        row = converted[id(b.structure)].get(k, {})
                        out[number] = {(top + i // n) * width + left + i % n: x for i, x in row.items()}
                        squares[number] = {
                            (top + i // n) * width + left + i % n: _ONE
                            if roots is None
                            else roots.square(i // n, i % n)
                            for i in row
                        }
                        number += 1
        rooted = any(b.structure.roots is not None for b in self.blocks)
        return sparse_matrix(out, (number, height * width), domain), squares if rooted else None

    # The projector

    def prepare(self) -> None:
        """Compute everything that is cached, so that code traced by a compiler meets values and not their computation."""
        _ = self.dtype, self.errs_within, self.is_strided, self.constants
        _ = [band.orbit_size for band in self.bands]

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """The rows of all copies of each summand of W, from the top."""
        bands, position = [], 0
        for _, members in groupby(self.blocks, key=lambda b: b.row):
            blocks = tuple(members)
            slices = []
            for count in (len(c) for c in (self._constants[b] for b in blocks)):
                slices.append(slice(position, position + count))
                position += count
            bands.append(Band(blocks[0].structure.shape[0], blocks[0].rows_n, blocks, tuple(slices)))
        return tuple(bands)

    @cached_property
    def _constants(self) -> dict[Block, tuple[Array, ...]]:
        return {b: b.structure.constants(b, self.shape[1]) for b in self.blocks}

    @property
    def constants(self) -> tuple[Array, ...]:
        """The numpy arrays that `project` uses, block by block."""
        return tuple(c for b in self.blocks for c in self._constants[b])

    def project(self, T: AnyArray, xp: Namespace, constants: Sequence[AnyArray]) -> AnyArray:
        """P(T) of operators (..., dim W, dim V) in single or double precision, complex if the basis is.

        Parameters
        ----------
        xp : T's library; constants : `self.constants` there.
        """
        out, row = [], 0
        for band in self.bands:
            stop = row + band.height * band.copies
            out.append(band.project(T[..., row:stop, :], band.copies, xp, constants))
            row = stop
        return out[0] if len(out) == 1 else xp.concat(out, axis=-2)

    def project_strided(self, T: Array) -> tuple[Array, bool]:
        """P(T) of numpy operators where `is_strided`, and whether all that was read is finite."""
        out = np.empty(T.shape, dtype=T.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            finite = [b.structure.write(T, out, b) for b in self.blocks]
        return out, all(finite)
