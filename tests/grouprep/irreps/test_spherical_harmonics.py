"""Spherical harmonics: against scipy and mpmath, equivariance, the addition theorem, to l = 100 and at the poles."""

import mpmath
import numpy as np
import pytest
import scipy.special
from cases import cases

from grouprep import DimensionMismatch, GroupRepError
from grouprep.irreps.rotations import matrix_from_quaternion
from grouprep.irreps.spherical_harmonics import complex_spherical_harmonics, spherical_harmonics
from grouprep.irreps.wigner import real_basis, wigner_D

EPS = np.finfo(float).eps
POLES = [[0, 0, 1], [0, 0, -2], [1e-9, 0, 1], [1e-9, -1e-8, -1], [1e300, 1e300, 0], [1e-310, 0, -1e-310], [0, -3, 0]]


def points(count, seed=0):
    return np.concatenate([np.random.default_rng(seed).standard_normal((count, 3)), POLES])


@cases("l", [0, 1, 2, 3, 8, 40, 100])
def test_equivariance(l):
    x = points(30)
    x = x / np.abs(x).max(axis=-1, keepdims=True)
    q = np.random.default_rng(1).standard_normal(4)
    q /= np.linalg.norm(q)
    R = matrix_from_quaternion(q)
    # a rounded R x is off by a few eps, which Y multiplies by its slope, at most l sqrt((2 l + 1) / 4 pi)
    bound = 50 * EPS * (l + 1) * np.sqrt((2 * l + 1) / (4 * np.pi))
    Y, Z = spherical_harmonics(l, x), complex_spherical_harmonics(l, x)
    assert Y.shape == Z.shape == (37, 2 * l + 1)
    turned = np.einsum("ij,nj->ni", R, x)
    np.testing.assert_allclose(spherical_harmonics(l, turned), Y @ wigner_D(l, q, field="real").T, atol=bound)
    np.testing.assert_allclose(complex_spherical_harmonics(l, turned), Z @ wigner_D(l, q).conj().T, atol=bound)
    np.testing.assert_allclose(Z @ real_basis(l), Y, atol=8 * EPS * np.abs(Y).max())
    np.testing.assert_allclose((Y**2).sum(axis=-1), (2 * l + 1) / (4 * np.pi), atol=bound)  # Unsoeld's theorem


@cases("l", [1, 4, 25])
def test_values_are_scipys(l):
    old = getattr(scipy.special, "sph_harm", None)  # before scipy 1.15
    sph_harm_y = getattr(scipy.special, "sph_harm_y", lambda l, m, theta, phi: old(m, l, phi, theta))
    x = np.random.default_rng(2).standard_normal((20, 3))
    theta, phi = np.arctan2(np.hypot(x[:, 0], x[:, 1]), x[:, 2]), np.arctan2(x[:, 1], x[:, 0])
    expected = np.stack([sph_harm_y(l, m, theta, phi) for m in range(-l, l + 1)], axis=-1)
    np.testing.assert_allclose(complex_spherical_harmonics(l, x), expected, atol=100 * EPS * (l + 1))


def test_values_are_the_exact_ones():
    with mpmath.workdps(40):
        for l, m, x in ((30, 7, (0.6, 0, 0.8)), (100, 100, (1, 2, 2)), (100, 3, (1e-3, 2e-3, 1)), (100, 0, (1, 2, -2))):
            v = [mpmath.mpf(c) for c in x]
            r = mpmath.sqrt(sum(c * c for c in v))
            exact = complex(mpmath.spherharm(l, m, mpmath.acos(v[2] / r), mpmath.atan2(v[1], v[0])))
            value = complex_spherical_harmonics(l, x)
            np.testing.assert_allclose(value[l + m], exact, atol=20 * EPS * (l + 1))
            np.testing.assert_allclose(value[l - m], (-1) ** m * np.conj(exact), atol=20 * EPS * (l + 1))


def test_low_degrees_are_polynomials():
    x = np.random.default_rng(3).standard_normal((2, 5, 3))
    u = x / np.linalg.norm(x, axis=-1, keepdims=True)
    X, Y, Z = np.moveaxis(u, -1, 0)
    first = np.sqrt(3 / (4 * np.pi)) * np.stack([Y, Z, X], axis=-1)
    np.testing.assert_allclose(spherical_harmonics(1, x), first, atol=4 * EPS)
    second = [X * Y, Y * Z, (3 * Z**2 - 1) / (2 * 3**0.5), X * Z, (X**2 - Y**2) / 2]
    expected = np.sqrt(15 / (4 * np.pi)) * np.stack(second, axis=-1)
    np.testing.assert_allclose(spherical_harmonics("2", 3 * x), expected, atol=8 * EPS)
    assert spherical_harmonics(0, [[1, 0, 0]]) == pytest.approx(1 / np.sqrt(4 * np.pi))
    assert spherical_harmonics(3, np.empty((0, 3))).shape == (0, 7)


def test_no_points():
    with pytest.raises(GroupRepError, match="the origin has no direction"):
        spherical_harmonics(1, [[1, 0, 0], [0, 0, 0]])
    with pytest.raises(DimensionMismatch, match=r"points has shape \(2,\), expected \(\.\.\., 3\)"):
        spherical_harmonics(1, [1.0, 2.0])
    with pytest.raises(GroupRepError, match="NaN"):
        complex_spherical_harmonics(1, [1.0, np.nan, 0])
    with pytest.raises(GroupRepError, match="dtype complex"):
        spherical_harmonics(1, [1j, 0, 0])
    with pytest.raises(GroupRepError, match="l must be one of 0, 1, 2"):
        spherical_harmonics("1/2", [1, 0, 0])
