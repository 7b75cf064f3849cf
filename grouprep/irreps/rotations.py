"""Rotations as unit quaternions (w, x, y, z), from matrices, SU(2) matrices, Euler angles and scipy's Rotation.

A quaternion stands for the matrix w - i (x sigma_1 + y sigma_2 + z sigma_3) of SU(2); q and -q are the same rotation.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.groups.rotations import Rotation
from grouprep.typing import Array

__all__ = [
    "Rotations",
    "as_quaternions",
    "determines_spinors",
    "matrix_from_quaternion",
    "quaternion_from_euler",
    "quaternion_from_matrix",
    "quaternion_from_rotation_vector",
    "quaternion_from_su2",
    "su2_from_quaternion",
]

# Elements that were once stored in single precision are still elements: 16 of its roundings; the nearest element is taken.
_TOLERANCE = 16 * float(np.finfo(np.float32).eps)


def _array(x: ArrayLike, name: str, tail: tuple[int, ...], kinds: str = "iuf") -> Array:
    array = np.asarray(x)
    if array.dtype.kind not in kinds:
        raise GroupRepError(f"{name} must be an array of numbers of kind {kinds}, got dtype {array.dtype}")
    if array.shape[array.ndim - len(tail) :] != tail or array.ndim < len(tail):
        shape = ", ".join(["...", *map(str, tail)])
        raise DimensionMismatch(f"{name} has shape {array.shape}, expected ({shape})")
    if not np.isfinite(array).all():
        raise GroupRepError(f"{name} has NaN or infinite entries")
    return array.astype(complex if "c" in kinds else float)


def _unit(q: Array, name: str, what: str) -> Array:
    size = np.sqrt((q * q).sum(axis=-1, keepdims=True))
    if np.abs(size - 1).max(initial=0) > _TOLERANCE:
        raise GroupRepError(f"{name} is not {what}: the norm is off by {np.abs(size - 1).max():.2g}")
    unit: Array = q / size
    return unit


def quaternion_from_matrix(R: ArrayLike) -> Array:
    """Unit quaternions of rotation matrices; of the two signs the one with w > 0 (or, for w = 0, a positive first entry).

    Parameters
    ----------
    R : (..., 3, 3) real rotation matrices, with rounding errors.

    Returns
    -------
    (..., 4) float64, (w, x, y, z).

    Raises
    ------
    GroupRepError
        If R is not orthogonal of determinant 1.

    Examples
    --------
    >>> import numpy as np
    >>> quaternion_from_matrix(np.diag([1.0, -1.0, -1.0]))
    array([0., 1., 0., 0.])

    References
    ----------
    S. W. Shepperd, Quaternion from rotation matrix, J. Guidance and Control 1 (1978): the largest of the four squares.
    """
    R = _array(R, "R", (3, 3))
    error = np.abs(np.swapaxes(R, -1, -2) @ R - np.eye(3)).max(initial=0)
    if error > _TOLERANCE:
        raise GroupRepError(f"R is not a rotation matrix: R^T R differs from 1 by {error:.2g}")
    if (np.linalg.det(R) < 0).any():
        raise GroupRepError("R has determinant -1; it is a reflection times a rotation, an element of O(3)")
    squares = quaternion_squares(R)
    best = np.diagonal(squares, axis1=-2, axis2=-1).argmax(axis=-1)
    q = np.take_along_axis(squares, best[..., None, None], axis=-1)[..., 0]
    q = q / np.sqrt((q * q).sum(axis=-1, keepdims=True))
    first = np.take_along_axis(q, (q != 0).argmax(axis=-1)[..., None], axis=-1)
    result: Array = q * np.sign(first) + 0.0
    return result


def quaternion_squares(R: Array) -> Array:
    """The symmetric matrices 4 q q^T, (..., 4, 4), linear in the entries of R, of any dtype, object included."""
    one = R[..., 0, 0] * 0 + 1
    x, y, z = R[..., 0, 0], R[..., 1, 1], R[..., 2, 2]
    diagonal = [one + x + y + z, one + x - y - z, one - x + y - z, one - x - y + z]
    wx, wy, wz = R[..., 2, 1] - R[..., 1, 2], R[..., 0, 2] - R[..., 2, 0], R[..., 1, 0] - R[..., 0, 1]
    xy, xz, yz = R[..., 0, 1] + R[..., 1, 0], R[..., 0, 2] + R[..., 2, 0], R[..., 1, 2] + R[..., 2, 1]
    rows = [
        [diagonal[0], wx, wy, wz],
        [wx, diagonal[1], xy, xz],
        [wy, xy, diagonal[2], yz],
        [wz, xz, yz, diagonal[3]],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_from_su2(U: ArrayLike) -> Array:
    """Unit quaternions of matrices of SU(2).

    Parameters
    ----------
    U : (..., 2, 2) complex, [[w - i z, -y - i x], [y - i x, w + i z]] to rounding.

    Returns
    -------
    (..., 4) float64, (w, x, y, z).

    Raises
    ------
    GroupRepError
        If U is not unitary of determinant 1.

    Examples
    --------
    >>> quaternion_from_su2([[-1j, 0], [0, 1j]]) + 0
    array([0., 0., 0., 1.])
    """
    U = _array(U, "U", (2, 2), "iufc")
    a = (U[..., 0, 0] + U[..., 1, 1].conj()) / 2
    b = (U[..., 1, 0] - U[..., 0, 1].conj()) / 2
    off = np.maximum(np.abs(U[..., 0, 0] - a), np.abs(U[..., 1, 0] - b)).max(initial=0)
    if off > _TOLERANCE:
        raise GroupRepError(f"U is not unitary of determinant 1: its columns do not match, off by {off:.2g}")
    q = np.stack([a.real, -b.imag, b.real, -a.imag], axis=-1)
    return _unit(q, "U", "unitary of determinant 1")


def quaternion_from_euler(angles: ArrayLike) -> Array:
    """Unit quaternions of z-y-z Euler angles: rotate by gamma about z, then by beta about y, then by alpha about z.

    Parameters
    ----------
    angles : (..., 3) real: alpha, beta, gamma in radians, about the fixed axes.

    Returns
    -------
    (..., 4) float64, (w, x, y, z): the product exp(-i alpha sigma_3/2) exp(-i beta sigma_2/2) exp(-i gamma sigma_3/2).

    Examples
    --------
    >>> import numpy as np
    >>> quaternion_from_euler([np.pi, 0, 0]).round(12) + 0
    array([0., 0., 0., 1.])

    References
    ----------
    Varshalovich, Moskalev, Khersonskii, Quantum Theory of Angular Momentum (1988), section 1.4.
    """
    angles = _array(angles, "angles", (3,))
    alpha, beta, gamma = angles[..., 0] / 2, angles[..., 1] / 2, angles[..., 2] / 2
    c, s = np.cos(beta), np.sin(beta)
    plus, minus = alpha + gamma, alpha - gamma
    return np.stack([c * np.cos(plus), -s * np.sin(minus), s * np.cos(minus), c * np.sin(plus)], axis=-1)


def quaternion_from_rotation_vector(v: ArrayLike) -> Array:
    """Unit quaternions of rotations by the angle |v| about the axis v.

    Parameters
    ----------
    v : (..., 3) real, radians.

    Returns
    -------
    (..., 4) float64, (w, x, y, z).

    Examples
    --------
    >>> import numpy as np
    >>> quaternion_from_rotation_vector([np.pi, 0, 0]).round(12)
    array([0., 1., 0., 0.])
    """
    v = _array(v, "v", (3,))
    half = np.sqrt((v * v).sum(axis=-1, keepdims=True)) / 2
    return np.concatenate([np.cos(half), np.sinc(half / np.pi) * v / 2], axis=-1)


def su2_from_quaternion(q: ArrayLike) -> Array:
    """The matrices of SU(2) of unit quaternions (..., 4): complex128 (..., 2, 2).

    Examples
    --------
    >>> su2_from_quaternion([0, 0, 1, 0]).real
    array([[ 0., -1.],
           [ 1.,  0.]])
    """
    q = _unit(_array(q, "q", (4,)), "q", "a unit quaternion")
    a, b = q[..., 0] - 1j * q[..., 3], q[..., 2] - 1j * q[..., 1]
    return np.stack([np.stack([a, -b.conj()], axis=-1), np.stack([b, a.conj()], axis=-1)], axis=-2)


def matrix_from_quaternion(q: ArrayLike) -> Array:
    """The rotation matrices of unit quaternions (..., 4): float64 (..., 3, 3).

    Examples
    --------
    >>> matrix_from_quaternion([0, 1, 0, 0]).diagonal()
    array([ 1., -1., -1.])
    """
    q = _unit(_array(q, "q", (4,)), "q", "a unit quaternion")
    w, x, y, z = np.moveaxis(q, -1, 0)
    rows = [
        [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


Rotations: TypeAlias = ArrayLike | Rotation
"""Arrays of quaternions or matrices, or scipy's `Rotation`."""


