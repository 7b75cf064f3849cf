"""Irreps of semidirect and wreath products by little groups, and branching tables."""

import numpy as np
import pytest
from cases import cases

from grouprep import (
    SO,
    Cyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    Homomorphism,
    O,
    SemidirectProduct,
    Symmetric,
    branching_table,
    load_group,
)
from grouprep.testing import check_irreps


def test_laws():
    check_irreps(load_group("C7:C3"))


@cases(
    "name, dims, types",
    [
        ("C7:C3", [1, 1, 1, 3, 3], "RCCCC"),
        ("C13:C4", [1, 1, 1, 1, 4, 4, 4], "RCRCRRR"),
        ("C2 wr S3", [1, 1, 1, 1, 2, 2, 3, 3, 3, 3], "R" * 10),
        ("C2 wr S4", [1] * 4 + [2] * 2 + [3] * 4 + [4] * 4 + [6] * 4 + [8] * 2, "R" * 20),
    ],
)
def test_dimensions_and_types(name, dims, types):
    G = load_group(name)
    irreps = G.irreps("complex")
    assert sorted(I.dim for I in irreps) == dims
    assert "".join(I.type for I in irreps) == types
    assert len(irreps) == len(G.conjugacy_classes)
    characters = np.array([I.character.values for I in irreps])
    sizes = np.array([len(c) for c in G.conjugacy_classes])
    assert np.allclose(characters * sizes @ characters.conj().T, G.order * np.eye(len(irreps)), atol=1e-9)


def test_labels_and_types_of_an_unfaithful_action():
    C3 = Cyclic(3)
    G = SemidirectProduct(C3, Cyclic(4), [[C3.inverse(C3.generators[0])]])  # the dicyclic group of order 12
    assert [(I.label, I.dim, I.type) for I in G.irreps("complex")][-2:] == [("(1, 0)", 2, "R"), ("(1, 1)", 2, "H")]
    assert G.irrep((1, 1)).dim == 4
    assert G.irrep("(1, 1)") == G.irrep((1, 1))
    with pytest.raises(GroupRepError, match=r"no such irrep.*\(1, 1\)"):
        G.irrep((2, 0))


def test_branching_of_octahedral_spherical_harmonics():
    """The tables of T. Inui et al., Group Theory and Its Applications in Physics (1990), appendix."""
    rotations = {"r": [[0, -1, 0], [1, 0, 0], [0, 0, 1]], "c": [[0, 0, 1], [1, 0, 0], [0, 1, 0]]}
    H = FiniteGroup.from_matrices(rotations, name="O")
    table = branching_table(Homomorphism.inclusion(H, SO(3)), "real", up_to=4)
    dims = [J.dim for J in table.columns]
    assert table.multiplicities @ dims == pytest.approx([1, 3, 5, 7, 9])
    assert sorted(dims) == [1, 1, 2, 3, 3]
    assert (table.multiplicities**2).sum(axis=1).tolist() == [1, 1, 2, 3, 4]


def test_branching_tables():
    G, K = Symmetric(4), Symmetric(3)
    inclusion = Homomorphism(K, G, [[1, 2, 0, 3], [1, 0, 2, 3]])
    table = branching_table(inclusion)
    assert table.multiplicities @ [J.dim for J in table.columns] == pytest.approx([I.dim for I in table.rows])
    # each S_n irrep splits into as many as its diagram has corners (Young): 1, 2, 1, 2, 1
    assert sorted(table.multiplicities.sum(axis=1).tolist()) == [1, 1, 1, 2, 2]
    over_reals = branching_table(Homomorphism(Cyclic(4), Dihedral(4), [Dihedral(4).generators[0]]), "real")
    assert over_reals.row("E1") == {"E1": 1}
    assert over_reals.row("B2") == {"B": 1}
    assert str(over_reals).splitlines()[0] == "D4 -> C4 | A | B | E1"
    infinite = branching_table(Homomorphism.inclusion(SO(3), O(3)), "real", up_to=1)
    assert infinite.multiplicities.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
    with pytest.raises(GroupRepError, match="the rows are A1, A2"):
        over_reals.row("E2")
    with pytest.raises(GroupRepError, match="must be a Homomorphism"):
        branching_table(G)
    with pytest.raises(GroupRepError, match="up_to"):
        branching_table(Homomorphism.inclusion(SO(3), O(3)))
