"""Homomorphisms: inclusions, projections, coverings, and representations pulled back along them."""

import numpy as np
import pytest

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    FiniteGroup,
    Homomorphism,
    LieGroup,
    NotAHomomorphism,
    O,
    Quaternion,
    Symmetric,
    U,
)
from grouprep.characters import inner
from projectors import commutant

EPS = np.finfo(float).eps


def test_inclusion_of_a_subgroup():
    G = Symmetric(4)
    H = G.subgroup(["(1 2 3)", "(1 2)"], name="S3")
    V = G.natural().restrict(H)
    assert (H.order, V.group, V.dim) == (6, H, 4)
    # The point 4 is fixed, the others are permuted.
    assert inner(V, V) == 5
    assert G.natural().restrict(Homomorphism.inclusion(H, G)) == V


def test_cyclic_into_dihedral():
    C, D = Cyclic(4), Dihedral(4)
    f = Homomorphism(C, D, [D.generators[0]])
    g = C.elements[3]
    assert np.array_equal(f(g), D.inverse(D.generators[0]))
    assert np.array_equal(D.defining().restrict(f)(C.generators[0]), [[0, -1], [1, 0]])
    squared = Homomorphism(C, D, [D.multiply(D.generators[0], D.generators[0])])
    assert np.array_equal(D.defining().restrict(squared)(C.generators[0]), -np.eye(2))
    assert squared.kernel_contains(C.elements[2])
    assert not squared.kernel_contains(C.generators[0])
    assert f != squared


def test_a_quotient():
    """Q8 -> Q8 / center = C2 x C2, as permutations."""
    K = Cyclic(2) * Cyclic(2)
    first, second = K.generators
    f = Homomorphism(Quaternion(), K, {"i": first, "j": second})
    V = K.pullback(0, Cyclic(2).natural()).restrict(f)
    assert V.dim == 2
    i, j = Quaternion().generators
    assert np.array_equal(V(i), [[0, 1], [1, 0]])
    assert np.array_equal(V(j), np.eye(2))
    with pytest.raises(NotAHomomorphism):
        Homomorphism(Cyclic(3), K, [first])


def test_projections_of_products():
    G = Dihedral(3) * SO(2) * Cyclic(2)
    assert [str(H) for H in G.factors] == ["D3", "SO(2)", "C2"]
    rng = np.random.default_rng(0)
    g = G.sample(3, rng)
    for k, H in enumerate(G.factors):
        V = H.defining()
        W = G.pullback(k, V)
        assert np.array_equal(W(g), V(g[k]))
        assert W.group == G
    assert [str(a) for a in G.generator_names] == ["r@0", "s@0", "A1@1", "r@2"]
    last = G.pullback(-1, Cyclic(2).defining())
    assert last == G.pullback(2, Cyclic(2).defining())


def test_differentials_of_projections():
    G = SO(2) * SU(2)
    V = G.pullback(1, SU(2).defining())
    for generator, image in V.images.items():
        from grouprep.linalg import as_float

        expected = (
            np.zeros((2, 2)) if generator.path == (0,) else as_float(SU(2).defining().images[generator.outside()])
        )
        assert np.array_equal(as_float(image), expected)


def test_subgroups_of_lie_groups():
    octahedral = [[[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]]
    from grouprep import FiniteGroup

    O24 = FiniteGroup.from_matrices(octahedral, name="O")
    f = Homomorphism.inclusion(O24, SO(3))
    V = SO(3).defining().restrict(f)
    g = O24.sample(4, np.random.default_rng(0))
    assert np.array_equal(V(g), O24.defining()(g))
    # The five-dimensional part of rank 2 splits as E + T2.
    square = (SO(3).defining() ** 2).restrict(f)
    assert inner(square, square) == 4
    assert inner(SO(3).defining() ** 2, SO(3).defining() ** 2) == 3


def test_the_torus_in_su2():
    f = Homomorphism(U(1), SU(2), [[["I", 0], [0, "-I"]]])
    V = SU(2).defining().restrict(f)
    assert inner(V, V) == 2
    assert inner(V, U(1).defining() + U(1).defining().dual) == 2
    z = np.exp(0.7j)
    assert np.abs(V(np.array([[z]])) - np.diag([z, z.conjugate()])).max() <= 16 * EPS
    with pytest.raises(NotAHomomorphism):
        Homomorphism(U(1), SU(2), [[["I", 0], [0, "I"]]])


def test_inclusion_of_so_in_o():
    f = Homomorphism.inclusion(SO(3), O(3))
    V = (O(3).defining() ** 2).restrict(f)
    assert inner(V, V) == 3
    W = O(3).defining().exterior_power(3)
    assert inner(O(3).trivial(), W) == 0
    assert inner(SO(3).trivial(), W.restrict(f)) == 1
    with pytest.raises(NotAHomomorphism):
        Homomorphism.inclusion(O(3), SO(3))


def test_real_forms_are_told_apart():
    SL2R = LieGroup.from_algebra([[[0, "-1/2"], ["1/2", 0]], [["1/2", 0], [0, "-1/2"]], [[0, "1/2"], ["1/2", 0]]])
    with pytest.raises(NotAHomomorphism):
        Homomorphism.inclusion(SL2R, SU(2))


def test_membership_across_fields():
    r = [["sqrt(2)/2", "sqrt(2)/2"], ["sqrt(2)/2", "-sqrt(2)/2"]]
    f = Homomorphism.inclusion(FiniteGroup.from_matrices([r]), O(2))
    assert commutant(O(2).defining().restrict(f)).dim == 2


def test_maps_out_of_mixed_products():
    f = Homomorphism(SO(2) * Cyclic(2), O(2), [O(2).algebra[0], [[-1, 0], [0, -1]]])
    assert commutant(O(2).defining().restrict(f)).dim == 2
