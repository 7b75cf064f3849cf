"""Leading singular values of all parameters of a penalty at once, followed from step to step by products of blocks alone.

As `projectors.penalties.lanczos`: Ritz values on the space of V, A*A V, ... What is factorised are Gram matrices of a few columns,
and those of all parameters together: the calls of a step that no accelerator does well do not grow with the number of parameters.
Derivation: docs/formulation/cheap-singular-values.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from projectors.arrays import adjoint, epsilon
from projectors.penalties import State

__all__ = ["leading"]


def _gram(X: jax.Array, Y: jax.Array) -> jax.Array:
    return jnp.matmul(adjoint(jnp, X), Y, precision="highest")


def _times(X: jax.Array, Y: jax.Array) -> jax.Array:
    return jnp.matmul(X, Y, precision="highest")


def _eigh(matrices: Sequence[jax.Array]) -> list[tuple[jax.Array, jax.Array]]:
    """(values, vectors) of Hermitian matrices (..., r, r) of a few sizes, ascending; those of one size and precision in one call."""
    kinds: dict[object, list[int]] = {}
    for k, matrix in enumerate(matrices):
        kinds.setdefault((matrix.shape[-1], matrix.dtype), []).append(k)
    out: dict[int, tuple[jax.Array, jax.Array]] = {}
    for members in kinds.values():
        flat = [matrices[k].reshape(-1, *matrices[k].shape[-2:]) for k in members]
        values, vectors = jnp.linalg.eigh(jnp.concatenate(flat))
        row = 0
        for k, part in zip(members, flat, strict=True):
            stop = row + len(part)
            shape = matrices[k].shape
            out[k] = values[row:stop].reshape(shape[:-1]), vectors[row:stop].reshape(shape)
            row = stop
    return [out[k] for k in range(len(matrices))]


def _polished(V: jax.Array) -> jax.Array:
    """Columns that are nearly orthonormal, more so: one step of Newton and Schulz squares what they lack (Higham 2008, 8.3)."""
    return 1.5 * V - 0.5 * _times(V, _gram(V, V))


def _whitened(blocks: Sequence[jax.Array]) -> list[jax.Array]:
    """Orthonormal columns that span blocks (..., n, b); directions that rounding has made are 0."""
    unit = [_scaled(block)[0] for block in blocks]
    out = []
    for block, (values, vectors) in zip(unit, _eigh([_gram(block, block) for block in unit]), strict=True):
        # eigenvalues err by n eps of the largest; below, a column is noise
        floor = values[..., -1:] * (block.shape[-2] * epsilon(jnp, values))
        kept = values > jnp.maximum(floor, 0)
        factor = jnp.where(kept, 1 / jnp.sqrt(jnp.where(kept, values, 1)), 0)
        out.append(_times(block, vectors * factor[..., None, :].astype(vectors.dtype)))
    return out


def _scaled(X: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(s X, s) with a power of two s (...) that brings the largest entry near 1; s is 1 where all is 0."""
    top = jnp.max(jnp.maximum(jnp.abs(X.real), jnp.abs(X.imag)) if jnp.iscomplexobj(X) else jnp.abs(X), axis=(-2, -1))
    fine = (top > 0) & jnp.isfinite(top)
    limit = 126 if epsilon(jnp, top) > 2.0**-30 else 1022
    _, exponent = jnp.frexp(jnp.where(fine, top, 1))
    s = jnp.ldexp(jnp.ones_like(top), jnp.clip(-exponent, -limit, limit))
    return _by(s, X), s


def _by(s: jax.Array, X: jax.Array) -> jax.Array:
    """Matrices (..., m, n) times numbers (...)."""
    return X * s[..., None, None]


@jax.custom_jvp
def _sum(T: jax.Array, u: jax.Array, v: jax.Array, value: jax.Array) -> jax.Array:
    """The value Re sum u_i* T v_i, which is known, with its derivative in T."""
    return value


@_sum.defjvp
def _(primals: tuple[jax.Array, ...], tangents: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array]:
    _, u, v, value = primals
    products = jnp.conj(u) * jnp.matmul(tangents[0], v)
    return value, jnp.sum(products.real, axis=(-2, -1))


def leading(
    operators: Sequence[jax.Array], states: Sequence[State], k: int, iterations: int
) -> tuple[list[jax.Array], list[State]]:
    """The sums of the k largest Ritz values of slowly moving operators, and the next states; first derivatives only.

    Parameters
    ----------
    operators : (..., m, n) each.
    states : of each, from `Norm.init` or from the step before: a block of at least k columns.
    k : how many singular values are added.
    iterations : block iterations: each takes a product with T and, from the second, one with T*.
    """
    frozen = [jax.lax.stop_gradient(T) for T in operators]
    scales = [_scaled(T)[1] for T in frozen]  # what is scaled are thin blocks: T is read, not copied
    last = [_polished(state.V.astype(T.dtype)) for state, T in zip(states, operators, strict=True)]
    images = [_times(A, _by(s, V)) for A, V, s in zip(frozen, last, scales, strict=True)]
    bases, all_images = list(last), list(images)
    for _ in range(iterations - 1):
        new = [_times(adjoint(jnp, A), _by(s, Y)) for A, Y, s in zip(frozen, images, scales, strict=True)]
        for _again in range(2):  # twice is enough (Giraud, Langou and Rozloznik, Comput. Math. Appl. 50, 2005)
            new = [Z - _times(B, _gram(B, Z)) for Z, B in zip(new, bases, strict=True)]
        last = _whitened(new)
        images = [_times(A, _by(s, W)) for A, W, s in zip(frozen, last, scales, strict=True)]
        bases = [jnp.concatenate([B, W], axis=-1) for B, W in zip(bases, last, strict=True)]
        all_images = [jnp.concatenate([B, W], axis=-1) for B, W in zip(all_images, images, strict=True)]
    grams = []
    for B, Y in zip(bases, all_images, strict=True):  # columns that are 0 come last
        missing = 1 - jnp.sum(jnp.abs(B) ** 2, axis=-2)
        lowest = jnp.where(missing > 0.5, -1, 0)[..., None] * jnp.eye(B.shape[-1], dtype=B.dtype)
        grams.append(_gram(Y, Y) + lowest.astype(Y.dtype))
    values, following = [], []
    pairs = zip(operators, states, bases, all_images, scales, _eigh(grams), strict=True)
    for T, state, B, Y, s, (_, vectors) in pairs:
        turned = vectors[..., :, ::-1][..., : state.V.shape[-1]]
        V = _times(B, turned)
        count = min(k, V.shape[-1])
        v, Av = V[..., :count], _times(Y, turned[..., :count])
        sizes = jnp.sqrt(jnp.sum(jnp.abs(Av) ** 2, axis=-2))
        u = Av * jnp.where(sizes > 0, 1 / jnp.where(sizes > 0, sizes, 1), 0)[..., None, :]
        values.append(_sum(T, u, v, jnp.sum(sizes, axis=-1) / s))
        following.append(State(jax.lax.stop_gradient(V), state.steps + 1))
    return values, following
