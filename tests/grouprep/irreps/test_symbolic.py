"""Symbolic forms: homomorphisms in sympy, the float values at random angles, orthogonality under Haar measure."""

import numpy as np
import pytest
import sympy
from sympy import Matrix, Rational, conjugate, cos, eye, pi, simplify, sin, symbols

from grouprep import SO, SU, GroupRepError, O, U, UnsupportedGroup
from grouprep.irreps.rotations import matrix_from_quaternion, quaternion_from_euler, su2_from_quaternion
from grouprep.irreps.spin import SpinIrrep
from grouprep.irreps.symbolic import (
    haar_measure,
    symbolic_reflection,
    symbolic_rotation,
    symbolic_wigner_D,
    symbolic_wigner_d,
)

EPS = np.finfo(float).eps
ALPHA, BETA, GAMMA, OTHER, THETA = symbols("alpha beta gamma delta theta", real=True)
HALVES = [Rational(n, 2) for n in range(7)]


def zero(matrix):
    return matrix.applyfunc(lambda x: simplify(sympy.expand_trig(x))).is_zero_matrix


# --- the plane


def test_rotation_values():
    assert symbolic_rotation(3, THETA)[1, 0] == sin(3 * THETA)
    assert symbolic_rotation(-2, THETA, "complex") == Matrix([[sympy.exp(-2 * sympy.I * THETA)]])
    assert symbolic_rotation(0, THETA) == Matrix([[1]])
    assert symbolic_rotation(1, pi / 2) == Matrix([[0, -1], [1, 0]])  # axis 0 to axis 1, as SO(2)'s A1


@pytest.mark.parametrize("k", [0, 1, 2, 5])
def test_plane_homomorphisms(k):
    for field in ("real", "complex"):
        left = symbolic_rotation(k, THETA, field) * symbolic_rotation(k, OTHER, field)
        assert zero(left - symbolic_rotation(k, THETA + OTHER, field))
    # r(t) s r(u) s = r(t - u), and r(t) r(u) s = r(t + u) s
    s, t = symbolic_reflection(k, THETA, -1), symbolic_reflection(k, OTHER, -1)
    assert zero(s * t - symbolic_rotation(k, THETA - OTHER))
    assert zero(symbolic_rotation(k, THETA) * t - symbolic_reflection(k, THETA + OTHER, -1))


def test_plane_orthogonality():
    mu, nu = haar_measure(SO(2), THETA), haar_measure(O(2), THETA)
    for k in (1, 2):
        wave = symbolic_rotation(k, THETA, "complex")[0]
        assert mu.average(wave * conjugate(wave)) == 1
        assert mu.average(wave * conjugate(symbolic_rotation(k + 1, THETA, "complex")[0])) == 0
        rotation, reflection = symbolic_rotation(k, THETA), symbolic_reflection(k, THETA)
        for i in range(4):
            assert nu.average(rotation[i] ** 2, reflection[i] ** 2) == Rational(1, 2)
        assert nu.average(rotation[0] * rotation[3], reflection[0] * reflection[3]) == 0
        # over SO(2) alone the real irrep is not absolutely irreducible: these two entries are equal
        assert mu.average(rotation[0] * rotation[3]) == Rational(1, 2)
    assert nu.average(1, 1) == 1
    assert nu.average(*(symbolic_rotation(0, THETA)[0], symbolic_reflection(0, THETA, -1)[0])) == 0


# --- Wigner D


@pytest.mark.parametrize("j", HALVES)
def test_D_is_a_homomorphism_about_an_axis(j):
    for field in ("complex", "real"):
        one = symbolic_wigner_D(j, 0, 0, 0, field)
        assert one == eye(one.shape[0])
        if j <= 2:
            left = symbolic_wigner_D(j, ALPHA, 0, 0, field) * symbolic_wigner_D(j, OTHER, 0, 0, field)
            assert zero(left - symbolic_wigner_D(j, ALPHA + OTHER, 0, 0, field))
            moved = symbolic_wigner_D(j, ALPHA, 0, OTHER, field)
            assert zero(moved - symbolic_wigner_D(j, ALPHA + OTHER, 0, 0, field))
    if j <= 1:
        assert zero(symbolic_wigner_d(j, BETA) * symbolic_wigner_d(j, OTHER) - symbolic_wigner_d(j, BETA + OTHER))


@pytest.mark.parametrize("j", HALVES)
def test_values_are_the_floats(j):
    rng = np.random.default_rng(int(2 * j))
    for field in ("complex", "real"):
        V = SpinIrrep(SU(2), j, field)
        D = V.symbolic(ALPHA, BETA, GAMMA)
        assert D.shape == (V.dim, V.dim)
        for angles in rng.uniform(-3, 3, (2, 3)):
            at = dict(zip((ALPHA, BETA, GAMMA), map(sympy.Float, angles.tolist()), strict=True))
            expected = np.array(D.subs(at).evalf(30).tolist(), dtype=complex)
            g = su2_from_quaternion(quaternion_from_euler(angles))
            np.testing.assert_allclose(V(g), expected, atol=50 * EPS * V.dim)


def composed(first, second):
    """z-y-z Euler angles of the product of two rotations, to 60 digits, and the sign that SU(2) adds."""
    import mpmath

    with mpmath.workdps(60):

        def element(alpha, beta, gamma):
            def turn(t):
                return mpmath.matrix([[mpmath.expj(-t / 2), 0], [0, mpmath.expj(t / 2)]])

            c, s = mpmath.cos(beta / 2), mpmath.sin(beta / 2)
            return turn(alpha) * mpmath.matrix([[c, -s], [s, c]]) * turn(gamma)

        U = element(*first) * element(*second)
        a, b = U[0, 0], U[1, 0]
        alpha, gamma = mpmath.arg(b) - mpmath.arg(a), -mpmath.arg(a) - mpmath.arg(b)
        beta = 2 * mpmath.atan2(abs(b), abs(a))
        assert mpmath.norm(U - element(alpha, beta, gamma)) < mpmath.mpf(10) ** -50
        return tuple(sympy.Float(str(x), 55) for x in (alpha, beta, gamma))


