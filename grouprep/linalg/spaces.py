"""Spaces of matrices that a linear system was solved for: a basis by orbits, by exact rows, or by orthonormal floats."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.monomial import Monomial, roots_of_unity
from grouprep.linalg.pickling import Picklable
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.summary import Summary
from grouprep.typing import Array, Integers, Scalar

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["ExactSpace", "FloatSpace", "OrbitSpace", "RootSpace", "Roots", "Space"]


class Roots(NamedTuple):
    """Square roots of positive rational numbers: entry (i, j) of (m, n) matrices stands for itself times sqrt(left[i] / right[j])."""

    left: tuple[Fraction, ...]
    right: tuple[Fraction, ...]

    def square(self, i: int, j: int) -> Fraction:
        """The square of what entry (i, j) is multiplied with."""
        return self.left[i] / self.right[j]

    def values(self) -> Array:
        """The factors in floats, (m, n), to two roundings."""
        left, right = (np.sqrt(np.array([float(q) for q in side])) for side in self)
        return np.asarray(left[:, None] / right)


class Space(Protocol):
    """A space of (m, n) matrices with a basis of `dim` of them; a matrix is a row-major vector of m * n entries."""

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n) of the matrices."""

    @property
    def dim(self) -> int:
        """The number of basis elements."""

    @property
    def is_exact(self) -> bool:
        """Whether the basis is exact, over a field that `rows` is given in."""

    @property
    def roots(self) -> Roots | None:
        """What the entries of `rows` are to be multiplied with to give the basis; None for 1."""

    def rows(self) -> DomainMatrix:
        """The exact basis, a sparse (dim, m * n) matrix; where there are `roots`, without them.

        Raises
        ------
        GroupRepError
            If the basis is a float one.
        """

    def floats(self) -> Array:
        """The basis in floats, (dim, m * n): the exact one correctly rounded, or the orthonormal float one."""


