"""Unitarily invariant norms of the singular values: Spectral, Nuclear, Schatten(p), KyFan(k)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from grouprep.errors import GroupRepError
from grouprep.typing import AnyArray, Namespace
from projectors.arrays import (
    adjoint,
    as_matrices,
    epsilon,
    in_range,
    is_differentiable,
    refuse_nan,
    safe_divide,
    stop_gradient,
)
from projectors.penalties.base import Norm
from projectors.penalties.entrywise import check_exponent
from projectors.penalties.jets import Weights, jet
from projectors.penalties.lanczos import leading
from projectors.penalties.registry import register
from projectors.penalties.subspace import Random, State, start

__all__ = ["KyFan", "Nuclear", "Schatten", "Spectral"]


class _SingularValueNorm(Norm):
    """N(A) = root(f(s)) of the singular values s of A, scaled to s_1 = 1; f has weights (see `jets.Weights`)."""

    @abstractmethod
    def _function(self, xp: Namespace, s: AnyArray, size: int) -> tuple[AnyArray, Weights]:
        """f(s) and its derivatives at scaled singular values s, (..., k), in descending order."""

    def _root(self, xp: Namespace, f: AnyArray) -> AnyArray:
        return f

    def _root_slopes(self, xp: Namespace, f: AnyArray) -> tuple[AnyArray, AnyArray]:
        """The first and second derivative of `_root`; 0 where they are infinite."""
        return xp.ones_like(f), xp.zeros_like(f)

    def _decompose(self, xp: Namespace, A: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray, AnyArray]:
        """U, scaled singular values, V and the largest one (...), 1 where that is 0; constant to derivatives."""
        A = stop_gradient(A)
        U, s, Vh = xp.linalg.svd(refuse_nan(xp, A, A), full_matrices=False)
        top = s[..., 0]
        top = xp.where(top > 0, top, xp.ones_like(top))
        return U, s / top[..., None], adjoint(xp, Vh), top

    def _value(self, xp: Namespace, A: AnyArray) -> AnyArray:
        if 0 in A.shape[-2:]:
            return xp.sum(xp.abs(A), axis=(-2, -1))
        B, scale = in_range(xp, A, (-2, -1))
        U, s, V, top = self._decompose(xp, B)
        f, weights = self._function(xp, s, max(A.shape[-2:]))
        value = self._root(xp, f) * top
        if is_differentiable(A):
            first, second = jet(xp, B - stop_gradient(B), U, V, weights)
            slope, bend = self._root_slopes(xp, f)
            value = value + slope * first + (slope * second + bend * first * first) / (2 * top)
        return value * scale[..., 0, 0]

    def _subgradient(self, xp: Namespace, A: AnyArray) -> AnyArray:
        if 0 in A.shape[-2:]:
            return A
        U, s, V, _ = self._decompose(xp, in_range(xp, A, (-2, -1))[0])
        f, weights = self._function(xp, s, max(A.shape[-2:]))
        first = weights.first * self._root_slopes(xp, f)[0][..., None]
        return (U * xp.astype(first, U.dtype)[..., None, :]) @ adjoint(xp, V)


@register("kyfan")
@dataclass(frozen=True)
class KyFan(_SingularValueNorm):
    """The Ky Fan norm, the sum of the k largest singular values.

    Parameters
    ----------
    k : >= 1; above the number of singular values all are added.

    Raises
    ------
    GroupRepError
        If k is not a positive integer.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.penalties import KyFan
    >>> float(KyFan(2).value(np.diag([1.0, -3.0, 2.0])))
    5.0

    References
    ----------
    Horn and Johnson, Topics in Matrix Analysis, 3.4. Subgradients: Watson, Linear Algebra Appl. 170 (1992).
    """

    k: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, int) or self.k < 1:
            raise GroupRepError(f"k = {self.k!r:.40} gives no norm; k must be an integer >= 1")

    @property
    def schatten(self) -> float | None:
        return inf if self.k == 1 else None

    @property
    def follows(self) -> int:
        return self.k

    def _function(self, xp: Namespace, s: AnyArray, size: int) -> tuple[AnyArray, Weights]:
        return Weights.of_largest(xp, s, self.k, size * epsilon(xp, s))

    def init(
        self,
        shape: tuple[int, ...],
        xp: Namespace = None,
        dtype: object = None,
        device: object = None,
        rng: Random = 0,
        width: int = 4,
    ) -> State:
        return start(shape, xp, dtype, device, rng, max(width, self.k + 2))

    def step(
        self, T: AnyArray, state: State, rmatvec: Callable[[AnyArray], AnyArray] | None = None, iterations: int = 2
    ) -> tuple[AnyArray, State]:
        """(value, next state): the sum of the k leading Ritz values, a lower bound that warms up to the norm.

        Its derivative is Re sum u_i* dT v_i, of first order only. Operators so small that the Krylov space would be everything are
        taken exactly. Parameters as in `Norm.step`; a bracket is `projectors.penalties.bracket`.
        """
        if rmatvec is None:
            xp, T = as_matrices(T)
            if min(T.shape[-2:]) <= iterations * state.V.shape[-1]:
                return self.value(T), State(state.V, state.steps + 1)
            B, scale = in_range(xp, T, (-2, -1))
            value, state = leading(B, state, self.k, None, iterations)
            return refuse_nan(xp, value, T) * scale[..., 0, 0], state
        return leading(T, state, self.k, rmatvec, iterations)


@register("spectral")
@dataclass(frozen=True, init=False, repr=False)
class Spectral(KyFan):
    """The spectral norm, the largest singular value: the operator 2-norm, Schatten(inf), KyFan(1).

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.penalties import Spectral
    >>> float(Spectral().value(np.diag([1.0, -3.0])))
    3.0

    References
    ----------
    Golub and Van Loan, Matrix Computations, 2.3.3.
    """

    def __init__(self) -> None:
        object.__setattr__(self, "k", 1)

    def __repr__(self) -> str:
        return "Spectral()"


@register("schatten")
@dataclass(frozen=True)
class Schatten(_SingularValueNorm):
    """The Schatten norm, the p-norm of the singular values: Nuclear for p = 1, Frobenius for 2, Spectral for infinity.

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
    >>> from projectors.penalties import Schatten
    >>> round(float(Schatten(3).value(np.diag([3.0, 4.0, 5.0]))), 12)
    6.0

    References
    ----------
    Bhatia, Matrix Analysis, IV.2. Derivatives: Lewis and Sendov, SIAM J. Matrix Anal. Appl. 23 (2001).
    """

    p: float = 1

    def __post_init__(self) -> None:
        check_exponent("p", self.p)

    @property
    def schatten(self) -> float | None:
        return float(self.p)

    def _function(self, xp: Namespace, s: AnyArray, size: int) -> tuple[AnyArray, Weights]:
        if self.p == inf:
            return Weights.of_largest(xp, s, 1, size * epsilon(xp, s))
        return Weights.of_power(xp, s, float(self.p), size * epsilon(xp, s))

    def _root(self, xp: Namespace, f: AnyArray) -> AnyArray:
        if self.p in (1, inf):
            return f
        zero = f == 0
        root = xp.where(zero, xp.ones_like(f), f) ** (1 / self.p)
        return xp.where(zero, xp.zeros_like(f), root)

    def _root_slopes(self, xp: Namespace, f: AnyArray) -> tuple[AnyArray, AnyArray]:
        if self.p in (1, inf):
            return super()._root_slopes(xp, f)
        zero, p = f == 0, float(self.p)
        slope = xp.where(zero, xp.zeros_like(f), xp.where(zero, xp.ones_like(f), f) ** (1 / p - 1) / p)
        return slope, safe_divide(xp, slope, f) * (1 / p - 1)


@register("nuclear")
@dataclass(frozen=True, init=False, repr=False)
class Nuclear(Schatten):
    """The nuclear norm, the sum of the singular values: Schatten(1).

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.penalties import Nuclear
    >>> float(Nuclear().value(np.diag([1.0, -3.0])))
    4.0

    References
    ----------
    Recht, Fazel and Parrilo, SIAM Review 52 (2010), section 2.
    """

    def __init__(self) -> None:
        object.__setattr__(self, "p", 1)

    def __repr__(self) -> str:
        return "Nuclear()"
