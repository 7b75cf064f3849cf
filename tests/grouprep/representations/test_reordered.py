"""Reordered basis vectors: the permutation goes the right way, and what is known of the representation is kept."""

import copy
import pickle

import numpy as np
import pytest

from grouprep import SO, Dihedral, DimensionMismatch, Symmetric
from grouprep.representations.reordered import Reordered
from projectors import Hom


def test_values():
    V = SO(3).defining() + SO(3).trivial()
    W = Reordered(V, [2, 0, 3, 1])  # e0 becomes e2, e1 becomes e0, e2 becomes e3, e3 becomes e1
    g = SO(3).sample(4, np.random.default_rng(0))
    a, b = V(g), W(g)
    for i, j in ((0, 1), (2, 0), (3, 3), (1, 2)):
        assert np.array_equal(b[:, W.order[i], W.order[j]], a[:, i, j])
    assert W.is_unitary
    assert W.domain == V.domain
    assert W.character.inner(V.character) == 2
    # The permutation itself intertwines them.
    P = np.zeros((4, 4))
    P[W.order, np.arange(4)] = 1
    assert np.abs(Hom(V, W).project(P) - P).max() <= 1e-15


@pytest.mark.parametrize("build", [lambda G: G.defining() ** 2, lambda G: G.defining().symmetric_power(2)])
@pytest.mark.parametrize("G", [Dihedral(4), Symmetric(3), SO(3)], ids=str)
def test_structure(G, build):
    V = build(G)
    order = np.random.default_rng(1).permutation(V.dim)
    W = Reordered(V, order)
    assert Hom(V, W).dim == Hom(V, V).dim
    assert (W.gram is None) == (V.gram is None)
    g = G.sample(2, np.random.default_rng(2))
    inverse = np.argsort(order)
    assert np.array_equal(W(g), V(g)[:, inverse[:, None], inverse])
    assert np.abs(W.dual(g) - np.swapaxes(np.linalg.inv(W(g)), -1, -2)).max() <= 1e-13
    for copied in (pickle.loads(pickle.dumps(W)), copy.deepcopy(W)):
        assert copied == W
        assert hash(copied) == hash(W)
    assert Reordered(V, np.roll(order, 1)) != W


def test_refusals():
    V = SO(3).defining()
    for wrong in ([0, 1], [0, 0, 1], [1, 2, 3]):
        with pytest.raises(DimensionMismatch, match="permutation"):
            Reordered(V, wrong)
