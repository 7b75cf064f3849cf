"""Groups recognised by their elements: the same labels and the same functions of the element, whatever generates them."""

import numpy as np
import pytest
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from grouprep import (
    Alternating,
    Cyclic,
    Dicyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    Heisenberg,
    Quaternion,
    Symmetric,
)
from grouprep.groups.isomorphism import element_orders, isomorphism_onto, sorted_elements
from grouprep.testing import check_irreps
from projectors import decompose

permuting = FiniteGroup.from_permutations
OCTAHEDRAL = [[[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]]


def regular(G):
    return permuting(list(G.left_multiplication))


GROUPS = {
    "D4": permuting(list(Dihedral(4).generators)),
    "D6": permuting(list(Dihedral(6).generators)),
    "V4": permuting(["(1 2)", "(3 4)"]),
    "Q8": permuting(list(Quaternion().generators)),
    "Dic3": regular(Dicyclic(3)),
    "Dic4": permuting(list(Dicyclic(4).generators)),
    "Heisenberg(3)": permuting(list(Heisenberg(3).generators)),
    "S4": permuting(list(Symmetric(4).generators)),
    "S4 regular": regular(Symmetric(4)),
    "A4": permuting(list(Alternating(4).generators)),
    "A5 regular": regular(Alternating(5)),
    "C6": permuting(["(1 2)", "(3 4 5)"]),
    "C4 x C2 x C2": permuting(["(1 2 3 4)", "(5 6)", "(7 8)"]),
    "C3 x C6": permuting(["(1 2 3)", "(4 5 6)", "(7 8)"]),
}


def regenerated(G, rng):
    """The group by two to four random elements that generate it."""
    while True:
        H = permuting([G.elements[k] for k in rng.integers(G.order, size=rng.integers(2, 5))])
        if H.order == G.order:
            return H


@cases("name", GROUPS)
def test_other_generators_change_no_answer(name):
    G, rng = GROUPS[name], np.random.default_rng(7)
    H = regenerated(G, rng)
    some = G.elements[rng.integers(G.order, size=10)]
    for field in ("real", "complex"):
        for I, J in zip(G.irreps(field), H.irreps(field), strict=True):
            assert (I.label, I.type, I.dim) == (J.label, J.type, J.dim)
            assert np.array_equal(I(some), J(some))
    assert G.natural().multiplicities() == H.natural().multiplicities()


@settings(max_examples=15)
@given(st.sampled_from(["D4", "Q8", "V4", "C6", "S4", "Dic3", "C4 x C2 x C2"]), st.integers(0, 2**32 - 1))
def test_random_generators(name, seed):
    G = GROUPS[name]
    H = regenerated(G, np.random.default_rng(seed))
    g = G.elements[seed % G.order]
    for I, J in zip(G.irreps(), H.irreps(), strict=True):
        assert I.label == J.label
        assert np.array_equal(I(g), J(g))


@cases(
    "G, labels",
    [
        (permuting(["(1 2)", "(1 3)", "(2 3)"]), "[3] [2,1] [1,1,1]"),
        (permuting(["(1 2)(4 5)", "(1 3)(4 5)"]), "A1 A2 E1"),
        (permuting(["(1 2)(3 4)", "(2 4)"]), "A1 A2 B1 B2 E1"),
        (permuting(["(1 2)(3 4)", "(1 3)(2 4)"]), "A1 A2 B1 B2"),
        (permuting(["(1 2)", "(3 4 5)"]), "A B E1 E2"),
        (permuting(["(1 2)(3 4)", "(1 2)(3 4)"]), "A B"),
        (permuting(["()", "()"], degree=3), "A"),
        (permuting(["(1 2 3 4 5)", "(1 2 3)"]), "[5] [4,1] [3,2] [3,1,1]+ [3,1,1]-"),
        (FiniteGroup.from_presentation(["a", "b"], ["a^2", "b^3", "(a b)^5"]), "[5] [4,1] [3,2] [3,1,1]+ [3,1,1]-"),
        (FiniteGroup.from_matrices(OCTAHEDRAL), "[4] [3,1] [2,2] [2,1,1] [1,1,1,1]"),
        (FiniteGroup.from_matrices([[[-1, 0], [0, 1]], [[0, 1], [1, 0]]]), "A1 A2 B1 B2 E1"),
        (regular(Quaternion()), "A1 A2 B1 B2 E1"),
        (FiniteGroup.from_presentation(["a", "b"], ["a^8", "b^2 a^-4", "b^-1 a b a"]), "A1 A2 B1 B2 E1 E2 E3"),
    ],
    ids=lambda case: str(case[0]),
)
def test_labels(G, labels):
    assert " ".join(I.label for I in G.irreps()) == labels
    assert G.irrep(labels.split()[-1]).label == labels.split()[-1]
    D = decompose(G.regular())
    assert D.labels == G.regular().multiplicities() == {I.label: I.dim // len(I.commutant) for I in G.irreps()}


@cases("G", [FiniteGroup.from_matrices(OCTAHEDRAL), regular(Quaternion()), GROUPS["C3 x C6"]], ids=str)
def test_laws(G):
    check_irreps(G)


@cases(
    "G, F, first",
    [
        (GROUPS["S4 regular"], Symmetric(4), (1, 0)),
        (GROUPS["A5 regular"], Alternating(5), ()),
        (regular(Symmetric(5)), Symmetric(5), (1, 0)),
        (GROUPS["Heisenberg(3)"], Heisenberg(3), ()),
        (permuting(list(Quaternion().generators)), Quaternion(), ()),
        (Dihedral(6), Dihedral(6), ()),
    ],
    ids=["S4", "A5", "S5", "Heisenberg", "same points", "itself"],
)
def test_isomorphisms(G, F, first):
    found = isomorphism_onto(G, F, first)
    f = found.f
    assert [f.exact(x).tolist() for x in found.preimages] == [p.tolist() for p in F.generators]
    assert len({f.exact(x).tobytes() for x in G.elements}) == G.order


@cases(
    "G, F",
    [
        (regular(Quaternion()), Dihedral(4)),
        (regular(Dihedral(6)), Dicyclic(3)),
        (FiniteGroup.from_presentation(["a", "b"], ["a^3", "b^4", "(a b)^2 b^2", "b^2 a b^2 a^-1"]), Symmetric(4)),
        (permuting(["(1 2 3)", "(4 5 6)", "(7 8 9)"]), Heisenberg(3)),  # the same numbers of elements of each order
        (permuting(["(1 2)"]), Symmetric(3)),
        (Symmetric(12), Alternating(12)),
    ],
    ids=lambda case: f"{case[0]} and {case[1]}",
)
def test_groups_that_are_not_isomorphic(G, F):
    assert isomorphism_onto(G, F) is None


def test_orders_and_the_order_of_elements():
    G = Symmetric(5)
    elements = sorted_elements(regenerated(G, np.random.default_rng(0)))
    assert np.array_equal(elements, sorted_elements(G))
    assert elements[0].tolist() == [0, 1, 2, 3, 4]
    assert elements.tolist() == sorted(elements.tolist())
    assert np.bincount(element_orders(elements)).tolist() == [0, 1, 25, 20, 30, 24, 20]


def test_the_group_that_is_given_by_one_element_is_turned_by_it():
    """rho_1 of <g> takes g to exp(2 pi i / n), whichever generator of the group g is."""
    for k in (1, 2, 3):
        G = permuting([np.roll(np.arange(5), -k)])
        assert G.irrep(1, "complex")(G.generators[0])[0, 0] == pytest.approx(np.exp(2j * np.pi / 5), abs=1e-15)
    assert Cyclic(7).irrep("E2") == Cyclic(7).irrep(2)


# Abelian groups


def test_characters_of_an_abelian_group():
    """C2 x C2 x C4 by invariant factors, whatever generates it; the characters are multiplicative and orthogonal."""
    G = permuting(["(1 2 3 4)(5 6)", "(5 6)", "(7 8)(5 6)", "(1 3)(2 4)(7 8)"])
    L = G.irreps("complex")
    assert len(L) == 16
    assert L[0].label == "(0, 0, 0)"
    assert L[-1].label == "(1, 1, 3)"
    assert sum(I.type == "R" for I in L) == 8
    assert len(G.irreps()) == 12
    X = np.array([I(G.elements)[:, 0, 0] for I in L])
    assert np.array_equal(X @ X.conj().T, 16 * np.eye(16))
    g, h = G.elements[3:7], G.elements[8:12]
    for I in L:
        assert np.array_equal(I(G.multiply(g, h)), I(g) @ I(h))
        assert np.array_equal(I.conjugated(g), I(g).conj())
    assert G.irrep((0, 1, 3)).label == "(0, 1, 1)"
    assert G.irrep("(0,1,3)", "complex").conjugated.label == "(0, 1, 1)"
    with pytest.raises(GroupRepError, match=r"nearest are \(0, 0, 0\), .*its labels are \(0, 0, 0\)"):
        G.irrep("(0, 0, 4)", "complex")
    assert decompose(G.natural()).labels == G.natural().multiplicities()


def test_elementary_abelian_groups():
    G = permuting([f"({2 * i + 1} {2 * i + 2})" for i in range(6)])
    assert [len(G.irreps(field)) for field in ("real", "complex")] == [64, 64]
    assert G.irrep((1, 0, 0, 0, 0, 1)).type == "R"
    H = permuting(["(1 2)", "(1 2)(3 4)", "(5 6)", "(3 4)(5 6)"])
    assert len(H.irreps()) == 8
    assert decompose(H.regular()).labels == {I.label: 1 for I in H.irreps()}