@pytest.mark.slow
@pytest.mark.parametrize("j", [Rational(1, 2), 1, Rational(3, 2), 2, 3])
def test_composed_rotations_to_thirty_digits(j):
    first = tuple(sympy.Float(x, 60) for x in ("0.7", "1.9", "-2.2"))
    second = tuple(sympy.Float(x, 60) for x in ("-1.4", "0.6", "0.9"))
    third = composed(first, second)
    for field in ("complex", "real"):
        left = symbolic_wigner_D(j, *first, field).evalf(50) * symbolic_wigner_D(j, *second, field).evalf(50)
        gap = (left - symbolic_wigner_D(j, *third, field).evalf(50)).applyfunc(lambda x: abs(sympy.expand(x)))
        assert max(gap) < sympy.Float("1e-30", 50)


def test_real_vector_form_is_the_rotation_matrix():
    def about_z(t):
        return Matrix([[cos(t), -sin(t), 0], [sin(t), cos(t), 0], [0, 0, 1]])

    about_y = Matrix([[cos(BETA), 0, sin(BETA)], [0, 1, 0], [-sin(BETA), 0, cos(BETA)]])
    R = about_z(ALPHA) * about_y * about_z(GAMMA)
    yzx = [1, 2, 0]
    D = SpinIrrep(SO(3), 1).symbolic(ALPHA, BETA, GAMMA)
    assert zero(D - R.extract(yzx, yzx))
    improper = SpinIrrep(O(3), "1o").symbolic(ALPHA, BETA, GAMMA, sign=-1)
    assert zero(improper + R.extract(yzx, yzx))
    assert zero(SpinIrrep(O(3), "1e").symbolic(ALPHA, BETA, GAMMA, sign=-1) - R.extract(yzx, yzx))


@pytest.mark.parametrize("label", ["0o", "1o", "1e", "2o"])
def test_o3_values_are_the_floats(label):
    angles = (0.3, 1.2, -0.9)
    R = matrix_from_quaternion(quaternion_from_euler(angles))
    for field in ("real", "complex"):
        V = SpinIrrep(O(3), label, field)
        for sign in (1, -1):
            expected = np.array(V.symbolic(*angles, sign=sign).evalf(20).tolist(), dtype=complex)
            np.testing.assert_allclose(V(sign * R), expected, atol=50 * EPS * V.dim)


# --- Haar measure


@pytest.mark.parametrize("group", [SO(2), O(2), SO(3), O(3), SU(2)])
def test_total_mass(group):
    mu = haar_measure(group)
    assert mu.average(*([1] * mu.components)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("j", [Rational(n, 2) for n in (1, 2, 3, 4)])
def test_schur_orthogonality(j):
    group = SU(2) if j.q == 2 else SO(3)
    mu = haar_measure(group, ALPHA, BETA, GAMMA)
    D = symbolic_wigner_D(j, ALPHA, BETA, GAMMA)
    for entry in (D[0, 0], D[0, 1], D[1, -1]):
        assert mu.average(entry * conjugate(entry)) == 1 / (2 * j + 1)
    assert mu.average(D[0, 1] * conjugate(D[1, 0])) == 0
    assert mu.average(D[0, 0]) == 0
    if j.q == 1:
        real = symbolic_wigner_D(j, ALPHA, BETA, GAMMA, "real")
        for entry in (real[0, 0], real[1, 2], real[2, 0]):
            assert mu.average(entry**2) == 1 / (2 * j + 1)
        assert mu.average(real[0, 0] * real[1, 1]) == 0


def test_average_of_anything_sympy_can_integrate():
    assert haar_measure(SO(2), THETA).average(THETA) == pi
    assert haar_measure(SO(3), ALPHA, BETA, GAMMA).average(ALPHA * cos(BETA) ** 2) == pi / 3


def test_o3_parity_under_haar():
    mu = haar_measure(O(3))
    for label, expected in (("1o", 0), ("1e", Rational(1, 3))):
        V = SpinIrrep(O(3), label)
        entry = V.symbolic()[1, 1], V.symbolic(sign=-1)[1, 1]
        assert mu.average(*(x**2 for x in entry)) == Rational(1, 3)
        # against the other parity
        assert mu.average(entry[0] * cos(BETA), entry[1] * cos(BETA)) == expected


# --- bad input


def test_bad_input():
    with pytest.raises(UnsupportedGroup, match="no symbolic form of defining of U"):
        U(2).defining().symbolic()
    with pytest.raises(UnsupportedGroup, match="Haar measure in angles"):
        haar_measure(U(2))
    with pytest.raises(GroupRepError, match="SO\\(3\\) has 3, alpha, beta, gamma; got 1"):
        haar_measure(SO(3), ALPHA)
    with pytest.raises(GroupRepError, match="got 2"):
        SpinIrrep(SO(3), 1).symbolic(ALPHA, BETA)
    with pytest.raises(GroupRepError, match="sign = -1"):
        SpinIrrep(SO(3), 1).symbolic(sign=-1)
    with pytest.raises(GroupRepError, match="one a component"):
        haar_measure(O(3)).average(1)
    with pytest.raises(GroupRepError, match="k must be an integer"):
        symbolic_rotation(0.5, THETA)
    with pytest.raises(GroupRepError, match="parity must be"):
        symbolic_reflection(0, THETA, 0)
