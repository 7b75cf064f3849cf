"""Elements of finite order in the identity component that are monomial matrices, found exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg.matrices import is_exact
from grouprep.linalg.sparse import from_domain_matrix_rows, identity_exact

__all__ = ["torsion_elements"]


def torsion_elements(algebra: Sequence[Image]) -> tuple[Monomial, ...]:
    """The monomial ones among 1 + A/c + (A/c)^2 = exp(pi A / (2 c)), for the generators A with A^3 = -c^2 A, c rational.

    Examples
    --------
    >>> from grouprep import SO
    >>> SO(3).torsion[0].to_numpy()
    array([[ 0., -1.,  0.],
           [ 1.,  0.,  0.],
           [ 0.,  0.,  1.]])
    """
    found = []
    for a in algebra:
        h = _quarter_turn(a) if is_exact(a) else None
        if h is not None:
            found.append(h)
    return tuple(found)


def _quarter_turn(a: Image) -> Monomial | None:
    from sympy import QQ, sqrt

    A = as_exact(a).to_field()
    square = A * A
    cube = square * A
    ratio = _ratio(cube, A)
    if ratio is None:
        return None
    value = A.domain.to_sympy(-ratio)
    c = sqrt(value) if value.is_Rational and value > 0 else None
    if c is None or not c.is_Rational:
        return None
    scale = A.domain.convert_from(QQ(1) / QQ.from_sympy(c), QQ)
    one = identity_exact(A.shape[0], A.domain)
    return Monomial.from_domain_matrix(one + A.to_sparse() * scale + square.to_sparse() * (scale * scale))


def _ratio(x: Any, y: Any) -> Any:
    """q with x = q y, or None."""
    rows = from_domain_matrix_rows(y)
    for i, row in rows.items():
        for j, value in row.items():
            q = from_domain_matrix_rows(x).get(i, {}).get(j, y.domain.zero) / value
            return q if (x - y * q).is_zero_matrix else None
    return None
