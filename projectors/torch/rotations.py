"""Representations of SO(2), O(2), SO(3), O(3) and SU(2) at many elements at once, in torch, on any device.

An element is its angles: g = R_z(alpha) R_y(beta) R_z(gamma) F^flip, and V(g) = E(alpha) K E(beta) K^-1 E(gamma) V(F)^flip, where
E(theta) = V(R_z(theta)) = sum_m cos(m theta) C_m + sin(m theta) S_m over the weights m >= 0, and K = V(R_x(-pi / 2)) takes the axis z to y.
The C_m and S_m are made once from the matrix of the generator of R_z, whose eigenvalues are i times integers or halves of them.
"""

from __future__ import annotations

from math import pi
from typing import NamedTuple

import numpy as np
import torch

from grouprep import SO, O
from grouprep.errors import UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.irreps.spin import spin_group
from grouprep.representations import Representation
from grouprep.summary import Summary
from grouprep.typing import Array

__all__ = ["RotationImages", "covers", "sample_rotations"]


class _Kind(NamedTuple):
    """How a group is turned: the matrices of the generators of R_z and R_x, the period of an angle, what is reflected."""

    z: Array
    x: Array | None
    period: float
    flip: Array | None


def _kind(G: Group) -> _Kind | None:
    spin = spin_group(G)
    if spin == "SU(2)":
        return _Kind(np.diag([-0.5j, 0.5j]), np.array([[0, -0.5j], [-0.5j, 0]]), 4 * pi, None)
    if spin is not None:
        z, x = np.zeros((3, 3)), np.zeros((3, 3))
        z[1, 0], z[0, 1], x[2, 1], x[1, 2] = 1, -1, 1, -1
        return _Kind(z, x, 2 * pi, -np.eye(3) if spin == "O(3)" else None)
    plane = np.array([[0.0, -1], [1, 0]])
    if G == SO(2):
        return _Kind(plane, None, 2 * pi, None)
    return _Kind(plane, None, 2 * pi, np.diag([1.0, -1])) if G == O(2) else None


def covers(V: Representation) -> bool:
    """Whether `RotationImages(V)` exists: V is unitary, of one of these groups."""
    return _kind(V.group) is not None and V.is_unitary


def sample_rotations(
    G: Group, n: int, generator: torch.Generator, device: torch.device | str | None = None
) -> torch.Tensor:
    """Angles (alpha, beta, gamma, flip) of n independent elements from Haar measure, without a loop over them.

    Parameters
    ----------
    G : SO(2), O(2), SO(3), O(3) or SU(2), by any generators; n : how many.
    generator : where they come from, moved on by each call; device : where they go, the generator's own if not given.

    Returns
    -------
    (n, 4) float64 (float32 where a device has no other), radians; beta and gamma are 0 for SO(2) and O(2), flip is 0 or 1.

    Raises
    ------
    UnsupportedGroup
        If G is another group.

    Examples
    --------
    >>> import torch
    >>> from grouprep import SO
    >>> sample_rotations(SO(3), 5, torch.Generator().manual_seed(0)).shape
    torch.Size([5, 4])

    References
    ----------
    Haar measure is d alpha sin(beta) d beta d gamma: Varshalovich, Moskalev, Khersonskii (1988), section 4.10.
    """
    kind = _kind(G)
    if kind is None:
        raise UnsupportedGroup(f"{G} is none of SO(2), O(2), SO(3), O(3), SU(2)")
    dtype = torch.float32 if generator.device.type == "mps" else torch.float64
    u = torch.rand(n, 4, generator=generator, device=generator.device, dtype=dtype)
    alpha, flip = (
        u[:, 0] * kind.period,
        (u[:, 3] < 0.5).to(dtype) if kind.flip is not None else torch.zeros_like(u[:, 3]),
    )
    if kind.x is None:
        beta = gamma = torch.zeros_like(alpha)
    else:
        beta, gamma = torch.acos(1 - 2 * u[:, 1]), u[:, 2] * 2 * pi
    return torch.stack([alpha, beta, gamma, flip], -1).to(generator.device if device is None else device)


