"""Bases of Hom_G(V, W): orthonormal float bases held block by block, and exact bases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import DimensionMismatch
from grouprep.linalg.memory import require_memory
from grouprep.linalg.orbits import OrbitSpace
from grouprep.linalg.pickling import Picklable
from grouprep.linalg.sparse import equal_exact

if TYPE_CHECKING:
    from sympy import Domain, Matrix
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Basis", "Block", "DenseBasis", "ExactBasis", "OrbitBasis", "PairBasis"]

Array = NDArray[Any]


class PairBasis(ABC):
    """An orthonormal basis of the intertwiners of one pair of summands, (r, m, n), in whatever form is cheap."""

    shape: tuple[int, int]
    dim: int

    @abstractmethod
    def coordinates(self, T: Array) -> Array:
        """Inner products with the basis: (..., m, n) -> (..., r)."""

    @abstractmethod
    def combine(self, c: Array) -> Array:
        """The combination with coefficients c: (..., r) -> (..., m, n)."""

    def project(self, T: Array) -> Array:
        """The orthogonal projection of operators (..., m, n) on the span."""
        return self.combine(self.coordinates(T))

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """float64 or complex128."""

    @property
    def is_self_dual(self) -> bool:
        """Whether the basis is orthonormal in the Frobenius inner product."""
        return True

    @abstractmethod
    def key(self) -> tuple[Any, ...]:
        """What makes it equal to another one, bit for bit."""


class OrbitBasis(PairBasis):
    """Indicator matrices of orbits, with roots of unity as entries, each divided by the square root of its size."""

    def __init__(self, space: OrbitSpace) -> None:
        self.shape, self.dim = space.shape, space.dim
        self.inside = np.flatnonzero(space.labels >= 0)
        labels = space.labels[self.inside]
        self.order = np.argsort(labels, kind="stable")
        self.starts = np.searchsorted(labels[self.order], np.arange(self.dim))
        self.labels = labels
        self.entries = space.values()[self.inside] / np.sqrt(space.sizes()[labels])

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.entries.dtype

    def coordinates(self, T: Array) -> Array:
        m, n = self.shape
        flat = T.reshape(*T.shape[:-2], m * n)[..., self.inside] * self.entries.conj().astype(_kind(T, self.dtype))
        if not self.dim:
            return np.zeros((*T.shape[:-2], 0), dtype=flat.dtype)
        return np.add.reduceat(flat[..., self.order], self.starts, axis=-1)

    def key(self) -> tuple[Any, ...]:
        return self.shape, self.dim, self.inside.tobytes(), self.labels.tobytes(), self.entries.tobytes()

    def combine(self, c: Array) -> Array:
        m, n = self.shape
        kind = _kind(c, self.dtype)
        out = np.zeros((*c.shape[:-1], m * n), dtype=kind)
        out[..., self.inside] = c[..., self.labels] * self.entries.astype(kind)
        return out.reshape(*c.shape[:-1], m, n)


class DenseBasis(PairBasis):
    """A dense orthonormal basis (r, m, n), with the dual basis that inner products are taken with.

    projector : another basis of the same space and its dual, for `project`: both rounded once from exact ones, where an
        orthonormal basis of an ill-conditioned inner product has lost digits.
    """

    def __init__(self, matrices: Array, dual: Array | None = None, projector: DenseBasis | None = None) -> None:
        self.dim = len(matrices)
        self.shape = (matrices.shape[1], matrices.shape[2])
        self.array = matrices
        self.dual = matrices if dual is None else dual
        self.projector = projector

    @property
    def is_self_dual(self) -> bool:
        return self.dual is self.array

    def project(self, T: Array) -> Array:
        return super().project(T) if self.projector is None else self.projector.project(T)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    def coordinates(self, T: Array) -> Array:
        kind = _kind(T, self.dtype)
        m, n = self.shape
        dual = self.dual.reshape(self.dim, m * n).conj().T.astype(kind)
        inner: Array = T.reshape(*T.shape[:-2], m * n).astype(kind) @ dual
        return inner

    def combine(self, c: Array) -> Array:
        kind = _kind(c, self.dtype)
        m, n = self.shape
        flat: Array = c.astype(kind) @ self.array.reshape(self.dim, m * n).astype(kind)
        return flat.reshape(*c.shape[:-1], *self.shape)

    def key(self) -> tuple[Any, ...]:
        return self.shape, self.dim, self.array.tobytes(), self.dual.tobytes()


def _kind(T: Array, basis: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of a result: that of T, made complex where the basis is."""
    if basis.kind == "c" and T.dtype.kind != "c":
        return np.result_type(T.dtype, np.complex64)
    return T.dtype


