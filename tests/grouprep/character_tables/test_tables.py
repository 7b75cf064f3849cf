"""Character tables and class functions: values by hand, labels of families, and what is refused."""

import io
import pickle

import numpy as np
import pytest
import sympy
from cases import cases

from grouprep import SO, Alternating, Cyclic, Dihedral, FiniteGroup, GroupRepError, Quaternion, Symmetric
from grouprep.character_tables.cyclotomics import Cyclotomic, as_cyclotomic
from grouprep.errors import DimensionMismatch, UnsupportedGroup
from grouprep.groups.homomorphism import Homomorphism

S4, A5 = Symmetric(4), Alternating(5)


def psl(p):
    """PSL(2, p) on the p + 1 points of the projective line."""
    infinity = p
    shift = [*((x + 1) % p for x in range(p)), infinity]
    turn = [infinity, *(-pow(x, -1, p) % p for x in range(1, p)), 0]
    return FiniteGroup.from_permutations([shift, turn], name=f"PSL(2,{p})")


def test_psl27():
    """ATLAS of Finite Groups, page 3, and b7 = (-1 + i sqrt 7)/2."""
    table = psl(7).character_table()
    assert [chi.degree for chi in table.irreducibles] == [1, 3, 3, 6, 7, 8]
    assert sorted((c.name, c.size) for c in table.classes) == [
        ("1a", 1), ("2a", 21), ("3a", 56), ("4a", 42), ("7a", 24), ("7b", 24),
    ]  # fmt: skip
    assert table.frobenius_schur == (1, 0, 0, 1, 1, 1)
    three = table["X2"]
    b7 = three["7a"]
    assert b7 * b7 + b7 + 2 == 0
    assert (three["7b"], three["2a"], three["3a"], three["4a"]) == (b7.conjugate(), -1, 0, 1)
    assert str(three.field) == "QQ<sqrtm7>"
    assert (three.type, three.conjugate() == table["X3"], three.is_faithful) == ("C", True, True)
    fourth, sixth = three.symmetric_power(4), three.symmetric_power(6)
    assert sum(m * table[a].degree for a, m in fourth.decompose().items()) == 15
    assert (fourth.inner(three.trivial), sixth.inner(three.trivial)) == (1, 1)  # Klein's quartic, and its Hessian
    assert three.determinant() == table["X1"]


def test_labels_and_order_of_families():
    assert Dihedral(4).character_table().labels == ("A1", "A2", "B1", "B2", "E1")
    G = Cyclic(6)
    table = G.character_table()
    for I, chi in zip(table.irreps, table.irreducibles, strict=True):
        assert I.label == chi.label
        assert np.abs(I.character.values - chi.to_numpy()).max() < 1e-14
    product = (Dihedral(3) * Cyclic(2)).character_table()
    assert product.labels[:2] == ("(A1, 0)", "(A1, 1)")


def test_functions_on_classes():
    table = S4.character_table()
    five = {chi.label: chi for chi in table.irreducibles}
    natural = table.character(S4.natural())
    assert natural.values == (4, 0, 2, 0, 1)
    assert (
        natural == table.class_function({"1a": 4, "2a": 0, "2b": 2, "4a": 0, "3a": 1}) == table["[4]"] + table["[3,1]"]
    )
    assert natural("(1 2)") == natural["2b"] == 2
    assert (natural * natural).decompose() == {"[4]": 2, "[3,1]": 3, "[2,2]": 1, "[2,1,1]": 1}
    assert table.decompose([24, 0, 0, 0, 0]) == {a: chi.degree for a, chi in five.items()}
    assert [c.name for c in five["[2,2]"].kernel] == ["1a", "2a"]
    assert five["[2,1,1]"].determinant() == five["[4]"]
    assert five["[3,1]"].determinant() == five["[1,1,1,1]"]
    assert five["[3,1]"].exterior_power(3) == five["[1,1,1,1]"]
    assert five["[3,1]"].eigenvalues("4a") == (0, 1, 1, 1)
    assert natural - 1 == five["[3,1]"]
    assert (2 * natural - natural) / 2 * 2 == natural
    assert not (natural - 5).is_character
    assert (natural.norm, natural.is_irreducible, five["[3,1]"].is_irreducible) == (2, False, True)
    spin = table["[2,1,1]"]
    assert [c.name for c in spin.centre] == ["1a"]
    quaternion = Quaternion().character_table()
    assert quaternion.frobenius_schur == (1, 1, 1, 1, -1)
    assert [c.name for c in quaternion.irreducibles[-1].centre] == ["1a", "2a"]
    assert quaternion.irreducibles[-1].type == "H"


def test_restriction_and_induction():
    """Frobenius reciprocity, along a subgroup and along a homomorphism."""
    A4 = Alternating(4)
    table, small = S4.character_table(), A4.character_table()
    for chi in table.irreducibles:
        for psi in small.irreducibles:
            assert chi.restrict(A4).inner(psi) == chi.inner(psi.induce(S4))
    f = Homomorphism(Cyclic(4), S4, ["(1 2 3 4)"])
    for chi in table.irreducibles:
        for psi in Cyclic(4).character_table().irreducibles:
            assert chi.restrict(f).inner(psi) == chi.inner(psi.induce(f))
    sign = Homomorphism(S4, Cyclic(2), [[1, 0], [1, 0]])
    assert Cyclic(2).character_table().irreducibles[1].restrict(sign) == table["[1,1,1,1]"]
    with pytest.raises(GroupRepError, match="not injective"):
        table["[4]"].induce(sign)