class RotationImages(Summary):
    """V at many elements of SO(2), O(2), SO(3), O(3) or SU(2), given by their angles.

    Parameters
    ----------
    V : a unitary representation, sums, tensor products and duals included.

    Raises
    ------
    UnsupportedGroup
        If V is of another group, or not unitary.

    Examples
    --------
    >>> import torch
    >>> from grouprep import SO
    >>> G = SO(3)
    >>> g = sample_rotations(G, 3, torch.Generator().manual_seed(0))
    >>> R, D = RotationImages(G.defining())(g), RotationImages(G.irrep(4))(g)
    >>> bool(torch.allclose(D, torch.from_numpy(G.irrep(4)(R.numpy()))))
    True
    """

    def __init__(self, V: Representation) -> None:
        kind = _kind(V.group)
        if kind is None or not V.is_unitary:
            raise UnsupportedGroup(
                f"{V} of {V.group} is no unitary representation of SO(2), O(2), SO(3), O(3) or SU(2)"
            )
        self.V, is_complex = V, V.field == "complex"
        values, U = np.linalg.eigh(1j * V.differential(kind.z))  # E(theta) = U exp(-i theta m) U*
        halves = np.rint(2 * values).astype(int)
        self.weights = np.unique(np.abs(halves)) / 2
        parts = []
        for m in self.weights:
            plus, minus = (U[:, halves == s * 2 * m] for s in (1, -1))
            first, second = plus @ plus.conj().T, minus @ minus.conj().T
            parts.append([first + second if m else first, -1j * (first - second)])
        waves = np.array(parts)  # (weights, 2, dim, dim)
        self._constants: tuple[Array, ...] = (
            self.weights,
            waves if is_complex else waves.real,
            *(np.asarray(V(g)) for g in (_turn(kind.x), kind.flip) if g is not None),
        )
        self.is_spatial, self.flips = kind.x is not None, kind.flip is not None
        self._placed: dict[tuple[torch.device, torch.dtype], tuple[torch.Tensor, ...]] = {}

    def _at(self, angles: torch.Tensor) -> tuple[torch.Tensor, ...]:
        key = angles.device, angles.dtype
        if key not in self._placed:
            wide = torch.complex128 if angles.dtype == torch.float64 else torch.complex64
            self._placed[key] = tuple(
                torch.tensor(c, device=angles.device, dtype=wide if c.dtype.kind == "c" else angles.dtype)
                for c in self._constants
            )
        return self._placed[key]

    def __call__(self, angles: torch.Tensor) -> torch.Tensor:
        """V(g), (..., dim, dim), from angles (..., 4) as `sample_rotations` gives them; real or complex as V is."""
        weights, waves, *fixed = self._at(angles)

        def turn(theta: torch.Tensor) -> torch.Tensor:
            phase = theta[..., None] * weights
            factors = torch.stack([phase.cos(), phase.sin()], -1).flatten(-2).to(waves.dtype)
            return (factors @ waves.flatten(0, 1).flatten(1)).unflatten(-1, waves.shape[-2:])  # type: ignore[no-untyped-call, no-any-return]

        out = turn(angles[..., 0])
        if self.is_spatial:
            K = fixed[0]
            out = out @ K @ turn(angles[..., 1]) @ K.mH @ turn(angles[..., 2])
        if self.flips:
            out = torch.where(angles[..., 3, None, None] > 0.5, out @ fixed[-1], out)
        return out


def _turn(x: Array | None) -> Array | None:
    """R_x(-pi / 2), from the matrix of its generator, whose cube is minus a multiple of it."""
    if x is None:
        return None
    if len(x) == 2:  # exp(t X) = cos(t / 2) + 2 sin(t / 2) X
        half: Array = np.sqrt(0.5) * (np.eye(2) - 2 * x)
        return half
    quarter: Array = np.eye(3) - x + x @ x
    return quarter
