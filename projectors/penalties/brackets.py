"""Certified brackets on sums of leading singular values, on demand: what is rigorous and what is probable, kept apart.

Derivation and references: docs/formulation/cheap-singular-values.md.
"""

from __future__ import annotations

from math import acosh, cosh, inf, pi, sqrt
from typing import NamedTuple

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.typing import AnyArray, Array
from projectors.arrays import as_matrices, as_numpy, beside, namespace
from projectors.penalties.base import Norm
from projectors.penalties.lanczos import Map, ritz
from projectors.penalties.subspace import Random, State

__all__ = ["Bracket", "bracket"]

_MARGINS = (1e-6, 1e-3, 1e-2, 1e-1)  # relative distances above the Ritz value at which definiteness is tried, in turn
_FORMED = 4096  # the largest side whose Gram matrix is factorised


class Bracket(NamedTuple):
    """What is known of a norm: lower <= N(A) <= upper always, and N(A) <= probable but for a stated probability.

    Attributes
    ----------
    lower, upper : rigorous, rounding included.
    probable : <= upper; exceeded by N(A) with at most the probability `failure`, over the random probes and for every A.
    failure : that probability; 0 where probable is upper.
    """

    lower: float
    upper: float
    probable: float
    failure: float


def _rounding(count: float, eps: float) -> float:
    """The relative error of 4 count roundings (complex products included) in a row: Higham 2002, 3.1 and 3.6."""
    return 4 * count * eps / (1 - min(4 * count * eps, 0.5))


