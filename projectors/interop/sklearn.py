"""Ridge regression with separate penalties on the equivariant part of the coefficients and on the rest, as scikit-learn has estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

try:
    from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    if error.name != "sklearn":
        raise
    raise ModuleNotFoundError(
        "projectors.interop.sklearn needs scikit-learn 1.6 or later: pip install 'grouprep[studies]'", name="sklearn"
    ) from None

from grouprep.errors import DimensionMismatch, GroupRepError, shown
from grouprep.linalg.memory import require_memory
from grouprep.representations import Representation
from grouprep.typing import Array
from projectors.hom import Hom

__all__ = ["EquivariantRidge"]

_EPS = float(np.finfo(float).eps)


class EquivariantRidge(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Linear regression y = T x + b that pays alpha |P(T)|^2 + alpha_residual |T - P(T)|^2, P the projector on Hom(V, W).

    The minimum is found exactly, by one linear system of the size of dim Hom(V, W) and one eigenvalue problem of the size of dim V.
    alpha_residual = inf gives the best equivariant map, alpha_residual = alpha ordinary ridge regression. The intercept is an operator
    from the trivial representation: its invariant part is free, its other part pays alpha_residual.

    Parameters
    ----------
    V, W : unitary real representations of the rows of X and of y; both None: of the trivial group, so that all maps are equivariant.
    alpha : >= 0, the penalty on P(T).
    alpha_residual : > 0, may be inf: the penalty on T - P(T).
    fit_intercept : whether there is b; without it, b = 0.

    Attributes
    ----------
    coef_ : (dim W, dim V), the operator T; (dim V,) if y was one-dimensional.
    equivariant_, residual_ : P(T) and T - P(T), of the same shape.
    intercept_ : (dim W,), or a float if y was one-dimensional.
    n_features_in_ : dim V.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> V = Cyclic(3).regular()
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> model = EquivariantRidge(V, V, alpha=0.0).fit(X, 2 * X + np.roll(X, 1, axis=1))
    >>> model.coef_.round(6) + 0
    array([[2., 0., 1.],
           [1., 2., 0.],
           [0., 1., 2.]])
    """

    def __init__(
        self,
        V: Representation | None = None,
        W: Representation | None = None,
        alpha: float = 1.0,
        alpha_residual: float = np.inf,
        fit_intercept: bool = True,
    ) -> None:
        self.V, self.W = V, W
        self.alpha, self.alpha_residual, self.fit_intercept = alpha, alpha_residual, fit_intercept

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> EquivariantRidge:
        """Find T and b.

        Parameters
        ----------
        X : (samples, dim V) real.
        y : (samples, dim W) real, or (samples,) if dim W = 1.
        sample_weight : (samples,) >= 0, or one number: how much each sample's squared error counts; None: 1.

        Raises
        ------
        GroupRepError
            If a parameter, V or W is not what is asked for.
        DimensionMismatch
            If X or y do not have the dimensions of V and W.
        """
        checked = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        X, y = (np.asarray(part, dtype=float) for part in checked)
        weights = _weights(sample_weight, len(X))
        Y = y.reshape(len(X), -1)
        H = self._space(X.shape[1], Y.shape[1])
        alpha, beta = _penalty("alpha", self.alpha), _penalty("alpha_residual", self.alpha_residual)
        if not np.isfinite(alpha) or beta == 0:
            raise GroupRepError("alpha must be finite, and alpha_residual > 0, which may be inf")
        total = weights.sum()
        x, z = (weights @ X / total, weights @ Y / total) if self.fit_intercept else (0 * X[0], 0 * Y[0])
        centred, wanted = X - x, Y - z
        G, C = (centred.T * weights) @ centred, (wanted.T * weights) @ centred
        parts = [(np.eye(Y.shape[1]), G, C)]
        invariant = np.eye(Y.shape[1])
        if self.fit_intercept and H is not None:
            # The best intercept is z - T x in the invariant vectors of W, and that times total / (total + beta) outside, where
            # a penalty on z - T x is left.
            U = Hom(H.W.group.trivial(), H.W).basis().matrices[..., 0]
            invariant = U.T @ U
            left = total if np.isinf(beta) else total / (1 + total / beta)
            parts = [
                (invariant, G, C),
                (np.eye(len(invariant)) - invariant, G + left * np.outer(x, x), C + left * np.outer(z, x)),
            ]
        E, R = (_ridge(G, C, alpha), np.zeros(C.shape)) if H is None else _solve(H, parts, alpha, beta)
        b = z - (E + R) @ x
        inner = invariant @ b
        b = inner + (b - inner) / (1 + beta / total)
        flat = y.ndim == 1
        self.equivariant_, self.residual_, self.coef_ = (T[0] if flat else T for T in (E, R, E + R))
        self.intercept_ = float(b[0]) if flat else b
        return self

    def predict(self, X: ArrayLike) -> Array:
        """T x + b for each row x of X.

        Parameters
        ----------
        X : (samples, dim V) real.

        Returns
        -------
        (samples, dim W), or (samples,) if y was one-dimensional.
        """
        check_is_fitted(self)
        rows: Array = validate_data(self, X, reset=False, dtype=np.float64)
        predicted: Array = rows @ self.coef_.T + self.intercept_
        return predicted

    def _space(self, n: int, m: int) -> Hom | None:
        if self.V is None and self.W is None:
            return None
        for name, U, size, what in (("V", self.V, n, "X"), ("W", self.W, m, "y")):
            if not isinstance(U, Representation):
                raise GroupRepError(f"{name} must be a Representation such as G.regular(), got {shown(U)}")
            if U.field != "real" or not U.is_unitary:
                raise GroupRepError(f"{name} = {U} must be real and orthogonal; V.unitary() makes it orthogonal")
            if U.dim != size:
                raise DimensionMismatch(f"{what} has {size} columns, {name} = {U} has dimension {U.dim}")
        assert self.V is not None
        assert self.W is not None
        return Hom(self.V, self.W)


