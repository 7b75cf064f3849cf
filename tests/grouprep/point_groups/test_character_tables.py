"""Symbols, matrices, classes, labels and characters of point groups against published tables and the rules they follow."""

import json
from pathlib import Path

import numpy as np
import pytest
from cases import cases

from grouprep import GroupRepError, PointGroup, TooLarge, load_group
from grouprep.point_groups.symbols import CRYSTALLOGRAPHIC
from grouprep.testing import check_group, check_irreps

PUBLISHED = json.loads((Path(__file__).parents[2] / "oracles" / "point_groups.json").read_text(encoding="utf-8"))
NUMBERS = {"p": (1 + 5**0.5) / 2, "q": (1 - 5**0.5) / 2, "r": 2**0.5, "s": 3**0.5}
AXIAL = ("C5", "C7v", "C8v", "C9h", "C10h", "D5", "D7h", "D8h", "D5d", "D6d", "D7d", "S8", "S10", "S12", "C64", "D31h")
DOUBLE = (
    "C1*",
    "Cs*",
    "Ci*",
    "C3*",
    "C4v*",
    "C5h*",
    "D2*",
    "D3h*",
    "D2d*",
    "D3d*",
    "S4*",
    "T*",
    "Td*",
    "Th*",
    "Oh*",
    "Ih*",
)


def number(text):
    sign, name = (-1, text[1:]) if text.startswith("-") else (1, text)
    return sign * (NUMBERS[name] if name in NUMBERS else int(name))


def real_rows(G):
    """Characters by label, those of pairs summed."""
    out = {}
    for I in G.irreps("complex"):
        label = I.real_form.label
        out[label] = out.get(label, 0) + I.character.values
    return out


@cases("symbol, published", {**PUBLISHED["tables"], **PUBLISHED["half_integer_rows"]}.items())
def test_published_tables(symbol, published):
    G = PointGroup(symbol)
    assert " ".join(G.class_names) == published["classes"]
    found = real_rows(G)
    if not symbol.endswith("*"):
        assert list(found) == list(published["rows"])
    for label, row in published["rows"].items():
        np.testing.assert_allclose(found[label], [number(x) for x in row.split()], atol=1e-14)


@cases("symbol", [*CRYSTALLOGRAPHIC.values(), "I", "Ih", *AXIAL, *DOUBLE])
def test_tables_are_orthogonal_and_follow_the_rules_of_labels(symbol):
    G = PointGroup(symbol)
    if symbol in PUBLISHED["labels"]:
        assert " ".join(I.label for I in G.irreps()) == PUBLISHED["labels"][symbol]
    T = G.character_table()
    X, sizes = T.values, T.class_sizes
    tolerance = 1e-14 * G.order * len(sizes)
    np.testing.assert_allclose(X * sizes @ X.conj().T, G.order * np.eye(len(X)), atol=tolerance)
    np.testing.assert_allclose(X.conj().T @ X * sizes[:, None], G.order * np.eye(len(X)), atol=tolerance)
    assert len(set(G.class_names)) == len(sizes)
    names = {name.lstrip("0123456789"): k for k, name in enumerate(G.class_names)}
    for I, row in zip(T.irreps, X, strict=True):
        label = I.label
        if "i" in names:
            assert row[names["i"]] == pytest.approx(I.dim * (1 if label.endswith("g") else -1))
        elif "sigma_h" in names and not I.is_spinor and G.symbol.n % 2:
            assert row[names["sigma_h"]] == pytest.approx(I.dim * (-1 if label.endswith("''") else 1))
        letter = label.lstrip("12")[0]
        if not I.is_spinor:
            assert I.dim == {"A": 1, "B": 1, "T": 3, "G": 4, "H": 5}.get(letter, 1 if I.type == "C" else 2)
            n = G.symbol.n // (2 if G.symbol.kind == "S" and G.symbol.n % 4 == 2 else 1)
            main = (
                f"S{2 * n}"
                if G.symbol.kind == "Dd" and n % 2 == 0
                else f"S{n}"
                if G.symbol.kind == "S" and n % 4 == 0
                else f"C{n}"
            )
            if letter in "AB" and main in names and n > 2:
                assert row[names[main]] == pytest.approx(1 if letter == "A" else -1)


@cases("symbol", CRYSTALLOGRAPHIC)
def test_names_of_the_32_groups(symbol):
    G = PointGroup(symbol)
    assert G == PointGroup(CRYSTALLOGRAPHIC[symbol]) == load_group(f"PointGroup({G.hermann_mauguin})")
    assert (G.schoenflies, G.hermann_mauguin) == (symbol, CRYSTALLOGRAPHIC[symbol])
    # The exact matrices are those of the motions, and they form the group; the vector is where x, y, z stand in the table.
    V = G.defining()
    assert V.is_exact if hasattr(V, "is_exact") else V.domain is not None
    np.testing.assert_allclose(V(G.elements), G.rotations, atol=1e-15)
    for g, R in zip(G.elements, G.rotations, strict=True):
        assert np.array_equal(G.check_element(R), g)
    assert V.multiplicities() == dict(G.branch(1))


