"""Groups given by other generators of their Lie algebra: recognised where that is done, counted by tori in any case."""

import numpy as np
import pytest

from grouprep import G2, SO, GroupRepError, LieGroup, O, SpReal, UnsupportedGroup
from grouprep.characters import class_points, has_characters
from grouprep.linalg import as_exact
from grouprep.linalg.convert import to_sympy
from projectors import Hom


def sums(group):
    """Exact matrices of the generators, each plus the next: another basis, or nearly."""
    matrices = [to_sympy(as_exact(a)) for a in group.algebra]
    return [(a + b).tolist() for a, b in zip(matrices, [*matrices[1:], 2 * matrices[0]], strict=True)]


def test_g2_by_other_generators():
    """No torus is found among rational combinations of these generators, and the group is not recognised; Hom is solved as for G2."""
    G = LieGroup.from_algebra(sums(G2()))
    V = G.defining()
    assert G != G2()
    assert G.cartan is None
    with pytest.raises(UnsupportedGroup, match="no character integral is known"):
        V.character.inner(V.character)
    assert Hom(V, V**2).dim == Hom(G2().defining(), G2().defining() ** 2).dim == 1
    assert Hom(V, V.exterior_power(2)).dim == 1


def test_orthogonal_group_by_other_generators():
    """With a component no torus is derived: what needs one says so, Hom is solved all the same."""
    reflection = np.diag([1, 1, -1, 1]).tolist()
    G = LieGroup.from_algebra(sums(SO(4)), components=[reflection])
    V, W = G.defining(), O(4).defining()
    assert G.cartan is None
    assert not has_characters(G)
    with pytest.raises(UnsupportedGroup, match="no character integral is known"):
        class_points(G)
    with pytest.raises(UnsupportedGroup, match="no character integral is known"):
        V.character.inner(V.character)
    assert Hom(V, V).dim == Hom(W, W).dim == 1
    assert Hom(V**2, V**2).dim == Hom(W**2, W**2).dim == 3  # the trace, the traceless symmetric, the antisymmetric part
    with pytest.raises(UnsupportedGroup):
        V.character.values  # noqa: B018
    x = G.defining()(np.diag([1.0, 1, -1, 1]))
    assert G.defining().character(np.diag([1.0, 1, -1, 1])) == np.trace(x) == 2


def test_groups_that_are_not_compact_have_no_tori():
    G = SpReal(2)
    assert G.cartan is None
    with pytest.raises(GroupRepError, match="no character integral is known"):
        G.defining().character.weights()
    assert Hom(G.defining(), G.defining()).dim == 1
