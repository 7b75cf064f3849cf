"""6j and 9j symbols: against sympy and Clebsch-Gordan coefficients, orthogonality, what is zero, what is refused."""

import itertools
import math
import random

import numpy as np
import pytest
import sympy
from cases import cases
from sympy import Rational
from sympy.physics.wigner import wigner_6j as sympy_6j
from sympy.physics.wigner import wigner_9j as sympy_9j

from grouprep import GroupRepError, TooLarge
from grouprep.irreps.clebsch_gordan import clebsch_gordan
from grouprep.irreps.recoupling import wigner_6j, wigner_6j_exact, wigner_9j, wigner_9j_exact

EPS = np.finfo(float).eps


def coupled(rng, a, b):
    return rng.choice(range(abs(a - b), a + b + 1, 2))


def six(rng, top):
    """Twice six spins that couple to each other."""
    while True:
        a, b, d = (rng.randint(0, top) for _ in range(3))
        c, f = coupled(rng, a, b), coupled(rng, d, b)
        low, high = max(abs(d - c), abs(a - f)), min(d + c, a + f)
        if low <= high:
            return a, b, c, d, rng.choice(range(low, high + 1, 2)), f


def nine(rng, top):
    while True:
        a, b, d, e = (rng.randint(0, top) for _ in range(4))
        c, f, g, h = coupled(rng, a, b), coupled(rng, d, e), coupled(rng, a, d), coupled(rng, b, e)
        low, high = max(abs(c - f), abs(g - h)), min(c + f, g + h)
        if low <= high and (c + f - g - h) % 2 == 0:
            return a, b, c, d, e, f, g, h, rng.choice(range(low, high + 1, 2))


def test_values_are_sympys():
    rng = random.Random(0)
    for ours, floats, theirs, draw, top, count in (
        (wigner_6j_exact, wigner_6j, sympy_6j, six, 12, 150),
        (wigner_9j_exact, wigner_9j, sympy_9j, nine, 5, 40),
    ):
        zeros = 0
        for _ in range(count):
            spins = [Rational(n, 2) for n in draw(rng, top)]
            value = ours(*spins)
            assert sympy.nsimplify(theirs(*spins) - value) == 0
            assert floats(*spins) == float(value.evalf(30))
            zeros += value == 0
        assert zeros < count / 2


def test_large_spins_and_known_values():
    assert wigner_6j_exact(2, 2, 2, 2, 2, 2) == Rational(-3, 70)
    assert wigner_6j_exact("1/2", 1, "3/2", 1, "1/2", 1) == Rational(-1, 6)
    assert wigner_9j_exact(1, 1, 1, 1, 1, 2, 1, 2, 1) == Rational(-1, 45)
    for j in (3, 7, 100, 500):  # {a b c; 0 c b} = (-1)^(a+b+c) / sqrt((2b+1)(2c+1)), Edmonds 6.3.2
        assert wigner_6j(j, j, j, 0, j, j) == (-1) ** (3 * j) / (2 * j + 1)
        assert wigner_6j_exact(j, j, j, 0, j, j) == Rational((-1) ** (3 * j), 2 * j + 1)
    # {a b c; d e c; g g 0}, Edmonds 6.4.14
    a, b, c, d, e, g = (Rational(n, 2) for n in (3, 4, 5, 5, 6, 2))
    expected = (-1) ** (b + c + d + g) * wigner_6j_exact(a, b, c, e, d, g) / sympy.sqrt((2 * c + 1) * (2 * g + 1))
    assert sympy.nsimplify(wigner_9j_exact(a, b, c, d, e, c, g, g, 0) - expected) == 0


