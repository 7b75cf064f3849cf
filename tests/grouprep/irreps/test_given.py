"""Irreps that a user gives: types and commutants found, and what is refused."""

import numpy as np
import pytest
from sympy import Matrix, diag, radsimp, sqrt

from grouprep import (
    SO,
    AmbiguousRank,
    Cyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    NotUnitary,
    Quaternion,
    Representation,
    Symmetric,
)
from grouprep.irreps.user_irreps import UserIrrep, user_irreps
from grouprep.testing import irrep_laws
from projectors import Hom, decompose
from projectors.penalties import per_block

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


def test_labels_tell_irreps_of_ones_own_apart():
    """Unnamed ones of one dimension have one name; so may ones that a user named, or an irrep of the catalogue."""
    turn, cycle, minus = (
        np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]),
        np.roll(np.eye(3, dtype=int), 1, 0),
        -np.eye(3, dtype=int),
    )
    G = FiniteGroup.from_matrices([turn, cycle, minus], name="Oh")
    plane = Matrix([[1, 1], [-1, 1], [0, -2]]) * diag(1 / sqrt(2), 1 / sqrt(6))
    images = [
        [[[1]]] * 3,
        [(plane.T * Matrix(abs(g)) * plane).applyfunc(radsimp) for g in (turn, cycle, minus)],
        [round(np.linalg.det(g)) * g for g in (turn, cycle, minus)],
        [g.sum(axis=0).prod() * g for g in (turn, cycle, minus)],
    ]
    irreps = [Representation(G, images=each) for each in images]
    D = decompose(G.defining() ** 2, irreps=irreps)
    assert str(D) == "V1 + V2 + V3 + V3_2"
    assert D.labels == {"V1": 1, "V2": 1, "V3": 1, "V3_2": 1}
    assert decompose(G.defining() ** 2, irreps=D.irreps).labels == D.labels
    H = Hom(G.defining() ** 2, G.defining() ** 2, irreps=irreps)
    assert len(per_block(np.eye(9), H)) == len(H.spectral.blocks) == 16

    C = Cyclic(2)
    sign = Representation(C, images=[[[-1]]], name="A")
    for listed, labels in (
        ([C.irrep("A"), sign], ["A", "A_2"]),
        ([sign, C.irrep("A")], ["A", "A_2"]),
        (
            [Representation(C, images=[[[1]]], name="A_2"), Representation(C, images=[[[-1]]], name="A_2")],
            ["A_2", "A_2_2"],
        ),
    ):
        D = decompose(3 * C.regular(), irreps=listed)
        assert D.labels == dict.fromkeys(labels, 3)
        U, g = D.change_of_basis, C.generators[0]
        assert np.abs(D.V(g) @ U - U @ D.blocks(g)).max() <= 8 * np.finfo(float).eps


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
