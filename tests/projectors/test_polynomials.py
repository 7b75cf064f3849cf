"""Equivariant polynomial maps, and primary and secondary invariants."""

import numpy as np
import pytest
import sympy
from cases import cases

from grouprep import (
    SO,
    Alternating,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    Quaternion,
    Representation,
    Symmetric,
    UnsupportedGroup,
    molien_coefficients,
    molien_series,
)
from projectors import Hom, invariant_ring, polynomial_maps

CUBE = [
    [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
    [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
    [[-1, 0, 0], [0, -1, 0], [0, 0, -1]],
]
OH = FiniteGroup.from_matrices(CUBE, name="Oh")


def check_equivariant(V, W, p):
    x = sympy.symbols(f"x1:{V.dim + 1}")
    for a in V.group.generator_names:
        g = V.group.generator_element(a)
        moved = V.exact(g) * sympy.Matrix(x)
        there = p.subs(dict(zip(x, moved, strict=True)), simultaneous=True)
        for entry in there - W.exact(g) * p:
            assert all(abs(sympy.N(c, 40)) < 1e-30 for c in sympy.Poly(entry, *x, domain="EX").coeffs())


@cases(
    "V, W, degree",
    [
        (OH.defining(), OH.defining(), 3),
        (Dihedral(5).irrep("E1"), Dihedral(5).irrep("E2"), 3),
        (Quaternion().defining(), Quaternion().trivial(), 4),
        (Cyclic(3).irrep("1", "complex"), Cyclic(3).irrep("2", "complex"), 2),
        (Symmetric(3).natural(), Symmetric(3).natural(), 2),
        (Symmetric(3).natural(), Symmetric(3).natural(), 0),
    ],
    ids=lambda case: f"{case[0].group}-{case[2]}",
)
def test_maps_are_equivariant_and_as_many_as_molien_counts(V, W, degree):
    found = polynomial_maps(V, W, degree)
    assert len(found) == molien_coefficients(V, degree, W)[degree]
    for p in found:
        assert p.shape == (W.dim, 1)
        check_equivariant(V, W, p)


def test_a_cubic_invariant_of_traceless_tensors():
    (cubic,) = polynomial_maps(SO(3).irrep(2), SO(3).trivial(), 3)
    f = sympy.lambdify(sympy.symbols("x1:6"), cubic[0])
    g = SO(3).sample(1, np.random.default_rng(0))[0]
    x = np.array([0.3, -1.0, 0.7, 0.2, 1.1])
    assert np.isclose(f(*(SO(3).irrep(2)(g) @ x)), f(*x))
    assert polynomial_maps(SO(3).irrep(2), SO(3).irrep(1), 2) == []


@cases(
    "V, primary, secondary",
    [
        (OH.defining(), (2, 4, 6), (0,)),
        (Symmetric(3).natural(), (1, 2, 3), (0,)),
        (Dihedral(4).defining(), (2, 4), (0,)),
        (Alternating(4).natural(), (1, 2, 3, 4), (0, 6)),
        (Quaternion().defining(), (4, 4), (0, 6)),
        (Cyclic(5).defining(), (2, 5), (0, 5)),
        (2 * Cyclic(2).natural(), (1, 1, 2, 2), (0, 2)),
    ],
    ids=lambda case: str(case[0].group),
)
def test_invariant_rings(V, primary, secondary):
    ring = invariant_ring(V)
    assert (ring.primary_degrees, ring.secondary_degrees) == (primary, secondary)
    assert ring.is_polynomial == (secondary == (0,))
    for p in (*ring.primary, *ring.secondary):
        check_equivariant(V, V.group.trivial(), sympy.Matrix([p]))
    t = sympy.Symbol("t")
    series = sum(t**d for d in secondary) / sympy.Mul(*(1 - t**d for d in primary))
    assert sympy.cancel(series - molien_series(V)) == 0
    jacobian = sympy.Matrix([[sympy.diff(p, x) for x in ring.symbols] for p in ring.primary])
    assert jacobian.subs(dict(zip(ring.symbols, (2, 3, 5, 7), strict=False))).det() != 0  # independent


def test_symbols_and_refusals():
    u, v = sympy.symbols("u v")
    V = Dihedral(3).defining()
    assert polynomial_maps(V, V.group.trivial(), 2, [u, v]) == [sympy.Matrix([u**2 + v**2])]
    assert invariant_ring(V, [u, v]).symbols == (u, v)
    with pytest.raises(DimensionMismatch, match="2 different sympy symbols"):
        polynomial_maps(V, V, 2, [u, u])
    with pytest.raises(GroupRepError, match="degree needs an integer"):
        polynomial_maps(V, V, -1)
    with pytest.raises(GroupRepError, match="W must be a representation"):
        polynomial_maps(V, 3, 1)
    with pytest.raises(UnsupportedGroup, match="infinite"):
        invariant_ring(SO(3).defining())
    floats = Representation(Cyclic(3), images=[Cyclic(3).defining()(Cyclic(3).generators[0])])
    with pytest.raises(GroupRepError, match="float"):
        polynomial_maps(floats, floats, 2)


def test_why_a_basis_is_zero():
    G = Dihedral(4)
    text = Hom(G.irrep("E1"), G.irrep("B1") + G.irrep("A2")).explain()
    assert "V = E1; W = A2 + B1" in text
    assert "They share none" in text