def test_axes_are_those_of_the_published_tables():
    where = {
        "C2v": {"z": "A1", "x": "B1", "y": "B2", "xy": "A2"},
        "D2": {"z": "B1", "y": "B2", "x": "B3"},
        "D4": {"x^2-y^2": "B1", "xy": "B2", "Rz": "A2"},
        "D2d": {"x^2-y^2": "B1", "xy": "B2", "z": "B2"},
        "-4m2": {"x^2-y^2": "B2", "xy": "B1", "z": "B2"},
        "C4v": {"x^2-y^2": "B1", "xy": "B2", "z": "A1"},
        "D3h": {"z": "A2''", "x": "E'", "Rx": "E''", "xz": "E''"},
        "S8": {"z": "B", "x": "E1", "Rx": "E3", "xy": "E2"},
        "Td": {"x": "T2", "Rx": "T1", "xy": "T2"},
        "Ih": {"x": "T1u", "xy": "Hg"},
    }
    for symbol, functions in where.items():
        T = PointGroup(symbol).character_table()
        text = {I.real_form.label: f"{x}, {xx}" for I, x, xx in zip(T.irreps, T.linear, T.quadratic, strict=True)}
        for name, label in functions.items():
            assert [k for k, v in text.items() if name in v.replace("(", "").replace(")", "").split(", ")] == [label], (
                symbol,
                name,
            )
    assert str(PointGroup("Td").character_table()).splitlines() == [
        "Td | E | 8C3 | 3C2 | 6S4 | 6sigma_d | linear, rotations | quadratic",
        "A1 | 1 |   1 |   1 |   1 |        1 |                   | x^2+y^2+z^2",
        "A2 | 1 |   1 |   1 |  -1 |       -1 |                   |",
        "E  | 2 |  -1 |   2 |   0 |        0 |                   | (2z^2-x^2-y^2, x^2-y^2)",
        "T1 | 3 |   0 |  -1 |   1 |       -1 | (Rz, Rx, Ry)      |",
        "T2 | 3 |   0 |  -1 |  -1 |        1 | (z, x, y)         | (xy, xz, yz)",
    ]


@cases("symbol", ["D3h", "Th", "C3*", "D2d*", "-31m"])
def test_laws_of_irreps(symbol):
    check_group(PointGroup(symbol), 1)
    check_irreps(PointGroup(symbol))


def test_icosahedral_matrices_are_exact_and_rational_where_the_character_is():
    for G, fields in (
        (PointGroup("I"), {"G": "ZZ", "H": "ZZ", "T2": "QQ<sqrt5>"}),
        (PointGroup("O*"), {"G3/2": "QQ<zeta3>"}),
    ):
        for label, field in fields.items():
            V = G.irrep(label, field="complex")
            R, S = V.rational()
            assert str(R.domain) == field
            for g in G.generators:
                np.testing.assert_allclose(V(g) @ S, S @ R(g), atol=1e-13)
                assert (V.exact(g) * V.exact(g).H).applyfunc(lambda e: e.expand()) == V.exact(g).eye(V.dim)


def test_other_labels():
    G = PointGroup("Oh")
    assert [I.bethe for I in G.irreps()][:6] == ["Gamma1+", "Gamma2+", "Gamma3+", "Gamma4+", "Gamma5+", "Gamma1-"]
    assert G.irrep("Gamma4-").label == "T1u"
    assert PointGroup("O").double().irrep("Gamma8", field="complex").label == "G3/2"
    assert PointGroup("C3").irrep("E").bethe == "Gamma2+Gamma3"


@cases(
    "symbol, words",
    [
        ("Ohh", 'did you mean "Oh"'), ("D3k", '"D3h"'), ("m-3n", '"m-3m"'), ("43m", '"-43m"'), ("Q", "known are"), ("", "point group"),
        (3, "point group"), ("C0", "known are"), ("Cinfv", "infinite"), ("D∞h", "infinite"),
    ],
)  # fmt: skip
def test_misspelt_symbols(symbol, words):
    with pytest.raises(GroupRepError, match=words):
        PointGroup(symbol)


def test_symbols_are_read_as_they_are_written():
    for one, other in (
        ("D_{3h}", "D3h"),
        ("C_2v", "C2v"),
        ("C3i", "S6"),
        ("S3", "C3h"),
        ("C1v", "Cs"),
        ("D1d", "C2h"),
        ("Vd", "D2d"),
    ):
        assert PointGroup(one) == PointGroup(other)
    assert [PointGroup(s).schoenflies for s in ("-8", "-10", "-5m", "532")] == ["S8", "C5h", "D5d", "I"]
    assert PointGroup("312") != PointGroup("32")
    assert PointGroup("D4") != PointGroup("C4v")
    with pytest.raises(TooLarge, match="500"):
        PointGroup("C1000000")
    with pytest.raises(GroupRepError, match="A1, A2, E, T1, T2"):
        PointGroup("Td").irrep("Eg")
