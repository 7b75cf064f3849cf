"""Stabiliser chains against sympy's, and of groups on thousands of points."""

import math

import numpy as np
from cases import cases

from grouprep import FiniteGroup, Symmetric
from grouprep.groups.permutations import sympy_group
from grouprep.groups.stabiliser_chain import stabiliser_chain


def test_orders_and_members_are_sympys():
    from sympy.combinatorics import Permutation

    rng = np.random.default_rng(0)
    for _ in range(60):
        n, m = rng.integers(2, 8, size=2)
        perms = [np.concatenate([rng.permutation(n), n + rng.permutation(m)]) for _ in range(rng.integers(1, 4))]
        chain, known = stabiliser_chain(perms), sympy_group(perms)
        assert chain.order == known.order()
        assert all(chain.contains(g) for g in [*perms, *chain.uniform(5, rng)])
        for g in [rng.permutation(n + m) for _ in range(5)]:
            assert chain.contains(g) == known.contains(Permutation(g.tolist()))
        if chain.order > 1:
            point = chain.levels[0].point
            fixing = chain.stabiliser or (np.arange(n + m),)
            assert all(p[point] == point for p in fixing)
            assert stabiliser_chain(fixing).order * len(chain.levels[0].orbit) == chain.order


def test_uniform_elements_are_uniform():
    chain = stabiliser_chain(Symmetric(4).generators)
    _, counts = np.unique(chain.uniform(2400, np.random.default_rng(1)), axis=0, return_counts=True)
    # 24 classes: beyond 60 chi^2 lies once in 30,000 draws
    assert len(counts) == 24
    assert ((counts - 100) ** 2 / 100).sum() < 60


@cases(
    ("perms", "order"),
    [
        (lambda c, s: [c[c], c[c][c]], 5000),
        (lambda c, s: [c], 5000),
        (lambda c, s: [c, s], 10_000),
        (lambda c, s: [c[c], s], 5_000),
    ],
)
def test_thousands_of_points(perms, order):
    turn, flip = np.roll(np.arange(5000), -1), -np.arange(5000) % 5000
    G = FiniteGroup.from_permutations(perms(turn, flip))
    assert G.order == order
    assert G.contains(G.multiply(G.generators[0], G.generators[-1]))
    assert not G.contains(np.roll(np.arange(5000), 1)[::-1][np.r_[1, 0, 2:5000]])
    g, h = G.sample(2, np.random.default_rng(0))
    assert G.contains(G.multiply(g, h))


def test_what_is_too_large_is_left_to_others():
    assert stabiliser_chain(Symmetric(600).generators) is None
    assert stabiliser_chain(Symmetric(30).generators, enough=math.factorial(30)).order == math.factorial(30)
    assert stabiliser_chain([np.arange(5)]).order == 1
