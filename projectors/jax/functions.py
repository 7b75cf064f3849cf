"""Norms of T - P(T) and of P(T) for JAX, with derivatives of every order that cost what the projection costs.

The transpose of a gather is a scatter, many times dearer. P is orthogonal, hence its own adjoint: backward it is the gather again.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from projectors.arrays import in_range, inner
from projectors.penalties import Frobenius, Norm
from projectors.structure import Projection

__all__ = ["norms", "project"]


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


def _residual(T: jax.Array, projection: Projection, size_alone: bool = False) -> jax.Array:
    """T - P(T); in single precision and near equivariance less what rounding left in the range of P.

    P(T) errs by u ||T||, u = 2^-24, and R by as much: by 2^-20 of itself at the ratio ||R|| / ||T|| = 2^-4, below which a second
    projection takes out the error within the range of P: all of it for means over orbits. These err orthogonally to R, so that
    ||R|| alone errs by (u ||T|| / ||R||)^2 / 2 of itself, 2^-25 at the ratio 2^-12. Projections of other structures err outside
    the range too; they need `jax_enable_x64` for more digits.
    """
    R = T - project(T, projection)
    if T.dtype not in (jnp.float32, jnp.complex64):
        return R
    sizes = [jnp.sqrt(jnp.sum(jnp.abs(jax.lax.stop_gradient(x)) ** 2, axis=(-2, -1))) for x in (R, T)]
    near = jnp.any(sizes[0] <= (2.0**-12 if size_alone and projection.errs_within else 2.0**-4) * sizes[1])
    careful: jax.Array = jax.lax.cond(near, lambda x: x - project(x, projection), lambda x: x, R)
    return careful


def norms(norm: Norm, T: jax.Array, projection: Projection, both: bool) -> tuple[jax.Array, jax.Array]:
    """(N(T - P(T)), N(P(T))), each (...); the second is 0 unless both are wanted.

    Parameters
    ----------
    norm : N.
    T : operators (..., dim W, dim V), not in half precision.
    projection : P, in T's precision.
    """
    if norm.is_euclidean and _is_orthogonal(T, projection):
        return _frobenius(Frobenius(squared=norm.power == 2), T, projection, both)
    R = _residual(T, projection)
    value = norm.value(R)
    return value, norm.value(T - R) if both else jnp.zeros_like(value)


def _frobenius(norm: Frobenius, T: jax.Array, projection: Projection, both: bool) -> tuple[jax.Array, jax.Array]:
    """d ||R|| = Re <R, dT> / ||R||, and d ||R||^2 = 2 Re <R, dT>: nothing is projected backward."""

    def parts(T: jax.Array) -> tuple[jax.Array, ...]:
        R = _residual(T, projection, size_alone=True)
        return (R, T - R) if both else (R,)

    @jax.custom_jvp
    def values(T: jax.Array) -> tuple[jax.Array, ...]:
        return tuple(norm.value(X) for X in parts(T))

    @values.defjvp
    def _(primals: tuple[jax.Array], tangents: tuple[jax.Array]) -> tuple[tuple[jax.Array, ...], tuple[jax.Array, ...]]:
        out = [(norm.value(X), inner(jnp, norm.subgradient(X), tangents[0])) for X in parts(primals[0])]
        return tuple(value for value, _ in out), tuple(slope for _, slope in out)

    found = values(T)
    return found[0], found[1] if both else jnp.zeros_like(found[0])
