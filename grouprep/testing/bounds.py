"""Error bounds of floating point, from which the laws take their tolerances, and the comparisons that they make."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from math import prod

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from grouprep.groups import Group
from grouprep.linalg import as_float
from grouprep.representations import Representation

__all__ = [
    "comparisons",
    "evaluation_error",
    "gamma",
    "norm",
    "require",
    "require_close",
    "require_equal",
    "require_raises",
    "sensitivity",
]

_COMPLEX = 4  # a complex product rounds like 2 sqrt(2) real ones, and eps is twice the unit roundoff: 4 covers both


def gamma(count: float, dtype: DTypeLike = np.float64) -> float:
    """The relative error k eps / (1 - k eps) of k = 4 count roundings in a row.

    References
    ----------
    N. J. Higham, Accuracy and Stability of Numerical Algorithms, SIAM 2002, sections 3.1 and 3.6 (complex numbers).
    """
    k = _COMPLEX * max(float(count), 1.0) * float(np.finfo(np.dtype(dtype)).eps)
    return k / (1 - k) if k < 1 else float("inf")


def norm(matrices: ArrayLike) -> float:
    """The largest Frobenius norm in a stack (..., m, n)."""
    array = np.asarray(matrices)
    return float(np.sqrt((np.abs(array) ** 2).sum(axis=(-2, -1))).max(initial=0.0))


def sensitivity(V: Representation) -> float:
    """The norm of the differential from the defining matrices of the Lie algebra to those on V; 0 for finite groups.

    A relative error e in g becomes one of sensitivity * e in V(g), to first order.
    """
    generators = [a for a in V.group.generator_names if a.kind == "algebra"]
    if not generators:
        return 0.0
    defining = V.group.defining()
    below = np.array([as_float(defining.images[a]).ravel() for a in generators]).T
    above = np.array([as_float(V.images[a]).ravel() for a in generators]).T
    real = np.concatenate([below.real, below.imag])
    image = np.concatenate([above.real, above.imag])
    return float(np.linalg.norm(image @ np.linalg.pinv(real), 2))


def _size(G: Group) -> int:
    return max((int(getattr(H, "n", 1)) for H in G.factors), default=1)


def evaluation_error(V: Representation, *norms: float) -> float:
    """A bound on the Frobenius norm of the error of a product of matrices V(g) of the given norms.

    Each entry of V(g) is a sum of products of entries of g, and each product of (dim, dim) matrices adds dim roundings;
    the elements g of a Lie group are themselves rounded products of (n, n) matrices.
    """
    size = _size(V.group)
    count = (len(norms) + 1) * (V.dim + size) * (1 + size * sensitivity(V))
    return gamma(count) * prod(max(x, 1.0) for x in norms)


_COMPARISONS: ContextVar[int] = ContextVar("comparisons", default=0)


def comparisons() -> int:
    """How many comparisons the functions below have made so far."""
    return _COMPARISONS.get()


def _count() -> None:
    _COMPARISONS.set(_COMPARISONS.get() + 1)


def require(condition: object, message: str) -> None:
    """Raise AssertionError with the message if the condition does not hold."""
    _count()
    if not condition:
        raise AssertionError(message)


def require_close(actual: ArrayLike, expected: ArrayLike, bound: float, law: str) -> None:
    """Raise AssertionError naming the law if a matrix of a stack is further from the expected one than the bound."""
    _count()
    x, y = np.asarray(actual), np.asarray(expected)
    if x.shape != y.shape:
        raise AssertionError(f"{law}: shapes {x.shape} and {y.shape} differ")
    error = norm(x - y) if x.ndim >= 2 else float(np.abs(x - y).max(initial=0.0))
    if not error <= bound:
        raise AssertionError(f"{law}: the two sides differ by {error:.3g}, rounding explains at most {bound:.3g}")


def require_equal(actual: object, expected: object, law: str) -> None:
    """Raise AssertionError naming the law if two values differ."""
    _count()
    if actual != expected:
        raise AssertionError(f"{law}: {actual!r:.200} is not {expected!r:.200}")


def require_raises(error: type[Exception], call: Callable[[], object], message: str) -> None:
    """Raise AssertionError with the message if the call returns instead of raising that error."""
    _count()
    try:
        call()
    except error:
        return
    raise AssertionError(message)