def determines_spinors(x: Rotations) -> bool:
    """Whether the input gives an element of SU(2), not just a rotation: quaternions and SU(2) matrices do."""
    return not isinstance(x, Rotation) and np.shape(x)[-2:] != (3, 3)


def as_quaternions(x: Rotations) -> Array:
    """Unit quaternions of rotations in any form that its shape makes clear.

    Parameters
    ----------
    x : unit quaternions (..., 4) in the order (w, x, y, z), rotation matrices (..., 3, 3), SU(2) matrices (..., 2, 2), or a
        scipy `Rotation`. Three numbers could be Euler angles or a rotation vector: use `quaternion_from_euler` or
        `quaternion_from_rotation_vector`.

    Returns
    -------
    (..., 4) float64.

    Raises
    ------
    GroupRepError
        If the shape does not say which form it is, or the numbers are no rotation.

    Examples
    --------
    >>> import numpy as np
    >>> as_quaternions(np.eye(3)), as_quaternions(np.eye(2)) + 0
    (array([1., 0., 0., 0.]), array([1., 0., 0., 0.]))
    """
    if isinstance(x, Rotation):
        return np.roll(np.asarray(x.as_quat(), dtype=float), 1, axis=-1)  # scipy writes (x, y, z, w)
    shape = np.shape(x)
    if shape[-2:] == (3, 3):
        return quaternion_from_matrix(x)
    if shape[-2:] == (2, 2):
        return quaternion_from_su2(x)
    if shape[-1:] == (4,):
        return _unit(_array(x, "rotation", (4,)), "rotation", "a unit quaternion")
    if shape[-1:] == (3,):
        raise DimensionMismatch(
            f"rotation has shape {shape}: three numbers may be Euler angles or a rotation vector; "
            "use quaternion_from_euler(x) or quaternion_from_rotation_vector(x)"
        )
    raise DimensionMismatch(
        f"rotation has shape {shape}; give quaternions (..., 4), rotation matrices (..., 3, 3), SU(2) matrices (..., 2, 2) "
        "or a scipy Rotation"
    )
