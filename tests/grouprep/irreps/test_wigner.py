"""Wigner D against sympy, scipy's rotations and exponentials of the generators; unitarity and homomorphism to l = 20."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.spatial.transform import Rotation
from sympy.physics.quantum.spin import Rotation as SympyRotation

from grouprep import DimensionMismatch, GroupRepError
from grouprep.irreps.rotations import (
    as_quaternions,
    matrix_from_quaternion,
    quaternion_from_euler,
    quaternion_from_matrix,
    quaternion_from_rotation_vector,
    quaternion_from_su2,
    su2_from_quaternion,
)
from grouprep.irreps.wigner import quarter_turn, real_basis, to_real_basis, wigner_D, wigner_d

EPS = np.finfo(float).eps
YZX = [1, 2, 0]


def quaternions(count, seed=0):
    q = np.random.default_rng(seed).standard_normal((count, 4))
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


# beta = 0 and pi, to rounding and nearly: where Euler angles are not defined
GIMBAL = np.array(
    [
        [1, 0, 0, 0],
        [0, 0, 0, 1],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0.6, 0, 0, 0.8],
        [0, 0.6, 0.8, 0],
        [1, 1e-17, -1e-17, 0],
        [0.6, 1e-300, 0, 0.8],
        [1e-9, 0.6, 0.8, -1e-17],
        [-1, 0, 0, 0],
    ]
)

spins = st.integers(0, 40).map(lambda n: Fraction(n, 2))
components = st.floats(-1, 1, allow_nan=False)


@st.composite
def unit_quaternions(draw):
    q = np.array([draw(components) for _ in range(4)])
    size = np.linalg.norm(q)
    return q / size if size > 1e-3 else np.array([1.0, 0, 0, 0])


def product(p, q):
    """Hamilton's product, written out."""
    a, u, b, v = p[..., :1], p[..., 1:], q[..., :1], q[..., 1:]
    scalar = a * b - (u * v).sum(axis=-1, keepdims=True)
    return np.concatenate([scalar, a * v + b * u + np.cross(u, v)], axis=-1)


def angular_momentum(j):
    """J_x, J_y, J_z on |j m>, m ascending."""
    m = np.arange(-j, j + 1)
    up = np.diag(np.sqrt((j - m[:-1]) * (j + m[:-1] + 1)), -1).astype(complex)
    return (up + up.T) / 2, (up - up.T) / 2j, np.diag(m).astype(complex)


# --- small d


@pytest.mark.slow
def test_small_d_is_sympys():
    beta = 0.7
    for n in range(8):
        j = sympy.Rational(n, 2)
        m = [-j + k for k in range(n + 1)]
        expected = [[complex(SympyRotation.d(j, a, b, beta).doit().evalf()).real for b in m] for a in m]
        np.testing.assert_allclose(wigner_d(j, beta), expected, atol=4 * EPS * (n + 1))


def test_small_d_of_spin_one_half():
    c, s = np.cos(0.4), np.sin(0.4)
    np.testing.assert_allclose(wigner_d("1/2", 0.8), [[c, s], [-s, c]], atol=2 * EPS)  # rows and columns down, up


@pytest.mark.slow
@pytest.mark.parametrize("n", [0, 1, 2, 5, 12, 40])
def test_quarter_turn_is_correctly_rounded(n):
    exact = sympy.Matrix(n + 1, n + 1, lambda i, k: _krawtchouk(n, i, k))
    expected = np.array(exact.evalf(40).tolist(), dtype=float)
    assert np.array_equal(quarter_turn(Fraction(n, 2)), expected)


def _krawtchouk(n, i, k):
    t = sympy.Symbol("t")
    coefficient = sympy.Poly((1 + t) ** k * (1 - t) ** (n - k), t).coeff_monomial(t**i)
    return coefficient * sympy.sqrt(sympy.binomial(n, k) / (sympy.binomial(n, i) * sympy.Integer(2) ** n))


@pytest.mark.parametrize("n", [1, 2, 3, 8, 20, 40])
def test_small_d_is_the_exponential(n):
    _, y, _ = angular_momentum(n / 2)
    for beta in (-2.0, 0.3, 3.1):
        # expm: eps dim times the norm (Higham, Functions of Matrices, 10.3); the norm of beta J_y is |beta| j
        bound = 10 * EPS * (n + 1) * (1 + abs(beta) * n / 2)
        np.testing.assert_allclose(wigner_d(n / 2, beta), expm(-1j * beta * y), atol=bound)