def test_water():
    """The displacements of three atoms under C2v: 3 A1 + A2 + 2 B1 + 3 B2 with the classes E, C2, and the two mirrors."""
    table = FiniteGroup.from_permutations(["(1 2)", "(3 4)"]).character_table()
    found = table.decompose([9, -1, 3, 1])
    assert sorted(found.values()) == [1, 2, 3, 3]
    assert sum(found.values()) == 9


def test_forms():
    table = A5.character_table()
    golden = sympy.Rational(1, 2) + sympy.sqrt(5) / 2
    assert set(table.to_sympy()[3:, 1]) == set(table.to_sympy()[3, 1:3]) == {golden, 1 - golden}
    assert np.array_equal(table.to_numpy(), table.values)
    assert " = 1/2 + sqrt(5)/2 = 1.618" in str(table)
    assert r"\frac{\sqrt{5}}{2}" in table._repr_latex_()
    assert table._repr_html_().count("<tr>") == 6
    from rich.console import Console

    for width in (40, 120):
        console = Console(width=width, record=True, file=io.StringIO())
        console.print(table)
        shown = console.export_text()
        assert "[3,1,1]+" in shown
        assert "1.618" in shown
        assert max(map(len, shown.splitlines())) <= width
    again = pickle.loads(pickle.dumps(table.irreducibles[3].values))
    assert again == table.irreducibles[3].values


def test_the_largest():
    """M12: 95,040 elements."""
    M12 = FiniteGroup.from_permutations(
        ["(1 2 3 4 5 6 7 8 9 10 11)", "(3 7 11 8)(4 10 5 6)", "(1 12)(2 11)(3 6)(4 8)(5 9)(7 10)"]
    )
    table = M12.character_table()
    assert [chi.degree for chi in table.irreducibles] == [1, 11, 11, 16, 16, 45, 54, 55, 55, 55, 66, 99, 120, 144, 176]
    assert table.frobenius_schur == (1, 1, 1, 0, 0) + (1,) * 10
    assert table["X2"].symmetric_power(3).inner(table["X1"]) == 1


@cases(
    "make, message",
    [
        (lambda: S4.character_table().decompose([1, 2, 3]), "values has 3 numbers and S4 has 5 classes"),
        (lambda: S4.character_table().decompose([1, 0, 0, 0, 0]), r"\[4\]: 1/24"),
        (lambda: S4.character_table().decompose([-1, -1, -1, -1, -1]), r"\[4\]: -1"),
        (lambda: S4.character_table().decompose([2.5, 0, 0, 0, 0]), r"values\[0\] = 2.5 is a float"),
        (lambda: S4.character_table().decompose(["2**(1/3)", 0, 0, 0, 0]), "no field of roots of unity"),
        (lambda: S4.character_table().decompose("abcde"), "list of numbers"),
        (lambda: S4.character_table().decompose({"1a": 1}), "2a, 2b, 4a, 3a are missing"),
        (lambda: S4.character_table().decompose({"9a": 1}), "no class '9a'"),
        (lambda: S4.character_table()["[3,2]"], r"did you mean .\[3,1\]"),
        (lambda: S4.character_table().class_named("2c"), "known are 1a"),
        (lambda: S4.character_table().class_of("(1 2 5)"), r"1\.\.4"),
        (lambda: S4.character_table().power_map(1.5), "k must be an integer"),
        (lambda: S4.character_table()["[4]"] + A5.character_table()["[5]"], "do not combine"),
        (lambda: S4.character_table()["[4]"].inner(A5), "inner takes a class function"),
        (lambda: S4.character_table()["[4]"].symmetric_power(-1), ">= 0"),
        (lambda: S4.character_table()["[4]"].symmetrization([1, 2]), "largest first"),
        (lambda: S4.character_table()["[4]"].restrict(Cyclic(3)), "no subgroup"),
        (lambda: S4.character_table()["[4]"].induce(A5), "no subgroup"),
        (lambda: S4.character_table().character(A5.natural()), "representation of S4"),
        (lambda: SO(3).character_table(), "infinite"),
        (lambda: Cyclotomic(1).galois(0.5), "integer"),
        (lambda: Cyclotomic.sum_of_roots(0, {}), "positive integer"),
        (lambda: as_cyclotomic("x"), "x"),
        (lambda: int(Cyclotomic.sum_of_roots(3, {1: 1})), "no integer"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(GroupRepError, match=message):
        make()


def test_kinds_of_errors():
    with pytest.raises(DimensionMismatch):
        S4.character_table().class_function([1])
    with pytest.raises(UnsupportedGroup):
        SO(3).character_table()
    with pytest.raises(TypeError):
        S4.character_table()["[4]"] + "x"