@dataclass(frozen=True, eq=False)
class Block:
    """Where copies of one pair of summands stand: rows (row + a * m), columns (column + b * n), a < rows_n, b < columns_n."""

    pair: PairBasis
    row: int
    rows_n: int
    column: int
    columns_n: int

    @property
    def count(self) -> int:
        """The number of basis elements that the block contributes."""
        return self.rows_n * self.columns_n * self.pair.dim

    def slices(self) -> tuple[slice, slice]:
        """The rows and columns of the block."""
        m, n = self.pair.shape
        return slice(self.row, self.row + self.rows_n * m), slice(self.column, self.column + self.columns_n * n)

    def read(self, T: Array) -> Array:
        """(..., dim W, dim V) -> (..., rows_n, columns_n, m, n)."""
        rows, columns = self.slices()
        m, n = self.pair.shape
        part = T[..., rows, columns].reshape(*T.shape[:-2], self.rows_n, m, self.columns_n, n)
        return np.moveaxis(part, -2, -3)

    def write(self, values: Array, out: Array) -> None:
        """(..., rows_n, columns_n, m, n) into its place in (..., dim W, dim V)."""
        rows, columns = self.slices()
        m, n = self.pair.shape
        part = np.moveaxis(values, -3, -2)
        out[..., rows, columns] = part.reshape(*part.shape[:-4], self.rows_n * m, self.columns_n * n)


class Basis:
    """An orthonormal float basis of Hom_G(V, W), held as blocks that share what repeats.

    Orthonormal in <A, B> = tr(H_V^-1 A* H_W B) with the invariant forms H_V, H_W: the Frobenius inner product for unitary
    representations. Elements run over blocks (summands of W, then of V), copies, and each pair's own basis.
    """

    def __init__(self, shape: tuple[int, int], blocks: Sequence[Block]) -> None:
        self.shape = shape
        self.blocks = tuple(blocks)

    def __len__(self) -> int:
        return sum(b.count for b in self.blocks)

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """float64, or complex128 if some element is complex."""
        return np.result_type(np.float64, *(b.pair.dtype for b in self.blocks))

    def __getitem__(self, k: int) -> Array:
        """The k-th element, (dim W, dim V)."""
        if not -len(self) <= k < len(self):
            raise IndexError(f"the basis has {len(self)} elements, there is no element {k}")
        c = np.zeros(len(self))
        c[k] = 1.0
        return self.combine(c)

    def __iter__(self) -> Iterator[Array]:
        return (self[k] for k in range(len(self)))

    @cached_property
    def matrices(self) -> Array:
        """All elements, (r, dim W, dim V); TooLarge if they do not fit into memory: then use `combine` or `basis[k]`."""
        r, (m, n) = len(self), self.shape
        require_memory(
            r * m * n, f"{r} dense basis elements of shape {m} x {n}", self.dtype.itemsize, "use basis[k] or combine"
        )
        out = self.combine(np.eye(r))
        out.setflags(write=False)
        return out

    def coordinates(self, T: Array) -> Array:
        """Inner products of operators (..., dim W, dim V) with the elements: (..., r)."""
        T = check_operator(T, self.shape)
        parts = [b.pair.coordinates(b.read(T)).reshape(*T.shape[:-2], b.count) for b in self.blocks]
        return np.concatenate(parts, axis=-1) if parts else np.zeros((*T.shape[:-2], 0), dtype=T.dtype)

    def combine(self, c: Any) -> Array:
        """The combinations sum_k c_k X_k: (..., r) -> (..., dim W, dim V)."""
        c = np.asarray(c)
        if c.ndim < 1 or c.shape[-1] != len(self):
            raise DimensionMismatch(
                f"c has shape {c.shape}; the basis has {len(self)} elements, give (..., {len(self)})"
            )
        c = c if c.dtype.kind in "fc" else c.astype(float)
        kind = _kind(c, self.dtype)
        out = np.zeros((*c.shape[:-1], *self.shape), dtype=kind)
        start = 0
        for b in self.blocks:
            part = c[..., start : start + b.count]
            b.write(b.pair.combine(part.reshape(*part.shape[:-1], b.rows_n, b.columns_n, b.pair.dim)), out)
            start += b.count
        return out

    def project(self, T: Array) -> Array:
        """The orthogonal projection of operators (..., dim W, dim V) on the span, block by block."""
        T = check_operator(T, self.shape)
        out = np.zeros(T.shape, dtype=_kind(T, self.dtype))
        for b in self.blocks:
            b.write(b.pair.project(b.read(T)), out)
        return out

    def _key(self) -> tuple[Any, ...]:
        places = tuple((b.row, b.rows_n, b.column, b.columns_n) for b in self.blocks)
        return self.shape, places, tuple(b.pair.key() for b in self.blocks)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Basis) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.shape, len(self)))

    def __repr__(self) -> str:
        return f"<orthonormal basis of {len(self)} operators of shape {self.shape}>"


