"""Sums of summands that repeat: P, made of copies of one pair, is the P of the basis."""

import numpy as np

from grouprep import SO, Cyclic, Dihedral, Symmetric
from projectors import Hom
from projectors.structure import cells_of
from tests.support.cases import cases

C, D, S, R = Cyclic(3), Dihedral(4), Symmetric(3), SO(2)
C4, (_, QUARTER, HALF, *_) = Cyclic(4), Cyclic(4).irreps("complex")  # phases i and -1
CIRCLE = R.trivial() + R.irrep(1) + R.irrep(2)
SUMS = {  # V, W, and how many blocks P has
    "orbits": (5 * (S.natural() + S.trivial()), 4 * (S.regular() + 2 * S.natural()), 1),
    "some stand alone": (6 * (D.regular() + 2 * D.trivial()) + D.defining(), 5 * (D.defining() + D.trivial()), 2),
    "rows and complex": (4 * (C.regular() + C.irreps("complex")[1]), 5 * (C.trivial() + C.irreps("complex")[2]), 1),
    "phases of two kinds": (5 * (C4.regular() + C4.trivial()), 4 * (QUARTER + HALF), 1),
    "pixels stand still": (3 * CIRCLE * (2 * R.trivial()), 4 * (R.irrep(1) + R.trivial()), 1),
    "few": (2 * (S.natural() + S.trivial()), 2 * S.regular(), 4),
}


@cases("V, W, blocks", SUMS.values(), ids=list(SUMS))
def test_repeated_sums_project_as_their_basis_does(V, W, blocks):
    H = Hom(V, W)
    T = np.random.default_rng(0).normal(size=(2, *H.shape)) + (1j if H.is_complex else 0)
    assert len(H.projection.blocks.blocks) == blocks
    assert H.dim == len(H.basis()) == len(H.projection.blocks)
    assert np.allclose(H.project(T), H.basis().project(T), rtol=0, atol=1e-14 * max(H.shape))
    images = [(V(g), W(g)) for g in V.group.sample(2, np.random.default_rng(1))]
    assert all(np.allclose(w @ H.project(T), H.project(T) @ v, rtol=0, atol=1e-13) for v, w in images)
    if not H.is_complex:
        assert cells_of(H.projection) is not None  # so that kernels take it
