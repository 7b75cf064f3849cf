"""Multiplicities by characters against what representations are made of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouprep import SO, SU, Cyclic, Dihedral, GroupRepError, O, SpReal, Symmetric, U, UnsupportedGroup
from grouprep.character_tables.table import character_table
from grouprep.characters import inner
from projectors import decompose


@pytest.mark.parametrize(
    ("V", "expected"),
    [
        (Dihedral(4).natural(), {"A1": 1, "B1": 1, "E1": 1}),
        (Dihedral(4).regular(), {"A1": 1, "A2": 1, "B1": 1, "B2": 1, "E1": 2}),
        (Dihedral(4).defining() ** 2, {"A1": 1, "A2": 1, "B1": 1, "B2": 1}),
        (Dihedral(3).defining() ** 2, {"A1": 1, "A2": 1, "E1": 1}),
        (Dihedral(4).grid((4, 4)), {"A1": 3, "A2": 1, "B1": 1, "B2": 3, "E1": 4}),
        (Cyclic(6).regular(), {"A": 1, "B": 1, "E1": 1, "E2": 1}),
        (Symmetric(3).natural() ** 2, {"[3]": 2, "[2,1]": 3, "[1,1,1]": 1}),
        (SO(2).irrep(2) * SO(2).irrep(3), {"1": 1, "5": 1}),
        (O(2).defining() ** 2, {"A1": 1, "A2": 1, "E2": 1}),
        (SO(3).irrep(2) * SO(3).irrep(3), {"1": 1, "2": 1, "3": 1, "4": 1, "5": 1}),
        (O(3).defining() ** 2, {"0e": 1, "1e": 1, "2e": 1}),
        (O(3).defining().exterior_power(3), {"0o": 1}),
        (SU(2).irrep("1/2", "complex") ** 2, {"0": 1, "1": 1}),
        (SU(2).irrep("1/2"), {"1/2": 1}),
        (SU(2).irrep("1/2") ** 2, {"0": 4, "1": 4}),
        (U(1).defining() + 2 * U(1).defining().conjugate ** 3, {"1": 1, "-3": 2}),
    ],
    ids=str,
)
def test_known_decompositions(V, expected):
    assert V.multiplicities() == expected
    assert decompose(V).labels == expected


def test_over_the_complex_numbers():
    assert Cyclic(5).regular().multiplicities("complex") == {str(k): 1 for k in range(5)}
    assert Cyclic(4).irrep("E1").multiplicities("complex") == {"1": 1, "3": 1}
    assert SU(2).irrep("1/2").multiplicities("complex") == {"1/2": 2}
    assert SO(2).defining().multiplicities("complex") == {"1": 1, "-1": 1}


def test_refusals():
    with pytest.raises(GroupRepError, match='field = "real": defining is complex'):
        SU(2).defining().multiplicities("real")
    with pytest.raises(GroupRepError, match=r"field = .x. is unknown"):
        Dihedral(4).natural().multiplicities("x")
    with pytest.raises(UnsupportedGroup, match="irreps of Sp\\(4,R\\) are not known"):
        SpReal(4).defining().multiplicities()
    with pytest.raises(UnsupportedGroup, match="no finite character table"):
        character_table(SO(3))


GROUPS = [
    Cyclic(5),
    Cyclic(6),
    Dihedral(3),
    Dihedral(4),
    Cyclic(3) * Cyclic(3),
    Dihedral(2) * Cyclic(3),
    SO(2),
    O(2),
    SO(3),
    O(3),
    SU(2),
]


@given(st.sampled_from(GROUPS), st.sampled_from(["real", "complex"]), st.data())
def test_random_multiplicities_are_found(G, field, data):
    irreps = G.irreps(field) if G.is_finite else G.irreps(field, up_to=2)
    counts = data.draw(st.lists(st.integers(0, 5), min_size=len(irreps), max_size=len(irreps)).filter(any))
    terms = [m * I for m, I in zip(counts, irreps, strict=True) if m]
    order = data.draw(st.permutations(terms))
    V = order[0]
    for term in order[1:]:
        V = V + term
    expected = {I.label: m for m, I in zip(counts, irreps, strict=True) if m}
    # A complex sum may happen to be real; its ground field is asked for.
    assert V.multiplicities(field) == expected
    D = decompose(V, field)
    assert D.labels == expected
    U = D.change_of_basis  # a permutation, since V is a sum of irreps
    assert np.array_equal(U.T @ U, np.eye(V.dim))
    assert np.array_equal(U, U.astype(bool))
    assert inner(V, V) == sum(m * m * len(I.commutant) for m, I in zip(counts, irreps, strict=True))
