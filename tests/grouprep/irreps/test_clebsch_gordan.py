"""Clebsch-Gordan coefficients and 3j symbols: against sympy, the oracle, orthogonality and equivariance."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy.physics.wigner import clebsch_gordan as sympy_clebsch_gordan
from sympy.physics.wigner import wigner_3j as sympy_wigner_3j

from grouprep import GroupRepError
from grouprep.irreps.clebsch_gordan import (
    clebsch_gordan,
    clebsch_gordan_exact,
    coupled_spins,
    wigner_3j,
    wigner_3j_exact,
)
from grouprep.irreps.wigner import real_basis, wigner_D

EPS = np.finfo(float).eps
ORACLE = json.loads((Path(__file__).parents[2] / "oracles/closed_forms.json").read_text())["wigner_3j_m0"]["values"]
Q = np.random.default_rng(3).standard_normal(4)
Q /= np.linalg.norm(Q)


@pytest.mark.parametrize(
    "spins", [(0, 0, 0), (1, 1, 0), (1, 1, 2), (1, 2, 1), (2, 2, 2), (3, 2, 3), (2, 4, 4), (5, 3, 4)]
)
def test_values_are_sympys(spins):
    j1, j2, j = (sympy.Rational(n, 2) for n in spins)
    coefficients, symbols = clebsch_gordan_exact(j1, j2, j), wigner_3j_exact(j1, j2, j)
    for i1, i2, i in np.ndindex(*coefficients.shape):
        m = -j1 + i1, -j2 + i2, -j + i
        assert coefficients[i1, i2, i] == sympy.nsimplify(sympy_clebsch_gordan(j1, j2, j, *m))
        assert symbols[i1, i2, i] == sympy_wigner_3j(j1, j2, j, *m)


def test_large_spins_are_sympys():
    """Entries of spins to 20, each rounded once."""
    rng = np.random.default_rng(0)
    for _ in range(12):
        n1, n2 = (int(n) for n in rng.integers(20, 41, 2))
        n = int(rng.choice(np.arange(abs(n1 - n2), min(n1 + n2, 40) + 1, 2)))
        C = clebsch_gordan(Fraction(n1, 2), Fraction(n2, 2), Fraction(n, 2))
        i1, i2, i = (int(x) for x in rng.choice(np.argwhere(C)))
        spins = [sympy.Rational(x, 2) for x in (n1, n2, n)]
        m = [-j + k for j, k in zip(spins, (i1, i2, i), strict=True)]
        assert C[i1, i2, i] == float(sympy_clebsch_gordan(*spins, *m).evalf(40))


@pytest.mark.parametrize("name", ORACLE)
def test_oracle(name):
    l = [int(x) for x in name.split(",")]
    exact, value = wigner_3j_exact(*l), wigner_3j(*l)
    expected = sympy.sympify(ORACLE[name])
    assert sympy.simplify(exact[tuple(l)] - expected) == 0
    assert value[tuple(l)] == float(expected.evalf(40))


def test_floats_are_the_exact_values_rounded():
    for field in ("complex", "real"):
        for make, exact in ((clebsch_gordan, clebsch_gordan_exact), (wigner_3j, wigner_3j_exact)):
            found, expected = make(3, 2, 4, field=field), exact(3, 2, 4, field=field)
            for index in np.ndindex(*found.shape):
                assert found[index] == float(expected[index].evalf(40))


@pytest.mark.parametrize("field", ["complex", "real"])
def test_change_of_basis_is_orthogonal_and_equivariant(field):
    """All l1, l2 <= 4: the blocks side by side are orthogonal and decompose the tensor product."""
    D = [wigner_D(l, Q, field=field) for l in range(9)]
    for l1 in range(5):
        for l2 in range(5):
            spins = [int(j) for j in coupled_spins(l1, l2)]
            blocks = [clebsch_gordan(l1, l2, l, field=field).reshape(-1, 2 * l + 1) for l in spins]
            U = np.concatenate(blocks, axis=1)
            dim = len(U)
            assert U.shape == (dim, dim)
            assert np.abs(U.T @ U - np.eye(dim)).max() <= 4 * EPS * dim
            for C, l in zip(blocks, spins, strict=True):
                gap = np.kron(D[l1], D[l2]) @ C - C @ D[l]
                assert np.abs(gap).max() <= 50 * EPS * dim


@pytest.mark.parametrize("spins", [("1/2", "1/2", 1), ("3/2", 1, "1/2"), (2, "5/2", "7/2"), ("1/2", 1, "3/2")])
def test_half_integer_equivariance(spins):
    a, b, c = (wigner_D(j, Q) for j in spins)
    C = clebsch_gordan(*spins).reshape(-1, len(c))
    np.testing.assert_allclose(np.kron(a, b) @ C, C @ c, atol=50 * EPS * len(C))


@pytest.mark.parametrize("triple", [(20, 20, 20), (20, 20, 40), (20, 19, 1), (13, 20, 9)])
def test_large_spins(triple):
    for field in ("complex", "real"):
        a, b, c = (wigner_D(l, Q, field=field) for l in triple)
        C = clebsch_gordan(*triple, field=field)
        moved = np.einsum("ia,jb,abk->ijk", a, b, C, optimize=True)
        assert np.abs(moved - C @ c).max() <= 50 * EPS * len(a) * len(b)
        flat = C.reshape(-1, len(c))
        assert np.abs(flat.T @ flat - np.eye(len(c))).max() <= 8 * EPS * len(a)


def test_real_coefficients_come_from_the_complex_ones():
    for l1, l2, l in [(1, 1, 0), (1, 1, 1), (1, 2, 2), (2, 2, 3), (3, 2, 1)]:
        U1, U2, U = (real_basis(k) for k in (l1, l2, l))
        moved = np.einsum("ax,by,abc,cz->xyz", U1.conj(), U2.conj(), clebsch_gordan(l1, l2, l), U)
        expected = moved if (l1 + l2 + l) % 2 == 0 else moved / 1j
        np.testing.assert_allclose(clebsch_gordan(l1, l2, l, field="real"), expected, atol=8 * EPS)


def test_real_vectors_couple_to_dot_and_cross_product():
    np.testing.assert_allclose(clebsch_gordan(1, 1, 0, field="real")[..., 0], -np.eye(3) / 3**0.5)
    yzx = [1, 2, 0]
    cross = np.array([[np.cross(np.eye(3)[a], np.eye(3)[b])[yzx] for b in yzx] for a in yzx])
    np.testing.assert_allclose(clebsch_gordan(1, 1, 1, field="real"), cross / 2**0.5)


@pytest.mark.parametrize("field", ["complex", "real"])
def test_3j_is_invariant_and_symmetric(field):
    for triple in [(1, 1, 1), (1, 2, 3), (2, 2, 2), (3, 2, 2)]:
        D = [wigner_D(l, Q, field=field) for l in triple]
        w = wigner_3j(*triple, field=field)
        assert abs(np.linalg.norm(w) - 1) <= 8 * EPS
        np.testing.assert_allclose(np.einsum("ax,by,cz,xyz->abc", *D, w), w, atol=50 * EPS * 7)
        cyclic = wigner_3j(*triple[1:], triple[0], field=field)
        np.testing.assert_allclose(cyclic.transpose(2, 0, 1), w, atol=4 * EPS)
        swapped = wigner_3j(triple[1], triple[0], triple[2], field=field)
        np.testing.assert_allclose(swapped.transpose(1, 0, 2), (-1) ** sum(triple) * w, atol=4 * EPS)


@given(st.integers(0, 16), st.integers(0, 16), st.data())
def test_columns_are_orthonormal_and_weights_add(n1, n2, data):
    n = data.draw(st.sampled_from(range(abs(n1 - n2), n1 + n2 + 1, 2)))
    j1, j2, j = Fraction(n1, 2), Fraction(n2, 2), Fraction(n, 2)
    C = clebsch_gordan(j1, j2, j)
    flat = C.reshape(-1, n + 1)
    assert np.abs(flat.T @ flat - np.eye(n + 1)).max() <= 4 * EPS * (n + 1)
    for i1, i2, i in np.argwhere(C):
        assert -j + int(i) == -j1 + int(i1) - j2 + int(i2)
    assert C[n1, (n - n1 + n2) // 2, n] > 0  # Condon-Shortley: <j1 j1 j2 j-j1 | j j> > 0


def test_bad_input():
    with pytest.raises(GroupRepError, match=r"j = 3 does not occur in 1 x 1, which holds 0, 1, 2"):
        clebsch_gordan(1, 1, 3)
    with pytest.raises(GroupRepError, match=r"j3 = 1 does not occur in 1/2 x 1, which holds 1/2, 3/2"):
        wigner_3j("1/2", 1, 1)
    with pytest.raises(GroupRepError, match="j2 must be one of"):
        clebsch_gordan(1, -1, 1)
    with pytest.raises(GroupRepError, match="integer spins"):
        clebsch_gordan("1/2", "1/2", 1, field="real")
    with pytest.raises(GroupRepError, match="field must be"):
        clebsch_gordan(1, 1, 1, field="quaternionic")


def test_large_spins_beyond_64_bits():
    """n of 40 x 40 -> 80 has 46 digits: floats are the exact values rounded, columns are orthonormal."""
    for spins, field in (((20, 20, 40), "real"), (("41/2", 20, "45/2"), "complex"), ((40, 40, 80), "complex")):
        C = clebsch_gordan(*spins, field=field)
        flat = C.reshape(-1, C.shape[2])
        np.testing.assert_allclose(flat.T @ flat, np.eye(flat.shape[1]), atol=64 * EPS)
    C, exact = clebsch_gordan(20, 20, 38, field="real"), clebsch_gordan_exact(20, 20, 38, field="real")
    for place in np.argwhere(C)[::301].tolist():
        assert C[tuple(place)] == float(exact[tuple(place)].evalf(30))
