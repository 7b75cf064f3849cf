"""Norms of T - P(T) and of P(T) for JAX, with derivatives of every order that cost what the projection costs.

The transpose of a gather is a scatter, many times dearer. P is orthogonal, hence its own adjoint: backward it is the gather again.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from projectors.arrays import epsilon, in_range, inner, safe_divide
from projectors.jax.residuals import Residual
from projectors.penalties import Frobenius, Norm
from projectors.structure import Projection

__all__ = ["is_vector", "norms", "project", "residual"]

once: Callable[[jax.Array], jax.Array] = jax.lax.optimization_barrier  # what is behind it is not computed twice


def _is_orthogonal(T: jax.Array, projection: Projection) -> bool:
    return projection.is_self_adjoint and (jnp.iscomplexobj(T) or not projection.is_complex)


def project(T: jax.Array, projection: Projection) -> jax.Array:
    """P(T) for operators (..., dim W, dim V), whose transpose is P again where P is orthogonal.

    Of JAX's constructs, `custom_linear_solve` is the one that gives a linear map its transpose under jvp, vjp and vmap in any
    order. Its solution is P(T) here; its equation is never evaluated.
    """
    P: Callable[[jax.Array], jax.Array] = projection.project
    B, s = in_range(jnp, T, (-2, -1))  # sums of large entries would overflow
    if not _is_orthogonal(T, projection):
        return jnp.multiply(P(B), s)

    def backward(_: object, x: jax.Array) -> jax.Array:  # the transpose of a self-adjoint map is its conjugate
        return jnp.conj(P(jnp.conj(x)))

    solution: jax.Array = jax.lax.custom_linear_solve(P, B, lambda _, x: P(x), backward)
    return jnp.multiply(solution, s)


def residual(T: jax.Array, projection: Projection, away: Residual) -> jax.Array:
    """T - P(T) for operators (..., dim W, dim V), whose transpose is T - P(T) again where P is orthogonal.

    Parameters
    ----------
    T : the operators.
    projection, away : P, and how T - P(T) is computed.
    """
    if not _is_orthogonal(T, projection):
        return T - project(T, projection)

    def backward(_: object, x: jax.Array) -> jax.Array:
        return jnp.conj(away(jnp.conj(x)))

    out: jax.Array = jax.lax.custom_linear_solve(away, T, lambda _, x: away(x), backward)
    return out


def is_vector(norm: Norm, T: jax.Array) -> bool:
    """Whether operators are vectors, of which a norm that unitary matrices leave alone is the Frobenius norm."""
    return 1 in T.shape[-2:] and norm.schatten is not None


def norms(norm: Norm, T: jax.Array, projection: Projection, away: Residual, both: bool) -> tuple[jax.Array, jax.Array]:
    """(N(T - P(T)), N(P(T))), each (...); the second is 0 unless both are wanted.

    Parameters
    ----------
    norm : N.
    T : operators (..., dim W, dim V), not in half precision.
    projection, away : P in T's precision, and how T - P(T) is computed.
    """
    if (norm.is_euclidean or is_vector(norm, T)) and _is_orthogonal(T, projection):
        return _frobenius(Frobenius(squared=norm.power == 2), T, away, both)
    R = residual(T, projection, away)
    value = norm.value(R)
    return value, norm.value(T - R) if both else jnp.zeros_like(value)


def _scale(R: jax.Array) -> jax.Array:
    """A power of two (...) with which the squares of entries neither overflow nor lose digits, constant to derivatives.

    From sums of squares on three scales, which take one pass, and no look at the numbers (Blue, ACM TOMS 4, 1978). Where the sum on the
    scale 1 is in the range that is asked for, what has underflowed there is below its rounding.
    """
    single = epsilon(jnp, R) > 2.0**-30
    step, low, high = (75, -80, 100) if single else (600, -900, 1000)
    fixed = jax.lax.stop_gradient(R)
    total = jnp.sum(_squares(fixed), axis=(-2, -1))
    one = jnp.ones_like(total)
    small = jnp.where((total < 2.0**low) & (total >= 0), one * 2.0**step, one)
    return jnp.where(total <= 2.0**high, small, one * 2.0**-step)


def _squares(R: jax.Array) -> jax.Array:
    return R.real**2 + R.imag**2 if jnp.iscomplexobj(R) else R * R


def _size(R: jax.Array, scale: jax.Array) -> jax.Array:
    """||scale R||, with derivative 0 at 0."""
    total = jnp.sum(_squares(R * scale[..., None, None]), axis=(-2, -1))
    zero = total == 0
    return jnp.where(zero, jnp.zeros_like(total), jnp.sqrt(jnp.where(zero, jnp.ones_like(total), total)))


def _frobenius(norm: Frobenius, T: jax.Array, away: Residual, both: bool) -> tuple[jax.Array, jax.Array]:
    """d ||R|| = Re <R, dT> / ||R||, and d ||R||^2 = 2 Re <R, dT>: nothing is projected backward."""

    def parts(T: jax.Array) -> tuple[jax.Array, ...]:
        R = once(away(T))  # computed once, where it is read several times
        return (R, T - R) if both else (R,)

    def value(R: jax.Array) -> jax.Array:
        out: jax.Array = norm.value(R) if norm.squared else _size(R, _scale(R)) / _scale(R)
        return out

    def slope(R: jax.Array, D: jax.Array) -> jax.Array:
        factor: jax.Array = jnp.full(R.shape[:-2], 2.0, R.real.dtype)
        if not norm.squared:
            size = _size(R, _scale(R))
            factor = _scale(R) * safe_divide(jnp, jnp.ones_like(size), size)
        out: jax.Array = inner(jnp, R * factor[..., None, None], D)
        return out

    @jax.custom_jvp
    def values(T: jax.Array) -> tuple[jax.Array, ...]:
        return tuple(value(X) for X in parts(T))

    @values.defjvp
    def _(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[tuple[jax.Array, ...], tuple[jax.Array, ...]]:
        found = parts(primals[0])
        return tuple(map(value, found)), tuple(slope(X, tangents[0]) for X in found)

    out = values(T)
    return out[0], out[1] if both else jnp.zeros_like(out[0])
