"""Exact values of irreps by highest weight at exact elements, and exact restrictions to finite groups."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from cases import cases
from sympy import I, Matrix, Rational, diag, eye, sqrt

from grouprep import G2, SO, SU, FiniteGroup, GroupRepError, Homomorphism, LieGroup, O, Sp, Torus, U
from grouprep.linalg import as_exact, as_float
from grouprep.linalg import matrices as mat
from projectors import Hom

w = (-1 + sqrt(3) * I) / 2
CYCLE = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
CLOCK = [[w, 0, 0], [0, w**2, 0], [0, 0, 1]]
TURN = [[Rational(3, 5), Rational(-4, 5), 0], [Rational(4, 5), Rational(3, 5), 0], [0, 0, 1]]
SWAPS = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]
QUARTER = [[0, 0, 0, 1], [-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
FOUR_CYCLE = [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
FIVE_CYCLE = [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]
SKEW = [[0, 0, 1, 0], [0, 0, 0, 1], [-1, 0, 0, 0], [0, -1, 0, 0]]

VALUES = [
    (SU(3), (1, 1), [CYCLE, CLOCK, TURN]),
    (SU(3), (2, 1), [CYCLE, CLOCK]),
    (U(2), [2, -1], [[[0, I], [1, 0]], [[w, 0], [0, 1]]]),
    (SO(4), (2, 2), [SWAPS, diag(Matrix(TURN), 1).tolist()]),
    (SO(4), (2, 0), [SWAPS, diag(Matrix(TURN), 1).tolist()]),
    (SO(5), (0, 2), [FIVE_CYCLE, diag(Matrix(TURN), 1, 1).tolist()]),
    (O(4), [2], [FOUR_CYCLE, SWAPS]),
    (O(4), [1, 1], [FOUR_CYCLE, QUARTER]),
    (O(4), [1, 1, 1], [FOUR_CYCLE, SWAPS]),
    (Sp(2), (1, 1), [SKEW, SWAPS]),
    (Torus(2), (1, -2), [[[I, 0], [0, w]], [[-1, 0], [0, I]]]),
]


@cases("group, label, elements", VALUES, ids=[f"{case[0]}, {case[1]}" for case in VALUES])
def test_exact_values_are_those_in_floats(group, label, elements):
    """V(g) by logarithms and exact_image by Gauss decomposition agree; exact values multiply; the form is invariant."""
    for field in ("complex", "real"):
        V = group.irrep(label, field=field)
        R = V.rational()[0]
        form = as_exact(R.gram)
        values = []
        for g in elements:
            x = np.array(Matrix(g).evalf(30).tolist(), dtype=complex)
            floats = x.real if not x.imag.any() else x
            exact = R.exact_image(g)
            values.append(exact)
            assert np.abs(as_float(exact) - R(floats)).max() <= 1e-12 * V.dim
            assert np.abs(as_float(V.exact_image(g)) - V(floats)).max() <= 1e-12
            assert mat.equal(mat.matmul(mat.matmul(mat.adjoint(exact), form), exact), form)
        both = (Matrix(elements[0]) * Matrix(elements[1])).applyfunc(lambda z: z.expand())
        assert mat.equal(R.exact_image(both.tolist()), mat.matmul(values[0], values[1]))


def test_exact_values_with_other_generators():
    turns = [[[0] * 4 for _ in range(4)] for _ in range(3)]
    for k, m in enumerate(turns):
        m[k][k + 1], m[k + 1][k] = -2, 2
    G = LieGroup.from_algebra(turns)
    V, W = G.irrep((2, 2)), SO(4).irrep((2, 2))
    assert mat.equal(V.exact_image(SWAPS), W.exact_image(SWAPS))


def test_g2_knows_its_signs():
    """Of the 128 diagonal matrices of signs 8 are automorphisms of the octonions; others are refused."""
    V = G2().irrep((1, 0))
    found = []
    for signs in product((1, -1), repeat=7):
        try:
            found.append((signs, V.exact_image(diag(*signs).tolist())))
        except GroupRepError:
            continue
    assert len(found) == 8
    for signs, value in found:
        assert as_float(value).trace() == sum(signs)


TETRAHEDRAL = [CYCLE, [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]]
A4 = FiniteGroup.from_matrices(TETRAHEDRAL, name="T")
HEISENBERG = FiniteGroup.from_matrices([CYCLE, CLOCK], name="H3")


def test_restrictions_are_exact():
    """Multiplicities are those of the characters; the basis of Hom is exact and proved."""
    f = Homomorphism(A4, SU(3), TETRAHEDRAL)
    h = Homomorphism(HEISENBERG, SU(3), [CYCLE, CLOCK])
    for hom, label, weights in ((f, (1, 1), 8), (f, (2, 0), 6), (h, (1, 1), 8), (h, (3, 0), 10)):
        V = SU(3).irrep(label, field="complex").restrict(hom)
        R = V.rational()[0]
        assert (V.dim, R.domain is not None) == (weights, True)
        H = Hom(V, V)
        norm = sum(Fraction(m) ** 2 for m in V.multiplicities("complex").values())
        assert H.dim == norm
        assert H.is_exact
    adjoint = SU(3).irrep((1, 1), field="complex").restrict(h)
    assert sorted(adjoint.multiplicities("complex").values()) == [1] * 8  # the Pauli matrices of a qutrit, without 1
    H = Hom(SU(3).irrep((1, 1)).restrict(f), A4.irreps()[-1])
    assert (H.dim, len(H.exact_basis()), H.certify().proved) == (2, 2, True)
    cube = FiniteGroup.from_matrices([[[0, -1, 0], [1, 0, 0], [0, 0, 1]], CYCLE], name="O")
    V = SO(3).irrep(4).restrict(Homomorphism(cube, SO(3), [[[0, -1, 0], [1, 0, 0], [0, 0, 1]], CYCLE]))
    assert V.rational()[0].domain is not None
    assert sorted(V.multiplicities().values()) == [1, 1, 1, 1]  # A1 + E + T1 + T2


def test_refusals():
    V = SU(3).irrep((1, 1))
    with pytest.raises(GroupRepError, match="must be exact"):
        V.exact_image(np.eye(3) * 0.5)
    with pytest.raises(GroupRepError, match="not unitary"):
        V.exact_image([[2, 0, 0], [0, 1, 0], [0, 0, 1]])
    with pytest.raises(GroupRepError, match="not an element"):
        V.exact_image([[0, 1, 0], [1, 0, 0], [0, 0, 1]])  # of determinant -1
    with pytest.raises(GroupRepError, match="shape"):
        V.exact_image(eye(2).tolist())
    with pytest.raises(GroupRepError, match=r"V\.rational"):
        SU(3).irrep((4, 4), field="complex").exact_image(TURN)