def test_orthogonality():
    """Edmonds 6.2.9 and 6.4.6: the recoupling matrices are orthogonal."""
    a, b, d, e = 3, 4, 5, 4  # twice the spins
    rows = [c for c in range(abs(a - b), a + b + 1, 2) if abs(d - e) <= c <= d + e]
    columns = [f for f in range(abs(a - e), a + e + 1, 2) if abs(b - d) <= f <= b + d]
    half = [Rational(n, 2) for n in range(20)]
    count, exact, floats = 4, wigner_6j_exact, wigner_6j
    assert len(rows) == len(columns) == count
    M = sympy.Matrix(
        count,
        count,
        lambda i, k: (
            sympy.sqrt((rows[i] + 1) * (columns[k] + 1))
            * exact(half[a], half[b], half[rows[i]], half[d], half[e], half[columns[k]])
        ),
    )
    assert (M * M.T - sympy.eye(count)).applyfunc(sympy.nsimplify) == sympy.zeros(count)
    floating = np.array(
        [
            [math.sqrt((r + 1) * (f + 1)) * floats(a / 2, b / 2, r / 2, d / 2, e / 2, f / 2) for f in columns]
            for r in rows
        ]
    )
    np.testing.assert_allclose(floating @ floating.T, np.eye(count), atol=4 * count * EPS)
    l, s, J = 2, 1, 2  # LS to jj coupling of two electrons of l = 1, s = 1/2 (twice the spins 2, 1), J = 1
    pairs = [p for p in itertools.product((0, 2, 4), (0, 2)) if abs(p[0] - p[1]) <= J <= sum(p)]
    others = [p for p in itertools.product((1, 3), (1, 3)) if abs(p[0] - p[1]) <= J <= sum(p)]
    M = np.array(
        [
            [
                math.sqrt(math.prod(n + 1 for n in (*p, *q)))
                * wigner_9j(*(n / 2 for n in (l, s, q[0], l, s, q[1], p[0], p[1], J)))
                for q in others
            ]
            for p in pairs
        ]
    )
    assert M.shape == (4, 4)
    np.testing.assert_allclose(M @ M.T, np.eye(4), atol=32 * EPS)


@cases("spins", [(1, 2, 2, 1, 1, 2), ("1/2", 1, "1/2", 1, "3/2", 1), (2, 2, 3, 2, 1, 2)], ids=str)
def test_recoupling_of_three_spins(spins):
    """The 6j symbol by its meaning: the overlap of ((j1 j2) j3, j4) j5 and (j1, (j2 j4) j6) j5."""
    j1, j2, j3, j4, j5, j6 = (Rational(x) for x in spins)
    left = np.einsum("abc,cdf->abdf", clebsch_gordan(j1, j2, j3), clebsch_gordan(j3, j4, j5))
    right = np.einsum("bdc,acf->abdf", clebsch_gordan(j2, j4, j6), clebsch_gordan(j1, j6, j5))
    overlap = (left * right).sum() / float(2 * j5 + 1)
    sign = (-1) ** int(j1 + j2 + j4 + j5)
    value = sign * math.sqrt((2 * j3 + 1) * (2 * j6 + 1)) * wigner_6j(*spins)
    np.testing.assert_allclose(overlap, value, atol=64 * EPS)


def test_recoupling_of_four_spins():
    j1, j2, j3, j4, j5, j6, j7, j8, j9 = spins = (1, 1, 2, 2, 1, 1, 2, 1, 2)
    left = np.einsum(
        "abc,def,cfi->abdei", clebsch_gordan(j1, j2, j3), clebsch_gordan(j4, j5, j6), clebsch_gordan(j3, j6, j9)
    )
    right = np.einsum(
        "adg,beh,ghi->abdei", clebsch_gordan(j1, j4, j7), clebsch_gordan(j2, j5, j8), clebsch_gordan(j7, j8, j9)
    )
    overlap = (left * right).sum() / (2 * j9 + 1)
    factor = math.sqrt(math.prod(2 * j + 1 for j in (j3, j6, j7, j8)))
    assert abs(overlap) > 1e-3
    np.testing.assert_allclose(overlap, factor * wigner_9j(*spins), atol=128 * EPS)


def test_zero_and_refused():
    assert wigner_6j(1, 1, 3, 1, 1, 1) == 0 == wigner_6j_exact("1/2", 1, 1, 1, 1, 1)
    assert wigner_9j(1, 1, 1, 1, 1, 1, 1, 1, 1) == 0  # odd under the exchange of two rows
    assert wigner_9j_exact(1, 1, 3, 1, 1, 1, 1, 1, 1) == 0
    with pytest.raises(GroupRepError, match="j4 must be one of 0, 1/2"):
        wigner_6j(1, 1, 1, -1, 1, 1)
    with pytest.raises(GroupRepError, match="j9 must be one of 0, 1/2"):
        wigner_9j_exact(1, 1, 1, 1, 1, 1, 1, 1, "1/3")
    with pytest.raises(TooLarge, match=r"j1 = 500: .* up to spin 400"):
        wigner_9j(500, 500, 1, 1, 1, 1, 1, 1, 1)
    with pytest.raises(TooLarge, match=r"j2 = 5000: .* up to spin 2000"):
        wigner_6j(1, 5000, 1, 1, 1, 1)