def _penalty(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating) or not value >= 0:
        raise GroupRepError(f"{name} must be a number >= 0, got {shown(value)}")
    return float(value)


def _weights(sample_weight: ArrayLike | None, count: int) -> Array:
    weights = np.ones(count) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    weights = np.full(count, float(weights)) if weights.ndim == 0 else weights
    if weights.shape != (count,):
        raise DimensionMismatch(f"sample_weight has shape {weights.shape}, expected ({count},)")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise GroupRepError("sample_weight must be finite and >= 0, and not all weights zero")
    return weights


def _eigen(G: Array) -> tuple[Array, Array]:
    """Eigenvalues and vectors of a positive semidefinite matrix; what rounding makes of zero is zero (error n eps |G|)."""
    values, Q = np.linalg.eigh(G)
    bound = len(G) * _EPS * np.abs(values).max(initial=0)
    return np.where(values > bound, values, 0.0), Q


def _inverse(values: Array) -> Array:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


def _ridge(G: Array, C: Array, alpha: float) -> Array:
    """The least T with T (G + alpha) = C."""
    values, Q = _eigen(G)
    solved: Array = (C @ Q) * _inverse(values + alpha) @ Q.T
    return solved


def _solve(H: Hom, parts: list[tuple[Array, Array, Array]], alpha: float, beta: float) -> tuple[Array, Array]:
    """E = P(T) and R = T - P(T) with L (T G - C) + alpha E + beta R = 0, summed over L, G, C: projectors L that commute with W.

    For one L: R = (C - E (G + alpha)) (G + beta)^-1. That P(R) = 0 is a linear system for the coordinates of E; times beta it
    stays of the size of G for beta = inf.
    """
    r, (m, n) = H.dim, H.shape
    require_memory(3 * r * m * n + r * r, f"{r} equivariant maps {m} x {n} as unknowns")
    B = H.basis().matrices
    A, c = np.zeros((r, r)), np.zeros(r)
    eigen = [_eigen(G) for _, G, _ in parts]
    for (L, _, C), (values, Q) in zip(parts, eigen, strict=True):
        damped = 1 / (1 + values / beta)
        turned = (L @ B @ Q).reshape(r, m * n)
        A += (turned * np.tile((values + alpha) * damped, m)) @ turned.T
        c += turned @ ((L @ C @ Q) * damped).reshape(-1)
    values, Q = _eigen(A)
    E = np.tensordot(Q @ (_inverse(values) * (Q.T @ c)), B, 1)
    R = np.zeros(E.shape)
    if np.isfinite(beta):
        for (L, G, C), (values, Q) in zip(parts, eigen, strict=True):
            R += L @ (C - E @ G - alpha * E) @ Q / (values + beta) @ Q.T
        R = H.residual(R)
    return E, R
