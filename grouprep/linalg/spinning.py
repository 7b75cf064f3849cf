"""Intertwiners from monomial matrices to exact ones over a large field: a vector chosen for each orbit, carried along the orbit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grouprep.linalg._cyclotomic import degree
from grouprep.linalg.budget import EXACT_WORK, require
from grouprep.linalg.fields import common_domain, convert_matrix, zeta
from grouprep.linalg.matrices import Image, as_exact, is_exact, size
from grouprep.linalg.monomial import Monomial
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.sparse import (
    equal_exact,
    from_domain_matrix_rows,
    identity_exact,
    matmul_exact,
    sparse_matrix,
    stack_exact,
    subtract_exact,
)
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["field_steps", "prefers_spinning", "require_steps", "spun_intertwiners"]

_DEGREE = 48  # of the field; below, elimination modulo primes takes no more than a second for moderate sizes


def prefers_spinning(pairs: Sequence[tuple[Image, Image]]) -> bool:
    """Whether all A are monomial, and the B exact over a field of a large degree, where elimination is slow."""
    if not all(isinstance(a, Monomial) and is_exact(b) for a, b in pairs):
        return False
    K = common_domain(*(as_exact(b).domain for _, b in pairs))
    return not (K.is_ZZ or K.is_QQ) and degree(K) >= _DEGREE


_WORK = 5 * EXACT_WORK  # a minute: products of numbers in a field are faster for each step than those of rationals


def field_steps(pairs: Sequence[tuple[Image, Image]]) -> int:
    """The rational products of one product B X - X A for every pair, X dense, over a field of a large degree; 0 over a smaller one.

    Monomial matrices only move the entries of X.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix
    >>> field_steps([(Monomial([1, 0]), to_domain_matrix([[0, 1], [1, 0]]))])
    0
    """
    matrices = [as_exact(m) for pair in pairs for m in pair if not isinstance(m, Monomial)]
    if not matrices:
        return 0
    K = common_domain(*(m.domain for m in matrices))
    if K.is_ZZ or K.is_QQ or degree(K) < _DEGREE:
        return 0
    return int(size(pairs[0][0]) * size(pairs[0][1]) * sum(m.nnz() for m in matrices) * degree(K) ** 2)


def require_steps(pairs: Sequence[tuple[Image, Image]]) -> None:
    """Raise TooLarge, with both numbers, if exact intertwiners over a field of a large degree take more than a minute."""
    n, m = size(pairs[0][0]), size(pairs[0][1])
    require(
        field_steps(pairs), _WORK, f"the exact solution for {m} x {n} operators, in its field's numbers, takes steps:"
    )


def spun_intertwiners(pairs: Sequence[tuple[Image, Image]]) -> DomainMatrix:
    """The space {X : X A = B X for all pairs}, A monomial (n, n), B exact (m, m), as rows (r, m * n).

    From A e_j = z e_k follows X e_k = B X e_j / z: X is what it is at one point of each orbit, a vector w there, which the closed
    paths of the orbit have to keep. The point is the orbit's first one, the basis of the w the canonical one of a nullspace.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix, to_sympy
    >>> turn = to_domain_matrix([[0, -1], [1, -1]])
    >>> to_sympy(spun_intertwiners([(Monomial([1, 2, 0]), turn)]))
    Matrix([
    [1, 0, -1, 0, 1, -1],
    [0, -1, 1, 1, -1, 0]])

    References
    ----------
    Frobenius reciprocity, Serre, Linear Representations of Finite Groups, 7.2: Hom_G(Ind 1, W) = W^H.
    """
    monomial = [a for a, _ in pairs if isinstance(a, Monomial)]
    n, m = size(pairs[0][0]), size(pairs[0][1])
    K = common_domain(*(as_exact(b).domain for _, b in pairs), *(a.domain for a in monomial)).get_field()
    require_steps(pairs)
    right = [convert_matrix(as_exact(b), K) for _, b in pairs]
    one = convert_matrix(identity_exact(m, K), K)
    carried: list[DomainMatrix | None] = [None] * n
    rows: list[dict[int, Scalar]] = []
    for root in range(n):
        if carried[root] is not None:
            continue
        carried[root] = one
        orbit, loops = [root], []
        for j in orbit:
            here = carried[j]
            for a, b in zip(monomial, right, strict=True):
                k, value = int(a.perm[j]), matmul_exact(b, here)
                if a.phase[j]:
                    value = value * K.convert_from(zeta(a.modulus, -int(a.phase[j])), a.domain)
                if carried[k] is None:
                    carried[k] = value
                    orbit.append(k)
                elif not equal_exact(value, carried[k]):
                    loops.append(subtract_exact(value, carried[k]))
        vectors = convert_matrix(nullspace(stack_exact(loops)), K) if loops else one
        for r in range(vectors.shape[0]):
            w = vectors.extract([r], list(range(m))).transpose()
            row: dict[int, Scalar] = {}
            for j in orbit:
                for i, entry in from_domain_matrix_rows(matmul_exact(carried[j], w)).items():
                    row[i * n + j] = entry[0]
            rows.append(row)
    return sparse_matrix(dict(enumerate(rows)), (len(rows), m * n), K)
