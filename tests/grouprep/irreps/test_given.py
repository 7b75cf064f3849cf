"""Irreps that a user gives: types and commutants found, and what is refused."""

import numpy as np
import pytest

from grouprep import (
    SO,
    AmbiguousRank,
    Cyclic,
    Dihedral,
    GroupRepError,
    NotUnitary,
    Quaternion,
    Representation,
    Symmetric,
)
from grouprep.irreps.user_irreps import UserIrrep, user_irreps
from grouprep.testing import irrep_laws
from projectors import Hom, decompose

LEFT_I = [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, 1, 0]]  # on 1, i, j, k
LEFT_J = [[0, 0, -1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, -1, 0, 0]]


def quaternions():
    return Representation(Quaternion(), images=[LEFT_I, LEFT_J], name="quaternions")


@pytest.mark.parametrize(
    ("V", "over", "type_", "units"),
    [
        (quaternions(), "real", "H", 4),
        (Quaternion().defining(), "complex", "H", 1),
        (Cyclic(3).irrep("E1"), "real", "C", 2),
        (Cyclic(3).irrep(1, "complex"), "complex", "C", 1),
        (Dihedral(3).irrep("E1"), "complex", "R", 1),
        (SO(3).defining(), "real", "R", 1),
        (SO(3).irrep(1, "complex"), "complex", "R", 1),
    ],
    ids=str,
)
def test_types(V, over, type_, units):
    I = UserIrrep(V, over)
    assert (I.type, len(I.commutant), I.dim, I.label) == (type_, units, V.dim, str(V))
    rng = np.random.default_rng(0)
    for law in (
        irrep_laws.check_unitary_homomorphism,
        irrep_laws.check_irreducible,
        irrep_laws.check_indicator,
        irrep_laws.check_commutant,
        irrep_laws.check_structure,
        irrep_laws.check_constituent,
        irrep_laws.check_conjugated,
        irrep_laws.check_irrep_copies,
    ):
        law(I, rng)


def test_right_multiplications_commute_with_left_ones():
    """The commutant of H acting on itself from the left is H acting from the right."""
    right = np.array(
        [
            [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, -1, 0]],
            [[0, 0, -1, 0], [0, 0, 0, -1], [1, 0, 0, 0], [0, 1, 0, 0]],
            [[0, 0, 0, -1], [0, 0, 1, 0], [0, -1, 0, 0], [1, 0, 0, 0]],
        ]
    )
    J = UserIrrep(quaternions(), "real").commutant.reshape(4, 16)
    for R in right.reshape(3, 16):
        assert (J.T @ (J @ R)) / 4 == pytest.approx(R, abs=1e-15)


def test_refusals():
    G = Dihedral(4)
    E, A = G.irrep("E1"), G.trivial()
    with pytest.raises(
        GroupRepError, match=r"irreps\[0\] = natural is reducible over the real numbers: .* dimension 3"
    ):
        decompose(G.natural(), irreps=[G.natural()])
    with pytest.raises(GroupRepError, match=r"irreps\[0\] = .* is reducible over the complex numbers: .* dimension 2"):
        decompose(Cyclic(3).regular(), "complex", irreps=[Cyclic(3).irrep("E1")])
    skew = E.change_basis([[1, 1], [0, 1]])
    with pytest.raises(NotUnitary, match=r"irreps\[1\] = .* not unitary"):
        decompose(G.natural(), irreps=[A, skew])
    with pytest.raises(GroupRepError, match=r"irreps\[2\] = .* is isomorphic to irreps\[1\]"):
        decompose(G.natural(), irreps=[A, E, G.defining()])
    with pytest.raises(GroupRepError, match=r"irreps\[0\] must be a representation of D4"):
        decompose(G.natural(), irreps=[Dihedral(3).trivial()])
    with pytest.raises(
        AmbiguousRank, match="the given irreps account for 3 of the 4 dimensions of natural; irreps are missing"
    ):
        decompose(G.natural(), irreps=[A, E])
    with pytest.raises(AmbiguousRank, match="account for 0"):
        decompose(G.natural(), irreps=[])
    with pytest.raises(GroupRepError, match=r'is complex; the ground field is real \(field="complex"'):
        decompose(Quaternion().regular(), irreps=[Quaternion().defining()])
    for bad in (5, "A1", [5], [None]):
        with pytest.raises(GroupRepError, match=r"irreps = .* must be a list of representations"):
            decompose(G.natural(), irreps=bad)
        with pytest.raises(GroupRepError, match=r"irreps = .* must be a list of representations"):
            Hom(G.natural(), G.natural(), irreps=bad)


def test_order_is_that_of_the_list():
    G = Dihedral(4)
    listed = [G.defining(), G.irrep("B1"), G.trivial()]
    D = decompose(G.natural(), irreps=listed)
    assert D.labels == {"defining": 1, "B1": 1, "trivial": 1}
    assert decompose(G.natural(), irreps=listed[::-1]).labels == {"trivial": 1, "B1": 1, "defining": 1}
    U = D.change_of_basis
    g = G.elements[3]
    assert G.natural()(g) @ U == pytest.approx(U @ D.blocks(g), abs=1e-15)


def test_what_is_not_known_of_a_given_irrep():
    I = user_irreps(Symmetric(4), [Symmetric(4).trivial()], "real")[0]
    for name in ("conjugated", "real_form", "constituent"):
        with pytest.raises(GroupRepError, match="not known"):
            getattr(I, name)


def test_reducible_representations_are_no_irreps_though_their_commutants_have_dimension_2_or_4():
    """R + R, the 2 x 2 matrices and R + R + R + R were taken for C and H."""
    G, C2, C4 = Symmetric(4), Cyclic(2), Cyclic(4)
    signs = [G.trivial(), Representation(G, images=[[[G_sign]] for G_sign in (-1, -1)], name="sign")]
    for V in (G.natural(), signs[0] + signs[1], 2 * G.trivial(), 2 * C2.irrep("B")):
        with pytest.raises(GroupRepError, match="reducible"):
            decompose(V, irreps=[V])
    plane = Representation(C4, images=[[[0, -1], [1, 0]]], name="plane")
    assert decompose(plane, irreps=[plane]).irreps[0].type == "C"
