"""Subgroups up to conjugacy, isomorphisms, semidirect and wreath products."""

import numpy as np
import pytest
from cases import cases

from grouprep import (
    SO,
    Alternating,
    Cyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    NotAHomomorphism,
    Quaternion,
    SemidirectProduct,
    Symmetric,
    TooLarge,
    WreathProduct,
    find_isomorphism,
    load_group,
)
from grouprep.groups.files import group_from_dict
from grouprep.groups.isomorphism import embeddings

PSL27 = FiniteGroup.from_permutations(["(1 2 3 4 5 6 7)", "(2 3)(4 7)"], name="PSL(2,7)")


@cases(
    "G, classes, subgroups",
    [  # tables of marks: Pfeiffer, The subgroups of M24, Experiment. Math. 6 (1997); OEIS A005432, A029725
        (Symmetric(3), 4, 6),
        (Dihedral(4), 8, 10),
        (Quaternion(), 6, 6),
        (Alternating(4), 5, 10),
        (Symmetric(4), 11, 30),
        (Alternating(5), 9, 59),
        (Symmetric(5), 19, 156),
        (PSL27, 15, 179),
        (Cyclic(12), 6, 6),
        (Cyclic(2) * Cyclic(2) * Cyclic(2), 16, 16),
    ],
)
def test_numbers_of_subgroups(G, classes, subgroups):
    found = G.subgroups()
    assert (len(found), sum(c.length for c in found)) == (classes, subgroups)
    assert all(c.representative.order == c.order and c.order * c.index == G.order for c in found)
    assert all(G.contains(g) for c in found for g in c.representative.generators)


def test_subgroups_do_not_depend_on_generators():
    G = Symmetric(4)
    other = FiniteGroup.from_permutations(["(2 3)", "(1 2)", "(3 4)", "(1 2 3)"])
    here, there = G.subgroups(), other.subgroups()
    assert [c.representative for c in here] == [c.representative for c in there]
    assert [c.order for c in here if c.is_normal] == [1, 4, 12, 24]
    with pytest.raises(TooLarge, match="elements number 5,040"):
        Symmetric(7).subgroups()


def test_isomorphisms():
    pairs = [
        (Symmetric(3), Dihedral(3)),
        (Symmetric(4) * Cyclic(2), load_group("C2 wr S3")),
        (Alternating(5), FiniteGroup.from_permutations(["(1 2 3)", "(3 4 5)"])),
        (Cyclic(4) * Cyclic(3), Cyclic(12)),
    ]
    for G, H in pairs:
        f = find_isomorphism(G, H)
        assert f.is_injective
        assert f.is_surjective
    assert find_isomorphism(Quaternion(), Dihedral(4)) is None
    assert find_isomorphism(Cyclic(4), Cyclic(2) * Cyclic(2)) is None
    assert find_isomorphism(Cyclic(4), Cyclic(5)) is None
    assert len({f.image().order for f in embeddings(Dihedral(4), Symmetric(4))}) == 1
    with pytest.raises(GroupRepError, match="H must be a finite group"):
        find_isomorphism(Cyclic(4), SO(2))


def affine(n, e, k):
    """C_n : C_k, the generator of C_k raising to the power e."""
    N = Cyclic(n)
    power = N.identity()
    for _ in range(e):
        power = N.multiply(power, N.generators[0])
    return SemidirectProduct(N, Cyclic(k), [[power]])


def test_semidirect_products():
    G = affine(7, 2, 3)
    assert (G.order, G.degree, len(G.conjugacy_classes)) == (21, 7, 5)
    assert G == load_group("C7:C3")
    assert group_from_dict(G.to_dict()) == G
    C3, C4 = Cyclic(3), Cyclic(4)
    unfaithful = SemidirectProduct(C3, C4, {"r": {"r": C3.inverse(C3.generators[0])}})
    assert (unfaithful.order, unfaithful.degree) == (12, 7)
    assert group_from_dict(unfaithful.to_dict()) == unfaithful
    for H in (G, unfaithful):
        i, j = H.embeddings
        assert i.is_injective
        assert j.is_injective
        assert H.projection.kernel().order == i.source.order
        for g in H.sample(5, np.random.default_rng(0)):
            n, k = H.split(g)
            assert np.array_equal(H.joined(n, k), g)
            assert np.array_equal(H.multiply(i(n), j(k)), g)
            assert np.array_equal(H.projection(g), k)


def test_what_is_no_semidirect_product():
    C5, C3, V4 = Cyclic(5), Cyclic(3), Cyclic(2) * Cyclic(2)
    r = C5.generators[0]
    with pytest.raises(NotAHomomorphism, match="relation r\\^3 = 1"):
        SemidirectProduct(C5, C3, [[r[r]]])  # an automorphism of order 4
    with pytest.raises(NotAHomomorphism, match="no automorphism"):
        SemidirectProduct(V4, Cyclic(2), [[V4.generators[0], V4.generators[0]]])
    with pytest.raises(GroupRepError, match="must be the images of the generators"):
        SemidirectProduct(C5, C3, [7])
    with pytest.raises(GroupRepError, match="K must be a finite group"):
        SemidirectProduct(C5, SO(2), [])
    with pytest.raises(GroupRepError, match="no automorphism of C7 has order 4"):
        load_group("C7:C4")


def test_wreath_products():
    G = Cyclic(2).wreath(4)
    assert (G.order, G.degree, len(G.conjugacy_classes)) == (384, 8, 20)
    assert G == load_group("C2 wr S4") == WreathProduct(Cyclic(2), Symmetric(4))
    intransitive = WreathProduct(Symmetric(3), FiniteGroup.from_permutations(["(1 2)"], degree=3))
    assert intransitive.order == 6**3 * 2
    assert len(intransitive.elements) == 432
    assert group_from_dict(intransitive.to_dict()) == intransitive
    for H in (G, intransitive):
        i, j = H.embeddings
        assert H.projection.kernel().order == i.source.order
        for g in H.sample(5, np.random.default_rng(1)):
            n, k = H.split(g)
            assert np.array_equal(H.multiply(i(n), j(k)), g)
    with pytest.raises(GroupRepError, match="integer n from 1"):
        Cyclic(2).wreath(0)
    with pytest.raises(GroupRepError, match="K must be a finite group"):
        WreathProduct(Cyclic(2), 3)