def check_operator(T: Any, shape: tuple[int, int]) -> Array:
    """T as a float or complex array (..., dim W, dim V), or DimensionMismatch."""
    array = np.asarray(T)
    if array.dtype.kind not in "biufc":
        raise DimensionMismatch(f"T must be an array of numbers (..., {shape[0]}, {shape[1]}), got {type(T).__name__}")
    if array.shape[-2:] != shape:
        swapped = "; it looks transposed" if array.shape[-2:] == shape[::-1] else ""
        raise DimensionMismatch(
            f"T has shape {array.shape}; an operator from V to W is (..., dim W, dim V) = (..., {shape[0]}, {shape[1]}){swapped}"
        )
    return array if array.dtype.kind in "fc" else array.astype(float)


class ExactBasis(Picklable):
    """An exact basis of Hom_G(V, W), in the order of the float basis; a sequence of sympy matrices (dim W, dim V)."""

    def __init__(self, shape: tuple[int, int], rows: DomainMatrix) -> None:
        self.shape, self.rows = shape, rows

    @property
    def domain(self) -> Domain:
        """The sympy domain of the entries: ZZ, QQ or a number field."""
        return self.rows.domain

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def __getitem__(self, k: int) -> Matrix:
        """The k-th element as a sympy Matrix."""
        if not -len(self) <= k < len(self):
            raise IndexError(f"the basis has {len(self)} elements, there is no element {k}")
        from grouprep.linalg.convert import to_sympy

        row = self.rows.extract([k % len(self)], list(range(self.rows.shape[1])))
        return to_sympy(row).reshape(*self.shape)

    def __iter__(self) -> Iterator[Matrix]:
        return (self[k] for k in range(len(self)))

    @cached_property
    def gram(self) -> Matrix:
        """The matrix of Frobenius inner products tr(X_i* X_j), (r, r)."""
        from grouprep.linalg.convert import to_sympy
        from grouprep.linalg.fields import conjugate

        return to_sympy(conjugate(self.rows) * self.rows.transpose())

    def to_numpy(self) -> Array:
        """All elements in floats, each entry correctly rounded, (r, dim W, dim V); not orthonormal in general."""
        from grouprep.linalg.convert import to_numpy

        require_memory(len(self) * self.shape[0] * self.shape[1], f"{len(self)} dense basis elements")
        return to_numpy(self.rows).reshape(len(self), *self.shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExactBasis):
            return NotImplemented
        return self.shape == other.shape and equal_exact(self.rows, other.rows)

    def __hash__(self) -> int:
        return hash((self.shape, len(self)))

    def __repr__(self) -> str:
        return f"<exact basis of {len(self)} operators of shape {self.shape} over {self.domain}>"
