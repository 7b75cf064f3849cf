"""Images that look like a representation and are none: each must be refused, or proved."""

import numpy as np
import pytest

from grouprep import (
    SO,
    AmbiguousRank,
    Cyclic,
    FiniteGroup,
    LieGroup,
    Lorentz,
    NotAHomomorphism,
    O,
    Representation,
    UnsupportedGroup,
)

HALF = [[["I/2", 0], [0, "-I/2"]], [[0, "1/2"], ["-1/2", 0]], [[0, "I/2"], ["I/2", 0]]]


def test_roots_of_the_determinant_are_no_representations():
    torus = LieGroup.from_algebra([[["I", 0], [0, "I"]], [["I", 0], [0, "-I"]]])
    with pytest.raises(NotAHomomorphism, match="exp"):
        Representation(torus, images=[[["I"]], [[0]]])
    U2 = LieGroup.from_algebra([[["I", 0], [0, "I"]], *HALF])
    with pytest.raises(NotAHomomorphism, match="exp"):
        Representation(U2, images=[[["I"]], [[0]], [[0]], [[0]]])
    assert Representation(U2, images=[[["2*I"]], [[0]], [[0]], [[0]]]).dim == 1


def test_components_inside_the_identity_component_are_not_waved_through():
    G = LieGroup.from_algebra(SO(3).algebra, [[[-1, 0, 0], [0, -1, 0], [0, 0, 1]]])
    with pytest.raises(UnsupportedGroup, match="identity component"):
        Representation(G, images=[[[0]]] * 3 + [[[-1]]])
    for H in (O(2), O(3), O(4), Lorentz()):
        V = H.defining()
        assert Representation(H, images=[V.image(a) for a in H.generator_names]).dim == V.dim


def test_large_scales_hide_no_wrong_block():
    A = np.zeros((4, 4))
    D = np.diag([1, 1e9, 1e-9])
    A[:3, :3] = D @ np.roll(np.eye(3), 1, 0) @ np.linalg.inv(D)
    for last in (2.0, 1.05):
        A[3, 3] = last
        for G in (Cyclic(3), FiniteGroup.from_permutations([[1, 2, 0]])):
            with pytest.raises((NotAHomomorphism, AmbiguousRank)):
                Representation(G, images=[A])
    with pytest.raises(NotAHomomorphism):
        Representation(Cyclic(2), images=[np.array([[1, 1e15], [0, 1]])])


def test_a_component_that_keeps_the_axis_may_be_a_rotation():
    G = LieGroup.from_algebra([[[0, -1, 0], [1, 0, 0], [0, 0, 0]]], [[[-1, 0, 0], [0, -1, 0], [0, 0, 1]]])
    with pytest.raises((UnsupportedGroup, NotAHomomorphism)):
        Representation(G, images=[[[0]], [[-1]]])
