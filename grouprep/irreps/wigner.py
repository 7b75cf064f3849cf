"""Wigner D matrices in floats: stable for every rotation, batched, in the complex and in the real basis.

D^j(alpha, beta, gamma) = exp(-i alpha J_z) exp(-i beta J_y) exp(-i gamma J_z), and exp(-i beta J_y) is diagonalised by the
matrix d^j(pi/2), whose entries are computed in integers and rounded once. See docs/formulation/wigner-d.md.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import GroupRepError
from grouprep.irreps._spin_numbers import (
    Spin,
    real_columns,
    rounded_root,
    spin_label,
    twice_integer,
    twice_spin,
)
from grouprep.irreps.base import read_field
from grouprep.irreps.rotations import Rotations, as_quaternions, determines_spinors
from grouprep.linalg.memory import require_memory
from grouprep.typing import Array

__all__ = ["quarter_turn", "real_basis", "to_real_basis", "wigner_D", "wigner_d", "wigner_of_quaternions"]


@lru_cache(maxsize=64)
def _quarter_turn(two_j: int) -> Array:
    """d^j(pi/2), every entry correctly rounded; read-only.

    x^(j+m) y^(j-m) goes to 2^-j (x + y)^(j+m) (y - x)^(j-m); the coefficients are integers (Krawtchouk polynomials).
    """
    n = two_j
    require_memory(4 * (n + 1) ** 2, f"Wigner matrices of spin {spin_label(n)}")
    # (1 - t)^n, then one factor (1 + t) for (1 - t) at each step: division and multiplication by linear polynomials.
    coefficients = [(-1) ** k * comb(n, k) for k in range(n + 1)]
    table = np.zeros((n + 1, n + 1))
    for column in range(n + 1):
        if column:
            quotient = [0] * n
            carry = 0
            for k in range(n):
                carry = quotient[k] = coefficients[k] + carry
            coefficients = [(quotient[k] if k < n else 0) + (quotient[k - 1] if k else 0) for k in range(n + 1)]
        for row, value in enumerate(coefficients):
            table[row, column] = rounded_root(value, Fraction(comb(n, column), comb(n, row) << n))
    table.flags.writeable = False
    return table


def quarter_turn(j: Spin) -> Array:
    """d^j(pi/2), the Wigner matrix of a quarter turn about y, every entry the nearest float.

    Parameters
    ----------
    j : 0, 1/2, 1, ...

    Returns
    -------
    (2j+1, 2j+1) float64, rows m' and columns m from -j to j.

    Examples
    --------
    >>> quarter_turn(1).round(4)
    array([[ 0.5   ,  0.7071,  0.5   ],
           [-0.7071,  0.    ,  0.7071],
           [ 0.5   , -0.7071,  0.5   ]])

    References
    ----------
    Edmonds, Angular Momentum in Quantum Mechanics (1957), section 4.5; Risbo, J. Geodesy 70 (1996).
    """
    return _quarter_turn(twice_spin(j)).copy()


def _small_d(two_j: int, beta: Array) -> Array:
    """d^j(beta) = i^(m'-m) sum_mu D_mu,m' D_mu,m exp(-i mu beta) with D = d^j(pi/2): cosines where m'-m is even, sines where odd."""
    quarter = _quarter_turn(two_j)
    mu = np.arange(-two_j, two_j + 1, 2) / 2
    angle = beta[..., None] * mu
    step = np.arange(two_j + 1)
    k = (step[:, None] - step) % 4
    even = np.where(k == 0, 1.0, np.where(k == 2, -1.0, 0.0))
    odd = np.where(k == 1, 1.0, np.where(k == 3, -1.0, 0.0))
    cosines = (quarter.T * np.cos(angle)[..., None, :]) @ quarter
    sines = (quarter.T * np.sin(angle)[..., None, :]) @ quarter
    value: Array = even * cosines + odd * sines
    return value


def wigner_d(j: Spin, beta: ArrayLike) -> Array:
    """Wigner's small d matrix, the rotation by beta about y: d^j(beta) = exp(-i beta J_y), real.

    Parameters
    ----------
    j : 0, 1/2, 1, ...
    beta : real, (...), radians.

    Returns
    -------
    (..., 2j+1, 2j+1) float64, rows m' and columns m from -j to j.

    Raises
    ------
    GroupRepError
        If j is not a multiple of 1/2, or beta is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> wigner_d(1, np.pi).round(12) + 0
    array([[ 0.,  0.,  1.],
           [ 0., -1.,  0.],
           [ 1.,  0.,  0.]])

    References
    ----------
    Varshalovich, Moskalev, Khersonskii (1988), sections 4.3 and 4.16.
    """
    angles = np.asarray(beta)
    if angles.dtype.kind not in "iuf" or not np.isfinite(angles).all():
        raise GroupRepError("beta must be finite real angles in radians")
    return _small_d(twice_spin(j), angles.astype(float))


def wigner_D(j: Spin, rotation: Rotations, field: str = "complex") -> Array:
    """Wigner's D matrices of rotations: the irrep of spin j, rho(g h) = rho(g) rho(h).

    Parameters
    ----------
    j : 0, 1/2, 1, ...
    rotation : unit quaternions (..., 4), rotation matrices (..., 3, 3), SU(2) matrices (..., 2, 2), or a scipy `Rotation`
        (see `grouprep.irreps.rotations`; Euler angles through `quaternion_from_euler`). Half-integer j needs one of SU(2).
    field : "complex" for the basis |j m>, "real" for real spherical harmonics, integer j only; both m = -j..j.

    Returns
    -------
    (..., 2j+1, 2j+1) complex128, or float64 for field="real".

    Raises
    ------
    GroupRepError
        If j is no spin, the rotation is none, or half-integer j meets rotation matrices or the real field.

    Examples
    --------
    >>> import numpy as np
    >>> R = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])  # about z; the basis is y, z, x
    >>> wigner_D(1, R, field="real").round(12) + 0
    array([[ 0.,  0.,  1.],
           [ 0.,  1.,  0.],
           [-1.,  0.,  0.]])

    References
    ----------
    Varshalovich, Moskalev, Khersonskii (1988), chapter 4; the error analysis is in docs/formulation/wigner-d.md.
    """
    two_j, field = twice_spin(j), read_field(field)
    if two_j % 2 and field == "real":
        raise GroupRepError(
            f'field="real": spin {spin_label(two_j)} has no real form of dimension {two_j + 1}; its real irrep has twice that'
        )
    if two_j % 2 and not determines_spinors(rotation):
        raise GroupRepError(
            f"rotation: a rotation determines spin {spin_label(two_j)} up to a sign only; give quaternions or SU(2) matrices"
        )
    return wigner_of_quaternions(two_j, as_quaternions(rotation), field)


def wigner_of_quaternions(two_j: int, q: Array, field: str) -> Array:
    """D^j of unit quaternions in the form |a|, |b| and phases of a = w - iz, b = y - ix: no angle is undefined.

    alpha = arg b - arg a and gamma = -arg a - arg b, so the phase of entry (m', m) is (m + m') arg a + (m - m') arg b.
    Where a or b is zero, the entries that its phase multiplies are zero too.
    """
    w, x, y, z = np.moveaxis(q, -1, 0)
    beta = 2 * np.arctan2(np.hypot(x, y), np.hypot(w, z))
    first, second = np.arctan2(-z, w), np.arctan2(-x, y)
    small = _small_d(two_j, beta)
    m = np.arange(-two_j, two_j + 1, 2) / 2
    left = np.exp(1j * (first - second)[..., None] * m)
    right = np.exp(1j * (first + second)[..., None] * m)
    value: Array = left[..., :, None] * small * right[..., None, :]
    return to_real_basis(value) if field == "real" else value


@lru_cache(maxsize=64)
def _real_basis(l: int) -> Array:
    matrix = np.zeros((2 * l + 1, 2 * l + 1), dtype=complex)
    for column, entries in enumerate(real_columns(l)):
        for m, k in entries:
            matrix[m + l, column] = (1, 1j, -1, -1j)[k] / np.sqrt(len(entries))
    matrix.flags.writeable = False
    return matrix


def real_basis(l: Spin) -> Array:
    """The real spherical harmonics in the basis |l m>: the unitary U with D_real = U* D U.

    Column m > 0 goes with cos(m phi), column -m with sin(m phi), both with positive signs: for l = 1 they are y, z, x.

    Parameters
    ----------
    l : 0, 1, 2, ...

    Returns
    -------
    (2l+1, 2l+1) complex128.

    Examples
    --------
    >>> (real_basis(1)[:, 2] * 2**0.5).real.round(12)  # x = (|-1> - |1>) / sqrt 2
    array([ 1.,  0., -1.])

    References
    ----------
    Varshalovich, Moskalev, Khersonskii (1988), section 5.1.7.
    """
    return _real_basis(twice_integer(l) // 2).copy()


def to_real_basis(matrices: Array) -> Array:
    """U* A U for complex matrices A (..., 2l+1, 2l+1) that are real in the real basis: float64, in two sparse steps.

    Examples
    --------
    >>> import numpy as np
    >>> to_real_basis(np.diag([1j, 0, -1j])) + 0  # -i J_z, the rotation about z: from x to y
    array([[ 0.,  0.,  1.],
           [ 0.,  0.,  0.],
           [-1.,  0.,  0.]])
    """
    l = matrices.shape[-1] // 2
    U = _real_basis(l)
    same, other = np.diagonal(U), np.diagonal(U[::-1]).copy()  # U[m, m] and U[-m, m]
    other[l] = 0
    right = matrices * same + matrices[..., ::-1] * other
    left = same.conj()[:, None] * right + other.conj()[:, None] * right[..., ::-1, :]
    real: Array = left.real
    return real