def test_batches():
    beta = np.linspace(-3, 3, 6).reshape(2, 3)
    d = wigner_d(2, beta)
    assert d.shape == (2, 3, 5, 5)
    np.testing.assert_allclose(d[1, 2], wigner_d(2, beta[1, 2]), atol=4 * EPS)
    q = quaternions(6).reshape(2, 3, 4)
    D = wigner_D(2, q)
    assert D.shape == (2, 3, 5, 5)
    np.testing.assert_allclose(D[1, 0], wigner_D(2, q[1, 0]), atol=4 * EPS)
    assert wigner_D(2, np.empty((0, 4))).shape == (0, 5, 5)


# --- D: a unitary homomorphism at rounding level


@cases("n", range(0, 41))
def test_unitary_homomorphism(n):
    j = Fraction(n, 2)
    p = np.concatenate([quaternions(20, 1), GIMBAL, GIMBAL])
    q = np.concatenate([quaternions(20, 2), GIMBAL, quaternions(10, 3)])
    a, b, c = wigner_D(j, p), wigner_D(j, q), wigner_D(j, product(p, q))
    bound = 50 * EPS * (n + 1)
    one = np.eye(n + 1)
    assert np.linalg.norm(a.conj().swapaxes(-1, -2) @ a - one, ord=2, axis=(-2, -1)).max() <= bound
    assert np.linalg.norm(a @ b - c, ord=2, axis=(-2, -1)).max() <= bound
    if n % 2 == 0:
        a, b, c = (wigner_D(j, x, field="real") for x in (p, q, product(p, q)))
        assert a.dtype == float
        assert np.linalg.norm(a.swapaxes(-1, -2) @ a - one, ord=2, axis=(-2, -1)).max() <= bound
        assert np.linalg.norm(a @ b - c, ord=2, axis=(-2, -1)).max() <= bound


@given(spins, unit_quaternions(), unit_quaternions())
def test_homomorphism_anywhere(j, p, q):
    dim = int(2 * j + 1)
    a, b, c = wigner_D(j, p), wigner_D(j, q), wigner_D(j, product(p, q))
    assert np.linalg.norm(a @ b - c, ord=2) <= 50 * EPS * dim
    assert np.linalg.norm(a.conj().T @ a - np.eye(dim), ord=2) <= 50 * EPS * dim
    np.testing.assert_allclose(wigner_D(j, -p), (-1) ** int(2 * j) * a, atol=50 * EPS * dim)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 20])
def test_D_is_the_product_of_exponentials(n):
    _, y, z = angular_momentum(n / 2)
    alpha, beta, gamma = 0.9, 2.2, -2.5
    expected = expm(-1j * alpha * z) @ expm(-1j * beta * y) @ expm(-1j * gamma * z)
    value = wigner_D(n / 2, quaternion_from_euler([alpha, beta, gamma]))
    np.testing.assert_allclose(value, expected, atol=50 * EPS * (n + 1))


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_D_is_the_exponential_of_a_rotation_vector(n):
    v = np.array([0.3, -1.1, 0.6])
    generator = sum(c * J for c, J in zip(v, angular_momentum(n / 2), strict=True))
    value = wigner_D(n / 2, quaternion_from_rotation_vector(v))
    np.testing.assert_allclose(value, expm(-1j * generator), atol=50 * EPS * (n + 1))


def test_spin_one_half_is_the_group_element():
    U = su2_from_quaternion(quaternions(5))
    np.testing.assert_allclose(wigner_D("1/2", U), U[:, ::-1, ::-1], atol=8 * EPS)


def test_real_spin_one_is_the_rotation():
    R = matrix_from_quaternion(np.concatenate([quaternions(10), GIMBAL]))
    np.testing.assert_allclose(wigner_D(1, R, field="real"), R[:, YZX][:, :, YZX], atol=16 * EPS)


def test_real_spin_two_is_the_traceless_symmetric_square():
    x, y, z = np.eye(3)

    def sym(a, b):
        return (np.outer(a, b) + np.outer(b, a)) / 2

    basis = [sym(x, y), sym(y, z), (2 * sym(z, z) - sym(x, x) - sym(y, y)) / 12**0.5, sym(x, z)]
    basis.append((sym(x, x) - sym(y, y)) / 2)
    B = np.array(basis) * 2**0.5
    for R in matrix_from_quaternion(quaternions(4)):
        expected = np.einsum("aij,ik,jl,bkl->ab", B, R, R, B)
        np.testing.assert_allclose(wigner_D(2, R, field="real"), expected, atol=32 * EPS)


