"""Representations in other coordinates: S goes the right way, exact stays exact, what is known of the representation is kept."""

import copy
import pickle

import numpy as np
import pytest

from grouprep import SO, Cyclic, Dihedral, DimensionMismatch, GroupRepError, Symmetric
from grouprep.linalg import Monomial
from grouprep.testing import check_representation
from projectors import Hom


def test_a_permutation_of_the_basis():
    V = SO(3).defining() + SO(3).trivial()
    order = np.array([2, 0, 3, 1])  # e0 becomes e2, e1 becomes e0, e2 becomes e3, e3 becomes e1
    W = V.change_basis(Monomial(order))
    g = SO(3).sample(4, np.random.default_rng(0))
    a, b = V(g), W(g)
    for i, j in ((0, 1), (2, 0), (3, 3), (1, 2)):
        assert np.array_equal(b[:, order[i], order[j]], a[:, i, j])
    assert W.is_unitary
    assert W.domain == V.domain
    assert W.character.inner(V.character) == 2
    P = Monomial(order).to_numpy()  # it intertwines them
    assert np.abs(Hom(V, W).project(P) - P).max() <= 1e-15


@pytest.mark.parametrize("build", [lambda G: G.defining() ** 2, lambda G: G.defining().symmetric_power(2)])
@pytest.mark.parametrize("G", [Dihedral(4), Symmetric(3), SO(3)], ids=str)
@pytest.mark.parametrize("kind", ["float", "exact", "monomial"])
def test_laws(G, build, kind):
    V = build(G)
    rng = np.random.default_rng(1)
    if kind == "monomial":
        S = Monomial(rng.permutation(V.dim))
    else:
        S = np.eye(V.dim, dtype=int) + np.triu(rng.integers(-1, 2, (V.dim, V.dim)), 1)
        S = S.astype(float) if kind == "float" else S
    W = V.change_basis(S)
    check_representation(W)
    assert (W.domain is None) == (kind == "float")
    assert Hom(V, W).dim == Hom(V, V).dim
    for copied in (pickle.loads(pickle.dumps(W)), copy.deepcopy(W)):
        assert copied == W
        assert hash(copied) == hash(W)


def test_values_are_s_v_s_inverse():
    V = Dihedral(4).defining()
    S = np.array([[1.0, 2.0], [0.0, 1.0]])
    g = V.group.generators[0]
    assert np.array_equal(V.change_basis(S)(g), S @ V(g) @ np.linalg.inv(S))
    exact = V.change_basis([[1, 2], [0, 1]])
    assert exact.exact(g).tolist() == [[2, -5], [1, -2]]


def test_refusals():
    V = Cyclic(3).natural()
    with pytest.raises(DimensionMismatch, match="S is 2 x 2"):
        V.change_basis([[1, 0], [0, 1]])
    for singular in ([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.ones((3, 3))):
        with pytest.raises(GroupRepError, match="singular"):
            V.change_basis(singular)


@pytest.mark.parametrize(
    ("V", "S"),
    [
        (2 * Cyclic(1).trivial(), [[1, 1000], [0, 1000]]),
        (Cyclic(1).trivial() + Cyclic(1).natural(), [[1, 3017000], [0, 1000]]),
        (Cyclic(2).natural(), [["1/3", "1/7"], ["1/3", "-1/7"]]),
        (2 * Cyclic(2).trivial(), [[1, 10**10], [1, 10**10 + 1]]),
    ],
)
def test_integer_images_are_exact_whatever_the_basis(V, S):
    """Also in sums, products and powers of such."""
    U = V.change_basis(S)
    g = V.group.generators
    for W in (U, U + V, U * V, U.symmetric_power(2), U.conjugate):
        for h in [*g, V.group.identity()]:
            exact = np.array(W.exact(h).tolist(), dtype=float)
            assert np.array_equal(W(h), exact)
