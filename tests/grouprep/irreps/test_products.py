"""Irreps of direct products: labels, types, two complex factors, real forms over small fields."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouprep import SO, SU, Cyclic, Dihedral, GroupRepError, O, SpReal, U, UnsupportedGroup
from grouprep.testing import check_irreps

EPS = float(np.finfo(float).eps)


def test_two_complex_factors_give_two_real_irreps():
    """(1, 1) and (1, 2) of C3 x C3 are not conjugate: 2 cos of the sum and of the difference of the angles."""
    G = Cyclic(3) * Cyclic(3)
    assert [I.label for I in G.irreps()] == ["(A, A)", "(A, E1)", "(E1, A)", "(1, 1)", "(1, 2)"]
    r, s = G.generators
    both, opposite = G.multiply(r, s), G.multiply(r, G.inverse(s))
    sums, differences = G.irrep((1, 1)), G.irrep((1, 2))
    third = np.array([[-1 / 2, -np.sqrt(3) / 2], [np.sqrt(3) / 2, -1 / 2]])
    assert sums(r) == pytest.approx(third, abs=1e-15)
    assert sums(s) == pytest.approx(third, abs=1e-15)
    assert differences(s) == pytest.approx(third.T, abs=1e-15)
    assert sums(opposite) == pytest.approx(np.eye(2), abs=1e-15)
    assert sums(both) == pytest.approx(third.T, abs=1e-15)
    assert differences(both) == pytest.approx(np.eye(2), abs=1e-15)
    assert G.irrep((2, 2)) == sums
    assert G.irrep((2, 1)) == differences
    with pytest.raises(GroupRepError, match="no such irrep"):
        G.irrep(("E1", "E1"))


@pytest.mark.parametrize(
    ("n", "m", "label", "domain"),
    [
        (3, 3, (1, 1), "ZZ"),
        (5, 5, (1, 2), "QQ<sqrt5>"),
        (4, 4, (1, 3), "ZZ"),
        (6, 3, (1, 1), "ZZ"),
        (8, 8, (1, 3), "QQ<sqrt2>"),
    ],
)
def test_real_forms_over_the_field_of_their_character(n, m, label, domain):
    R, S = (Cyclic(n) * Cyclic(m)).irrep(label).rational()
    assert str(R.domain) == domain
    assert np.linalg.cond(S) < 10


def test_rational_forms_of_mixed_products():
    R, _ = (Dihedral(5) * Cyclic(3) * Cyclic(3)).irrep(("E1", 1, 2)).rational()
    assert (R.dim, str(R.domain)) == (4, "QQ<sqrt5>")
    R, _ = (Dihedral(5) * Cyclic(4)).irrep(("E1", "E1")).rational()
    assert (R.dim, str(R.domain)) == (4, "QQ<cos5>")


@pytest.mark.parametrize(
    ("G", "label", "type_", "dim"),
    [
        (Dihedral(4) * Cyclic(3), ("E1", "E1"), "C", 4),
        (SU(2) * SU(2), ("1/2", "1/2"), "R", 4),
        (SU(2) * SU(2), ("1/2", 1), "H", 12),
        (SU(2) * U(1), ("1/2", 1), "C", 4),
        (SU(2) * Cyclic(3), ("1/2", 1), "C", 4),
        (SU(2) * Cyclic(2), ("1/2", "B"), "H", 4),
        (SO(3) * Cyclic(3), (1, "E1"), "C", 6),
        (O(3) * Cyclic(2), ("1o", "B"), "R", 3),
        (SO(2) * SO(2), (1, -1), "C", 2),
        (SU(2) * SU(2) * SU(2), ("1/2", "1/2", "1/2"), "H", 16),
        (Cyclic(3) * Cyclic(3) * Cyclic(3), (1, 1, 2), "C", 2),
    ],
    ids=str,
)
def test_types_of_products(G, label, type_, dim):
    I = G.irrep(label)
    assert (I.type, I.dim, len(I.commutant)) == (type_, dim, {"R": 1, "C": 2, "H": 4}[type_])


def test_vectors_of_four_dimensions():
    """(1/2, 1/2) of SU(2) x SU(2) is v -> p v q* on the quaternions: its matrices are rotations of R^4."""
    G = SU(2) * SU(2)
    I = G.irrep(("1/2", "1/2"))
    g = I(G.sample(5, np.random.default_rng(0)))
    assert g.dtype == float
    assert np.linalg.det(g) == pytest.approx(np.ones(5), abs=1e-13)
    assert I.symmetric_power(2).multiplicities() == {"(0, 0)": 1, "(1, 1)": 1}
    assert I.exterior_power(2).multiplicities() == {"(0, 1)": 1, "(1, 0)": 1}


def test_text_labels_with_nested_parentheses():
    G = Dihedral(4) * Cyclic(3)
    assert G.irrep("(E1, E1)") == G.irrep(("E1", "E1")) == G.irrep(["E1", 1]) == G.irrep(" ( E1 ,E1 ) ")
    assert G.irrep("(E1, 2)", "complex") == G.irrep(("E1", -1), "complex")


@pytest.mark.parametrize(
    "label", ["(A1)", "A1", ("A1",), ("A1", "Z"), ("A1", "A", "A"), "(A1, A", None, 3, ("E2", "A")], ids=str
)
def test_unknown_labels(label):
    G = Dihedral(4) * Cyclic(3)
    with pytest.raises(GroupRepError, match=r"one label of each factor: A1, A2, B1, B2, E1 \(D4\) and A, E1 \(C3\)"):
        G.irrep(label)


def test_bounds_and_unknown_factors():
    with pytest.raises(GroupRepError, match="leave up_to out"):
        (Cyclic(2) * Cyclic(2)).irreps(up_to=1)
    with pytest.raises(GroupRepError, match="give up_to"):
        (Cyclic(2) * SO(2)).irreps()
    with pytest.raises(UnsupportedGroup, match="not known"):
        (Cyclic(2) * SpReal(4)).irreps()
    assert len((Cyclic(2) * SO(2)).irreps(up_to=3)) == 8


small = st.one_of(st.builds(Cyclic, st.integers(1, 5)), st.builds(Dihedral, st.integers(1, 4)))


@pytest.mark.slow
@settings(max_examples=12)
@given(st.tuples(small, small).filter(lambda pair: pair[0].order * pair[1].order <= 16))
def test_random_products_obey_all_laws(pair):
    check_irreps(pair[0] * pair[1])


@pytest.mark.slow
@pytest.mark.parametrize("G", [Cyclic(3) * Dihedral(5), Cyclic(3) * Cyclic(4) * Cyclic(5)], ids=str)
def test_characters_of_products_are_products_of_characters(G):
    """They were traces in a number field of the product: 19 s for C5 x C7 x C3."""
    for field in ("real", "complex"):
        for rho in G.irreps(field):
            values = np.trace(rho(G.elements), axis1=-2, axis2=-1)
            assert (
                np.abs(rho.character.values - [values[c[0]] for c in G.conjugacy_classes]).max() <= 50 * EPS * rho.dim
            )
