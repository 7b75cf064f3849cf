"""Haar sampling: which classical group it is, that samples lie in it, and their moments."""

import numpy as np
import pytest

from grouprep import SO, SU, LieGroup, Lorentz, O, Sp, SpReal, Symmetric, U, UnsupportedGroup
from grouprep.haar import classical_type, contains
from grouprep.linalg import as_image

EPS = np.finfo(float).eps


@pytest.mark.slow
def test_types():
    assert [classical_type(G) for G in (SO(3), O(3), SU(2), SU(3), U(1), U(2))] == ["SO", "SO", "SU", "SU", "U", "U"]
    assert [classical_type(G) for G in (Sp(1), Sp(2), Sp(3))] == ["SU", "Sp", "Sp"]
    assert classical_type(Lorentz()) is None
    assert classical_type(SpReal(4)) is None
    two = [[[0, -1, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, -1], [0, 0, 0], [1, 0, 0]]]
    assert classical_type(LieGroup.from_algebra(two)) == "SO"  # the third rotation is their bracket
    assert classical_type(LieGroup.from_algebra(two[:1])) is None
    assert classical_type(LieGroup.from_algebra([np.array([[0.0, -1.0], [1.0, 0.0]])])) is None


@pytest.mark.parametrize("G", [SO(2), SO(3), SO(4), O(2), O(3), SU(2), SU(3), Sp(1), Sp(2), U(1), U(2)], ids=str)
def test_samples_lie_in_the_group(G):
    g = G.sample(200, np.random.default_rng(0))
    n = G.n
    bound = 32 * n * EPS
    assert g.shape == (200, n, n)
    assert g.dtype.kind == ("f" if "O" in G.name else "c")
    assert np.abs(np.swapaxes(g.conj(), -1, -2) @ g - np.eye(n)).max() <= bound
    determinant = np.linalg.det(g)
    if G.name.startswith("S"):
        assert np.abs(determinant - 1).max() <= bound
    elif G.name.startswith("O"):
        signs = np.sign(determinant.real)
        assert 60 <= (signs > 0).sum() <= 140
    else:
        assert np.abs(np.abs(determinant) - 1).max() <= bound
        assert np.abs(determinant.mean()) <= 6 / np.sqrt(200)


@pytest.mark.parametrize("G", [SO(3), SU(2), Sp(2), U(2), O(3)], ids=str)
def test_haar_measure_is_invariant_under_translation(G):
    """The second moments of h g are those of g: E |g_ij|^2 = 1 / n."""
    g = G.sample(20_000, np.random.default_rng(1))
    h = G.sample(1, np.random.default_rng(2))[0]
    for samples in (g, h @ g, g @ h):
        moments = (np.abs(samples) ** 2).mean(axis=0)
        assert np.abs(moments - 1 / G.n).max() <= 6 / np.sqrt(len(g))
        assert np.abs(samples.mean(axis=0)).max() <= 6 / np.sqrt(len(g))


def test_samples_are_reproducible():
    for G in (SO(3), O(2), U(2), Symmetric(4), Symmetric(8), SO(3) * Symmetric(3)):
        first, second = (G.sample(5, np.random.default_rng(7)) for _ in range(2))
        parts = zip(first, second, strict=True) if isinstance(first, tuple) else [(first, second)]
        assert all(np.array_equal(x, y) for x, y in parts)


def test_uniform_elements_of_a_huge_group():
    g = Symmetric(8).sample(4_000, np.random.default_rng(0))
    # The image of the first point is uniform: 8 cells of 500, six standard deviations of sqrt(500 * 7 / 8).
    counts = np.bincount(g[:, 0], minlength=8)
    assert np.abs(counts - 500).max() <= 6 * np.sqrt(500 * 7 / 8)
    fixed = (g == np.arange(8)).sum(axis=1)
    assert abs(fixed.mean() - 1) <= 6 / np.sqrt(len(g))
    assert abs(fixed.var() - 1) <= 12 / np.sqrt(len(g))


def test_membership():
    assert contains(SO(3), as_image([[0, -1, 0], [1, 0, 0], [0, 0, 1]]))
    assert not contains(SO(3), as_image([[-1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    assert contains(O(3), as_image([[-1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    assert not contains(SO(2), as_image([[1, 1], [0, 1]]))
    assert contains(SU(2), as_image([["I", 0], [0, "-I"]]))
    assert not contains(SU(2), as_image([["I", 0], [0, "I"]]))
    assert contains(U(2), as_image([["I", 0], [0, "I"]]))
    assert not contains(SO(2), as_image([["I", 0], [0, "-I"]]))
    assert contains(SO(2), as_image([["3/5", "-4/5"], ["4/5", "3/5"]]))
    with pytest.raises(UnsupportedGroup, match="membership"):
        contains(SO(2), np.eye(2))
    with pytest.raises(UnsupportedGroup, match="membership"):
        contains(Lorentz(), as_image([[1, 0], [0, 1]]))


def test_no_sampler():
    circle = LieGroup.from_algebra([[[0, -1, 0], [1, 0, 0], [0, 0, 0]]])
    with pytest.raises(UnsupportedGroup, match="sampler"):
        circle.sample(1, np.random.default_rng(0))
    g = circle.random(5, np.random.default_rng(0))
    assert np.abs(np.swapaxes(g, -1, -2) @ g - np.eye(3)).max() <= 100 * EPS
    h = Lorentz().random(50, np.random.default_rng(0))
    eta = np.diag([-1.0, 1, 1, 1])
    size = np.linalg.norm(h, axis=(-2, -1)).max()
    assert np.abs(np.swapaxes(h, -1, -2) @ eta @ h - eta).max() <= 100 * EPS * size**2
    assert len({tuple(s) for s in np.sign(np.stack([np.linalg.det(h), h[:, 0, 0]], axis=1)).tolist()}) == 4


def test_symplectic_samples_preserve_the_form():
    for n in (1, 2, 3):
        g = Sp(n).sample(100, np.random.default_rng(4))
        J = np.kron([[0, 1], [-1, 0]], np.eye(n))
        assert np.abs(np.swapaxes(g, -1, -2) @ J @ g - J).max() <= 64 * n * EPS


def test_moments_of_symplectic_traces():
    """E |tr g|^4 = 3 for Sp(n), n >= 2 (the dimension of the commutant of V^2), 2 for U(4)."""
    for G, expected in ((Sp(2), 3), (U(4), 2)):
        traces = np.abs(np.trace(G.sample(20_000, np.random.default_rng(5)), axis1=-2, axis2=-1)) ** 4
        assert abs(traces.mean() - expected) <= 6 * traces.std() / np.sqrt(len(traces))


def test_symplectic_membership():
    turn = as_image([[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]])
    assert contains(Sp(2), turn)
    assert not contains(Sp(2), as_image([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    assert not contains(Sp(2), as_image([["I", 0, 0, 0], [0, 1, 0, 0], [0, 0, "I", 0], [0, 0, 0, 1]]))
    with pytest.raises(UnsupportedGroup, match="not compact"):
        SpReal(2).sample(1, np.random.default_rng(0))
