"""Exact decompositions of larger groups, and of restrictions: the isometries are proved, and counted by characters."""

from dataclasses import replace

import numpy as np
import pytest
from cases import cases

from grouprep import SO, SU, Alternating, CertificateError, FiniteGroup, Homomorphism, Symmetric
from projectors import decompose
from projectors.decompose import decompose_exactly
from projectors.decompose.exact import ExactDecomposition

CYCLE = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
TETRAHEDRAL = [CYCLE, [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]]
T = FiniteGroup.from_matrices(TETRAHEDRAL, name="T")
WIDE = [[[*row, 0] for row in m] + [[0, 0, 0, 1]] for m in TETRAHEDRAL]


def counted(E):
    """How often each label stands among the isometries."""
    labels = [iso.irrep.label for iso in E.isometries]
    return {label: labels.count(label) for label in dict.fromkeys(labels)}


@cases(
    "V",
    [
        Symmetric(4).irrep("[3,1]") ** 2,
        Symmetric(4).natural() * Symmetric(4).irrep("[2,1,1]"),
        SU(3).irrep((1, 1)).restrict(Homomorphism(T, SU(3), TETRAHEDRAL)),
        SO(4).irrep((1, 1)).restrict(Homomorphism(T, SO(4), WIDE)),
    ],
)
def test_tensors_and_restrictions(V):
    """V R = R blocks, verified exactly, with the multiplicities of the characters."""
    E = decompose_exactly(V.rational()[0])
    E.verify()
    assert counted(E) == {label: m for label, m in V.multiplicities().items() if m}


@cases("V", [Symmetric(5).irrep("[4,1]").rational()[0] ** 2, Alternating(5).natural() ** 2], ids=str)
def test_unitary_irreps_with_too_many_square_roots(V):
    """Irreps of S5 and A5 whose unitary matrices are floats: in Young's seminormal form, in the gauge of the floats."""
    E, D = decompose_exactly(V), decompose(V)
    E.verify()
    assert counted(E) == D.labels
    assert any(iso.form is not iso.irrep for iso in E.isometries)
    U, start = np.array(E.change_of_basis.evalf(20).tolist(), dtype=float), 0
    for iso in E.isometries:
        d = iso.form.dim
        S = np.eye(d) if iso.form is iso.irrep else iso.irrep.rational()[1]  # I(g) = S F(g) S^-1
        X = U[:, start : start + d] @ np.linalg.inv(S)
        expected = D.change_of_basis[:, start : start + d]
        assert np.abs(X / np.linalg.norm(X) - expected / np.linalg.norm(expected)).max() <= 1e-12
        start += d
    with pytest.raises(CertificateError, match="orthogonal"):
        ExactDecomposition(V, [replace(E.isometries[0], square=E.isometries[0].square * 2), *E.isometries[1:]]).verify()


def test_lists_of_irreps():
    """The exact ones of a group as a list, in another order: the same isometries' sizes, proved."""
    S4 = Symmetric(4)
    V = S4.natural() ** 2
    E = decompose_exactly(V, "complex", irreps=S4.irreps("complex")[::-1])
    E.verify()
    expected = sorted(I.dim for I in S4.irreps("complex") for _ in range(V.multiplicities("complex").get(I.label, 0)))
    assert sorted(iso.matrix.shape[1] for iso in E.isometries) == expected
