"""Induction, inflation, quotients and kernels."""

import numpy as np
import pytest
import sympy

from grouprep import (
    SO,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    Homomorphism,
    Quaternion,
    Representation,
    Symmetric,
    TooLarge,
    UnsupportedGroup,
)
from grouprep.linalg import Monomial


def test_the_sign_of_s2_induces_sign_and_plane_of_s3():
    G = Symmetric(3)
    H = G.subgroup(["(1 2)"])
    V = Representation(H, images=[[[-1]]]).induce(G)
    sign = Representation(G, images=[[[1]], [[-1]]])
    plane = G.natural().character.values - 1
    assert np.array_equal(V.character.values, sign.character.values + plane)
    assert all(isinstance(m, Monomial) for m in V.images.values())
    assert V.domain == sympy.ZZ
    assert V.is_unitary
    assert V(G.elements).dtype == float


def test_matrices_are_functions_of_the_element_and_blocks_of_v():
    """The first block is the subgroup's own, and other generators of either group change nothing."""
    G = Symmetric(4)
    H = G.subgroup(["(1 2 3 4)", "(1 3)"])
    V = Representation(H, images=[[[0, -1], [1, 0]], [[1, 0], [0, -1]]])
    W = V.induce(G)
    assert W.dim == 6
    for h in H.generators:
        assert W.exact(h)[:2, :2] == V.exact(h)
    other = G.subgroup(["(1 3)", "(1 2)(3 4)"])
    again = Representation(other, images=[V.exact(h) for h in other.generators])
    S4 = FiniteGroup.from_permutations(["(1 2)", "(2 3)", "(3 4)"])
    U = again.induce(Homomorphism.inclusion(other, S4))
    assert all(np.array_equal(U(g), W(g)) for g in G.elements)
    assert np.array_equal(W(G.elements[:5]), np.array([W.evaluate(g) for g in G.elements[:5]]))


def test_along_a_map_that_is_no_inclusion():
    G, H = Dihedral(6), Cyclic(3)
    r = G.generators[0]
    f = Homomorphism(H, G, [r[r]])
    rho = H.irrep("1", "complex")
    W = rho.induce(f)
    assert (W.dim, W.field) == (4, "complex")
    assert W.multiplicities() == {"E1": 1, "E2": 1}
    assert np.allclose(W(G.multiply(r, G.generators[1])), W(r) @ W(G.generators[1]), atol=1e-14)


def test_forms_and_floats_are_carried():
    G = Symmetric(3)
    H = G.subgroup(["(1 2 3)"])
    V = Representation(H, images=[[[0, -1], [1, -1]]])  # not orthogonal
    W = V.induce(G)
    assert not W.is_unitary
    assert W.gram is not None
    U, S = W.unitary()
    g = G.elements[3]
    assert np.allclose(U(g) @ S, S @ W(g))
    floats = Representation(H, images=[V(H.generators[0])]).induce(G)
    assert floats.domain is None
    assert np.allclose(floats(G.elements), W(G.elements), atol=1e-14)


def test_rational_forms_are_induced():
    C, G = Cyclic(5), Dihedral(5)
    f = Homomorphism(C, G, [G.generators[0]])
    V = C.irrep("E1").induce(f)
    R, S = V.rational()
    g = G.elements[7]
    assert np.allclose(V(g) @ S, S @ R(g))


def test_what_cannot_be_induced():
    G, H = Symmetric(4), Symmetric(3)
    V = H.natural()
    with pytest.raises(GroupRepError, match="not injective, its image has order 2"):
        V.induce(Homomorphism(H, Cyclic(2), [[0, 1], [1, 0]]))
    with pytest.raises(DimensionMismatch, match="f maps from S4"):
        V.induce(Homomorphism.identity(G))
    with pytest.raises(DimensionMismatch, match="permutes 3 points"):
        V.induce(G)
    with pytest.raises(UnsupportedGroup, match="infinite"):
        SO(2).defining().induce(Homomorphism.identity(SO(2)))
    with pytest.raises(GroupRepError, match="must be a Homomorphism"):
        V.induce("S4")
    S12 = Symmetric(12)
    few = S12.subgroup(["(1 2)"]).trivial()
    with pytest.raises(TooLarge, match="cosets"):
        few.induce(S12)


def test_quotients_and_inflation():
    G = Symmetric(4)
    N = G.subgroup(["(1 2)(3 4)", "(1 3)(2 4)"])
    Q, p = G.quotient(N)
    assert (Q.order, len(Q.conjugacy_classes)) == (6, 3)
    assert p.is_surjective
    assert not p.is_injective
    assert p.kernel().order == 4
    assert all(N.contains(g) for g in p.kernel().generators)
    V = Q.regular().inflate(p)
    assert V.kernel() == p.kernel()
    other = FiniteGroup.from_permutations(["(1 2)", "(2 3)", "(3 4)"]).quotient(N)[0]
    assert {row.tobytes() for row in other.elements} == {row.tobytes() for row in Q.elements}
    with pytest.raises(GroupRepError, match="not normal in S4: "):
        G.quotient(G.subgroup(["(1 2)"]))
    with pytest.raises(GroupRepError, match="no subgroup"):
        Dihedral(4).quotient(G)
    with pytest.raises(GroupRepError, match="must map onto"):
        G.natural().inflate(Homomorphism.inclusion(N, G))


def test_kernels_of_representations():
    G = Quaternion()
    assert G.defining().kernel().order == 1
    assert (G.defining() * G.defining()).kernel().order == 2
    assert Dihedral(4).natural().kernel().generators[0].tolist() == [0, 1, 2, 3]