@pytest.mark.parametrize("l", [1, 2, 3, 6])
def test_real_D_moves_real_spherical_harmonics(l):
    """f_a(R^-1 v) = sum_b f_b(v) D_ba with the harmonics as scipy has them, cos for m > 0 and sin for m < 0."""
    import scipy.special

    old = getattr(
        scipy.special, "sph_harm", None
    )  # before scipy 1.15, with other names for the angles, in another order
    sph_harm_y = getattr(scipy.special, "sph_harm_y", lambda l, m, theta, phi: old(m, l, phi, theta))

    def harmonics(v):
        v = v / np.linalg.norm(v, axis=-1, keepdims=True)
        theta, phi = np.arccos(v[..., 2]), np.arctan2(v[..., 1], v[..., 0])
        values = np.stack([sph_harm_y(l, m, theta, phi) for m in range(-l, l + 1)], axis=-1)
        real = values @ real_basis(l)
        assert np.abs(real.imag).max() < 1e-13
        return real.real

    R = matrix_from_quaternion(quaternions(1)[0])
    v = np.random.default_rng(5).standard_normal((40, 3))
    # near the poles arccos loses half of the digits; these 40 points stay off them
    np.testing.assert_allclose(harmonics(v @ R), harmonics(v) @ wigner_D(l, R, field="real"), atol=1e-12)


@pytest.mark.parametrize("l", [0, 1, 2, 7, 20])
def test_real_form_is_the_complex_one_in_the_real_basis(l):
    U = real_basis(l)
    np.testing.assert_allclose(U.conj().T @ U, np.eye(2 * l + 1), atol=4 * EPS)
    q = quaternions(3)
    full = U.conj().T @ wigner_D(l, q) @ U
    assert np.abs(full.imag).max() <= 50 * EPS * (2 * l + 1)
    np.testing.assert_allclose(wigner_D(l, q, field="real"), full.real, atol=50 * EPS * (2 * l + 1))
    np.testing.assert_allclose(to_real_basis(wigner_D(l, q)), full.real, atol=50 * EPS * (2 * l + 1))


def test_character():
    q = quaternions(10)
    angle = 2 * np.arccos(q[:, 0])
    for n in (1, 2, 7, 40):
        trace = np.trace(wigner_D(n / 2, q), axis1=-2, axis2=-1)
        # sin is divided by sin(angle / 2): its rounding grows by that, and the trace sums n + 1 entries
        bound = 50 * EPS * (n + 1) ** 2 / np.abs(np.sin(angle / 2)).min()
        np.testing.assert_allclose(trace, np.sin((n + 1) * angle / 2) / np.sin(angle / 2), atol=bound)


def test_noise_of_a_rotation_matrix_stays_rounding():
    R = matrix_from_quaternion(np.concatenate([quaternions(20), GIMBAL]))
    noisy = R + 4 * EPS * np.random.default_rng(0).uniform(-1, 1, R.shape)
    for l in (1, 5, 20):
        a, b = wigner_D(l, R), wigner_D(l, noisy)
        # a matrix error e turns by at most 3 e, which spin l multiplies by l
        assert np.linalg.norm(a - b, ord=2, axis=(-2, -1)).max() <= 3 * 4 * EPS * l + 50 * EPS * (2 * l + 1)


# --- the forms of a rotation


def test_scipy_rotation_matrices_and_quaternions_agree():
    q = np.concatenate([quaternions(10), GIMBAL])
    R = Rotation.from_quat(np.roll(q, -1, axis=-1))
    np.testing.assert_allclose(matrix_from_quaternion(q), R.as_matrix(), atol=8 * EPS)
    for x in (R, R.as_matrix(), su2_from_quaternion(q)):
        np.testing.assert_allclose(wigner_D(3, x), wigner_D(3, q), atol=50 * EPS * 7)
    assert wigner_D(3, R[0]).shape == (7, 7)


def test_euler_angles_and_rotation_vectors_are_scipys():
    x = np.random.default_rng(0).uniform(-3, 3, (8, 3))
    euler = matrix_from_quaternion(quaternion_from_euler(x))
    np.testing.assert_allclose(euler, Rotation.from_euler("ZYZ", x).as_matrix(), atol=16 * EPS)
    vector = matrix_from_quaternion(quaternion_from_rotation_vector(x))
    np.testing.assert_allclose(vector, Rotation.from_rotvec(x).as_matrix(), atol=16 * EPS)
    np.testing.assert_array_equal(quaternion_from_rotation_vector(np.zeros(3)), [1, 0, 0, 0])