def _host(x: AnyArray) -> Array:
    """An array of any library as numpy float64 or complex128."""
    array = as_numpy(x)
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def bracket(
    T: AnyArray,
    norm: Norm | None = None,
    state: State | None = None,
    rmatvec: Map | None = None,
    frobenius: float | None = None,
    iterations: int = 16,
    probes: int = 4,
    failure: float = 1e-6,
    rng: Random = 0,
) -> Bracket:
    """A bracket on the spectral, Ky Fan or nuclear norm of one operator, by block Krylov steps from random probes.

    The lower bound is a Ritz value. The rigorous upper bound of an array's spectral norm is a Cholesky factorisation of u^2 - A*A
    that succeeds, within 1e-6 to 0.1 of the lower bound; of the other norms, and of maps, the Frobenius mass that the Krylov space
    misses. The probable bound is of Chebyshev polynomials on independent Gaussian probes.

    Parameters
    ----------
    T : (m, n), or the map x -> A x on blocks (n, b).
    norm : `Spectral()` (default), `KyFan(k)` or `Nuclear()`.
    state : of `Norm.step`, whose block joins the probes; a map needs one, which also says its library and precision.
    rmatvec : the map y -> A* y on blocks (m, b), where T is a map.
    frobenius : the Frobenius norm, where T is a map and it is known; without it the rigorous upper bound of a map is infinite.
    iterations : block iterations.
    probes : random columns, >= 1.
    failure : the probability that the probable bound may fail with.
    rng : a numpy Generator, or a seed; it must not depend on T.

    Raises
    ------
    GroupRepError
        If the norm is another one, a map has no state, T has NaN entries, or the failure is not between 0 and 1.
    DimensionMismatch
        If T is a stack of matrices.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.random.default_rng(1).standard_normal((200, 100))
    >>> low, high, probable, failure = bracket(A)
    >>> bool(low <= np.linalg.norm(A, 2) <= min(high, probable)), bool(high / low - 1 < 2e-3)
    (True, True)

    References
    ----------
    Rump, BIT 46 (2006), definiteness by Cholesky; Hochstenbach, J. Sci. Comput. 57 (2013), probabilistic upper bounds; Kuczynski and
    Wozniakowski, SIAM J. Matrix Anal. Appl. 13 (1992); Musco and Musco, NIPS 2015.
    """
    k = _count(norm)
    if not 0 < failure < 1 or probes < 1 or iterations < 1:
        raise GroupRepError(f"failure = {failure} must lie between 0 and 1, probes and iterations must be >= 1")
    matrix, shift = None, 0
    if rmatvec is None:
        eps = float(np.finfo(np.float64).eps)
        matrix = _host(as_matrices(T)[1])
        if matrix.ndim != 2:
            raise DimensionMismatch(
                f"T has shape {matrix.shape}; a bracket is of one matrix (m, n), take them one by one"
            )
        if not np.isfinite(matrix).all():
            raise GroupRepError("T has NaN or infinite entries; every entry must be finite")
        if 0 in matrix.shape or not matrix.any():
            return Bracket(0.0, 0.0, 0.0, 0.0)
        matrix, shift = _scaled(matrix)
        A, n = matrix, matrix.shape[1]
        forward: Map = lambda x: A @ x  # noqa: E731
        back: Map = lambda y: A.conj().T @ y  # noqa: E731
        frobenius, kind = float(np.linalg.norm(A)), A.dtype
    else:
        if state is None:
            raise GroupRepError("state: a map needs the state of norm.init, which says its library, precision and size")
        forward, back, kind = _through(T, state), _through(rmatvec, state), _host(state.V).dtype
        n, eps = state.V.shape[-2], float(namespace(state.V).finfo(state.V.dtype).eps)
    generator = np.random.default_rng(rng)
    probe = generator.standard_normal((n, min(probes, n)))
    if kind.kind == "c":
        probe = (probe + 1j * generator.standard_normal(probe.shape)) / sqrt(2)
    block = probe if state is None or 0 in state.V.shape else np.concatenate([probe, _host(state.V)], axis=1)
    block = np.linalg.qr(block[:, :n])[0]
    count = max(1, min(iterations, n // block.shape[1]))
    found = ritz(forward, back, block, count)
    Q = np.linalg.qr(found.V)[0]  # orthonormal to rounding, even where the Krylov space had no further direction
    AQ = forward(Q)
    theta, m = np.linalg.svd(AQ, compute_uv=False), AQ.shape[0]
    mass = frobenius if frobenius is not None else inf
    error = _rounding(m + n, eps) * (mass if mass < inf else sqrt(len(theta)) * float(theta[0]))
    ritz_sum = float(theta[:k].sum())
    lower = max(ritz_sum - min(k, len(theta)) * error, 0.0)
    rest = sqrt(max(mass**2 - float((theta**2).sum()), 0.0)) + sqrt(len(theta) * mass * error) if mass < inf else inf
    if matrix is not None:
        rest = float(np.linalg.norm(matrix - AQ @ Q.conj().T)) + error
    upper = min(ritz_sum + sqrt(min(k, m, n)) * rest, sqrt(min(k, m, n)) * mass * (1 + _rounding(m * n, eps)))
    if k == 1:
        upper = min(upper, float(np.hypot(theta[0] + error, rest)))
        if matrix is not None:
            upper = min(upper, _definite(matrix, float(theta[0])))
    upper += k * error
    likely = _probable(found, probe, count - 1, failure) * k + k * error
    lower, upper, likely = (
        max(_shifted(lower, shift, 0.0), 0.0),
        _shifted(upper, shift, inf),
        _shifted(likely, shift, inf),
    )
    return Bracket(lower, upper, likely, failure) if likely < upper else Bracket(lower, upper, upper, 0.0)


def _scaled(A: Array) -> tuple[Array, int]:
    """(B, k) with A = 2^k B and entries of B up to 1, so that no square over- or underflows."""
    k = int(np.frexp(max(np.abs(A.real).max(), np.abs(A.imag).max()))[1])
    return A * 2.0 ** (-k // 2) * 2.0 ** (-k - (-k // 2)), k


def _shifted(x: float, k: int, towards: float) -> float:
    """2^k x, one unit towards a side, because what leaves the normal range is rounded."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.nextafter(np.ldexp(x, k), towards)) if k else x


def _count(norm: Norm | None) -> int:
    """How many singular values a norm adds."""
    if norm is None or (isinstance(norm, Norm) and norm.schatten == inf):
        return 1
    if isinstance(norm, Norm) and norm.schatten == 1:
        return 2**31
    if isinstance(norm, Norm) and norm.follows:
        return norm.follows
    raise GroupRepError(f"norm = {norm!r:.60}: brackets are offered for Spectral(), KyFan(k) and Nuclear()")


def _through(function: Map, state: State) -> Map:
    """A map of the caller's library as one of numpy arrays."""
    xp = namespace(state.V)

    def applied(x: Array) -> Array:
        return _host(function(beside(xp.asarray(x, dtype=state.V.dtype), state.V)))

    return applied


def _definite(A: Array, theta: float) -> float:
    """A rigorous upper bound on the spectral norm by a Cholesky factorisation that succeeds, or infinity."""
    if min(A.shape) > _FORMED or theta == 0:
        return inf
    A = A / theta
    gram = A @ A.conj().T if A.shape[0] <= A.shape[1] else A.conj().T @ A
    n, eps = len(gram), float(np.finfo(np.float64).eps)
    mass = float((np.abs(A) ** 2).sum())
    for margin in _MARGINS:
        square = (1 + margin) ** 2
        try:
            np.linalg.cholesky(square * np.eye(n) - gram)
        except np.linalg.LinAlgError:
            continue
        slack = _rounding(sum(A.shape) + 2, eps) * (n * square + 2 * mass)
        return theta * sqrt(square + slack) * (1 + 8 * eps)
    return inf


def _probable(found: AnyArray, probe: Array, degree: int, failure: float) -> float:
    """The bound on the spectral norm from p(A*A) probe, p the Chebyshev polynomial of a degree on [0, theta_1^2]."""
    theta = np.asarray(found.values)
    if degree < 1 or theta[0] == 0:
        return inf
    x = 2 * (theta / theta[0])[:, None] ** 2 - 1
    start = found.V.conj().T @ probe  # p(A*A) probe = V p(theta^2) V* probe, as the Krylov space holds it
    size = float(np.linalg.norm(np.cos(degree * np.arccos(np.clip(x, -1, 1))) * start, axis=0).max())
    t = failure ** (1 / probe.shape[1]) * sqrt(pi / 2)
    return float(theta[0]) * sqrt((1 + cosh(acosh(max(size / t, 1.0)) / degree)) / 2)
