"""The real symplectic groups Sp(2n, R), which are not compact."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement

from grouprep.errors import GroupRepError
from grouprep.families._common import checked_size, matrix
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, register_family

__all__ = ["SpReal"]


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
    dimension = checked_size(dimension, "SpReal", 2, 32)
    if dimension % 2:
        raise GroupRepError(
            f"SpReal(2n) needs the even size of its matrices, got {dimension}; SpReal({dimension + 1})?"
        )
    n = dimension // 2
    pairs = list(combinations_with_replacement(range(n), 2))
    # The torus of the maximal compact subgroup U(n) comes first: it holds the group's closed paths.
    compact = [matrix(2 * n, {(k, n + k): 1, (n + k, k): -1}) for k in range(n)]
    for i, j in combinations(range(n), 2):
        compact.append(matrix(2 * n, {(i, n + j): 1, (j, n + i): 1, (n + i, j): -1, (n + j, i): -1}))
        compact.append(matrix(2 * n, {(i, j): 1, (j, i): -1, (n + i, n + j): 1, (n + j, n + i): -1}))
    rest = []
    for i, j in pairs:
        rest.append(matrix(2 * n, {(i, j): 1, (j, i): 1, (n + i, n + j): -1, (n + j, n + i): -1}))
        rest.append(matrix(2 * n, {(i, n + j): 1, (j, n + i): 1, (n + i, j): 1, (n + j, i): 1}))
    return LieGroup.from_algebra(compact + rest, name=f"Sp({dimension},R)")


register_family(
    GroupFamily(
        name="SpReal",
        constructor=SpReal,
        pattern=r"Sp\((\d{1,4}), ?R\)|SpReal\((\d{1,4})\)",
        example="Sp(4,R)",
        neighbours={"emlp": {"Sp": lambda n: SpReal(2 * n)}},
    )
)
