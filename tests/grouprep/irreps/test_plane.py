"""Irreps of Cyclic, Dihedral, SO(2), O(2), U(1): tables, exact values, labels, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Matrix, cos, exp, pi, sin, sympify

from grouprep import SO, Cyclic, Dihedral, FiniteGroup, GroupRepError, O, SpReal, U, UnsupportedGroup
from grouprep.linalg import as_float

EPS = float(np.finfo(float).eps)

I_SYMPY = sympify("I")


def rotation(angle):
    return Matrix([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])


def same(exact, expected):
    """Whether two exact matrices agree to 50 digits; both are algebraic numbers of small height."""
    return all(abs(x) < 1e-50 for x in (exact - Matrix(expected)).evalf(60, maxn=200))


# Finite groups


def test_character_table_of_the_square():
    """Classes: 1, half turn, mirrors through corners, mirrors through edges, rotations by a quarter."""
    table = Dihedral(4).character_table()
    assert table.class_sizes.tolist() == [1, 1, 2, 2, 2]
    expected = [[1, 1, 1, 1, 1], [1, 1, -1, -1, 1], [1, 1, 1, -1, -1], [1, 1, -1, 1, -1], [2, -2, 0, 0, 0]]
    assert np.array_equal(table.values, expected)
    assert [I.label for I in table.irreps] == ["A1", "A2", "B1", "B2", "E1"]


def test_character_table_of_cyclic_four():
    table = Cyclic(4).character_table()
    assert np.array_equal(table.values, [[1, 1, 1, 1], [1, 1j, -1, -1j], [1, -1, 1, -1], [1, -1j, -1, 1j]])
    assert "1i" in str(table)


def test_the_pentagon_has_the_golden_ratio():
    values = Dihedral(5).character_table().values
    assert values[2, 1] == pytest.approx((np.sqrt(5) - 1) / 2, abs=1e-15)
    assert values[3, 1] == pytest.approx(-(np.sqrt(5) + 1) / 2, abs=1e-15)


@pytest.mark.parametrize(
    ("G", "real", "labels"),
    [
        (Cyclic(1), ["A"], ["0"]),
        (Cyclic(2), ["A", "B"], ["0", "1"]),
        (Cyclic(5), ["A", "E1", "E2"], ["0", "1", "2", "3", "4"]),
        (Cyclic(6), ["A", "B", "E1", "E2"], ["0", "1", "2", "3", "4", "5"]),
        (Dihedral(1), ["A1", "A2"], ["A1", "A2"]),
        (Dihedral(2), ["A1", "A2", "B1", "B2"], ["A1", "A2", "B1", "B2"]),
        (Dihedral(5), ["A1", "A2", "E1", "E2"], ["A1", "A2", "E1", "E2"]),
        (Dihedral(6), ["A1", "A2", "B1", "B2", "E1", "E2"], ["A1", "A2", "B1", "B2", "E1", "E2"]),
    ],
    ids=str,
)
def test_lists(G, real, labels):
    assert [I.label for I in G.irreps()] == real
    assert [I.label for I in G.irreps("complex")] == labels


@pytest.mark.parametrize("n", [3, 5, 7, 8, 12])
def test_real_planes_turn_by_the_frequency_counterclockwise(n):
    G = Cyclic(n)
    for k in range(1, (n + 1) // 2):
        V = G.irrep(f"E{k}")
        assert same(V.exact(G.generators[0]), rotation(2 * pi * k / n))
        angle = 2 * np.pi * k / n
        expected = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        assert np.abs(V(G.generators[0]) - expected).max() <= 1e-15


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_complex_characters_turn_by_the_frequency(n):
    G = Cyclic(n)
    for k in range(n):
        V = G.irrep(k, "complex")
        assert same(V.exact(G.generators[0]), [[exp(2 * pi * I_SYMPY * k / n)]])
        if n > 2:
            assert same(V.exact(G.elements[2]), [[exp(4 * pi * I_SYMPY * k / n)]])


def test_dihedral_generators_exactly():
    G = Dihedral(8)
    r, s = G.generators
    for k in (1, 2, 3):
        V = G.irrep(f"E{k}")
        assert same(V.exact(r), rotation(pi * k / 4))
        assert same(V.exact(s), [[1, 0], [0, -1]])
        assert same(V.exact(G.multiply(r, s)), rotation(pi * k / 4) * Matrix([[1, 0], [0, -1]]))
    signs = {label: [int(G.irrep(label).exact(g)[0, 0]) for g in (r, s)] for label in ("A1", "A2", "B1", "B2")}
    assert signs == {"A1": [1, 1], "A2": [1, -1], "B1": [-1, 1], "B2": [-1, -1]}


def test_quarter_turns_are_exact_in_floats():
    G = Cyclic(8)
    assert np.array_equal(G.irrep("E1")(G.elements[2]), [[0, -1], [1, 0]])
    assert np.array_equal(G.irrep("E2")(G.elements[1]), [[0, -1], [1, 0]])
    assert np.array_equal(G.irrep("B")(G.elements[3]), [[-1]])


def test_defining_representation_of_a_polygon_is_the_first_plane():
    for G in (Dihedral(5), Dihedral(6)):
        for g in G.generators:
            assert np.abs(G.irrep("E1")(g) - G.defining()(g)).max() <= 1e-15


@pytest.mark.parametrize(
    "generators",
    [{"r": [1, 2, 3, 0], "s": [0, 3, 2, 1]}, {"s": [0, 3, 2, 1], "r": [1, 2, 3, 0]}, ["(1 2 3 4)", "(2 4)(5 6)"]],
    ids=["r first", "s first", "s moves two more points"],
)
def test_a_square_given_by_permutations(generators):
    G = FiniteGroup.from_permutations(generators, name="square")
    assert [I.label for I in G.irreps()] == ["A1", "A2", "B1", "B2", "E1"]
    assert sorted(I.dim for I in G.irreps()) == [1, 1, 1, 1, 2]
    assert np.array_equal(np.sort(G.character_table().class_sizes), [1, 1, 2, 2, 2])


def test_groups_that_are_equal_share_irreps_whatever_their_generators_are_called():
    first = FiniteGroup.from_permutations({"r": [1, 2, 3, 0], "s": [0, 3, 2, 1]}, name="first")
    second = FiniteGroup.from_permutations({"a": [1, 2, 3, 0], "b": [0, 3, 2, 1]}, name="second")
    assert first == second
    assert first.irrep("E1") == second.irrep("E1")
    assert second.natural().multiplicities() == {"A1": 1, "B1": 1, "E1": 1}
    assert np.array_equal(as_float(second.irrep("E1").images[second.generator_names[1]]), [[1, 0], [0, -1]])


# Circles


def test_circle_values():
    t = 0.7
    turn = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    assert SO(2).irrep(3, "complex")(turn)[0, 0] == pytest.approx(np.exp(3j * t), abs=1e-15)
    assert SO(2).irrep(-3, "complex")(turn)[0, 0] == pytest.approx(np.exp(-3j * t), abs=1e-15)
    assert SO(2).irrep(3)(turn) == pytest.approx(np.linalg.matrix_power(turn, 3), abs=1e-15)
    assert U(1).irrep(2, "complex")(np.array([[np.exp(1j * t)]]))[0, 0] == pytest.approx(np.exp(2j * t), abs=1e-15)
    assert O(2).irrep("E2")(turn) == pytest.approx(turn @ turn, abs=1e-15)
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])  # a quarter turn after (x, y) -> (x, -y)
    assert O(2).irrep("E2")(swap) == pytest.approx(np.diag([-1, 1]), abs=1e-15)
    assert O(2).irrep("A2")(swap) == -1
    assert O(2).irrep("E1")(swap) == pytest.approx(swap, abs=1e-15)


def test_circle_derivatives():
    assert np.array_equal(SO(2).irrep(3).differential([1.0]), [[0, -3], [3, 0]])
    assert SO(2).irrep(-2, "complex").differential([1.0])[0, 0] == -2j
    assert U(1).irrep(2, "complex").differential([1.0])[0, 0] == 2j


def test_types_and_indicators():
    G = Cyclic(6)
    assert [(I.label, I.type, I.indicator) for I in G.irreps("complex")] == [
        ("0", "R", 1), ("1", "C", 0), ("2", "C", 0), ("3", "R", 1), ("4", "C", 0), ("5", "C", 0)
    ]  # fmt: skip
    assert [I.conjugated.label for I in G.irreps("complex")] == ["0", "5", "4", "3", "2", "1"]
    assert [I.real_form.label for I in G.irreps("complex")] == ["A", "E1", "E2", "B", "E2", "E1"]
    assert np.array_equal(G.irrep("E1").commutant[1], [[0, -1], [1, 0]])


# Natural Python labels, and what is refused


def test_labels_read():
    assert Cyclic(5).irrep(-2, "complex") == Cyclic(5).irrep("3", "complex") == Cyclic(5).irrep(np.int64(3), "complex")
    assert Cyclic(5).irrep(2) == Cyclic(5).irrep("E2") != Dihedral(5).irrep("E2")
    assert Dihedral(3).irrep("E") == Dihedral(3).irrep("E1") == Dihedral(3).irrep(1)
    assert Cyclic(4).irrep("E") == Cyclic(4).irrep("E1")
    assert SO(2).irrep(" 3 ") == SO(2).irrep(3)


@pytest.mark.parametrize(
    ("G", "label", "field", "message"),
    [
        (Dihedral(4), "E2", "real", "A1, A2, B1, B2, E1"),
        (Dihedral(5), "B1", "real", "A1, A2, E1, E2"),
        (Dihedral(4), 2, "real", "A1, A2, B1, B2, E1"),
        (Dihedral(6), "E", "real", "E1, E2"),
        (Dihedral(4), "a1", "real", "A1"),
        (Cyclic(5), "B", "real", "A, E1, E2"),
        (Cyclic(5), "E1", "complex", "0, 1, 2, 3, 4"),
        (Cyclic(5), 5, "complex", "0, 1, 2, 3, 4"),
        (Cyclic(5), True, "complex", "0, 1, 2, 3, 4"),
        (Cyclic(5), 1.0, "complex", "0, 1, 2, 3, 4"),
        (Cyclic(5), -1, "real", "A, E1, E2"),
        (Cyclic(50), "E40", "real", "..., E24"),
        (SO(2), -1, "real", "0, 1, 2, ..."),
        (SO(2), "1/2", "complex", "0, 1, -1"),
        (O(2), "B1", "real", "A1, A2, E1, E2, E3, ..."),
        (O(2), "E0", "real", "A1, A2, E1"),
        (U(1), None, "complex", "0, 1, -1"),
    ],
    ids=str,
)
def test_unknown_labels_list_those_that_exist(G, label, field, message):
    with pytest.raises(GroupRepError, match=r"no such irrep") as error:
        G.irrep(label, field)
    assert message in str(error.value)


def test_up_to():
    assert [I.label for I in SO(2).irreps("complex", up_to=2)] == ["0", "1", "-1", "2", "-2"]
    assert [I.label for I in O(2).irreps(up_to=0)] == ["A1", "A2"]
    assert SO(2).irreps(up_to=np.int64(2)) == SO(2).irreps(up_to=2.0) == SO(2).irreps(up_to=2)
    with pytest.raises(GroupRepError, match="infinitely many irreps; give up_to"):
        SO(2).irreps()
    with pytest.raises(GroupRepError, match="finitely many irreps; leave up_to out"):
        Cyclic(5).irreps(up_to=2)
    for bad in (-1, 1.5, "3", True, float("nan"), float("inf")):
        with pytest.raises(GroupRepError, match="integer >= 0"):
            SO(2).irreps(up_to=bad)


def test_unknown_fields_and_groups():
    with pytest.raises(GroupRepError, match='field must be "real" or "complex"'):
        Cyclic(3).irreps("rational")
    with pytest.raises(GroupRepError, match='field must be "real" or "complex"'):
        Cyclic(3).irrep("A", "Real")
    with pytest.raises(UnsupportedGroup, match=r"irreps of Sp\(4,R\) are not known.*decompose\(V, irreps="):
        SpReal(4).irreps()


@given(st.integers(1, 40), st.data())
def test_random_cyclic_groups(n, data):
    G = Cyclic(n)
    k, x, y = (data.draw(st.integers(0, n - 1)) for _ in range(3))
    V = G.irrep(k, "complex")
    expected = np.exp(2j * np.pi * ((k * (x + y)) % n) / n)
    product = G.multiply(G.elements[x], G.elements[y])
    assert abs(V(product)[0, 0] - expected) <= 1e-15
    real = V.real_form
    assert abs(np.trace(real(product)) - (expected if real.dim == 1 else 2 * expected).real) <= 2e-15


@pytest.mark.parametrize("k", [7, 13, 20])
def test_frequencies_of_the_circle_are_homomorphisms_to_rounding(k):
    """The angle was rounded near pi and then multiplied by the frequency: 88 eps for the one-dimensional irrep 18."""
    rng = np.random.default_rng(1)
    for G, label, field in ((SO(2), k, "complex"), (SO(2), k, "real"), (O(2), f"E{k}", "real"), (U(1), k, "complex")):
        rho = G.irrep(label, field=field)
        g, h = G.sample(2000, rng), G.sample(2000, rng)
        error = np.linalg.norm(rho(G.multiply(g, h)) - rho(g) @ rho(h), 2, axis=(-2, -1)).max()
        assert error <= 50 * EPS * rho.dim


@pytest.mark.parametrize("G", [Cyclic(5), Cyclic(12), Dihedral(8), Dihedral(9)], ids=str)
def test_values_in_closed_form_are_the_exact_ones_rounded(G):
    for field in ("real", "complex"):
        for rho in G.irreps(field):
            exact = np.array([as_float(rho.exact_image(g)) for g in G.elements])
            assert np.array_equal(rho(G.elements), exact)
            traces = np.trace(exact, axis1=-2, axis2=-1)
            assert np.abs(rho.character.values - [traces[c[0]] for c in G.conjugacy_classes]).max() < 4 * EPS
