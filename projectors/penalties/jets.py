"""Derivatives of functions of singular values to second order, stable at ties: the jet of A -> sum_i phi_i(s_i(A))."""

from __future__ import annotations

from dataclasses import dataclass

from grouprep.typing import AnyArray, Namespace
from projectors.arrays import absolute_square, adjoint, epsilon, is_complex, safe_divide

__all__ = ["Weights", "jet"]


@dataclass(frozen=True)
class Weights:
    """The derivatives of f(s) = sum_i phi_i(s_i) at singular values s, (..., k), in descending order.

    Attributes
    ----------
    first : (..., k), phi_i'(s_i).
    difference : (..., k, k), (phi_i' - phi_j') / (s_i - s_j), at ties its limit where there is one, else 0.
    total : (..., k, k), (phi_i' + phi_j') / (s_i + s_j), 0 where that is infinite.
    ratio : (..., k), phi_i' / s_i, 0 where that is infinite.
    """

    first: AnyArray
    difference: AnyArray
    total: AnyArray
    ratio: AnyArray

    @classmethod
    def of_largest(cls, xp: Namespace, s: AnyArray, k: int, tolerance: float) -> tuple[AnyArray, Weights]:
        """f and its derivatives for the sum of the k largest; those tied with the k-th share its weight evenly."""
        k = min(k, s.shape[-1])
        boundary = s[..., k - 1 : k]
        slack = tolerance * s[..., :1]
        above = xp.astype(s > boundary + slack, s.dtype)
        tied = xp.astype(s >= boundary - slack, s.dtype) - above
        share = (k - xp.sum(above, axis=-1, keepdims=True)) / xp.sum(tied, axis=-1, keepdims=True)
        nonzero = xp.astype(s > slack, s.dtype)
        w = (above + share * tied) * nonzero
        gap = s[..., :, None] - s[..., None, :]
        apart = xp.astype(xp.abs(gap) > slack[..., None], s.dtype)
        difference = safe_divide(xp, w[..., :, None] - w[..., None, :], gap) * apart
        total = safe_divide(xp, w[..., :, None] + w[..., None, :], s[..., :, None] + s[..., None, :])
        weights = cls(w, difference, total, safe_divide(xp, w, s))
        return xp.sum(s[..., :k], axis=-1), weights

    @classmethod
    def of_power(cls, xp: Namespace, s: AnyArray, p: float, tolerance: float) -> tuple[AnyArray, Weights]:
        """f and its derivatives for sum s_i^p, p >= 1."""
        zero = s <= tolerance * s[..., :1]
        positive = xp.where(zero, xp.ones_like(s), s)
        first = xp.where(zero, xp.zeros_like(s), p * positive ** (p - 1))
        mean = (s[..., :, None] + s[..., None, :]) / 2
        gap = s[..., :, None] - s[..., None, :]
        close = xp.abs(gap) <= 2 * epsilon(xp, s) ** (1 / 3) * mean  # balances truncation gap^2 and rounding eps / gap
        curvature = p * (p - 1) * xp.where(mean == 0, xp.ones_like(mean), mean) ** (p - 2)
        difference = safe_divide(xp, first[..., :, None] - first[..., None, :], gap)
        difference = xp.where(close, curvature, difference)
        total = safe_divide(xp, first[..., :, None] + first[..., None, :], 2 * mean)
        ratio = safe_divide(xp, first, s)
        both = zero[..., :, None] & zero[..., None, :]
        limit = 2.0 if p == 2 else 0.0  # of p s^(p-2) at 0; infinite for p < 2, where no second derivative exists
        either = (zero[..., :, None] | zero[..., None, :]) if p == 1 else both
        difference = xp.where(either, xp.full_like(difference, limit), difference)
        total = xp.where(both, xp.full_like(total, limit), total)
        ratio = xp.where(zero, xp.full_like(ratio, limit), ratio)
        exact = xp.where(s > 0, xp.where(s > 0, s, xp.ones_like(s)) ** p, xp.zeros_like(s))
        return xp.sum(exact, axis=-1), cls(first, difference, total, ratio)


def jet(xp: Namespace, D: AnyArray, U: AnyArray, V: AnyArray, weights: Weights) -> tuple[AnyArray, AnyArray]:
    """(a, b), each (...), with f(A + D) - f(A) = a + b / 2 to second order in D, for A = U diag(s) V* and f the function of `weights`.

    With D = A - stop_gradient(A), which is 0, both are 0, and their derivatives are those of f at A: none goes through the
    decomposition, whose own second derivatives are infinite at ties.

    Parameters
    ----------
    xp : the array library.
    D : (..., m, n).
    U, V : (..., m, k) and (..., n, k), k = min(m, n), constant.
    weights : the derivatives of f.

    References
    ----------
    Daleckii and Krein (1965) on the Hermitian matrix [[0, A], [A*, 0]]; Lewis and Sendov, SIAM J. Matrix Anal. Appl. 23 (2001).
    """
    m, n = D.shape[-2:]
    right, left = D @ V, adjoint(xp, U) @ D  # (..., m, k), (..., k, n)
    E = adjoint(xp, U) @ right
    diagonal = xp.linalg.diagonal(E)
    if is_complex(xp, E):
        diagonal = xp.real(diagonal)
    first = xp.sum(weights.first * diagonal, axis=-1)
    symmetric, skew = (E + adjoint(xp, E)) / 2, (E - adjoint(xp, E)) / 2
    second = weights.difference * absolute_square(xp, symmetric) + weights.total * absolute_square(xp, skew)
    second = xp.sum(second, axis=(-2, -1))
    if m > n:
        outside = xp.sum(absolute_square(xp, right), axis=-2) - xp.sum(absolute_square(xp, E), axis=-2)
        second = second + xp.sum(weights.ratio * outside, axis=-1)
    if n > m:
        outside = xp.sum(absolute_square(xp, left), axis=-1) - xp.sum(absolute_square(xp, E), axis=-1)
        second = second + xp.sum(weights.ratio * outside, axis=-1)
    return first, second
