"""The symplectic families: Sp(n), the compact USp(2n), and SpReal(2n), which is not compact."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement
from typing import Any

from grouprep.errors import GroupRepError
from grouprep.groups.catalogue import _positive, _symplectic_roots, _unit
from grouprep.groups.lie import CartanComponent, LieGroup

__all__ = ["Sp", "SpReal"]

Entries = dict[tuple[int, int], tuple[int, int]]


def _quaternionic(n: int, a: Entries, b: Entries) -> list[list[Any]]:
    """[[A, B], [-conj(B), conj(A)]] for entries (re, im), halves of integers."""

    def text(re: int, im: int) -> str:
        return f"{re}/2 + {im}*I/2"

    out: dict[tuple[int, int], str] = {}
    for (i, j), (re, im) in a.items():
        out[i, j], out[n + i, n + j] = text(re, im), text(re, -im)
    for (i, j), (re, im) in b.items():
        out[i, n + j], out[n + i, j] = text(re, im), text(-re, im)
    return _unit(2 * n, out)


def Sp(n: int) -> LieGroup:
    """The compact symplectic group Sp(n) = USp(2n), n >= 1: unitary matrices of size 2n with g^T J g = J, J = [[0, 1], [-1, 0]].

    Its Lie algebra is that of the matrices [[A, B], [-conj(B), conj(A)]] with A anti-Hermitian and B symmetric; for n = 1 the
    generators are i sigma / 2, those of SU(2).

    Raises
    ------
    GroupRepError
        If n is not a positive integer.

    Examples
    --------
    >>> from projectors import Hom
    >>> V = Sp(2).defining()
    >>> V.dim, Hom(V**2, V**2).dim
    (4, 3)

    References
    ----------
    W. Fulton and J. Harris, Representation Theory, Springer 1991, sections 7.2 and 16.1.
    """
    n = _positive(n, "Sp", most=16)
    generators = [_quaternionic(n, {(k, k): (0, 1)}, {}) for k in range(n)]
    for j, k in combinations(range(n), 2):
        generators.append(_quaternionic(n, {(j, k): (1, 0), (k, j): (-1, 0)}, {}))
        generators.append(_quaternionic(n, {(j, k): (0, 1), (k, j): (0, 1)}, {}))
    for j, k in combinations_with_replacement(range(n), 2):
        generators += [_quaternionic(n, {}, {(j, k): x, (k, j): x}) for x in ((1, 0), (0, 1))]
    G = LieGroup.from_algebra(generators, name=f"Sp({n})")
    torus = tuple(tuple(2 * int(i == k) for i in range(len(G.algebra))) for k in range(n))
    return LieGroup(G.algebra, (), name=G.name, cartan=[CartanComponent(None, torus, tuple(_symplectic_roots(n)))])


def SpReal(dimension: int) -> LieGroup:
    """The real symplectic group Sp(2n, R) of matrices of size 2n with g^T J g = J, J = [[0, 1], [-1, 0]]; not compact.

    Its Lie algebra is that of the matrices [[A, B], [C, -A^T]] with B and C symmetric. Every generator is antisymmetric (these
    come first and generate the maximal compact subgroup U(n)) or symmetric.

    Parameters
    ----------
    dimension : the size 2n of the matrices, even.

    Raises
    ------
    GroupRepError
        If dimension is not an even integer >= 2.

    Examples
    --------
    >>> from projectors import Hom
    >>> V = SpReal(4).defining()
    >>> Hom(V**2, V**2, inner="euclidean").dim
    3

    References
    ----------
    W. Fulton and J. Harris, Representation Theory, Springer 1991, section 16.1.
    """
    dimension = _positive(dimension, "SpReal", 2, 32)
    if dimension % 2:
        raise GroupRepError(
            f"SpReal(2n) needs the even size of its matrices, got {dimension}; SpReal({dimension + 1})?"
        )
    n = dimension // 2
    pairs = list(combinations_with_replacement(range(n), 2))
    # The torus of the maximal compact subgroup U(n) comes first: it holds the group's closed paths.
    compact = [_unit(2 * n, {(k, n + k): 1, (n + k, k): -1}) for k in range(n)]
    for i, j in combinations(range(n), 2):
        compact.append(_unit(2 * n, {(i, n + j): 1, (j, n + i): 1, (n + i, j): -1, (n + j, i): -1}))
        compact.append(_unit(2 * n, {(i, j): 1, (j, i): -1, (n + i, n + j): 1, (n + j, n + i): -1}))
    rest = []
    for i, j in pairs:
        rest.append(_unit(2 * n, {(i, j): 1, (j, i): 1, (n + i, n + j): -1, (n + j, n + i): -1}))
        rest.append(_unit(2 * n, {(i, n + j): 1, (j, n + i): 1, (n + i, j): 1, (n + j, i): 1}))
    return LieGroup.from_algebra(compact + rest, name=f"Sp({dimension},R)")
