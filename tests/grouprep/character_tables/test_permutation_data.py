"""Symmetric and alternating groups by partitions: equal to the listed ones where both are known, and right beyond."""

from math import factorial

import numpy as np
import pytest
from cases import cases

from grouprep import Alternating, Cyclic, FiniteGroup, GroupRepError, Symmetric, load_group
from grouprep.character_tables.data import ListedData
from grouprep.character_tables.partitions import partitions, symmetric_value
from grouprep.character_tables.permutation_data import AlternatingData, SymmetricData
from grouprep.character_tables.product_data import ProductData
from grouprep.character_tables.table import table_rows
from grouprep.errors import TooLarge
from projectors.cli.inputs import packaged_examples


@cases("n", range(2, 8))
@cases("make, Data", [(Symmetric, SymmetricData), (Alternating, AlternatingData)])
def test_as_listed(n, make, Data):
    if (n, make) == (2, Alternating):
        return
    G = make(n)
    listed, data = ListedData(G), Data(G)
    numbers = range(len(listed.classes))
    for a, b in zip(listed.classes, data.classes, strict=True):
        assert (a.name, a.size, a.order, a.representative.tolist()) == (
            b.name,
            b.size,
            b.order,
            b.representative.tolist(),
        )
    for k in (-1, 2, 3, 5, 7):
        assert listed.power_map(k) == data.power_map(k)
    for g in G.sample(20, np.random.default_rng(n)):
        assert data.class_of(g) == listed.class_of(g)
    rows = [
        {(tuple(x.value(i, k) for k in numbers), x.indicator(i), x.degrees[i]) for i in numbers} for x in (listed, data)
    ]
    assert rows[0] == rows[1]


def test_beyond_what_is_listed():
    table = Symmetric(12).character_table()
    X = np.rint(table.values.real).astype(object)
    sizes = table.class_sizes.astype(object)
    assert X.shape == (77, 77)
    assert ((X * sizes) @ X.T == factorial(12) * np.eye(77, dtype=int)).all()
    assert sum(chi.degree for chi in table.irreducibles) == 140_152  # involutions of S12 and 1
    assert table["[11,1]"].decompose() == {"[11,1]": 1}
    natural = table["[12]"] + table["[11,1]"]
    assert natural.values == tuple(int((c.representative == np.arange(12)).sum()) for c in table.classes)
    assert natural.symmetric_power(2).decompose() == {"[12]": 2, "[11,1]": 2, "[10,2]": 1}
    assert table["[11,1]"].restrict(Alternating(12)).is_irreducible


def test_one_value_of_a_large_table():
    table = Symmetric(20).character_table()
    assert (len(table), table["[10,10]"].degree) == (627, 16_796)  # Catalan's number
    assert table["[19,1]"]("(1 2 3)(4 5)") == 14
    assert table["[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"]("(1 2 3)(4 5)") == -1
    assert symmetric_value((5, 5, 5, 5), (20,)) == 0
    assert symmetric_value((17, 1, 1, 1), (20,)) == -1
    squares = sum(symmetric_value(shape, (9, 7, 4)) ** 2 for shape in partitions(20))
    assert squares == 9 * 7 * 4


def test_halves_of_a_large_alternating_group():
    table = Alternating(13).character_table()
    X, sizes = table.values, table.class_sizes
    assert np.abs((X * sizes) @ X.conj().T * 2 / factorial(13) - np.eye(len(X))).max() < 1e-10
    involutions = sum(c.size for c in table.classes if c.order == 2)
    assert sum(chi.degree * chi.indicator for chi in table.irreducibles) == involutions + 1
    assert (X[:, table.power_map(-1)] == X.conj()).all()


def test_products_beyond_what_is_listed():
    """S9 x C3, and that the same data describe a listed product."""
    G = Symmetric(9) * Cyclic(3)
    table = G.character_table()
    assert (len(table), sum(chi.degree**2 for chi in table.irreducibles)) == (90, G.order)
    chi = table["([8,1], 1)"]
    g = G.multiply(*(G.check_element(x) for x in (("(1 2 3)", "()"), ("()", "(1 2 3)"))))
    assert (chi.degree, chi(g), chi.type) == (8, 5 * chi(("()", "(1 2 3)")) / 8, "C")
    assert (chi * chi.conjugate()).inner(chi.trivial) == 1
    small = Symmetric(3) * Cyclic(4)
    listed, data = ListedData(small), ProductData(small, [table_rows(F) for F in small.factors])
    numbers = range(12)
    for a, b in zip(listed.classes, data.classes, strict=True):
        assert (a.name, a.size, a.order, a.representative.tolist()) == (
            b.name,
            b.size,
            b.order,
            b.representative.tolist(),
        )
    assert [listed.power_map(k) for k in (-1, 2, 3)] == [data.power_map(k) for k in (-1, 2, 3)]
    rows = [
        {(tuple(x.value(i, k) for k in numbers), x.indicator(i), x.degrees[i]) for i in numbers} for x in (listed, data)
    ]
    assert rows[0] == rows[1]


def test_generators_do_not_matter():
    moved = FiniteGroup.from_permutations(["(1 2)", "(2 3)", "(3 4)", "(4 5)"])
    assert moved.character_table().labels == Symmetric(5).character_table().labels
    assert [chi.values for chi in moved.character_table().irreducibles] == [
        chi.values for chi in Symmetric(5).character_table().irreducibles
    ]


@cases(
    "make, message",
    [
        (lambda: Symmetric(60).character_table(), "966,467"),
        (lambda: load_group(packaged_examples()["rubik"]).character_table(), "Murnaghan"),
        (lambda: (Symmetric(20) * Symmetric(20)).character_table(), "393,129"),
        (lambda: Symmetric(12).character_table()["[12,1]"], "did you mean"),
        (lambda: Symmetric(25).character_table().values, "1,958"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(GroupRepError, match=message) as error:
        make()
    assert isinstance(error.value, TooLarge) or "mean" in message
