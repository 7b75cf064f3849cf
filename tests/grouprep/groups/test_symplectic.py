"""The symplectic families: their algebras, roots, names and refusals."""

import numpy as np
import pytest

from grouprep import SU, GroupRepError, Sp, SpReal
from grouprep.groups.cartan import derive_cartan
from grouprep.groups.files import group_from_dict, group_from_name
from grouprep.linalg import as_float
from projectors import Hom


def form(size):
    return np.kron([[0, 1], [-1, 0]], np.eye(size // 2))


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3])
def test_compact_algebra(n):
    A = np.array([as_float(a) for a in Sp(n).algebra])
    J = form(2 * n)
    assert len(A) == n * (2 * n + 1)
    assert not (np.swapaxes(A, -1, -2) @ J + J @ A).any()
    assert not (np.swapaxes(A.conj(), -1, -2) + A).any()
    flat = A.reshape(len(A), -1)
    assert np.linalg.matrix_rank(np.concatenate([flat.real, flat.imag], axis=1)) == len(A)
    [stated], [derived] = Sp(n).cartan, derive_cartan(Sp(n).algebra)
    assert stated.torus == derived.torus
    assert sorted(stated.roots) == sorted(derived.roots)


def test_the_smallest_is_su2():
    assert Sp(1).algebra == SU(2).algebra
    assert Sp(1) == SU(2)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_real_algebra(n):
    A = np.array([as_float(a) for a in SpReal(2 * n).algebra])
    J = form(2 * n)
    assert len(A) == n * (2 * n + 1) == np.linalg.matrix_rank(A.reshape(len(A), -1))
    assert not (np.swapaxes(A, -1, -2) @ J + J @ A).any()
    assert not SpReal(2 * n).is_compact


@pytest.mark.parametrize(("n", "dim"), [(1, 2), (2, 3), (3, 3)])
def test_commutant_of_the_square(n, dim):
    """V^2 = trivial + traceless exterior square + symmetric square; the second is zero for n = 1."""
    V, R = Sp(n).defining(), SpReal(2 * n).defining()
    H, K = Hom(V**2, V**2), Hom(R**2, R**2, inner="euclidean")
    assert H.dim == K.dim == len(H.basis()) == len(K.basis()) == dim
    # The intertwiner between V and its dual is the form.
    X = Hom(R, R.dual, inner="euclidean").exact_basis()[0]
    assert np.array_equal(np.array(X / X[0, n], dtype=float), form(2 * n))


def test_names():
    assert group_from_name("Sp(2)") == Sp(2)
    assert group_from_name("Sp(4,R)") == group_from_name("SpReal(4)") == SpReal(4)
    assert group_from_dict(SpReal(4).to_dict()) == SpReal(4)
    assert group_from_dict(Sp(2).to_dict()) == Sp(2)


def test_refusals():
    for wrong in (0, -1, 1.5, True, "2"):
        with pytest.raises(GroupRepError, match="Sp"):
            Sp(wrong)
        with pytest.raises(GroupRepError, match="SpReal"):
            SpReal(wrong)
    with pytest.raises(GroupRepError, match=r"even size.*got 3; SpReal\(4\)"):
        SpReal(3)
