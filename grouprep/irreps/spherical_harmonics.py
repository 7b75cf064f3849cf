"""Spherical harmonics of points: real ones in the basis of the real spins, complex ones in the convention of quantum mechanics."""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.irreps._spin_numbers import Spin, twice_integer
from grouprep.linalg.memory import require_memory
from grouprep.linalg.roots import nearest_root
from grouprep.typing import Array

__all__ = ["complex_spherical_harmonics", "spherical_harmonics"]


def _directions(points: ArrayLike) -> Array:
    """Unit vectors; coordinates are scaled before they are squared, so that none overflows or vanishes."""
    v = np.asarray(points)
    if v.dtype.kind not in "iuf":
        raise GroupRepError(f"points must be an array of real numbers, got dtype {v.dtype}")
    if v.ndim == 0 or v.shape[-1] != 3:
        raise DimensionMismatch(f"points has shape {v.shape}, expected (..., 3): x, y, z")
    v = v.astype(float)
    if not np.isfinite(v).all():
        raise GroupRepError("points has NaN or infinite entries")
    largest = np.abs(v).max(axis=-1, keepdims=True)
    if (largest == 0).any():
        raise GroupRepError("points: the origin has no direction; leave points 0, 0, 0 out")
    v = np.ldexp(v, -np.frexp(largest)[1])
    unit: Array = v / np.sqrt((v * v).sum(axis=-1, keepdims=True))
    return unit


@lru_cache(maxsize=256)
def _at_the_pole(l: int) -> Array:
    """sqrt((2 l + 1) / 4 pi (l + m)! / (l - m)!) / (2^m m!), m = 0..l: the harmonic over sin^m theta exp(i m phi) at z = 1."""
    roots = [nearest_root(1, (2 * l + 1) * comb(l + m, m) * comb(l, m), 4**m) for m in range(l + 1)]
    values: Array = np.array(roots) / np.sqrt(4 * np.pi)
    values.flags.writeable = False
    return values


def _legendre(l: int, z: Array, sine: Array) -> Array:
    """The orthonormal harmonics over sin^m theta exp(i m phi), polynomials in z = cos theta, m = 0..l: (..., l + 1).

    Divided by their values at z = 1 they are Gegenbauer polynomials p_k of degree k - m, and their differences d_k are
    ((k - m - 1) d_k-1 - (2 k - 1) (1 - z) p_k-1) / (k + m). 1 - z = sin^2 theta / (1 + z) has all its digits near the pole, where
    z alone would lose what l^2 / 2, the slope there, is multiplied with. For z < 0 they are even or odd.
    """
    fall = (sine**2 / (1 + np.abs(z)))[..., None]
    p, d = np.ones((*z.shape, l + 1)), np.zeros((*z.shape, l + 1))
    for k in range(1, l + 1):
        m = np.arange(k)
        d[..., :k] = ((k - m - 1) * d[..., :k] - (2 * k - 1) * fall * p[..., :k]) / (k + m)
        p[..., :k] += d[..., :k]
    odd = (l - np.arange(l + 1)) % 2 == 1
    return np.where(odd & (z < 0)[..., None], -p, p) * _at_the_pole(l)


def _powers(x: Array, y: Array, l: int) -> Array:
    """(x + i y)^m, m = 0..l: (..., l + 1), by products of lower powers of nearly equal degree."""
    out = np.ones((*x.shape, l + 1), dtype=complex)
    if l:
        out[..., 1] = x + 1j * y
    for m in range(2, l + 1):
        out[..., m] = out[..., m // 2] * out[..., m - m // 2]
    return out


def _parts(l: Spin, points: ArrayLike) -> tuple[int, Array, Array]:
    degree, v = twice_integer(l) // 2, _directions(points)
    require_memory(
        12 * v[..., 0].size * (degree + 1), f"spherical harmonics of degree {degree} at {v[..., 0].size:,} points"
    )
    x, y, z = np.moveaxis(v, -1, 0)
    return degree, _legendre(degree, z, np.hypot(x, y)), _powers(x, y, degree)


def spherical_harmonics(l: Spin, points: ArrayLike) -> Array:
    """The real spherical harmonics of degree l, orthonormal on the unit sphere: the basis that `wigner_D(l, R, "real")` is in.

    Y(R x) = D(R) Y(x). Of a point only its direction matters. Column m > 0 goes with cos(m phi), column -m with sin(m phi),
    both with positive signs: for l = 1 they are y, z, x times sqrt(3 / 4 pi). The squares of the 2 l + 1 values add up to
    (2 l + 1) / 4 pi: times sqrt(4 pi) they add up to 2 l + 1, times sqrt(4 pi / (2 l + 1)) to 1.

    Parameters
    ----------
    l : 0, 1, 2, ...
    points : (..., 3) real, x, y, z, not the origin.

    Returns
    -------
    (..., 2 l + 1) float64, m = -l..l.

    Raises
    ------
    GroupRepError
        If l is no integer >= 0, or a point is the origin or not finite.
    DimensionMismatch
        If points do not have three coordinates.

    Examples
    --------
    >>> import numpy as np
    >>> (spherical_harmonics(1, [2.0, 0, 0]) / np.sqrt(3 / (4 * np.pi))).round(12)  # y, z, x
    array([0., 0., 1.])

    References
    ----------
    Varshalovich, Moskalev, Khersonskii (1988), sections 5.1 and 5.2. The recursion in the degree, in differences as C. Reinsch
    has them, is in docs/formulation/coupling.md.
    """
    degree, Q, power = _parts(l, points)
    out = np.empty((*Q.shape[:-1], 2 * degree + 1))
    out[..., degree] = Q[..., 0]
    if degree:
        Q = Q[..., 1:] * np.sqrt(2.0)
        out[..., degree + 1 :] = Q * power.real[..., 1:]
        out[..., degree - 1 :: -1] = Q * power.imag[..., 1:]
    return out


def complex_spherical_harmonics(l: Spin, points: ArrayLike) -> Array:
    """The spherical harmonics Y_lm with Condon-Shortley phases, orthonormal on the unit sphere: scipy's `sph_harm_y`.

    Y(R x) = conj(D(R)) Y(x) with D = `wigner_D(l, R)`, and `spherical_harmonics` are Y(x) @ `real_basis(l)`.

    Parameters
    ----------
    l : 0, 1, 2, ...
    points : (..., 3) real, x, y, z, not the origin; only their directions matter.

    Returns
    -------
    (..., 2 l + 1) complex128, m = -l..l.

    Raises
    ------
    GroupRepError
        If l is no integer >= 0, or a point is the origin or not finite.
    DimensionMismatch
        If points do not have three coordinates.

    Examples
    --------
    >>> import numpy as np
    >>> (complex_spherical_harmonics(1, [1.0, 0, 0]) / np.sqrt(3 / (8 * np.pi))).real.round(12)
    array([ 1.,  0., -1.])

    References
    ----------
    Varshalovich, Moskalev, Khersonskii (1988), section 5.2.
    """
    degree, Q, power = _parts(l, points)
    value = Q * power
    out = np.empty((*Q.shape[:-1], 2 * degree + 1), dtype=complex)
    out[..., degree:] = value * np.where(np.arange(degree + 1) % 2, -1.0, 1.0)
    if degree:
        out[..., degree - 1 :: -1] = value[..., 1:].conj()
    return out
