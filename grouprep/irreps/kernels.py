"""Rotations by any angle acting on the pixels of k x k kernels: a band-limited basis of rings and angular waves, sampled.

The functions g_j(r) cos(m phi) and g_j(r) sin(m phi), g_j a Gaussian ring, are turned into each other by rotations, and so are their
samples: with coefficients c, the rotated function has samples S rho(g) c, exactly. Orthonormal vectors B next to the columns of S carry
the same rho, and B rho(g) B^T is an orthogonal representation on the pixels that they span. How far it is from S rho(g) S^+ is the error of
discretisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.irreps.catalogue import find_family
from grouprep.irreps.plane import PlaneFamily
from grouprep.linalg.pickling import Picklable
from grouprep.representations import Representation
from grouprep.typing import Array, Floats

__all__ = ["Kernel", "kernel_of"]

_WIDTH = 0.6  # of a ring in pixels, as a standard deviation
_PER_RADIUS = 1.5  # frequencies up to this times the radius: for 5 x 5 the error is 0.04, for twice the radius 0.5
_LARGEST = 31  # pixels an axis
_LISTED = 64  # rotations of a finite group up to which means over it are taken


@dataclass(frozen=True, eq=False)
class Kernel(Picklable):
    """A group of the plane on the pixels of a k x k kernel, pixel (row, column) being entry row * k + column; made by `G.kernel`.

    Attributes
    ----------
    shape : (k, k).
    basis : B (pixels, dim) float64, orthonormal: the steerable functions, sampled and made orthogonal.
    representation : of the group on the coefficients of B, a sum of its irreps, exact.
    rest : (pixels, pixels - dim) orthonormal, what is not steerable at this resolution.
    pixels : the representation B rho(g) B^T + rest rest^T on all pixels, for `LayerSpec(V, W, grid=...)`: the rest is held still, because
        nothing is known of it. Keep it out of the weights with `limited`.
    error : a bound, for all g, of |B rho(g) B^T - S rho(g) S^+|_2, S the sampled functions: 0 for quarter turns.
    rings : for each column of B (radius in pixels, frequency).
    """

    shape: tuple[int, int]
    basis: Floats
    representation: Representation
    rest: Floats
    pixels: Representation
    error: float
    rings: tuple[tuple[float, int], ...]

    @property
    def dim(self) -> int:
        """The dimension of the band-limited subspace."""
        return len(self.rings)

    def limited(self, weights: Array) -> Array:
        """The band-limited part B B^T of kernels, numpy (..., k, k)."""
        array = np.asarray(weights)
        if array.shape[-2:] != self.shape:
            raise DimensionMismatch(
                f"weights have shape {array.shape}, expected (..., {self.shape[0]}, {self.shape[1]})"
            )
        flat = array.reshape(*array.shape[:-2], -1)
        out: Array = (flat @ self.basis @ self.basis.T).reshape(array.shape)
        return out

    def __repr__(self) -> str:
        return (
            f"<{self.representation.group} on {self.shape[0]} x {self.shape[1]} kernels: {self.dim} of {len(self.basis)} dimensions, "
            f"error {self.error:.2g}>"
        )


def kernel_of(G: Group, shape: object, frequencies: Sequence[int] | None = None) -> Kernel:
    """See `Group.kernel`."""
    given = (shape, shape) if isinstance(shape, int | np.integer) else shape
    if (
        not isinstance(given, Sequence | np.ndarray)
        or len(given) != 2
        or any(isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1 for n in given)
    ):
        raise GroupRepError(f"kernel(shape) needs two positive integers, such as kernel((5, 5)), got {shape!r:.60}")
    k = int(given[0])
    if k != given[1]:
        raise DimensionMismatch(
            f"kernel{tuple(map(int, given))}: rotations exchange the axes, so that both need one size"
        )
    if k > _LARGEST:
        raise GroupRepError(f"kernel({k}, {k}): kernels of up to {_LARGEST} pixels an axis are meant")
    family = find_family(G)
    acts = G.matrices is not None if isinstance(G, FiniteGroup) else isinstance(G, LieGroup) and G.n == 2
    if not isinstance(family, PlaneFamily) or not acts:
        raise UnsupportedGroup(
            f"kernel({k}, {k}): {G} has no known action on the plane; Cyclic, Dihedral, SO(2) and O(2) have, and G.grid takes other groups "
            "that permute the pixels"
        )
    radii = np.arange(0.0 if k % 2 else 0.5, k / 2)
    cut = _frequencies(radii, frequencies)
    rings = [(float(r), m) for r, top in zip(radii, cut, strict=True) for m in range(top + 1)]
    rings.sort(key=lambda ring: ring[1])
    n, reflects = family.plane.order, family.plane.reflects
    columns, parts, labels = [], [], []
    for r, m in rings:
        pieces, signs = _irreps(G, m, n, reflects)
        parts += pieces
        columns += [s * wave for s, wave in zip(signs, _waves(k, r, m), strict=True)]
        labels += [(r, m)] * len(signs)
    rho = parts[0]
    for V in parts[1:]:
        rho = rho + V
    S = np.stack(columns, 1)
    B, error = _orthonormal(S, [m for _, m in labels], rho, n)
    rest = np.linalg.svd(B)[0][:, B.shape[1] :]
    still = rho + rest.shape[1] * G.trivial() if rest.shape[1] else rho
    pixels = still.change_basis(np.hstack([B, rest]))
    return Kernel((k, k), B, rho, rest, pixels, error, tuple(labels))


def _frequencies(radii: Floats, given: Sequence[int] | None) -> list[int]:
    if given is None:
        return [int(_PER_RADIUS * r) for r in radii]
    values = list(given) if isinstance(given, Sequence | np.ndarray) else [given]
    if len(values) != len(radii) or any(
        isinstance(m, bool) or not isinstance(m, int | np.integer) or m < 0 for m in values
    ):
        raise GroupRepError(
            f"frequencies = {given!r:.60}: the largest frequency of each ring is needed, {len(radii)} integers >= 0 for radii "
            f"{', '.join(f'{r:g}' for r in radii)}"
        )
    if radii[0] == 0 and values[0]:
        raise GroupRepError(
            f"frequencies = {given!r:.60}: the ring of radius 0 is one pixel, which has frequency 0 alone"
        )
    return [int(m) for m in values]


def _waves(k: int, radius: float, m: int) -> list[Floats]:
    """Samples of g(r), or of g(r) cos(m phi) and g(r) sin(m phi); x runs to the right, y up."""
    at = np.arange(k) - (k - 1) / 2
    x, y = np.tile(at, k), np.repeat(-at, k)
    z = x + 1j * y
    r = np.abs(z)
    ring = np.exp(-((r - radius) ** 2) / (2 * _WIDTH**2))
    if not m:
        return [ring]
    wave = ring * (np.divide(z, r, out=np.zeros_like(z), where=r > 0)) ** m  # 0 in the centre, where it has no angle
    return [wave.real, wave.imag]


def _irreps(G: Group, m: int, n: int, reflects: bool) -> tuple[list[Representation], list[int]]:
    """Irreps on (cos m phi, sin m phi) under a group with n rotations (0: all), and the signs of the two in their bases."""
    j = m % n if n else m
    if m == 0:
        return [G.trivial()], [1]
    if n and j == 0:
        return ([G.trivial(), G.irrep("A2")] if reflects else [2 * G.trivial()]), [1, 1]
    if n and 2 * j == n:
        return ([G.irrep("B1"), G.irrep("B2")] if reflects else [2 * G.irrep("B")]), [1, 1]
    if n and 2 * j > n:
        return [G.irrep(f"E{n - j}")], [1, -1]
    return [G.irrep(f"E{j}")], [1, 1]


def _orthonormal(S: Floats, frequencies: Sequence[int], rho: Representation, n: int) -> tuple[Floats, float]:
    """(B, error): S times what commutes with rotations, so that its gram is 1 on average over them, and the nearest orthonormal matrix."""
    w, U = np.linalg.eigh(_averaged(S.T @ S, frequencies))
    if S.shape[1] > S.shape[0] or w[0] <= len(w) * np.finfo(float).eps * w[-1]:
        raise GroupRepError("frequencies: at this resolution the functions of some rings do not differ; take fewer")
    T = S @ (U / np.sqrt(w)) @ U.T
    left, s, right = np.linalg.svd(T, full_matrices=False)
    if s[-1] <= len(s) * np.finfo(float).eps * s[0]:
        raise GroupRepError("frequencies: at this resolution the functions of some rings do not differ; take fewer")
    H = (
        right.T * s
    ) @ right  # T = B H, and T carries rho: |rho - H rho H^-1| <= 2 |H - C| / |H^-1| for every C that commutes with rho
    if 0 < n <= _LISTED:
        values = np.asarray(rho(np.array(list(rho.group.elements))))
        C = (values @ H @ np.swapaxes(values, -1, -2)).mean(0)
    else:
        C = _averaged(H, frequencies)
    return left @ right, float(2 * np.linalg.norm(H - C, 2) / s[-1])


def _averaged(A: Floats, frequencies: Sequence[int]) -> Floats:
    """The mean of rho(g) A rho(g)^T over all rotations: between equal frequencies multiples of 1 and of the quarter turn remain."""
    m = np.array(frequencies)
    out = np.where((m[:, None] == 0) & (m == 0), A, 0.0)
    starts = [i for i in range(len(m)) if m[i] and (np.count_nonzero(m[:i]) % 2 == 0)]
    turn = np.array([[0.0, -1], [1, 0]])
    for i in starts:
        for k in starts:
            if m[i] == m[k]:
                cell = A[i : i + 2, k : k + 2]
                a, b = np.trace(cell) / 2, np.trace(turn.T @ cell) / 2
                out[i : i + 2, k : k + 2] = a * np.eye(2) + b * turn
    return out
