"""Groups of the plane on k x k kernels by any angles: what is exact, what the error of discretisation bounds, what is refused."""

import numpy as np
import pytest
from cases import cases

from grouprep import SO, Cyclic, Dihedral, FiniteGroup, O, Symmetric
from grouprep.errors import DimensionMismatch, GroupRepError, UnsupportedGroup
from projectors import Hom

EPS = np.finfo(float).eps
GROUPS = [SO(2), O(2), Cyclic(8), Dihedral(8), Cyclic(3), Dihedral(5), Cyclic(2), Dihedral(6)]


def turn(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def some(G):
    """(element, its matrix in the plane) of a few elements."""
    rng = np.random.default_rng(3)
    if not G.is_finite:
        return [(g, g) for g in G.sample(6, rng)]
    return [(g, G.defining()(g)) for g in list(G.elements)[:12]]


def functions(k, rings, at):
    """The sampled functions of each ring, cos and sin apart, at points (n, 2) of the plane: by their definition."""
    r, phi = np.hypot(*at.T), np.arctan2(at[:, 1], at[:, 0])
    out, seen = [], {}
    for radius, m in rings:
        part = seen[radius, m] = seen.get((radius, m), -1) + 1
        wave = (np.cos, np.sin)[part](m * phi) * (r > 0 if m else 1)
        out.append(np.exp(-((r - radius) ** 2) / (2 * 0.6**2)) * wave)
    return np.stack(out, 1)


def pixels(k):
    at = np.arange(k) - (k - 1) / 2
    return np.stack([np.tile(at, k), np.repeat(-at, k)], 1)


@cases("G", GROUPS, ids=str)
@cases("k", [3, 4, 5])
def test_the_representation_turns_sampled_functions_to_within_the_error(G, k):
    K = G.kernel((k, k))
    B, S = K.basis, functions(k, K.rings, pixels(k))
    whole = np.hstack([B, K.rest])
    assert np.abs(whole.T @ whole - np.eye(k * k)).max() < 100 * EPS
    assert np.linalg.norm(S - B @ (B.T @ S)) < 100 * EPS * np.linalg.norm(S)  # one subspace
    for g, matrix in some(G):
        # the function f(x) -> f(g^-1 x), sampled: what a turned kernel has on the pixels
        moved = functions(k, K.rings, pixels(k) @ matrix)
        exact = moved @ np.linalg.pinv(S)
        rho = K.representation(g)
        assert np.linalg.norm(B @ rho @ B.T - exact, 2) <= K.error + 1e3 * k * EPS
        on_pixels = B @ rho @ B.T + K.rest @ K.rest.T
        assert np.abs(K.pixels(g) - on_pixels).max() < 100 * EPS
    (g, _), (h, _) = some(G)[-2:]
    product = G.defining()(g) @ G.defining()(h) if not G.is_finite else np.asarray(g)[np.asarray(h)]
    assert np.abs(K.representation(g) @ K.representation(h) - K.representation(product)).max() < 20 * EPS
    assert K.pixels.is_unitary
    assert K.representation.domain is not None


def test_quarter_turns_are_those_of_the_grid():
    for G in (Cyclic(4), Dihedral(4), Cyclic(2), Dihedral(2)):
        for k in (3, 4, 5):
            K = G.kernel(k)
            assert K.error < 1e3 * EPS
            for g in G.elements:
                moved = G.grid((k, k))(g) @ K.basis
                assert np.abs(moved - K.basis @ K.representation(g)).max() < 1e3 * EPS


def test_kernels_are_equivariant_under_turns_by_any_angle():
    """Hom(V * pixels, W) of Cyclic(8), and after `limited`: kernels of one field are turned versions of each other."""
    G = Cyclic(8)
    K = G.kernel((5, 5), frequencies=(0, 1, 2))
    assert K.dim == 9
    assert K.error < 0.02 < G.kernel(5).error < 0.05
    H = Hom(G.trivial() * K.pixels, G.regular())
    for seed in (0, 1):
        T = np.random.default_rng(seed).standard_normal((8, 25))
        kernels = K.limited(H.project(T).reshape(8, 5, 5))
        assert np.abs(K.limited(kernels) - kernels).max() < 20 * EPS
        assert np.abs(H.residual(kernels.reshape(8, 25))).max() < 50 * EPS * np.abs(T).max()
        r = K.pixels(G.generators[0])
        shifted = G.regular()(G.generators[0]) @ kernels.reshape(8, 25)
        assert np.abs(kernels.reshape(8, 25) @ r.T - shifted @ np.eye(25)).max() < 1 + 100 * EPS
        assert (
            np.abs(G.regular()(G.generators[0]) @ kernels.reshape(8, 25) @ r.T - kernels.reshape(8, 25)).max()
            < 100 * EPS
        )


def test_what_is_no_action_on_kernels_is_refused():
    for G in (Symmetric(4), SO(3), FiniteGroup.from_permutations([[1, 2, 3, 4, 0]], name="five")):
        with pytest.raises(UnsupportedGroup):
            G.kernel((5, 5))
    with pytest.raises(DimensionMismatch, match="rotations exchange the axes"):
        SO(2).kernel((3, 5))
    for wrong in ((5,), (0, 0), "5", (5.0, 5), True, (99, 99)):
        with pytest.raises(GroupRepError, match="kernel"):
            SO(2).kernel(wrong)
    for wrong in ((0, 1), (1, 1, 1), (0, -1, 2), 3, (0, 9, 20), (0, 4, 9)):
        with pytest.raises(GroupRepError, match="frequencies"):
            SO(2).kernel((5, 5), wrong)
    with pytest.raises(DimensionMismatch, match="weights have shape"):
        SO(2).kernel(5).limited(np.zeros((3, 3)))
