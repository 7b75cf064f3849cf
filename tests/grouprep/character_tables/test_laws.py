"""Laws of character tables on random permutation groups, and on the same groups by other generators."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grouprep import FiniteGroup
from grouprep.character_tables.burnside_dixon import irreducible_characters
from grouprep.character_tables.cyclotomics import Cyclotomic

PERMUTATIONS = st.integers(1, 6).flatmap(lambda n: st.lists(st.permutations(range(n)), min_size=1, max_size=3))


def same_group(G, rng):
    """The group by products of generators, in another order, with some too many."""
    others = list(G.sample(3, rng)) + [G.multiply(p, G.generators[0]) for p in G.generators[1:]]
    return FiniteGroup.from_permutations([*others[::-1], *G.generators[::-1]], name=G.name)


@settings(max_examples=40, deadline=None)
@given(PERMUTATIONS, st.integers(0, 2**32 - 1))
def test_laws(generators, seed):
    G = FiniteGroup.from_permutations(generators, name="G")
    table = G.character_table()
    rows, classes = table.irreducibles, table.classes
    assert sum(chi.degree**2 for chi in rows) == G.order == sum(c.size for c in classes)
    few = rows if len(rows) <= 8 else rows[:3] + rows[-3:]
    assert not [(a, b) for a in few for b in rows if a.inner(b) != (a is b)]
    columns = list(zip(*(chi.values for chi in rows), strict=True))
    for c, x in zip(classes, columns, strict=True):
        for d, y in list(zip(classes, columns, strict=True))[:6]:
            total = sum((a * b.conjugate() for a, b in zip(x, y, strict=True)), Cyclotomic(0))
            assert total == (c.centralizer_order if c is d else 0)
    involutions = sum(c.size for c in classes if c.order == 2)
    assert sum(chi.degree * chi.indicator for chi in rows) == involutions + 1
    for chi in few[-2:]:
        square = chi * chi
        assert sum(m * table[a].degree for a, m in square.decompose().items()) == chi.degree**2
        assert chi.symmetric_power(2) + chi.exterior_power(2) == square
        assert chi.indicator == (chi.symmetric_power(2) - chi.exterior_power(2)).inner(chi.trivial)
    assert not [
        k
        for k in (-1, 2, 3)
        for c in classes
        if classes[table.power_map(k)[c.number]].order != c.order / np.gcd(k, c.order)
    ]
    numbers = table.values
    sizes = table.class_sizes
    assert np.abs((numbers * sizes) @ numbers.conj().T / G.order - np.eye(len(rows))).max() < 1e-12

    H = same_group(G, np.random.default_rng(seed))
    again = H.character_table()
    assert all((c.representative == d.representative).all() for c, d in zip(again.classes, classes, strict=True))
    assert {(chi.values, chi.indicator) for chi in again.irreducibles} == {(chi.values, chi.indicator) for chi in rows}
    found, first = irreducible_characters(H), irreducible_characters(G)
    assert (found.values, found.indicators.tolist()) == (first.values, first.indicators.tolist())


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([1, 3, 4, 5, 8, 9, 12, 15, 20]),
    st.sampled_from([1, 2, 3, 7, 8, 12, 24]),
    st.lists(st.fractions(-3, 3, max_denominator=4), min_size=2, max_size=5),
)
def test_arithmetic_of_cyclotomic_numbers(m, n, coefficients):
    x = Cyclotomic.sum_of_roots(m, dict(enumerate(coefficients)))
    y = Cyclotomic.sum_of_roots(n, {3 * k + 1: c for k, c in enumerate(coefficients[::-1])})
    for z, w in (
        (x + y, complex(x) + complex(y)), (x * y, complex(x) * complex(y)), (x - y, complex(x) - complex(y)),
        (x.conjugate(), complex(x).conjugate()), (x**3, complex(x) ** 3), (x * Fraction(2, 3), complex(x) * 2 / 3),
    ):  # fmt: skip
        assert abs(complex(z) - w) < 1e-11 * (1 + abs(w))
    assert (x + y) - y == x
    assert (x + y) * (x - y) == x * x - y * y
    assert hash(x + y - y) == hash(x)
    if x:
        assert x / x == 1
        assert y / x * x == y
    assert x.conductor % 4 != 2
    assert abs(complex(x.to_sympy().evalf(30)) - complex(x)) < 1e-13 * (1 + abs(complex(x)))
