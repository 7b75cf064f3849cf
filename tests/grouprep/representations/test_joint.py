"""Commuting actions on one space: Schur and Weyl's duality, and what does not commute."""

from itertools import product

import numpy as np
import pytest
from cases import cases

from grouprep import SU, Cyclic, Dihedral, DimensionMismatch, GroupRepError, NotAHomomorphism, Representation, Symmetric
from grouprep.linalg import Monomial
from projectors import Hom, decompose
from projectors.testing import check_decompose


def places(G, n):
    """Permutations of the n factors of (C^2)^n."""
    words = np.array(list(product(range(2), repeat=n)))
    images = []
    for p in G.generators:
        moved = np.empty_like(words)
        moved[:, p] = words
        images.append(Monomial(moved @ (2 ** np.arange(n)[::-1])))
    return Representation(G, images=images, name="places")


@cases("n, expected", [(2, [1, 3]), (3, [4, 4]), (4, [2, 5, 9]), (5, [6, 10, 16])])
def test_schur_weyl(n, expected):
    """(C^2)^n is the sum over partitions of n with two rows (n - k, k) of spin n/2 - k times Specht's module, once each."""
    G = Symmetric(n)
    J = (SU(2).defining() ** n).joint(places(G, n))
    D = decompose(J)
    assert set(D.multiplicities) == {1}
    assert sorted(I.dim for I in D.irreps) == expected
    assert {I.type for I in D.irreps} == {"H" if n % 2 else "R"}
    assert D.error <= 50 * np.finfo(float).eps * 2**n
    if n == 3:
        assert D.labels == {"(1/2, E1)": 1, "(3/2, A1)": 1} or len(D.irreps) == 2
        check_decompose(J)
    assert Hom(J, J).dim == len(D.irreps)


def test_values():
    G = Symmetric(3)
    V, W = SU(2).defining() ** 3, places(G, 3)
    J = V.joint(W)
    g, h = J.group.sample(2, np.random.default_rng(0))
    assert np.abs(J((g, h)) - V(g) @ W(h)).max() <= 1e-15
    assert [str(a) for a in J.group.generator_names] == [str(a) for a in (SU(2) * G).generator_names]
    left = Dihedral(3).regular()
    both = (left.group.trivial() + left.group.trivial()).joint(Cyclic(2).natural())
    assert both.multiplicities() == {"(A1, A)": 1, "(A1, B)": 1}
    three = both.joint(2 * Cyclic(4).trivial())
    g = three.group.sample(3, np.random.default_rng(1))
    assert len(three.group.factors) == 3
    assert np.array_equal(three(g), Cyclic(2).natural()(three.group.part(g, 1)))
    assert three.exact(g[0]) == three.exact(g[0])
    assert three.character.values is not None


def test_refusals():
    G = Dihedral(4)
    V = G.regular()
    with pytest.raises(NotAHomomorphism, match=r"regular\(r\) and regular\(s\) do not commute"):
        V.joint(V)
    with pytest.raises(DimensionMismatch, match="regular has dimension 8 and natural has dimension 4"):
        V.joint(G.natural())
    with pytest.raises(GroupRepError, match="W must be a representation on the space of regular"):
        V.joint(3)
