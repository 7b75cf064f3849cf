"""T - P(T) in JAX, in few operations: what a compiler fuses, what needs no look at the numbers, what a sharded copy keeps for itself.

P acts on each copy of a pair of summands by itself. Small pairs are taken apart by slices, orbit by orbit, which a compiler makes
one loop of, and which communicate nothing where whole copies are sharded. Orbits of one size are gathered once and laid back once. In
both the residual is a mean of differences of entries that the group exchanges, so that near equivariance, where these are
exact (Sterbenz; Higham, Accuracy and Stability of Numerical Algorithms, 2.5), it keeps all its digits in every precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from projectors.structure import Projection
from projectors.structure.base import Structure
from projectors.structure.blocks import Band, Block

__all__ = ["Residual", "residual_of"]

Residual: TypeAlias = Callable[[jax.Array], jax.Array]

_SMALL = 64  # entries of a pair: beyond, gathers are shorter programs than slices
_SLICES = 1024  # of all pairs of an operator
_UNIT = float(np.finfo(float).eps)


class _Orbit(NamedTuple):
    """Entries of a pair with one mean, each with a sign."""

    places: tuple[tuple[int, int], ...]
    signs: tuple[int, ...]


def residual_of(projection: Projection) -> Residual:
    """The map T -> T - P(T) of operators (..., dim W, dim V), in the way that suits a space.

    Parameters
    ----------
    projection : P, its constants in JAX.
    """
    blocks, known = projection.blocks.blocks, {}
    for block in blocks:
        if id(block.structure) not in known:
            known[id(block.structure)] = _orbits(block.structure)
    parts = [(block, known[id(block.structure)]) for block in blocks]
    slices = sum(block.structure.shape[0] * block.structure.shape[1] for block in blocks)
    if slices <= _SLICES and all(orbits is not None for _, orbits in parts):
        return lambda T: _by_slices(T, parts)
    bands = projection.bands
    if all(band.orbit_size for band in bands):
        inverse = [jnp.asarray(np.argsort(projection.home[band.constants[0]][0])) for band in bands]
        return lambda T: _by_gathers(T, projection, inverse)

    def twice(T: jax.Array) -> jax.Array:
        """The second projection takes out what rounding left within the range of P."""
        R = T - projection.project(T)
        return R - projection.project(R) if R.dtype in (jnp.float32, jnp.complex64) else R

    return twice


def _orbits(structure: Structure) -> tuple[_Orbit, ...] | None:
    """The orbits of a small pair on which P takes means with signs, entries that P makes 0 left out; None where it does otherwise.

    The entries of P are products of two rounded square roots, so they are within 4 units of 1/s.
    """
    m, n = structure.shape
    if m * n > _SMALL:
        return None
    P = structure.combine_coordinates(np.eye(m * n).reshape(-1, m, n)).reshape(m * n, m * n)
    found: dict[int, _Orbit] = {}
    for e, row in enumerate(P):
        members = np.flatnonzero(np.abs(row) > _UNIT)
        if not len(members) or e != members[0]:
            continue
        signs = np.sign(row[members].real).astype(int)
        if np.abs(P[np.ix_(members, members)] * len(members) - np.outer(signs, signs)).max() > 4 * _UNIT:
            return None
        found[e] = _Orbit(tuple((int(k) // n, int(k) % n) for k in members), tuple(signs.tolist()))
    covered = [place for orbit in found.values() for place in orbit.places]
    rest = [k for k in range(m * n) if (k // n, k % n) not in set(covered)]
    if len(set(covered)) != len(covered) or np.abs(P[rest]).max(initial=0) > _UNIT:
        return None
    return tuple(found.values())


def _by_slices(T: jax.Array, parts: list[tuple[Block, tuple[_Orbit, ...] | None]]) -> jax.Array:
    rows: dict[int, list[jax.Array]] = {}
    for block, orbits in parts:
        rows.setdefault(block.row, []).append(_block(T, block, orbits or ()))
    joined = [pieces[0] if len(pieces) == 1 else jnp.concatenate(pieces, axis=-1) for pieces in rows.values()]
    return joined[0] if len(joined) == 1 else jnp.concatenate(joined, axis=-2)


def _block(T: jax.Array, block: Block, orbits: tuple[_Orbit, ...]) -> jax.Array:
    (m, n), (down, across) = block.structure.shape, block.slices()
    part = T[..., down, across]
    X = part.reshape(*T.shape[:-2], block.rows_n, m, block.columns_n, n)
    out = [[X[..., i, :, j] for j in range(n)] for i in range(m)]
    for places, signs in orbits:
        values = [out[i][j] if s > 0 else -out[i][j] for (i, j), s in zip(places, signs, strict=True)]
        apart = [value - values[0] for value in values[1:]]
        shift = sum(apart[1:], apart[0]) / len(values) if apart else jnp.zeros_like(values[0])
        for (i, j), s, d in zip(places, signs, [jnp.zeros_like(shift), *apart], strict=True):
            out[i][j] = d - shift if s > 0 else shift - d
    R = jnp.stack([jnp.stack(row, axis=-1) for row in out], axis=-3)
    return R.reshape(part.shape)


def _by_gathers(T: jax.Array, projection: Projection, inverse: list[jax.Array]) -> jax.Array:
    out, row = [], 0
    for band, back in zip(projection.bands, inverse, strict=True):
        stop = row + band.height * band.copies
        out.append(_band(T[..., row:stop, :], band, projection.constants[band.constants[0]][0], back))
        row = stop
    return out[0] if len(out) == 1 else jnp.concatenate(out, axis=-2)


def _band(rows: jax.Array, band: Band, index: jax.Array, back: jax.Array) -> jax.Array:
    copies = rows.reshape(*rows.shape[:-2], band.copies, band.height * rows.shape[-1])
    entries = jnp.take(copies, index, axis=-1, mode="clip").reshape(*copies.shape[:-1], band.orbit_size, -1)
    apart = entries - entries[..., :1, :]
    R = (apart - jnp.mean(apart, axis=-2, keepdims=True)).reshape(copies.shape)
    return jnp.take(R, back, axis=-1, mode="clip").reshape(rows.shape)