@dataclass(frozen=True, eq=False, repr=False)
class OrbitSpace(Summary):
    """The space spanned by matrices E_0, ..., E_{dim-1} with disjoint supports and roots of unity as entries.

    shape : (m, n) of the matrices; indices below are row-major in range(m * n).
    labels : (m * n,) the k with E_k non-zero there, or -1.
    phase : (m * n,) E_k has entry exp(2 pi i phase / modulus); solvers choose 0 at the first index of each orbit.
    """

    shape: tuple[int, int]
    dim: int
    labels: Integers
    phase: Integers
    modulus: int
    is_exact: ClassVar[bool] = True
    roots: ClassVar[None] = None

    @classmethod
    def from_rows(cls, shape: tuple[int, int], rows: DomainMatrix) -> OrbitSpace | None:
        """The space of exact basis rows (dim, m * n) if their supports are disjoint and their entries roots of unity, else None."""
        modulus, exponents = roots_of_unity(rows.domain)
        entries = from_domain_matrix_rows(rows)
        count = rows.nnz()
        if count > rows.shape[1]:
            return None
        index = np.fromiter(chain.from_iterable(entries.values()), np.int64, count)
        values = chain.from_iterable(row.values() for row in entries.values())
        phases = np.fromiter((exponents.get(x, -1) for x in values), np.int64, count)
        if np.any(phases < 0) or len(np.unique(index)) < count:
            return None
        labels, phase = np.full(rows.shape[1], -1, dtype=np.int64), np.zeros(rows.shape[1], dtype=np.int64)
        labels[index] = np.repeat(list(entries), [len(row) for row in entries.values()])
        phase[index] = phases
        return cls(shape, rows.shape[0], labels, phase, modulus)

    @property
    def is_real(self) -> bool:
        """Whether all entries are 0, 1 or -1."""
        return self.modulus <= 2

    def sizes(self) -> Integers:
        """The number of entries of each E_k, (dim,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=self.dim)

    def _diagonal(self) -> Monomial:
        return Monomial.diagonal(self.phase, self.modulus)

    def values(self) -> Array:
        """The entry at every index, (m * n,), 0 where no orbit is; float64 or complex128, correctly rounded."""
        if self.modulus == 1:
            return (self.labels >= 0).astype(float)
        return np.where(self.labels >= 0, self._diagonal().values(), 0)

    def rows(self) -> DomainMatrix:
        """The exact basis, (dim, m * n), row-major vectors, sparse."""
        diagonal = self._diagonal().to_domain_matrix()
        entries = from_domain_matrix_rows(diagonal)
        rows: dict[int, dict[int, Scalar]] = {}
        for i in np.flatnonzero(self.labels >= 0).tolist():
            rows.setdefault(int(self.labels[i]), {})[i] = entries[i][i]
        return sparse_matrix(rows, (self.dim, len(self.labels)), diagonal.domain)

    def floats(self) -> Array:
        """The basis, (dim, m * n), correctly rounded."""
        values = self.values()
        inside = np.flatnonzero(self.labels >= 0)
        out = np.zeros((self.dim, len(self.labels)), dtype=values.dtype)
        out[self.labels[inside], inside] = values[inside]
        return out


@dataclass(frozen=True, eq=False, repr=False)
class ExactSpace(Picklable):
    """A space of (m, n) matrices with an exact basis: the rows of a sparse (dim, m * n) DomainMatrix."""

    shape: tuple[int, int]
    matrix: DomainMatrix
    is_exact: ClassVar[bool] = True
    roots: ClassVar[None] = None

    @property
    def dim(self) -> int:
        """The number of basis elements."""
        return int(self.matrix.shape[0])

    def rows(self) -> DomainMatrix:
        """The exact basis, (dim, m * n)."""
        return self.matrix

    def floats(self) -> Array:
        """The basis, (dim, m * n), correctly rounded."""
        return to_numpy(self.matrix)


@dataclass(frozen=True, eq=False, repr=False)
class FloatSpace(Summary):
    """A space of (m, n) matrices with an orthonormal float basis: the rows of a (dim, m * n) array.

    gap : (largest singular value taken as zero, smallest taken as non-zero), relative to the largest.
    """

    shape: tuple[int, int]
    array: Array
    gap: tuple[float, float]
    is_exact: ClassVar[bool] = False
    roots: ClassVar[None] = None

    @property
    def dim(self) -> int:
        """The number of basis elements."""
        return len(self.array)

    def rows(self) -> DomainMatrix:
        """A float basis has no exact rows: always GroupRepError."""
        raise GroupRepError("a basis in floats has no exact form; give exact generators, or read floats()")

    def floats(self) -> Array:
        """The orthonormal basis, (dim, m * n)."""
        return self.array


@dataclass(frozen=True, eq=False, repr=False)
class RootSpace(Picklable):
    """A space of (m, n) matrices with a basis whose entries are those of an exact one times the roots of rational numbers.

    The field of all the roots together may be of any degree; nothing is computed in it.
    """

    space: Space
    roots: Roots
    is_exact: ClassVar[bool] = False

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n) of the matrices."""
        return self.space.shape

    @property
    def dim(self) -> int:
        """The number of basis elements."""
        return self.space.dim

    def rows(self) -> DomainMatrix:
        """The exact basis before the roots, (dim, m * n)."""
        return self.space.rows()

    def floats(self) -> Array:
        """The orthonormal basis of the same span, (dim, m * n), each element orthogonal to those before it."""
        if not self.dim:
            return np.zeros((0, self.shape[0] * self.shape[1]))
        rows = self.space.floats() * self.roots.values().ravel()
        q, r = np.linalg.qr((rows / np.linalg.norm(rows, axis=1, keepdims=True)).T)
        return np.ascontiguousarray((q * (np.diagonal(r) / np.abs(np.diagonal(r)))).T)
