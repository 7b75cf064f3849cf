"""Rotations as other libraries hold them, scipy's `Rotation` for one: the matrices that they are in groups of matrices."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from grouprep.typing import Array

__all__ = ["Rotation", "rotation_generators", "spinor_matrices"]


@runtime_checkable
class Rotation(Protocol):
    """What scipy's `Rotation` has: one rotation of space, or several."""

    def as_quat(self) -> Array:
        """Unit quaternions (..., 4), (x, y, z, w)."""

    def as_matrix(self) -> Array:
        """The matrices (..., 3, 3)."""


def rotation_generators(n: int) -> Array | None:
    """The generators about x, y, z of the rotations as n x n matrices: of SO(3), or of SU(2), -i sigma / 2; None for other n.

    Examples
    --------
    >>> rotation_generators(3)[2]
    array([[ 0., -1.,  0.],
           [ 1.,  0.,  0.],
           [ 0.,  0.,  0.]])
    """
    if n == 2:
        return np.array([[[0, -0.5j], [-0.5j, 0]], [[0, -0.5], [0.5, 0]], [[-0.5j, 0], [0, 0.5j]]])
    if n == 3:
        out = np.zeros((3, 3, 3))
        for k in range(3):
            out[k, (k + 2) % 3, (k + 1) % 3], out[k, (k + 1) % 3, (k + 2) % 3] = 1, -1
        return out
    return None


def spinor_matrices(rotation: Rotation) -> Array:
    """w - i (x sigma_1 + y sigma_2 + z sigma_3) of a rotation's quaternion, (..., 2, 2): one of two elements of SU(2).

    Examples
    --------
    >>> from scipy.spatial.transform import Rotation
    >>> spinor_matrices(Rotation.from_quat([0, 1, 0, 0])).real
    array([[ 0., -1.],
           [ 1.,  0.]])
    """
    x, y, z, w = np.moveaxis(np.asarray(rotation.as_quat(), dtype=float), -1, 0)
    a, b = w - 1j * z, y - 1j * x
    return np.stack([np.stack([a, -b.conj()], axis=-1), np.stack([b, a.conj()], axis=-1)], axis=-2)
