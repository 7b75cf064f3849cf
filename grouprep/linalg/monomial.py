"""Monomial matrices: permutations with a root of unity in every column, stored as integers."""

from __future__ import annotations

from functools import lru_cache
from math import lcm
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg.budget import ROOT_ORDER, require
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.fields import cyclotomic_field, zeta
from grouprep.linalg.memory import require_memory
from grouprep.linalg.sparse import sparse_matrix
from grouprep.typing import Array, Integers, Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Monomial", "common_modulus", "integers", "roots_of_unity"]

IntArray = Integers


class Monomial:
    """The n x n matrix M with M e_j = zeta^phase[j] e_perm[j], where zeta = exp(2 pi i / modulus).

    Parameters
    ----------
    perm : (n,) integers, a permutation of range(n): column j has its entry in row perm[j].
    phase : (n,) integers of any size, the exponent of zeta in column j; zeros if not given.
    modulus : the order of zeta, at most 2^31: 1 for permutation matrices, 2 for signed ones.

    Raises
    ------
    DimensionMismatch
        If perm is not a permutation, or phase has another length.
    GroupRepError
        If perm or phase holds anything but integers, or modulus is no positive integer; TooLarge beyond 2^31.

    Examples
    --------
    >>> from grouprep.linalg import Monomial
    >>> Monomial([1, 0], [0, 1], 2).to_numpy()
    array([[ 0., -1.],
           [ 1.,  0.]])
    """

    __slots__ = ("modulus", "perm", "phase")

    perm: IntArray
    phase: IntArray
    modulus: int

    def __init__(self, perm: ArrayLike, phase: ArrayLike | None = None, modulus: int = 1) -> None:
        if isinstance(modulus, bool) or not isinstance(modulus, int | np.integer) or modulus < 1:
            raise GroupRepError(f"modulus must be a positive integer, got {modulus!r:.40}")
        require(modulus, ROOT_ORDER, "the roots of unity have order")
        perm = integers(perm, "perm")
        if perm.ndim != 1 or not np.array_equal(np.sort(perm), np.arange(len(perm))):
            raise DimensionMismatch(f"perm must be a permutation of 0..{perm.size - 1}, got {perm.tolist()!r:.80}")
        phases = np.zeros(len(perm), dtype=np.int64) if phase is None else integers(phase, "phase") % int(modulus)
        if phases.shape != perm.shape:
            raise DimensionMismatch(f"phase has shape {phases.shape}, perm has shape {perm.shape}; give one per column")
        modulus = int(modulus)
        phases = phases.astype(np.int64)
        step = int(np.gcd.reduce(phases, initial=modulus))  # the smallest order that holds the entries
        self._set(perm.astype(np.int64), phases // step, modulus // step)

    def _set(self, perm: IntArray, phase: IntArray, modulus: int) -> None:
        perm.setflags(write=False)
        phase.setflags(write=False)
        for name, value in (("perm", perm), ("phase", phase), ("modulus", int(modulus))):
            object.__setattr__(self, name, value)

    @classmethod
    def _trusted(cls, perm: IntArray, phase: IntArray, modulus: int) -> Monomial:
        """A matrix from arrays already known to be valid, without the check."""
        self = cls.__new__(cls)
        self._set(perm, phase % modulus, modulus)
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Monomial is immutable")

    def __reduce__(self) -> tuple[object, ...]:
        return Monomial, (self.perm, self.phase, self.modulus)

    @classmethod
    def identity(cls, n: int) -> Monomial:
        """The n x n identity."""
        require_memory(6 * n, f"a monomial matrix of size {n:,}")
        return cls._trusted(np.arange(n), np.zeros(n, dtype=np.int64), 1)

    @classmethod
    def diagonal(cls, phase: IntArray, modulus: int) -> Monomial:
        """The diagonal matrix with entries exp(2 pi i phase / modulus), phase (n,)."""
        return cls._trusted(np.arange(len(phase)), phase.copy(), modulus)

    @classmethod
    def from_domain_matrix(cls, matrix: DomainMatrix) -> Monomial | None:
        """The monomial form of a matrix over ZZ, QQ or a cyclotomic field whose entries are 0 and roots of unity, or None."""
        n, columns = matrix.shape
        if n != columns or matrix.nnz() != n:
            return None
        modulus, exponents = roots_of_unity(matrix.domain)
        perm, phase = np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=np.int64)
        for i, row in matrix.to_sparse().rep.to_sdm().items():
            for j, value in row.items():
                if value not in exponents or perm[j] >= 0:
                    return None
                perm[j], phase[j] = i, exponents[value]
        if not np.array_equal(np.sort(perm), np.arange(n)):
            return None
        smallest = modulus // int(np.gcd.reduce([modulus, *phase.tolist()]))
        return cls._trusted(perm, phase // (modulus // smallest), smallest)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, n)."""
        return len(self.perm), len(self.perm)

    def __len__(self) -> int:
        return len(self.perm)

    def exponents(self, modulus: int) -> IntArray:
        """The phases as exponents of exp(2 pi i / modulus), (n,), for a multiple of the own modulus."""
        return self.phase * (modulus // self.modulus)

    def __matmul__(self, other: Monomial) -> Monomial:
        m = common_modulus(self, other)
        return Monomial._trusted(self.perm[other.perm], other.exponents(m) + self.exponents(m)[other.perm], m)

    def inverse(self) -> Monomial:
        """The inverse matrix, which is also the conjugate transpose."""
        perm = np.empty_like(self.perm)
        perm[self.perm] = np.arange(len(perm))
        return Monomial._trusted(perm, -self.phase[perm], self.modulus)

    def conjugate(self) -> Monomial:
        """The entrywise complex conjugate."""
        return Monomial._trusted(self.perm.copy(), -self.phase, self.modulus)

    def kron(self, other: Monomial) -> Monomial:
        """The Kronecker product, of size len(self) * len(other)."""
        m, n = common_modulus(self, other), len(other)
        require_memory(6 * len(self) * n, f"a monomial matrix of size {len(self) * n:,}")
        perm = (self.perm[:, None] * n + other.perm).ravel()
        return Monomial._trusted(perm, (self.exponents(m)[:, None] + other.exponents(m)).ravel(), m)

    def direct_sum(self, other: Monomial) -> Monomial:
        """The block-diagonal matrix of the two."""
        m = common_modulus(self, other)
        perm = np.concatenate([self.perm, other.perm + len(self)])
        return Monomial._trusted(perm, np.concatenate([self.exponents(m), other.exponents(m)]), m)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Monomial) or len(other) != len(self):
            return NotImplemented if not isinstance(other, Monomial) else False
        m = common_modulus(self, other)
        return np.array_equal(self.perm, other.perm) and np.array_equal(self.exponents(m), other.exponents(m))

    def __hash__(self) -> int:
        return hash(self.perm.tobytes())

    @property
    def is_real(self) -> bool:
        """Whether all entries are 0, 1 or -1."""
        return not np.any(2 * self.phase % self.modulus)

    @property
    def domain(self) -> Domain:
        """The sympy domain of the entries: ZZ, or the cyclotomic field of the modulus."""
        from sympy import ZZ

        return ZZ if self.is_real else cyclotomic_field(self.modulus)

    def to_numpy(self) -> Array:
        """The dense matrix, (n, n), float64 where all entries are real and complex128 otherwise, correctly rounded."""
        out = np.zeros(self.shape, dtype=float if self.is_real else complex)
        out[self.perm, np.arange(len(self))] = self.values()
        return out

    def values(self) -> Array:
        """The non-zero entry of each column, (n,), float64 or complex128, correctly rounded."""
        if self.is_real:
            return np.where(self.phase == 0, 1.0, -1.0)

        used = np.unique(self.phase)
        row = {int(k): zeta(self.modulus, int(k)) for k in used}
        table = to_numpy(sparse_matrix({0: row}, (1, self.modulus), cyclotomic_field(self.modulus)))
        values: Array = table[0].astype(complex)[self.phase]
        return values

    def to_domain_matrix(self) -> DomainMatrix:
        """The exact sparse matrix over ZZ, or over the cyclotomic field of the modulus."""
        from sympy import ZZ

        if self.is_real:
            domain, table = ZZ, {0: ZZ(1), self.modulus // 2: ZZ(-1)}
            if self.modulus == 1:
                table = {0: ZZ(1)}
        else:
            domain = cyclotomic_field(self.modulus)
            table = {int(k): zeta(self.modulus, int(k)) for k in np.unique(self.phase)}
        rows = {i: {j: table[k]} for j, (i, k) in enumerate(zip(self.perm.tolist(), self.phase.tolist(), strict=True))}
        return sparse_matrix(rows, self.shape, domain)

    def __repr__(self) -> str:
        return f"Monomial(n={len(self)}, modulus={self.modulus})"


class _Monomial(Protocol):
    @property
    def modulus(self) -> int: ...


def common_modulus(*matrices: _Monomial) -> int:
    """The least common multiple of the moduli.

    Raises
    ------
    TooLarge
        If it is beyond 2^31, where phases would overflow.
    """
    m = lcm(*(a.modulus for a in matrices))
    require(m, ROOT_ORDER, "the roots of unity together have order")
    return m


_AXES = 32  # that numpy's iterators have


def integers(values: ArrayLike, name: str) -> Integers:
    """Values as an array of integers, of Python's own where they exceed 64 bits; the caller's array is not kept.

    Raises
    ------
    GroupRepError
        If they are anything but integers: floats, bools, text.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        return values.copy()
    array = np.array(values, dtype=object)
    if array.ndim > _AXES:
        raise GroupRepError(f"{name} is nested {array.ndim} levels deep; the limit is {_AXES}")
    for x in array.flat:
        if isinstance(x, list | tuple):
            raise GroupRepError(f"{name} has rows of different lengths")
        if isinstance(x, bool) or not isinstance(x, int | np.integer):
            raise GroupRepError(f"{name} holds {x!r:.40}; every entry must be an integer")
    small = all(-(1 << 63) <= x < 1 << 63 for x in array.flat)
    return array.astype(np.int64) if small else array


_MODULUS_LIMIT = 1_000  # larger fields have their roots of unity not tabulated; their matrices stay exact and sparse


@lru_cache(maxsize=64)
def roots_of_unity(domain: Domain) -> tuple[int, dict[Scalar, int]]:
    """m and the exponents of the m-th roots of unity that a domain holds."""
    alias = str(getattr(getattr(domain, "ext", None), "alias", None) or "")
    n = int(alias[4:]) if alias.startswith("zeta") and alias[4:].isdigit() else 1
    if n <= 2 or n > _MODULUS_LIMIT:
        return 2, {domain.one: 0, -domain.one: 1}
    roots = {zeta(n, k): 2 * k for k in range(n)}
    if n % 2 == 0:
        return n, {x: k // 2 for x, k in roots.items()}
    return 2 * n, roots | {-x: (k + n) % (2 * n) for x, k in roots.items()}
