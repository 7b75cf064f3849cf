"""Finite groups from permutations, matrices, tables and presentations: conventions, elements, words."""

import math

import numpy as np
import pytest
from cases import cases
from sympy import Matrix, diag, sympify

from grouprep import (
    Alternating,
    Cyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    LieGroup,
    O,
    Quaternion,
    Symmetric,
    TooLarge,
    UnsupportedGroup,
    load_group,
)
from grouprep.groups.constructions import parse_word
from grouprep.groups.files import group_from_dict


def test_products_act_from_the_left():
    """(g h)(x) = g(h(x)): g = (1 2), h = (2 3); g h sends 3 -> 2 -> 1."""
    G = FiniteGroup.from_permutations({"g": "(1 2)", "h": "(2 3)"}, degree=3)
    g, h = G.generators
    assert G.multiply(g, h).tolist() == [1, 2, 0]
    assert G.multiply(h, g).tolist() == [2, 0, 1]
    P = G.natural()
    assert np.array_equal(P(g) @ P(h), P(G.multiply(g, h)))
    # P(g)[g(j), j] = 1: the basis vector of the point j goes to that of g(j).
    cycle = np.array([1, 2, 0])
    assert np.array_equal(P(cycle) @ [1, 0, 0], [0, 1, 0])


def test_left_regular_representation():
    G = Symmetric(3)
    R = G.regular()
    for g in G.elements:
        for k, x in enumerate(G.elements):
            column = np.zeros(6)
            column[G.index(G.multiply(g, x))] = 1
            assert np.array_equal(R(g)[:, k], column)


@cases(
    ("G", "order", "classes"),
    [
        (Cyclic(1), 1, 1), (Cyclic(7), 7, 7), (Dihedral(1), 2, 2), (Dihedral(2), 4, 4), (Dihedral(3), 6, 3),
        (Dihedral(5), 10, 4), (Dihedral(8), 16, 7), (Symmetric(1), 1, 1), (Symmetric(5), 120, 7), (Alternating(4), 12, 4),
        (Alternating(2), 1, 1), (Quaternion(), 8, 5), (Dihedral(3) * Cyclic(4), 24, 12),
    ],
    ids=str,
)  # fmt: skip
def test_orders_and_classes(G, order, classes):
    assert (G.order, len(G.elements), len(G.conjugacy_classes)) == (order, order, classes)
    assert sum(map(len, G.conjugacy_classes)) == order


@cases("n", [1, 2, 3, 4, 5, 8, 12])
def test_dihedral_matrices(n):
    G = Dihedral(n)
    r, s = (G.defining()(g) for g in G.generators)
    angle = 2 * np.pi / n
    assert np.allclose(
        r, [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], rtol=0, atol=8 * np.finfo(float).eps
    )
    assert np.array_equal(s, [[1, 0], [0, -1]])


def test_presentations_have_the_relations_of_their_generators():
    """In x y = y^2 x the order of the generators shows: the image of the product must satisfy the word as written."""
    G = FiniteGroup.from_presentation(["x", "y"], ["x^3", "y^7", "x y x^-1 y^-2"], name="F21")
    x, y = G.generators
    assert G.order == 21
    conjugate = G.multiply(G.multiply(x, y), G.inverse(x))
    assert np.array_equal(conjugate, G.multiply(y, y))
    assert not np.array_equal(G.multiply(G.multiply(G.inverse(x), y), x), G.multiply(y, y))


