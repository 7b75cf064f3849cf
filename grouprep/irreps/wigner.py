"""Wigner D matrices in floats: stable for every rotation, batched, in the complex and in the real basis.

D^j(alpha, beta, gamma) = exp(-i alpha J_z) exp(-i beta J_y) exp(-i gamma J_z), and exp(-i beta J_y) is diagonalised by the
matrix d^j(pi/2), whose entries are computed in integers and rounded once; multiples of the angles are exact before their
cosines are taken. See docs/formulation/wigner-d.md.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import GroupRepError
from grouprep.irreps._spin_numbers import (
    Spin,
    real_columns,
    spin_label,
    twice_integer,
    twice_spin,
)
from grouprep.irreps.base import read_field
from grouprep.irreps.rotations import Rotations, as_quaternions, determines_spinors
from grouprep.linalg.memory import require_memory
from grouprep.linalg.roots import nearest_root
from grouprep.typing import Array

__all__ = ["quarter_turn", "real_basis", "to_real_basis", "wigner_D", "wigner_d", "wigner_of_quaternions"]


@lru_cache(maxsize=256)
def _quarter_turn(two_j: int) -> Array:
    """d^j(pi/2), every entry correctly rounded; read-only.

    x^(j+m) y^(j-m) goes to 2^-j (x + y)^(j+m) (y - x)^(j-m); the coefficients are integers K (Krawtchouk polynomials). Entry
    (i, k), counted from 0, is (-1)^(i-k) times entry (k, i), (-1)^(n-k) times (n - i, k) and (-1)^i times (i, n - k).
    """
    n = two_j
    require_memory(4 * (n + 1) ** 2, f"Wigner matrices of spin {spin_label(n)}")
    half = n // 2
    # (1 - t)^n up to t^half, then one factor (1 + t) for (1 - t) at each step: division and multiplication of power series.
    series = [(-1) ** i * comb(n, i) for i in range(half + 1)]
    table = np.zeros((n + 1, n + 1))
    for k in range(half + 1):
        if k:
            sums = list(accumulate(series))
            series = [a + b for a, b in zip(sums, [0, *sums], strict=False)]
        for i in range(k, half + 1):
            value = nearest_root(series[i], comb(n, k), comb(n, i) << n)
            table[i, k], table[k, i] = value, -value if (i - k) % 2 else value
    sign = np.where(np.arange(n + 1) % 2, -1.0, 1.0)
    table[n - half :, : half + 1] = table[half::-1, : half + 1] * (sign[n - half :][::-1])
    table[:, n - half :] = table[:, half::-1] * sign[:, None]
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


def _turns(x: Array, y: Array, m: Array) -> Array:
    """exp(i m theta) for theta = arg(x + i y) (...) and multiples m of 1/2 (count,): (..., count) complex128.

    theta is n quarter turns and an angle phi of at most an eighth, whose rounding is the least. phi is cut after 44 bits: the
    products of m < 512 with the front are exact, and the rest is one term of a Taylor series. So nothing but the error of phi,
    below 2^-52, is multiplied by m.
    """
    steep = np.abs(y) > np.abs(x)
    n = np.where(steep, np.where(y > 0, 1, 3), np.where(x < 0, 2, 0))
    along, across = np.where(steep, np.abs(y), np.abs(x)), np.where(steep, x, y)
    phi = np.arctan2(np.where((n == 1) | (n == 2), -across, across), along)[..., None]
    front = np.ldexp(np.round(np.ldexp(phi, 44)), -44)
    angle, rest = front * m, (phi - front) * m
    c, s = np.cos(angle), np.sin(angle)
    out = np.empty(angle.shape, dtype=complex)
    out.real, out.imag = c - rest * s, s + rest * c
    value: Array = out * _EIGHTHS[n[..., None] * (2 * m).astype(np.int64) % 8]
    return value


_EIGHTHS = np.array([1, 1 + 1j, 1j, -1 + 1j, -1, -1 - 1j, -1j, 1 - 1j]) * np.tile([1, np.sqrt(0.5)], 4)

_CHUNK = (
    1 << 16
)  # entries of matrices that are formed at once: half a mebibyte, so that what is read again is in the cache


def _weights(two_j: int) -> Array:
    """The weights m >= 0 of spin j."""
    return np.arange(two_j % 2, two_j + 1, 2) / 2


def _small_d(two_j: int, waves: Array) -> Array:
    """d^j(beta) from waves exp(i mu beta) (..., count), mu >= 0.

    d = i^(m'-m) sum_mu D_mu,m' D_mu,m exp(-i mu beta) with D = d^j(pi/2). The terms of mu and -mu add up to cosines where m'-m
    is even, to sines where it is odd.
    """
    n = two_j + 1
    quarter = _quarter_turn(two_j)[n // 2 :]
    twice = np.where(_weights(two_j) > 0, 2.0, 1.0)
    k = (np.arange(n)[:, None] - np.arange(n)) % 4
    even = np.where(k == 0, 1.0, np.where(k == 2, -1.0, 0.0))
    odd = np.where(k == 1, 1.0, np.where(k == 3, -1.0, 0.0))
    value: Array = even * ((quarter.T * (twice * waves.real)[..., None, :]) @ quarter)
    value += odd * ((quarter.T * (twice * waves.imag)[..., None, :]) @ quarter)
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
    two_j = twice_spin(j)
    return _small_d(two_j, np.exp(1j * angles.astype(float)[..., None] * _weights(two_j)))


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
    n, m = two_j + 1, _weights(two_j)
    lead, q = q.shape[:-1], q.reshape(-1, 4)
    require_memory(
        len(q) * n * n, f"{len(q):,} Wigner matrices of spin {spin_label(two_j)}", 8 if field == "real" else 16
    )
    w, x, y, z = q.T
    waves = _turns(np.hypot(w, z), np.hypot(x, y), 2 * m)
    first, second = _turns(w, -z, m), _turns(y, -x, m)
    left, right = first * second.conj(), first * second  # exp(-i m alpha), exp(-i m gamma)
    out = np.empty((len(q), n, n), dtype=float if field == "real" else complex)
    fill = _fill_real if field == "real" else _fill_complex
    step = max(1, _CHUNK // n**2)
    for start in range(0, len(q), step):
        part = slice(start, start + step)
        fill(two_j, waves[part], left[part], right[part], out[part])
    return out.reshape(*lead, n, n)


def _fill_complex(two_j: int, waves: Array, left: Array, right: Array, out: Array) -> None:
    skip = 1 - two_j % 2  # m = 0 occurs once
    left, right = (np.concatenate([x[:, skip:][:, ::-1].conj(), x], axis=1) for x in (left, right))
    np.multiply(left[:, :, None] * _small_d(two_j, waves), right[:, None, :], out=out)


@lru_cache(maxsize=256)
def _real_turn(l: int) -> tuple[Array, Array, Array, Array]:
    """The rotation x -> y -> z -> x in the real basis, J, in its blocks of cosines and of sines, with where their rows stand.

    It has D = d^l(pi/2) diag(i^-m), and takes the rotations about y to those about z: d^l(beta) = J^T Z(beta) J. As it takes
    y -> -y to z -> -z and x -> -x to y -> -y, a column of J is zero but for half of the m and one of cos and sin.

    Returns
    -------
    For the columns cos m phi, m = 0..l, then for sin m phi, m = 1..l: the m of the rows, and their blocks (2, rows, columns),
    the rows cos and the rows sin.
    """
    m = np.arange(-l, l + 1)
    J = to_real_basis(_quarter_turn(2 * l) * np.array([1, -1j, -1, 1j])[m % 4])
    out: list[Array] = []
    for columns, parity in ((J[:, l:], l), (J[:, :l][:, ::-1], l + 1)):
        rows = np.arange(parity % 2, l + 1, 2)
        out += [rows, np.stack([columns[l + rows], np.where(rows[:, None] > 0, columns[l - rows], 0.0)])]
    return out[0], out[1], out[2], out[3]


def _fill_real(two_j: int, waves: Array, left: Array, right: Array, out: Array) -> None:
    """Z(alpha) J^T Z(beta) J Z(gamma), where Z(angle) turns the pairs cos m phi, sin m phi by m angle."""
    l = two_j // 2
    rows, cosines, more, sines = _real_turn(l)
    c = _turned_back(waves[:, rows], cosines)
    s = _turned_back(waves[:, more], sines)
    ca, sa = left.real[:, :, None], -left.imag[:, :, None]
    cg, sg = right.real[:, None, :], -right.imag[:, None, :]
    below = slice(l - 1, None, -1) if l else slice(0, 0)  # m = -1, ..., -l
    cc, cs = c * cg, c[:, :, 1:] * sg[:, :, 1:]
    np.multiply(ca, cc, out=out[:, l:, l:])
    np.multiply(-ca, cs, out=out[:, l:, below])
    np.multiply(sa[:, 1:], cc[:, 1:], out=out[:, below, l:])
    np.multiply(-sa[:, 1:], cs[:, 1:], out=out[:, below, below])
    ss, sc = s * sg[:, :, 1:], s * cg[:, :, 1:]
    out[:, l + 1 :, l + 1 :] -= sa[:, 1:] * ss
    out[:, l + 1 :, below] -= sa[:, 1:] * sc
    out[:, below, l + 1 :] += ca[:, 1:] * ss
    out[:, below, below] += ca[:, 1:] * sc


def _turned_back(waves: Array, J: Array) -> Array:
    """J^T Z J for one block of J, (2, rows, columns): (..., columns, columns)."""
    cos, sin = waves.real[:, None, :], waves.imag[:, None, :]
    count, size = J.shape[1:]
    turned = np.empty((len(waves), size, 2, count))
    # column m' of kind cos goes with cos on rows cos, and with -sin on rows sin; of kind sin with sin and cos
    for start in (0, 1):
        columns = slice(start, None, 2)
        kind = int(np.abs(J[1, :, columns]).sum() > np.abs(J[0, :, columns]).sum())
        mine = J[kind, :, columns].T
        np.multiply(mine, cos, out=turned[:, columns, kind])
        np.multiply(mine, sin if kind else -sin, out=turned[:, columns, 1 - kind])
    value: Array = turned.reshape(len(waves) * size, 2 * count) @ J.reshape(2 * count, size)
    return value.reshape(len(waves), size, size)


@lru_cache(maxsize=256)
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
