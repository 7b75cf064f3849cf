"""Intertwiners by peakwords: one copy of an irrep and several, operators between different spaces, and at the sizes where it is chosen."""

import numpy as np
from cases import cases
from sympy import ZZ, Matrix, eye, sqrt

from grouprep import SO, Symmetric
from grouprep.linalg import as_image, peakwords
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.linalg.matrices import as_exact
from grouprep.linalg.nullspace import nullspace, rank
from grouprep.linalg.orbits import trivial_space
from grouprep.linalg.peakwords import peakword_intertwiners, prefers_peakwords
from grouprep.linalg.sparse import stack_exact
from grouprep.linalg.sylvester import exact_constraint


def dense(n, seed):
    """A dense integer matrix of determinant 1."""
    rng = np.random.default_rng(seed)
    lower = np.tril(rng.integers(-2, 3, (n, n)), -1) + np.eye(n, dtype=int)
    upper = np.triu(rng.integers(-2, 3, (n, n)), 1) + np.eye(n, dtype=int)
    return Matrix(lower @ upper)


def images(V, seed):
    """The generators' images in a dense rational basis."""
    S = dense(V.dim, seed)
    return [as_image(S * to_sympy(as_exact(m)) * S.inv()) for m in V.images.values()]


def check(pairs, shape, count):
    """The rows are `count` independent solutions of every pair."""
    m, n = shape
    rows = peakword_intertwiners(pairs)
    assert rows.shape == (count, m * n)
    assert rank(rows) == count
    whole = to_sympy(rows)
    for a, b in pairs:
        A, B = to_sympy(as_exact(a)), to_sympy(as_exact(b))
        for k in range(count):
            X = whole[k, :].reshape(m, n)
            assert X * A == B * X


@cases("copies, others", [(1, 1), (2, 1), (3, 2), (4, 4)])
def test_several_copies(copies, others):
    """k copies of C^3 = 1 + E take k vectors each; between k (1 + E) and l (1 + E) + 1 there are k (l + 1) + k l maps."""
    G = Symmetric(3)
    V, W = copies * G.natural(), others * G.natural() + G.trivial()
    pairs = list(zip(images(V, 1), images(W, 2), strict=True))
    check(pairs, (W.dim, V.dim), copies * (2 * others + 1))


def test_four_copies_in_a_dense_rational_basis():
    V = 4 * Symmetric(3).natural()
    check([(m, m) for m in images(V, 3)], (12, 12), 32)


def test_what_is_not_semisimple_is_left_to_elimination():
    shear = as_image([[1, 1], [0, 1]])
    assert peakword_intertwiners([(shear, shear)]) is None


def test_the_echelon_form_is_that_of_elimination():
    """SO(3), l = 2 with itself, and several primes: a basis with entries of some forty digits."""
    spin = [(m, m) for m in (SO(3).irrep(2).rational()[0] ** 2).images.values()]
    large = [[10**40 + 1, 3], [7, -(10**40)]]
    for pairs in (spin, [(m, m) for m in images(2 * Symmetric(3).natural(), 1)], [(as_image(large), as_image(large))]):
        shape = (as_exact(pairs[0][0]).shape[0],) * 2
        exact = nullspace(stack_exact([exact_constraint(trivial_space(shape), a, b) for a, b in pairs]))
        assert peakword_intertwiners(pairs) == exact
    assert max(abs(x.numerator) for row in exact.to_list() for x in row) > 2**128


def full(n, filled=None):
    """An (n, n) integer matrix with so many entries that are not 0, all if not given."""
    entries = np.zeros(n * n, dtype=int)
    entries[: n * n if filled is None else filled] = 2
    return as_image(entries.reshape(n, n).tolist())


@cases("shape, expected", [((9, 11), False), ((10, 10), True), ((1, 101), True)])
def test_from_a_hundred_unknowns_on(shape, expected):
    assert shape[0] * shape[1] in range(peakwords._UNKNOWNS - 1, peakwords._UNKNOWNS + 2)
    assert prefers_peakwords(trivial_space(shape), [(full(shape[1]), full(shape[0]))]) == expected


@cases("filled, expected", [(39, False), (40, False), (41, True)])
def test_where_more_than_a_fifth_of_the_entries_are_not_zero(filled, expected):
    space = trivial_space((10, 10))
    assert prefers_peakwords(space, [(full(10, 20), full(10, filled - 20))]) == expected
    assert prefers_peakwords(space, [(full(10, filled - 20), full(10, 20))]) == expected
    two = [(full(10, 20), full(10, 20)), (full(10, 20), full(10, filled - 20))]
    assert prefers_peakwords(space, two) == expected


def test_every_pair_must_be_rational():
    space, root, floats = trivial_space((10, 10)), as_image((eye(10) * sqrt(2)).tolist()), np.ones((10, 10))
    good = full(10)
    assert prefers_peakwords(space, [(good, good), (good, good)])
    for bad in (root, floats):
        for pair in ((good, bad), (bad, good)):
            assert not prefers_peakwords(space, [(good, good), pair])


def test_peakwords_and_elimination_find_the_same_space(monkeypatch):
    G = Symmetric(3)
    pairs = list(zip(images(2 * G.natural(), 5), images(G.regular(), 6), strict=True))
    found = []
    for least in (36, 37):
        monkeypatch.setattr(peakwords, "_UNKNOWNS", least)
        found.append(intertwiner_space((6, 6), pairs).rows())
    assert found[0] == found[1]
    assert found[0].shape == (2 * (1 + 2), 36)


def test_without_relations_every_map_is_a_solution():
    one = as_image(Matrix([[1]]).tolist())
    assert peakword_intertwiners([(one, one), (one, one)]).to_list() == [[ZZ(1)]]
