"""What several families share: reading n, matrices of Lie algebras, roots, compact groups with Weyl's formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from numbers import Integral
from typing import TypeAlias

import numpy as np

from grouprep.errors import GroupRepError, TooLarge
from grouprep.groups.lie import CartanComponent, LieGroup, Weight
from grouprep.groups.permutations import Perm, as_permutation

__all__ = [
    "Entries", "Matrix", "Roots", "checked_size", "connected", "linear_roots", "matrix", "no_size", "off_diagonal", "permutation",
    "plane_torus", "rotations", "sign_change", "so_roots", "symplectic_roots", "unit_torus",
]  # fmt: skip

Entries: TypeAlias = list[list[int | str]]
"""An exact matrix as nested lists of integers and text."""

Matrix: TypeAlias = dict[tuple[int, int], int | str]
"""The entries of a matrix that are not 0."""

Roots: TypeAlias = list[tuple[int, Weight]]
"""Positive roots with signs, as in `CartanComponent`."""


def checked_size(n: object, name: str, least: int = 1, most: int = 1_000_000) -> int:
    """n as an int from least to most.

    Raises
    ------
    GroupRepError
        If n is no integer >= least.
    TooLarge
        If n > most.
    """
    if isinstance(n, bool) or not isinstance(n, Integral) or int(n) < least:
        raise GroupRepError(f"{name}(n) needs an integer n >= {least}, got {n!r}")
    if int(n) > most:
        raise TooLarge(f"{name}({n}) is beyond what is built here: n <= {most:,}")
    return int(n)


def no_size(size: Sequence[object], name: str, what: str) -> None:
    """Raise GroupRepError if a size is given for a group that is the only one of its family.

    name : the constructor; what : the group, and how others are made.
    """
    if size:
        raise GroupRepError(f"{name}() takes no size, got {', '.join(map(repr, size)):.60}: it is {what}")


def permutation(images: Sequence[int] | np.ndarray) -> Perm:
    """A generator from its images of 0..n-1."""
    return as_permutation(images, "generator")


# --- matrices


def matrix(n: int, entries: Matrix) -> Entries:
    """The n x n matrix with some entries, and 0 elsewhere."""
    return [[entries.get((i, j), 0) for j in range(n)] for i in range(n)]


def sign_change(n: int, axes: Iterable[int]) -> Entries:
    """The n x n reflection that changes the signs of some axes."""
    changed = set(axes)
    return matrix(n, {(i, i): -1 if i in changed else 1 for i in range(n)})


def rotations(n: int, start: int = 0) -> list[Entries]:
    """E_ji - E_ij for start <= i < j < n: the rotation from axis i to axis j."""
    return [matrix(n, {(j, i): 1, (i, j): -1}) for i, j in combinations(range(start, n), 2)]


def off_diagonal(n: int) -> list[Entries]:
    """(E_jk - E_kj) / 2 and i (E_jk + E_kj) / 2 for j < k: anti-Hermitian."""
    out = []
    for j, k in combinations(range(n), 2):
        out.append(matrix(n, {(j, k): "1/2", (k, j): "-1/2"}))
        out.append(matrix(n, {(j, k): "I/2", (k, j): "I/2"}))
    return out


# --- tori and roots


def plane_torus(n: int, start: int) -> tuple[tuple[int, ...], ...]:
    """The rotations in the planes (start, start + 1), (start + 2, start + 3), ... as coefficient vectors in `rotations(n)`."""
    pairs = list(combinations(range(n), 2))
    planes = [(k, k + 1) for k in range(start, n - 1, 2)]
    return tuple(tuple(int(p == plane) for p in pairs) for plane in planes)


def unit_torus(rank: int, size: int, scale: int) -> tuple[tuple[int, ...], ...]:
    """The first `rank` of `size` generators, times a scale, as coefficient vectors."""
    return tuple(tuple(scale * int(i == k) for i in range(size)) for k in range(rank))


def so_roots(rank: int, odd: bool, shifted: bool = False) -> Roots:
    """Positive roots of B_rank (odd) or D_rank; shifted: as functions of angles shifted by pi."""

    def vector(entries: dict[int, int]) -> Weight:
        return tuple(entries.get(i, 0) for i in range(rank))

    long = [(1, vector({i: 1, j: s})) for i, j in combinations(range(rank), 2) for s in (1, -1)]
    short = [(-1 if shifted else 1, vector({i: 1})) for i in range(rank)] if odd else []
    return long + short


def symplectic_roots(rank: int) -> Roots:
    """Positive roots of C_rank."""
    return so_roots(rank, odd=False) + [(1, w) for w in unit_torus(rank, rank, 2)]


def linear_roots(n: int) -> list[Weight]:
    """Positive roots of A_{n-1} as differences of the n coordinates."""
    return [tuple(int(i == j) - int(i == k) for i in range(n)) for j, k in combinations(range(n), 2)]


def connected(
    name: str, generators: Sequence[Entries], torus: tuple[tuple[int, ...], ...], roots: Iterable[tuple[int, Weight]]
) -> LieGroup:
    """The compact connected group with an algebra, and what Weyl's integration formula needs."""
    G = LieGroup.from_algebra(generators, name=name)
    return LieGroup(G.algebra, (), name=name, cartan=[CartanComponent(None, torus, tuple(roots))])