def test_matrices_and_their_permutations():
    images = {"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}
    G = FiniteGroup.from_matrices(images)
    V = G.defining()
    assert G.order == 6
    a, b = G.generators
    assert np.array_equal(V(G.multiply(a, b)), np.array(images["a"]) @ np.array(images["b"]))
    assert V.exact(a).tolist() == images["a"]


def unimodular(c, n=2):
    """A lower times an upper unitriangular matrix with entries c beside the diagonal."""
    lower = Matrix(n, n, lambda i, j: int(i == j) + c * int(i == j + 1))
    return lower * lower.T


@cases("c", [0, 1, 10**5, 10**9, 10**40])
def test_the_order_of_a_matrix_does_not_depend_on_the_basis(c):
    S, T = unimodular(c), unimodular(c, 3)
    assert FiniteGroup.from_matrices([S * diag(1, -1) * S.inv()]).order == 2
    turn, flip = Matrix([[0, -1], [1, -1]]), Matrix([[0, 1], [1, 0]])
    assert FiniteGroup.from_matrices([S * turn * S.inv(), S * flip * S.inv()]).order == 6
    shift = Matrix([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    assert FiniteGroup.from_matrices([T * shift * T.inv(), T * diag(-1, 1, 1) * T.inv()]).order == 24
    i = Matrix([["I", 0], [0, "-I"]])
    assert FiniteGroup.from_matrices([S * i * S.inv(), S * Matrix([[0, 1], [-1, 0]]) * S.inv()]).order == 8
    for infinite in (
        [[1, 1], [0, 1]],
        [["3/5", "-4/5"], ["4/5", "3/5"]],
        [[2, 0], [0, "1/2"]],
        [["1+sqrt(2)", 0], [0, 1]],
    ):
        for matrices in ([infinite], [flip, infinite]):
            with pytest.raises(UnsupportedGroup, match=r"generators\[[01]\] has infinite order"):
                FiniteGroup.from_matrices([S * Matrix(m).applyfunc(sympify) * S.inv() for m in matrices])
    for matrices in ([[[1, 1], [1, 1]]], [flip, [[0, 1], [0, 0]]]):
        with pytest.raises(GroupRepError, match=r"generators\[[01]\] is singular"):
            FiniteGroup.from_matrices([S * Matrix(m) * S.inv() for m in matrices])


@cases("n", [2, 22, 23, 24, 60])
def test_components_are_invertible_in_every_dimension_and_scale(n):
    turn = np.zeros((n, n), dtype=int)
    turn[0, 1], turn[1, 0] = -1, 1
    one = np.eye(n, dtype=int)
    flip = np.diag([1] * (n - 1) + [-1])
    assert LieGroup.from_algebra([turn], components=[one, flip]).n == n
    for scale in (1e-200, 1e-20, 1.0, 1e200):
        assert LieGroup.from_algebra([turn], components=[one, scale * flip]).n == n
        singular = scale * np.diag([1.0] * (n - 1) + [0.0])
        with pytest.raises(GroupRepError, match=r"components\[1\] is singular"):
            LieGroup.from_algebra([turn], components=[one, singular])
    with pytest.raises(GroupRepError, match=r"components\[0\] is singular"):
        LieGroup.from_algebra([turn], components=[np.ones((n, n), dtype=int)])
    assert O(min(n, 24)).components


def test_tables():
    n = 6
    S3 = Symmetric(3)
    table = [[int(S3.index(S3.multiply(g, h))) for h in S3.elements] for g in S3.elements]
    G = FiniteGroup.from_table(table)
    assert G.order == n
    assert sorted(map(len, G.conjugacy_classes)) == [1, 2, 3]
    # x is the left multiplication by x: element numbers multiply as the table says.
    generators = {str(a): p for a, p in zip(G.generator_names, G.generators, strict=True)}
    for name, p in generators.items():
        assert p.tolist() == table[int(name[1:])]
    quasigroup = [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]]
    with pytest.raises(GroupRepError, match="differs from"):
        FiniteGroup.from_table(quasigroup)


def test_words():
    assert parse_word("r^2 s r^-1", ["r", "s"]) == ((0, 1), (0, 1), (1, 1), (0, -1))
    assert parse_word("(r s)^-2", ["r", "s"]) == ((1, -1), (0, -1), (1, -1), (0, -1))
    assert parse_word("r*s**2", ["r", "s"]) == ((0, 1), (1, 1), (1, 1))
    assert parse_word("1", ["r"]) == ()
    G = Dihedral(4)
    for g in G.elements:
        value = G.identity()
        for k, e in G.word(g):
            assert e == 1
            value = G.multiply(value, G.generators[k])
        assert np.array_equal(value, g)


@cases("name", ["C8", "D4", "S5", "A5", "Q8", "D4xC2", "Z3", "C2 x C2 x C2"])
def test_names(name):
    G = load_group(name)
    orders = {"C8": 8, "D4": 8, "S5": 120, "A5": 60, "Q8": 8, "D4xC2": 16, "Z3": 3, "C2 x C2 x C2": 8}
    assert G.order == orders[name]
    assert group_from_dict(G.to_dict()) == G


def test_json_and_toml_agree(tmp_path):
    import json

    (tmp_path / "g.toml").write_text('name = "D4"\npermutations = { r = "(1 2 3 4)", s = "(2 4)" }\n', encoding="utf-8")
    data = {"name": "D4", "permutations": {"r": [1, 2, 3, 0], "s": [0, 3, 2, 1]}}
    (tmp_path / "g.json").write_text(json.dumps(data), encoding="utf-8")
    G, H = load_group(tmp_path / "g.toml"), load_group(str(tmp_path / "g.json"))
    assert G == H
    assert [str(a) for a in G.generator_names] == ["r", "s"]
    assert np.array_equal(G.generators[0], Dihedral(4).generators[0])


def test_batches_of_elements():
    G = Symmetric(4)
    g = G.elements[:6].reshape(2, 3, 4)
    h = G.elements[6:12].reshape(2, 3, 4)
    assert np.array_equal(G.multiply(g, h)[1, 2], G.multiply(g[1, 2], h[1, 2]))
    assert np.array_equal(G.inverse(g)[0, 1], G.inverse(g[0, 1]))
    assert G.index(g).shape == (2, 3)
    assert G.regular()(g).shape == (2, 3, 24, 24)


def test_elements_are_read_only():
    turn = [[0, -1], [1, 0]]
    for G in (
        Dihedral(3),
        Symmetric(3) * Cyclic(2),
        FiniteGroup.from_table([[0, 1], [1, 0]]),
        FiniteGroup.from_matrices([turn]),
        FiniteGroup.from_presentation(["a"], ["a^3"]),
        Symmetric(3).subgroup([Symmetric(3).generators[1]]),
    ):
        for array in (G.elements, *G.generators):
            with pytest.raises(ValueError, match="read-only"):
                array[..., 0] = 1
    given = np.array([1, 0])
    FiniteGroup.from_permutations([given])
    given[:] = [0, 1]  # the caller's array stays his


# --- presentations


@cases(
    ("generators", "relators", "order"),
    [
        (["a"], ["a^5000"], 5000),
        (["a"], ["a^6", "a^-4"], 2),
        (["r", "s"], ["r^2500", "s^2", "(r s)^2"], 5000),
        (["a", "b"], ["a^2", "b^3", "(a b)^5"], 60),
        (["a", "b"], ["a^2", "b^3", "(a b)^7", "(a^-1 b^-1 a b)^4"], 168),
        (["a", "b"], ["a^8", "b^8", "(a b)^2", "(a^-1 b)^2"], 64),
        (["a", "b"], ["a b a^-1 b^-2", "b a b^-1 a^-2"], 1),
        (["a", "b"], ["a a^-1", "a", "b^2"], 2),
    ],
)
def test_orders_of_presentations(generators, relators, order):
    G = FiniteGroup.from_presentation(generators, relators)
    assert G.order == FiniteGroup.from_permutations(G.generators).order == order
    for word in G.relators:
        value = G.identity()
        for k, e in word:
            value = G.multiply(value, G.generators[k] if e > 0 else G.inverse(G.generators[k]))
        assert np.array_equal(value, G.identity())


def coxeter(edges, n):
    """The presentation of a Coxeter group: edges {(i, j): m}, and 2 for all other pairs."""
    names = [f"s{i}" for i in range(n)]
    pairs = [f"({names[i]} {names[j]})^{edges.get((i, j), 2)}" for i in range(n) for j in range(i + 1, n)]
    return names, [f"{s}^2" for s in names] + pairs


def _e(n):
    return {(0, 2): 3, (1, 3): 3, **{(i, i + 1): 3 for i in range(2, n - 1)}}


@cases(
    ("presentation", "order", "degree"),
    [
        ((["a", "b"], ["a^2", "b^3", "(a b)^11", "(a b a b^-1)^6", "(a b a b a b^-1)^6"]), 95_040, 12),  # M12
        ((["x", "y"], ["x^2", "(x y)^3", "(x y^4 x y^16)^2", "y^31"]), 14_880, 32),  # PSL(2, 31)
        ((["x", "y"], ["x^2", "(x y)^3", "(x y^4 x y^12)^2", "y^23"]), 6_072, 24),
        (coxeter({(i, i + 1): 3 for i in range(8)}, 9), math.factorial(10), 10),
        (coxeter({(0, 1): 5, (1, 2): 3, (2, 3): 3}, 4), 14_400, 120),  # H4
        (coxeter(_e(6), 6), 51_840, 27),
        (coxeter(_e(8), 8), 696_729_600, 240),
        ((["a", "b"], ["a^300", "b^300", "a b a^-1 b^-1"]), 90_000, 600),  # no cyclic subgroup alone will do
        ((["r", "s"], ["r^3000", "s^2", "(r s)^2"]), 6_000, 3_000),
    ],
)
def test_large_presentations_act_on_cosets(presentation, order, degree):
    """The order is known beforehand, and the relators hold."""
    names, relators = presentation
    G = FiniteGroup.from_presentation(names, relators)
    assert (G.order, G.degree) == (order, degree)
    for word in G.relators:
        value = G.identity()
        for k, e in word:
            value = G.multiply(value, G.generators[k] if e > 0 else G.inverse(G.generators[k]))
        assert np.array_equal(value, G.identity())
    if degree <= 120:
        assert FiniteGroup.from_permutations(G.generators).order == order


def test_a_subgroup_that_holds_a_normal_one_is_not_enough():
    """<a> contains the centre of SL(2, 5) x C37, on whose cosets it does not act faithfully."""
    relators = ["a^4", "b^3", "(a b)^5 a^-2", "a^2 b a^-2 b^-1", "c^37", "a c a^-1 c^-1", "b c b^-1 c^-1"]
    G = FiniteGroup.from_presentation(["a", "b", "c"], relators)
    assert G.order == FiniteGroup.from_permutations(G.generators).order == 120 * 37
    assert not np.array_equal(G.multiply(G.generators[0], G.generators[0]), G.identity())


@cases(
    ("generators", "relators", "reason"),
    [
        (["a"], [], "the group is infinite, its abelianisation has rank 1"),
        (["a", "b"], ["a b a^-1 b^-1"], "the group is infinite, its abelianisation has rank 2"),
        (["a", "b"], ["a^2", "b^2"], "the group is infinite, a subgroup of index 2 has an abelianisation of rank 1"),
        (
            ["a", "b"],
            ["b a b^-1 a", "b^2"],
            "the group is infinite, a subgroup of index 2 has an abelianisation of rank 1",
        ),
        (["a", "b"], ["a^2", "b^3", "(a b)^7"], "the group is infinite or larger"),
        (["a"], ["a^20011"], "is of a finite group with at most 20,011 elements"),
    ],
)
def test_presentations_that_do_not_close(generators, relators, reason):
    with pytest.raises(TooLarge if "finite group" in reason else UnsupportedGroup, match=reason):
        FiniteGroup.from_presentation(generators, relators)


@cases(
    ("relator", "error", "message"),
    [
        ("a^x", GroupRepError, '"\\^" needs an integer'),
        ("^2", GroupRepError, "nothing before it"),
        ("a^2^3", GroupRepError, "nothing before it"),
        ("a)", GroupRepError, 'unexpected "\\)"'),
        ("a = b", GroupRepError, '"=" is not one of the generators'),
        ("11", GroupRepError, '"11" is not one of the generators'),
        (3, GroupRepError, "must be text"),
        ("a^100001", TooLarge, "100,001; the limit is 100,000"),
        ("a^" + "9" * 5000, TooLarge, "the limit is 100,000"),
        ("a^60000 " * 2, TooLarge, "120,000; the limit is 100,000"),
        ("(" * 101 + "a" + ")" * 101, TooLarge, "101; the limit is 100"),
    ],
)
def test_relators_that_are_no_words(relator, error, message):
    with pytest.raises(error, match=message):
        FiniteGroup.from_presentation(["a", "b"], ["a^2", relator])


@pytest.mark.slow
def test_dense_matrices_of_a_large_group_act_on_one_orbit():
    """S7 in another basis moves the seven basis vectors to some 26,000 others; one orbit that spans is enough."""
    G = Symmetric(7)
    S = Matrix(
        [
            [-1, -1, 1, -1, 0, 0, 0],
            [0, 0, 1, 0, 1, -1, 1],
            [0, -1, -1, 0, 0, 0, 0],
            [0, 0, 0, 1, 1, 0, -1],
            [1, 0, 1, 0, 1, 1, 0],
            [0, 1, 0, 1, 0, 1, 1],
            [1, 1, 0, 1, 1, 0, 1],
        ]
    )
    assert S.det() != 0
    moved = [S * Matrix(G.natural().exact(g)) * S.inv() for g in G.generators]
    H = FiniteGroup.from_matrices(moved)
    assert H.order == 5040
    V = H.defining()
    g, h = H.sample(2, np.random.default_rng(0))
    assert V.exact(g) * V.exact(h) == V.exact(H.multiply(g, h))
    assert [V.exact(a) for a in H.generators] == moved
    assert np.array_equal(H.check_element(V.exact(g)), g)
    assert np.array_equal(H.check_element(V(g)), g)
