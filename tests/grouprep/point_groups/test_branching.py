"""Spherical harmonics, spins, products, selection rules and subgroups of point groups."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from cases import cases

from grouprep import GroupRepError, Homomorphism, PointGroup

ORACLES = json.loads((Path(__file__).parents[2] / "oracles" / "closed_forms.json").read_text(encoding="utf-8"))


def test_oracles():
    for l, text in ORACLES["octahedral_branching"]["values"].items():
        assert str(PointGroup("O").branch(int(l))) == text
    for symbol, count in ORACLES["elastic_constants"]["values"].items():
        G = PointGroup(symbol)
        elastic = G.symmetric_square(G.symmetric_square(G.branch(1)))
        assert elastic[G.irreps()[0].label] == count
    # An even polynomial of degree d is a sum of harmonics of degrees d, d - 2, ..., 0.
    G = PointGroup("m-3m")
    assert [sum(G.branch(l)["A1g"] for l in range(0, d + 1, 2)) for d in range(0, 13, 2)] == ORACLES["molien_oh"][
        "values"
    ]


@cases(
    "symbol, j, text",
    [
        ("Td", 1, "T2"), ("Td", 2, "E + T2"), ("Td", 3, "A1 + T1 + T2"), ("Oh", 3, "A2u + T1u + T2u"), ("Ih", 3, "T2u + Gu"),
        ("Ih", 6, "Ag + T1g + Gg + Hg"), ("D4h", 2, "A1g + B1g + B2g + Eg"), ("C3", 2, "A + 2 E"),
        ("D3h", 3, "A1' + A2' + E' + A2'' + E''"),         ("O", "1/2", "E1/2"), ("O", 1.5, "G3/2"),
        ("O", Fraction(5, 2), "E5/2 + G3/2"), ("Oh", "7/2", "E1/2g + E5/2g + G3/2g"),
        ("Ih", "7/2", "E7/2g + I5/2g"), ("D3", "3/2", "E1/2 + 1E3/2 + 2E3/2"), ("D3h", "5/2", "E1/2 + E3/2 + E5/2"),
        ("C1", "1/2", "2 A1/2"),
    ],
)  # fmt: skip
def test_published_branching(symbol, j, text):
    assert str(PointGroup(symbol).branch(j)) == text


@cases("symbol", ["C1", "Cs", "D5d", "S8", "Th", "Ih", "D7h"])
def test_branching_of_any_degree(symbol):
    G = PointGroup(symbol)
    for l in (0, 1, 17, 1000, 10**20 + 7, "2001/2"):
        assert G.branch(l).dim == 2 * Fraction(l) + 1
    for l in range(4):  # Clebsch-Gordan: l x 1 = (l - 1) + l + (l + 1), as true tensors of parity (-1)^(l + 1)
        sign = (-1) ** (l + 1)
        parts = [G.branch(k, sign) for k in range(abs(l - 1), l + 2)]
        assert G.branch(l) * G.branch(1) == sum(parts[1:], parts[0])
    axial = G.branch(1, parity=1)
    assert G.antisymmetric_square(G.branch(1)) == axial == G.antisymmetric_square(axial)
    half = G.double().branch("1/2")
    assert half * half == G.double().branch(0) + G.double().branch(1, 1)


def test_products_and_selection_rules():
    G = PointGroup("Oh")
    assert str(G.product("Eg", "T2g")) == "T1g + T2g"
    assert dict(G.product("Eg", "T2g")) == (G.irrep("Eg") * G.irrep("T2g")).multiplicities()
    assert str(G.symmetric_square("T1u")) == "A1g + Eg + T2g"
    assert str(PointGroup("Td").product("T2", "T2")) == "A1 + E + T1 + T2"
    assert str(PointGroup("D4").product("E", "E")) == "A1 + A2 + B1 + B2"
    assert not G.allowed("A1g", "dipole", "Eg")  # Laporte
    assert G.allowed("A1g", "raman", "Eg").components == ("2z^2-x^2-y^2", "x^2-y^2")
    assert PointGroup("C2v").allowed("A1", "dipole", "B1").components == ("x",)
    assert PointGroup("D6h").allowed("A1g", "dipole", "E1u")
    assert not PointGroup("D6h").allowed("A1g", "dipole", "B2u")
    assert PointGroup("C4v").allowed("A1", "magnetic", "A2").components == ("Rz",)
    assert PointGroup("O*").allowed("E1/2", "dipole", "G3/2")
    assert not PointGroup("O*").allowed("E1/2", "dipole", "E5/2")
    assert PointGroup("C3").allowed("A", "dipole", "1E")
    assert PointGroup("C3").allowed("A", "E", "E")
    assert str(G.branch(1) + G.branch(3) - G.branch(1)) == str(G.branch(3))


@cases(
    "group, subgroup, rows",
    [
        ("Oh", "D4h", {"Eg": "A1g + B1g", "T1g": "A2g + Eg", "T2g": "B2g + Eg", "A2u": "B1u"}),
        ("Oh", "Td", {"A1u": "A2", "T1u": "T2", "T2u": "T1", "Eg": "E"}),
        ("Oh", "D3d", {"T2g": "A1g + Eg", "T1g": "A2g + Eg", "Eg": "Eg"}),
        ("Td", "C3v", {"T1": "A2 + E", "T2": "A1 + E"}),
        ("Td", "C2v", {"E": "A1 + A2", "T2": "A1 + B1 + B2"}),
        ("Ih", "Th", {"Hg": "Eg + Tg", "Gg": "Ag + Tg", "T2u": "Tu"}),
        ("Ih", "D5d", {"Hg": "A1g + E1g + E2g", "T2g": "A2g + E2g"}),
        ("D6h", "C6v", {"A2u": "A1", "B1u": "B1", "E1u": "E1"}),
        ("D4h", "C4v", {"A2u": "A1", "B1u": "B2", "Eu": "E"}),
        ("O*", "D4", {"E5/2": "E3/2", "G3/2": "E1/2 + E3/2"}),
        ("O*", "T", {"E5/2": "E1/2", "G3/2": "1G3/2 + 2G3/2"}),
        ("D3h*", "Cs", {"E1/2": "1E1/2 + 2E1/2"}),
    ],
)  # fmt: skip
def test_correlation(group, subgroup, rows):
    table = PointGroup(group).correlation(subgroup)
    assert {k: str(table[k]) for k in rows} == rows
    assert all(table[label].dim == PointGroup(group).irrep(label, field=table[label].field).dim for label in table)


def test_correlation_in_given_axes():
    G = PointGroup("Oh")
    assert str(G.correlation("D3d", z=(1, 1, 1))["T2g"]) == "A1g + Eg"
    assert str(G.correlation("D2h", z=(0, 0, 1), x=(1, 1, 0))["Eg"]) == "Ag + B1g"
    assert np.allclose(G.correlation("C4v", z=(1, 0, 0)).axes[:, 2], [1, 0, 0])
    # The same by restricting the exact matrices along an inclusion.
    H = PointGroup("D4h")
    f = Homomorphism(H, G, [G.check_element(H.defining()(h)) for h in H.generators])
    for label, parts in G.correlation(H).items():
        assert G.irrep(label).restrict(f).multiplicities() == dict(parts)
    for z, x, words in (
        ((1, 0, 1), None, "these axes"),
        ((0, 0, 1), (1, 0, 1), "orthogonal"),
        ((0, 0, 0), None, "direction"),
    ):
        with pytest.raises(GroupRepError, match=words):
            G.correlation("D4h", z=z, x=x)
    with pytest.raises(GroupRepError, match="does not divide"):
        G.correlation("D5h")
    with pytest.raises(GroupRepError, match="no subgroup"):
        PointGroup("Td").correlation("D3")


@cases("j", [-1, "1/3", 0.25, "x", None, True, float("nan")])
def test_what_is_no_angular_momentum(j):
    with pytest.raises(GroupRepError, match="angular momentum"):
        PointGroup("Td").branch(j)


def test_bad_labels():
    G = PointGroup("Td")
    for call in (
        lambda: G.product("Eg"),
        lambda: G.allowed("A1", "T3", "E"),
        lambda: G.branch(2)["X"],
        lambda: G.product(),
    ):
        with pytest.raises(GroupRepError):
            call()
    with pytest.raises(GroupRepError, match="parity"):
        G.branch(2, parity=0)
    with pytest.raises(GroupRepError, match="cannot be taken"):
        G.branch(1) - G.branch(2)