@given(unit_quaternions())
def test_quaternions_come_back(q):
    np.testing.assert_allclose(quaternion_from_su2(su2_from_quaternion(q)), q, atol=4 * EPS)
    back = quaternion_from_matrix(matrix_from_quaternion(q))
    assert min(np.abs(back - q).max(), np.abs(back + q).max()) <= 16 * EPS
    assert back[0] >= 0


def test_single_precision_input():
    q = quaternions(5).astype(np.float32)
    R = matrix_from_quaternion(quaternions(5)).astype(np.float32)
    a = wigner_D(4, q)
    assert np.linalg.norm(a.conj().swapaxes(-1, -2) @ a - np.eye(9), ord=2, axis=(-2, -1)).max() <= 50 * EPS * 9
    assert np.abs(a - wigner_D(4, R)).max() <= 100 * np.finfo(np.float32).eps


# --- bad input


@cases("j", [-1, "1/3", 0.3, -0.5, "x", None, True, float("nan"), float("inf"), 1j])
def test_wrong_spin(j):
    with pytest.raises(GroupRepError, match="j must be one of 0, 1/2"):
        wigner_D(j, [1, 0, 0, 0])


def test_spin_in_every_form():
    for j in ("3/2", 1.5, Fraction(3, 2), sympy.Rational(3, 2), np.float64(1.5), "1.5"):
        assert wigner_d(j, 0.0).shape == (4, 4)
    assert wigner_d(np.int64(2), 0.0).shape == (5, 5)


def test_ambiguous_rotations():
    with pytest.raises(DimensionMismatch, match="Euler angles or a rotation vector"):
        as_quaternions([0.1, 0.2, 0.3])
    with pytest.raises(DimensionMismatch, match="give quaternions"):
        as_quaternions(np.zeros(5))
    with pytest.raises(GroupRepError, match="up to a sign"):
        wigner_D("1/2", np.eye(3))
    with pytest.raises(GroupRepError, match="up to a sign"):
        wigner_D("1/2", Rotation.identity())
    with pytest.raises(GroupRepError, match="no real form"):
        wigner_D("1/2", [1, 0, 0, 0], field="real")
    with pytest.raises(GroupRepError, match='"real" or "complex"'):
        wigner_D(1, [1, 0, 0, 0], field="R")


def test_a_basis_is_the_callers_own():
    real_basis(2)[0, 0] = 7
    assert real_basis(2)[0, 0] != 7


def test_no_rotations():
    with pytest.raises(GroupRepError, match="determinant -1"):
        as_quaternions(-np.eye(3))
    with pytest.raises(GroupRepError, match="not a rotation matrix"):
        as_quaternions(2 * np.eye(3))
    with pytest.raises(GroupRepError, match="NaN"):
        as_quaternions(np.full((3, 3), np.nan))
    with pytest.raises(GroupRepError, match="not a unit quaternion"):
        as_quaternions([1, 1, 0, 0])
    with pytest.raises(GroupRepError, match="not unitary"):
        as_quaternions(2 * np.eye(2))
    with pytest.raises(GroupRepError, match="not unitary"):
        as_quaternions(np.diag([1, -1]))
    with pytest.raises(GroupRepError, match="dtype"):
        as_quaternions(np.eye(3, dtype=complex))
    with pytest.raises(GroupRepError, match="beta must be finite"):
        wigner_d(1, np.inf)
    with pytest.raises(GroupRepError, match="l must be one of 0, 1, 2"):
        real_basis("1/2")


@cases("l", [30, 100])
def test_large_spins(l):
    """Residuals of a tenth of what angles in plain floats would leave: only the rounding of the input is multiplied by l."""
    p, q = quaternions(20, 4), quaternions(20, 5)
    for field in ("real", "complex"):
        a, b, c = (wigner_D(l, x, field=field) for x in (p, q, product(p, q)))
        assert np.abs(a @ b - c).max() <= 2e-14
        np.testing.assert_allclose(
            a @ np.swapaxes(a.conj(), -1, -2), np.broadcast_to(np.eye(2 * l + 1), a.shape), atol=16 * EPS
        )
    x, y, z = quaternions(1, 6)[0, 1:]
    J_x, J_y, J_z = angular_momentum(l)
    expected = expm(-1j * (x * J_x + y * J_y + z * J_z))
    value = wigner_D(l, quaternion_from_rotation_vector([x, y, z]))
    np.testing.assert_allclose(value, expected, atol=10 * EPS * (2 * l + 1) * (1 + l))  # as for `expm` above
