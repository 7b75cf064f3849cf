"""Root data, dimensions, weights and products of characters, against tables."""

import itertools
from collections import Counter
from math import comb

import numpy as np
import pytest
from cases import cases

from grouprep import G2, SO, SU, AmbiguousRank, GroupRepError, O, Sp, Torus, U
from grouprep.characters import inner
from grouprep.irreps.highest_weight.products import (
    constituents,
    exterior_power,
    symmetric_power,
    tensor_product,
)
from grouprep.irreps.highest_weight.root_systems import (
    cartan_matrix,
    classical_datum,
    simply_connected,
    weyl_dimension,
)
from grouprep.irreps.highest_weight.weights import weight_multiplicities

# McKay and Patera, Tables of dimensions, indices, and branching rules (1981)
DIMENSIONS = [
    (SU(3), {(0, 0): 1, (1, 0): 3, (2, 0): 6, (1, 1): 8, (3, 0): 10, (2, 1): 15, (2, 2): 27, (3, 3): 64}),
    (SU(4), {(1, 0, 0): 4, (0, 1, 0): 6, (2, 0, 0): 10, (1, 0, 1): 15, (1, 1, 0): 20, (0, 2, 0): 20, (2, 0, 2): 84}),
    (SO(4), {(1, 1): 4, (2, 0): 3, (0, 2): 3, (2, 2): 9, (3, 1): 8}),
    (SO(5), {(1, 0): 5, (0, 2): 10, (2, 0): 14, (3, 0): 30, (1, 2): 35, (0, 4): 35}),
    (SO(7), {(1, 0, 0): 7, (0, 1, 0): 21, (2, 0, 0): 27, (0, 0, 2): 35, (1, 1, 0): 105}),
    (SO(8), {(1, 0, 0, 0): 8, (0, 1, 0, 0): 28, (0, 0, 2, 0): 35, (0, 0, 0, 2): 35, (0, 0, 1, 1): 56}),
    (Sp(2), {(1, 0): 4, (0, 1): 5, (2, 0): 10, (0, 2): 14, (1, 1): 16, (3, 0): 20}),
    (Sp(3), {(1, 0, 0): 6, (0, 1, 0): 14, (0, 0, 1): 14, (2, 0, 0): 21, (1, 1, 0): 64, (1, 1, 1): 512}),
    (Sp(4), {(1, 0, 0, 0): 8, (0, 1, 0, 0): 27, (0, 0, 0, 1): 42, (2, 0, 0, 0): 36}),
    (G2(), {(1, 0): 7, (0, 1): 14, (2, 0): 27, (1, 1): 64, (3, 0): 77, (0, 2): 77, (2, 1): 189}),
    (U(3), {(1, 1, 1): 1, (1, 0, -1): 8, (2, 1, 0): 8, (0, 0, -2): 6}),
    (O(4), {(2,): 9, (1, 1): 6, (1, 1, 1): 4, (2, 2): 10, (2, 1): 16, (1, 1, 1, 1): 1}),
    (O(5), {(2,): 14, (1, 1): 10, (1, 1, 1): 10, (2, 1): 35}),
    (Torus(2), {(3, -2): 1}),
]


@cases("G, table", DIMENSIONS, ids=[str(G) for G, _ in DIMENSIONS])
def test_dimensions_by_three_ways(G, table):
    """Weyl's formula, the number of weights, and the table; labels are found by their text."""
    for label, dim in table.items():
        V = G.irrep(label, "complex")
        assert V.dim == dim
        assert G.irrep(V.label, "complex") == V
        value = V.character_at(_point(G), 1)
        assert sum(value.terms.values()) == dim


def _point(G):
    from grouprep.characters import class_points

    return class_points(G)[0]


INDICATORS = [
    (SU(3), {(1, 0): 0, (1, 1): 1, (2, 1): 0, (3, 3): 1}),
    (SU(4), {(0, 1, 0): 1, (1, 0, 1): 1, (1, 0, 0): 0}),
    (SU(6), {(0, 0, 1, 0, 0): -1, (1, 0, 0, 0, 1): 1}),  # the third exterior power of C^6
    (SO(6), {(0, 0, 2): 0, (1, 0, 0): 1}),
    (SO(8), {(0, 0, 2, 0): 1}),
    (Sp(2), {(1, 0): -1, (0, 1): 1, (2, 0): 1, (1, 1): -1, (3, 0): -1}),
    (Sp(3), {(0, 0, 1): -1, (0, 1, 0): 1}),
    (G2(), {(1, 0): 1, (0, 1): 1}),
]


@cases("G, table", INDICATORS, ids=[str(G) for G, _ in INDICATORS])
def test_indicators(G, table):
    """Adjoint irreps are real, as are those of SO(n) for n not 2 modulo 4; spins of Sp(n) alternate."""
    for label, indicator in table.items():
        assert G.irrep(label, "complex").indicator == indicator
        assert G.irrep(label).type == {1: "R", 0: "C", -1: "H"}[indicator]


