"""SU(2), SO(3) and O(3) given by other generators have the spins, with the same matrices, labels and couplings."""

import numpy as np
import pytest
import sympy
from cases import cases
from scipy.linalg import expm

from grouprep import SO, SU, LieGroup, O, UnsupportedGroup
from grouprep.linalg import as_float
from projectors import Hom, decompose

X, Y, Z = (
    sympy.Matrix(m)
    for m in (
        [[0, 0, 0], [0, 0, -1], [0, 1, 0]],
        [[0, 0, 1], [0, 0, 0], [-1, 0, 0]],
        [[0, -1, 0], [1, 0, 0], [0, 0, 0]],
    )
)
ROTATION = sympy.Matrix([[2, -1, 2], [2, 2, -1], [-1, 2, 2]]) / 3
I = sympy.I
S1, S2, S3 = (I * sympy.Matrix(m) for m in ([[0, 1], [1, 0]], [[0, -I], [I, 0]], [[1, 0], [0, -1]]))

GROUPS = {
    "Lx, Ly, Lz": (LieGroup.from_algebra([X, Y, Z]), SO(3), ("2", "4")),
    "Lx, Ly": (LieGroup.from_algebra([X, Y]), SO(3), ("1", "5")),
    "dependent": (LieGroup.from_algebra([X + Y, 3 * Y - Z, Z, X]), SO(3), ("2", "4")),
    "with a root": (LieGroup.from_algebra([X + sympy.sqrt(2) * Y, Z]), SO(3), ("2", "4")),
    "Pauli": (LieGroup.from_algebra([S1 / 2, S2, S3 + S1]), SU(2), ("1", "9/2")),
    "inversion": (LieGroup.from_algebra([X, Y, Z], [-sympy.eye(3)]), O(3), ("2e", "4o")),
    "improper": (LieGroup.from_algebra([Z, X], [-ROTATION]), O(3), ("2e", "4o")),
}


@cases("name", GROUPS, ids=str)
def test_spins_by_other_generators(name):
    G, standard, (small, large) = GROUPS[name]
    field = "complex" if standard == SU(2) else "real"
    assert [J.label for J in G.irreps(up_to=2)] == [J.label for J in standard.irreps(up_to=2)]
    g = standard.sample(2, np.random.default_rng(0))
    for label in (small, large):
        V = G.irrep(label, field)
        np.testing.assert_array_equal(V(g), standard.irrep(label, field)(g))
        R, S = V.rational()
        for a in G.generator_names:
            image = as_float(V.images[a])
            if a.kind == "element":
                expected = V(as_float(G.components[a.index]))
            else:
                image, expected = expm(image), V(expm(as_float(G.algebra[a.index])))
                exact = np.array(V.exact_generator(a).evalf().tolist(), dtype=complex)
                np.testing.assert_allclose(exact, as_float(V.float_image(a)), atol=1e-13)
                np.testing.assert_allclose(S @ as_float(R.images[a]) @ np.linalg.inv(S), exact, atol=1e-13)
            np.testing.assert_allclose(image, expected, atol=1e-13)
    V, W = G.irrep(small, field), standard.irrep(small, field)
    D = decompose(V * V)
    assert str(D) == str(decompose(W * W))
    np.testing.assert_allclose((V * V)(g) @ D.change_of_basis, D.change_of_basis @ D.blocks(g), atol=1e-13)
    B = G.irrep(large, field)
    H = Hom(B * V, B)
    assert H.certify().proved
    assert H.exact_basis() == Hom(standard.irrep(large, field) * W, standard.irrep(large, field)).exact_basis()


def test_other_groups_are_not_taken_for_these():
    for algebra, components in (
        ([Z], []),
        ([Z, 2 * Z], []),
        ([X, Y, Z + sympy.eye(3)], []),
        ([X, Y, Z], [2 * sympy.eye(3)]),
        ([np.array(m, dtype=float) * 0.1 for m in (X, Y, Z)], []),  # floats
    ):
        with pytest.raises(UnsupportedGroup, match="are not known"):
            LieGroup.from_algebra(algebra, components).irreps(up_to=1)
