"""Norms of the entries: Frobenius, Mixed(p, q), Entrywise(p), and the induced 1- and infinity-norms."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import inf
from numbers import Real

from grouprep.errors import GroupRepError
from grouprep.typing import AnyArray, Namespace
from projectors.arrays import (
    absolute_square,
    epsilon,
    in_range,
    is_differentiable,
    modulus,
    safe_divide,
    stop_gradient,
)
from projectors.penalties.base import Norm
from projectors.penalties.registry import register

__all__ = ["Entrywise", "Frobenius", "Induced", "Mixed", "check_exponent", "dual_vector", "vector_norm"]

_TIE = 4  # units of eps: |z| of a complex number rounds differently from one library to another


def check_exponent(name: str, p: object) -> None:
    """Raise GroupRepError unless p is a real number >= 1, or infinity."""
    if isinstance(p, bool) or not isinstance(p, Real) or not float(p) >= 1:
        raise GroupRepError(f"{name} = {p!r:.40} gives no norm; {name} must be a number >= 1, or math.inf")


def _tied(xp: Namespace, a: AnyArray, axes: tuple[int, ...]) -> AnyArray:
    """Weights of the maxima of a >= 0: equal, adding up to 1, constant."""
    a = stop_gradient(a)
    top = xp.max(a, axis=axes, keepdims=True)
    tied = xp.astype(a >= top * (1 - _TIE * epsilon(xp, a)), a.dtype)
    return tied / xp.sum(tied, axis=axes, keepdims=True)


def _is_empty(x: AnyArray, axes: tuple[int, ...]) -> bool:
    return 0 in (x.shape[axis] for axis in axes)


def vector_norm(xp: Namespace, x: AnyArray, p: float, axes: tuple[int, ...]) -> AnyArray:
    """(sum |x|^p)^(1/p) over some axes, without overflow, with derivatives that are 0 at 0.

    Parameters
    ----------
    xp : the array library.
    x : (...), real or complex.
    p : >= 1, or infinity.
    axes : negative integers, the axes to reduce.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.arrays import namespace_of
    >>> float(vector_norm(namespace_of(np), np.array([3e200, 4e200]), 2, (-1,)))
    5e+200
    """
    if p == 1 or _is_empty(x, axes):
        return xp.sum(modulus(xp, x), axis=axes)
    if p == inf:
        a = modulus(xp, x)
        top = xp.max(stop_gradient(a), axis=axes)
        if not is_differentiable(x):
            return top
        return top + xp.sum(_tied(xp, a, axes) * (a - stop_gradient(a)), axis=axes)
    B, s = in_range(xp, x, axes)
    if p != 2:
        return _power_norm(xp, modulus(xp, B), p, axes) * xp.squeeze(s, axis=axes)
    total = xp.sum(absolute_square(xp, B), axis=axes)
    zero = total == 0
    root = xp.sqrt(xp.where(zero, xp.ones_like(total), total))
    return xp.where(zero, xp.zeros_like(root), root) * xp.squeeze(s, axis=axes)


def _power_norm(xp: Namespace, a: AnyArray, p: float, axes: tuple[int, ...]) -> AnyArray:
    """(sum a^p)^(1/p) of a >= 0, 1 < p < infinity; a constant, and derivatives to second order on the scale of a itself."""
    fixed = stop_gradient(a)
    top = xp.max(fixed, axis=axes, keepdims=True)
    top = xp.where((top > 0) & xp.isfinite(top), top, xp.ones_like(top))
    norm = xp.sum((fixed / top) ** p, axis=axes, keepdims=True) ** (1 / p) * top
    value = xp.squeeze(norm, axis=axes)
    if not is_differentiable(a):
        return value
    u, d = safe_divide(xp, fixed, norm), a - fixed
    slope = xp.sum(u ** (p - 1) * d, axis=axes)
    bend = xp.where(u > 0, xp.where(u > 0, u, xp.ones_like(u)) ** (p - 2), xp.zeros_like(u))
    return value + slope + safe_divide(xp, xp.sum(bend * d * d, axis=axes) - slope * slope, value) * ((p - 1) / 2)


def dual_vector(xp: Namespace, x: AnyArray, p: float, axes: tuple[int, ...]) -> AnyArray:
    """The gradient of `vector_norm`, as x: |x|^(p-1) sign(x) / ||x||^(p-1), at p = infinity the mean over the maxima."""
    if _is_empty(x, axes):
        return x
    if p == 2:
        B, _ = in_range(xp, x, axes)
        norm = xp.sqrt(xp.sum(absolute_square(xp, B), axis=axes, keepdims=True))
        return safe_divide(xp, B, xp.astype(norm, B.dtype))
    one, _ = in_range(xp, x, ())
    sign = safe_divide(xp, one, xp.astype(xp.abs(one), one.dtype))
    if p == 1:
        return sign
    if p == inf:
        return _tied(xp, xp.abs(x), axes) * sign
    a = xp.abs(in_range(xp, x, axes)[0])
    norm = _power_norm(xp, a, p, axes)
    for axis in reversed(axes):
        norm = xp.expand_dims(norm, axis=axis)
    return safe_divide(xp, a, norm) ** (p - 1) * sign


@register("frobenius")
@dataclass(frozen=True)
class Frobenius(Norm):
    """The Frobenius norm (sum |a_ij|^2)^(1/2), or its square.

    Parameters
    ----------
    squared : whether to give the square.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.penalties import Frobenius
    >>> float(Frobenius().value(np.array([[3.0, 4.0]]))), float(Frobenius(squared=True).value(np.array([[3.0, 4.0]])))
    (5.0, 25.0)

    References
    ----------
    Golub and Van Loan, Matrix Computations, 2.3.1.
    """

    squared: bool = False

    def _value(self, xp: Namespace, A: AnyArray) -> AnyArray:
        if self.squared:
            return xp.sum(absolute_square(xp, A), axis=(-2, -1))
        return vector_norm(xp, A, 2, (-2, -1))

    def _subgradient(self, xp: Namespace, A: AnyArray) -> AnyArray:
        return 2 * A if self.squared else dual_vector(xp, A, 2, (-2, -1))

    @property
    def power(self) -> int:
        return 2 if self.squared else 1

    def as_norm(self) -> Frobenius:
        return Frobenius()

    @property
    def schatten(self) -> float | None:
        return None if self.squared else 2.0


class _EntryNorm(Norm):
    """A norm that monomial unitaries leave invariant, and other unitaries do not."""

    @property
    @abstractmethod
    def _exponents(self) -> tuple[float, float]:
        """p and q of the Mixed(p, q) that it is."""

    @property
    def schatten(self) -> float | None:
        return 2.0 if self._exponents == (2, 2) else None

    @property
    def unitarily_invariant(self) -> bool:
        return self.is_euclidean

    def _distortion(self, m: int, n: int) -> float:
        p, q = self._exponents
        return float(m ** abs(1 / p - 1 / 2) * n ** abs(1 / q - 1 / 2)) if m and n else 1.0

    def _value(self, xp: Namespace, A: AnyArray) -> AnyArray:
        p, q = self._exponents
        if p == q:
            return vector_norm(xp, A, p, (-2, -1))
        return vector_norm(xp, vector_norm(xp, A, p, (-2,)), q, (-1,))

    def _subgradient(self, xp: Namespace, A: AnyArray) -> AnyArray:
        p, q = self._exponents
        if p == q:
            return dual_vector(xp, A, p, (-2, -1))
        columns = dual_vector(xp, vector_norm(xp, A, p, (-2,)), q, (-1,))
        return dual_vector(xp, A, p, (-2,)) * columns[..., None, :]


@register("mixed")
@dataclass(frozen=True)
class Mixed(_EntryNorm):
    """The mixed norm (p, q), the q-norm of the columns' p-norms: (sum_j (sum_i |a_ij|^p)^(q/p))^(1/q).

    Not unitarily invariant: monomial unitaries leave it as it is, others change it by at most the factor
    c = m^|1/p - 1/2| n^|1/q - 1/2| for (m, n) matrices. In the spectral frame a penalty is the norm of the spectral matrix, which
    differs from the one of the spatial matrix.

    Parameters
    ----------
    p : >= 1 or infinity, along a column.
    q : >= 1 or infinity, over the columns.

    Raises
    ------
    GroupRepError
        If p or q is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.penalties import Mixed
    >>> float(Mixed(2, 1).value(np.array([[3.0, 0.0], [4.0, 1.0]])))
    6.0

    References
    ----------
    Horn and Johnson, Matrix Analysis, 5.6; Mixed(2, 1) is the group lasso of the columns (Yuan and Lin 2006).
    """

    p: float = 2
    q: float = 1

    def __post_init__(self) -> None:
        check_exponent("p", self.p)
        check_exponent("q", self.q)

    @property
    def _exponents(self) -> tuple[float, float]:
        return self.p, self.q


@register("entrywise")
@dataclass(frozen=True)
class Entrywise(_EntryNorm):
    """The p-norm of all entries: (sum |a_ij|^p)^(1/p); for p = infinity the largest modulus.

    Not unitarily invariant unless p = 2: monomial unitaries leave it as it is, others change it by at most the factor
    (m n)^|1/p - 1/2| for (m, n) matrices. In the spectral frame a penalty is the norm of the spectral matrix, which differs from the one of
    the spatial matrix.

    Parameters
    ----------
    p : >= 1 or infinity.

    Raises
    ------
    GroupRepError
        If p is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from math import inf
    >>> from projectors.penalties import Entrywise
    >>> A = np.array([[1.0, -3.0], [2.0, 0.0]])
    >>> float(Entrywise(1).value(A)), float(Entrywise(inf).value(A))
    (6.0, 3.0)

    References
    ----------
    Horn and Johnson, Matrix Analysis, 5.6.
    """

    p: float = 1

    def __post_init__(self) -> None:
        check_exponent("p", self.p)

    @property
    def _exponents(self) -> tuple[float, float]:
        return self.p, self.p


@register("induced")
@dataclass(frozen=True)
class Induced(_EntryNorm):
    """The operator p-norm max ||A x||_p / ||x||_p: for p = 1 the largest column sum, for p = infinity the largest row sum.

    Induced(1) is Mixed(1, inf), and Induced(inf) the same of the transpose. Not unitarily invariant: monomial unitaries leave it as
    it is, others change it by at most the factor sqrt(m n) for (m, n) matrices. In the spectral frame a penalty is the norm of the
    spectral matrix, which differs from the one of the spatial matrix.

    Parameters
    ----------
    p : 1 or infinity.

    Raises
    ------
    GroupRepError
        If p is neither: the operator 2-norm is `Spectral()`, and the others are NP-hard (Hendrickx and Olshevsky 2010).

    Examples
    --------
    >>> import numpy as np
    >>> from math import inf
    >>> from projectors.penalties import Induced
    >>> A = np.array([[1.0, -3.0], [2.0, 0.0]])
    >>> float(Induced(1).value(A)), float(Induced(inf).value(A))
    (3.0, 4.0)

    References
    ----------
    Golub and Van Loan, Matrix Computations, 2.3.2.
    """

    p: float = 1

    def __post_init__(self) -> None:
        if isinstance(self.p, bool) or self.p not in (1, inf):
            raise GroupRepError(
                f"p = {self.p!r:.40}: the operator p-norm is offered for p = 1 and math.inf; for p = 2 use Spectral()"
            )

    @property
    def _exponents(self) -> tuple[float, float]:
        return 1, inf

    def _value(self, xp: Namespace, A: AnyArray) -> AnyArray:
        return super()._value(xp, A if self.p == 1 else xp.matrix_transpose(A))

    def _subgradient(self, xp: Namespace, A: AnyArray) -> AnyArray:
        if self.p == 1:
            return super()._subgradient(xp, A)
        return xp.matrix_transpose(super()._subgradient(xp, xp.matrix_transpose(A)))