def test_products_of_su3():
    """8 x 8 = 1 + 8 + 8 + 10 + 10bar + 27; 3 x 3 x 3 = 1 + 8 + 8 + 10; 27 x 8."""
    A2 = simply_connected("A", 2)
    assert tensor_product(A2, (1, 1), (1, 1)) == {(0, 0): 1, (1, 1): 2, (3, 0): 1, (0, 3): 1, (2, 2): 1}
    eight = SU(3).irrep((1, 1), "complex")
    assert (eight * eight).multiplicities() == {"(0, 0)": 1, "(1, 1)": 2, "(3, 0)": 1, "(0, 3)": 1, "(2, 2)": 1}
    assert (SU(3).defining() ** 3).multiplicities() == {"(0, 0)": 1, "(1, 1)": 2, "(3, 0)": 1}
    found = tensor_product(A2, (2, 2), (1, 1))
    assert sorted(weyl_dimension(A2, w) for w in found) == [8, 10, 10, 27, 35, 35, 64]
    assert found[2, 2] == 2


def test_powers():
    G, C = simply_connected("G", 2), classical_datum("C", 2)
    assert symmetric_power(G, (1, 0), 2) == {(2, 0): 1, (0, 0): 1}
    assert exterior_power(G, (1, 0), 3) == {(2, 0): 1, (1, 0): 1, (0, 0): 1}  # the invariant three-form
    assert exterior_power(C, (1, 0), 2) == {(1, 1): 1, (0, 0): 1}
    assert exterior_power(C, (1, 0), 5) == {}
    assert symmetric_power(C, (1, 0), 5) == {(5, 0): 1}
    for k in range(4):
        whole = symmetric_power(simply_connected("A", 2), (1, 1), k)
        assert sum(m * weyl_dimension(simply_connected("A", 2), w) for w, m in whole.items()) == comb(7 + k, k)


def test_products_agree_with_weights():
    """A product straightened from one factor and from the other is the product of the weights."""
    for datum in (simply_connected("A", 2), classical_datum("B", 2), classical_datum("D", 3), simply_connected("G", 2)):
        tops = [w for w in itertools.product(range(2), repeat=datum.rank) if datum.is_dominant(w)]
        for v, w in itertools.product(tops, repeat=2):
            product = Counter()
            for (x, m), (y, n) in itertools.product(
                weight_multiplicities(datum, v).items(), weight_multiplicities(datum, w).items()
            ):
                product[tuple(a + b for a, b in zip(x, y, strict=True))] += m * n
            assert tensor_product(datum, v, w) == constituents(datum, product)


def test_irreps_are_orthonormal():
    for G, up_to in ((SU(3), 2), (Sp(2), 2), (G2(), 1), (O(4), 1)):
        irreps = G.irreps("complex", up_to=up_to)
        assert [[inner(I, J) for J in irreps] for I in irreps] == [[int(I == J) for J in irreps] for I in irreps]


REFUSED = [
    (SU(3), (1, -1), "not dominant"),
    (SU(3), (1, 1, 1), "rank is 2"),
    (SU(3), (0.5, 1), "not integers"),
    (SU(3), "octet", "Dynkin labels"),
    (SU(3), [1, 2], "rows increase"),
    (SU(3), (True, 0), "not integers"),
    (SO(5), (1, 1), r"spin representation.*Spin\(n\)"),
    (SO(4), (1, 0), "spin representation"),
    (SO(5), [2, 1, 1], "at most 2"),
    (Sp(2), [1, -1], "negative"),
    (U(3), [1, 2, 3], "rows increase"),
    (U(3), [1, -1], "give all 3"),
    (U(2), [1, 0, 0], "rank is 2"),
    (O(5), [2, 2, 2, 1], "at most 5"),
    (G2(), (1,), "rank is 2"),
    (Torus(2), (1,), "rank is 2"),
]


@cases("G, label, message", REFUSED)
def test_labels_that_name_nothing(G, label, message):
    for field in ("real", "complex"):
        with pytest.raises(GroupRepError, match=message):
            G.irrep(label, field)


def test_other_refusals():
    with pytest.raises(GroupRepError, match="up_to"):
        SU(3).irreps()
    with pytest.raises(GroupRepError, match="types are A1"):
        cartan_matrix("E", 8)
    with pytest.raises(AmbiguousRank, match="not those of a representation"):
        constituents(simply_connected("A", 1), {(2,): 1})
    with pytest.raises(GroupRepError, match="limit is 2,000"):
        SU(3).irrep((30, 30))(np.eye(3))
    assert SU(3).irrep((30, 30)).dim == 31 * 31 * 31
