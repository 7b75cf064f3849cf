"""Closed forms and published values. Every entry of closed_forms.json is tested here, or listed in LATER with the reason."""

import functools
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import sympy

from grouprep import (
    SO,
    SU,
    Alternating,
    Cyclic,
    Dihedral,
    FiniteGroup,
    O,
    Quaternion,
    Representation,
    Symmetric,
    U,
    load_group,
)
from grouprep.groups.homomorphism import Homomorphism
from grouprep.irreps.clebsch_gordan import wigner_3j, wigner_3j_exact
from projectors import Hom, commutant, decompose

ORACLES = json.loads(Path(__file__).with_name("closed_forms.json").read_text(encoding="utf-8"))

# What needs irreps that are not known yet.
LATER = {
    "symmetric_irrep_dimension_sum": "needs the irreps of the symmetric group",
    "symmetric_irrep_count": "needs the irreps of the symmetric group",
}

TESTED = {
    "symmetric_tensor_power_commutant",
    "su2_spin_half_commutant",
    "so3_vector_commutant",
    "on_brauer_commutant",
    "u3_commutant",
    "frobenius_schur_sum",
    "elastic_constants",
    "molien_oh",
    "dihedral_natural_commutant",
    "regular_commutant",
    "rubiks_cube",
    "octahedral_branching",
    "wigner_3j_m0",
    "cyclic_irreps_by_field",
}


def values(name):
    return ORACLES[name]["values"]


def indexed(name, start=1):
    return list(enumerate(values(name), start))


def test_every_entry_is_tested_or_waits_for_a_later_issue():
    assert TESTED | set(LATER) | {"about"} == set(ORACLES)
    assert not TESTED & set(LATER)


@functools.cache
def group(name):
    makers = {
        "Q8": Quaternion,
        "D8 (order 8)": lambda: Dihedral(4),
        "S4": lambda: Symmetric(4),
        "A5": lambda: Alternating(5),
        "Oh": lambda: FiniteGroup.from_matrices([QUARTER, CYCLE, INVERSION], name="Oh"),
        "SL(2,5)": lambda: linear_group(5, [[[1, 1], [0, 1]], [[1, 0], [1, 1]]], "SL(2,5)"),
        "GL(2,3)": lambda: linear_group(3, [[[1, 1], [0, 1]], [[0, 1], [1, 0]], [[2, 0], [0, 1]]], "GL(2,3)"),
        "Heisenberg(5)": lambda: FiniteGroup.from_presentation(
            ["x", "y", "z"],
            ["x^5", "y^5", "z^5", "x z x^-1 z^-1", "y z y^-1 z^-1", "x y x^-1 y^-1 z^-1"],
            name="Heisenberg(5)",
        ),
    }
    return makers[name]()


def linear_group(p, generators, name):
    """Matrices over the field of p elements, acting on its non-zero vectors."""
    vectors = [v for v in itertools.product(range(p), repeat=2) if any(v)]
    number = {v: k for k, v in enumerate(vectors)}

    def permutation(m):
        return [number[tuple(int(x) for x in np.array(m) @ v % p)] for v in vectors]

    return FiniteGroup.from_permutations([permutation(m) for m in generators], name=name)


QUARTER = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]  # 4 along z
HALF = [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]  # 2 along z
CYCLE = [[0, 0, 1], [1, 0, 0], [0, 1, 0]]  # 3 along (1, 1, 1)
ACROSS = [[1, 0, 0], [0, -1, 0], [0, 0, -1]]  # 2 along x
INVERSION = [[-1, 0, 0], [0, -1, 0], [0, 0, -1]]
THIRD = [["-1/2", "-sqrt(3)/2", 0], ["sqrt(3)/2", "-1/2", 0], [0, 0, 1]]  # 3 along z
SIXTH = [["1/2", "-sqrt(3)/2", 0], ["sqrt(3)/2", "1/2", 0], [0, 0, 1]]  # 6 along z
CRYSTAL = {
    "1": [[[1, 0, 0], [0, 1, 0], [0, 0, 1]]],
    "2": [HALF],
    "222": [HALF, ACROSS],
    "4": [QUARTER],
    "422": [QUARTER, ACROSS],
    "3": [THIRD],
    "32": [THIRD, ACROSS],
    "6": [SIXTH],
    "432": [QUARTER, CYCLE],
}


@pytest.mark.parametrize(("key", "expected"), values("symmetric_tensor_power_commutant").items())
def test_symmetric_tensor_power_commutant(key, expected):
    n, k = map(int, key.split(","))
    H = commutant(Symmetric(n).natural() ** k)
    assert (H.dim, len(H.basis())) == (expected, expected)


@pytest.mark.parametrize(("n", "expected"), indexed("su2_spin_half_commutant"))
def test_su2_catalan(n, expected):
    H = commutant(SU(2).defining() ** n)
    assert H.dim == expected
    if n <= 4:
        assert len(H.basis()) == len(H.exact_basis()) == expected


@pytest.mark.parametrize(("n", "expected"), indexed("so3_vector_commutant"))
def test_so3_vectors(n, expected):
    H = commutant(SO(3).defining() ** n)
    assert H.dim == expected
    if n <= 3:
        assert len(H.basis()) == expected


@pytest.mark.parametrize(("k", "expected"), indexed("on_brauer_commutant"))
def test_brauer(k, expected):
    n = max(k, 2)
    V = O(n).defining()
    assert commutant(V**k).dim == expected
    # The same with n larger than k: the count does not depend on n.
    if k <= 3:
        assert commutant(O(n + 1).defining() ** k).dim == expected
        assert len(commutant(V**k).basis()) == expected


@pytest.mark.parametrize(("k", "expected"), indexed("u3_commutant"))
def test_u3_permutations_without_long_decreasing_subsequences(k, expected):
    count = sum(longest_decreasing(p) < 4 for p in itertools.permutations(range(k)))
    assert count == expected
    assert commutant(U(3).defining() ** k).dim == expected


def longest_decreasing(p):
    best = []
    for i, x in enumerate(p):
        best.append(1 + max((best[j] for j in range(i) if p[j] > x), default=0))
    return max(best)


@pytest.mark.parametrize(("name", "expected"), values("frobenius_schur_sum").items())
def test_square_roots_of_the_identity(name, expected):
    """sum_chi FS(chi) chi(1) = #{g : g^2 = 1}: the mean over g of the regular character at g^2."""
    G = group(name)
    squares = G.multiply(G.elements, G.elements)
    count = int((squares == G.identity()).all(axis=1).sum())
    assert count == expected
    regular = G.regular()
    # FS of the regular representation counts the difference of its symmetric and exterior invariants.
    if G.order <= 24:
        trivial = G.trivial()
        symmetric, exterior = (Hom(trivial, W).dim for W in (regular.symmetric_power(2), regular.exterior_power(2)))
        assert symmetric - exterior == expected


def test_orders_of_the_oracle_groups():
    orders = {
        "Q8": 8,
        "D8 (order 8)": 8,
        "S4": 24,
        "A5": 60,
        "Oh": 48,
        "SL(2,5)": 120,
        "GL(2,3)": 48,
        "Heisenberg(5)": 125,
    }
    assert {name: group(name).order for name in orders} == orders


@pytest.mark.parametrize(("crystal", "expected"), values("elastic_constants").items())
def test_elastic_constants(crystal, expected):
    G = FiniteGroup.from_matrices(CRYSTAL[crystal], name=crystal)
    strain = G.defining().symmetric_power(2)
    H = Hom(G.trivial(), strain.symmetric_power(2))
    assert H.dim == len(H.exact_basis()) == len(H.basis()) == expected


@pytest.mark.parametrize(("index", "expected"), indexed("molien_oh", 0))
def test_molien(index, expected):
    G = group("Oh")
    V = G.defining()
    assert Hom(G.trivial(), V.symmetric_power(2 * index)).dim == expected
    assert Hom(G.trivial(), V.symmetric_power(2 * index + 1)).dim == 0  # the inversion changes the sign


@pytest.mark.parametrize(("n", "expected"), values("dihedral_natural_commutant").items())
def test_dihedral_natural(n, expected):
    H = commutant(Dihedral(int(n)).natural())
    assert H.dim == len(H.basis()) == len(H.exact_basis()) == expected
    assert H.certify().proved


@pytest.mark.parametrize(("name", "expected"), values("regular_commutant").items())
def test_regular(name, expected):
    H = commutant(group(name).regular())
    assert H.dim == len(H.basis()) == expected == group(name).order
    assert H.certify().proved


def test_rubiks_cube():
    import grouprep

    path = Path(grouprep.__file__).parent / "groups" / "data" / "rubik.toml"
    G = load_group(path)
    assert G.order == values("rubiks_cube")["order"]
    H = commutant(G.natural())
    assert H.dim == len(H.basis()) == values("rubiks_cube")["commutant_dimension"]
    assert H.certify().proved


@pytest.mark.parametrize(("field", "expected"), values("cyclic_irreps_by_field").items())
def test_cyclic_irreps_by_field(field, expected):
    """Over Q an irrep is an orbit of complex ones under the Galois group: the frequencies k with one divisor gcd(k, n)."""
    n = 60
    G = Cyclic(n)
    if field != "Q":
        assert len(G.irreps({"R": "real", "C": "complex"}[field])) == expected
        return
    table = G.character_table().values
    powers = [[int(G.index(G.elements[x * a % n])) for x in range(n)] for a in range(n) if np.gcd(a, n) == 1]
    keys = {tuple(sorted(tuple(np.round(row[p], 6)) for p in powers)) for row in table}
    assert len(keys) == expected == sympy.divisor_count(n)


@pytest.mark.parametrize(("spins", "expected"), values("wigner_3j_m0").items())
def test_wigner_3j(spins, expected):
    l1, l2, l3 = map(int, spins.split(","))
    exact = wigner_3j_exact(l1, l2, l3)[l1, l2, l3]  # m = 0 stands in the middle
    assert sympy.simplify(exact - sympy.sympify(expected)) == 0
    assert wigner_3j(l1, l2, l3)[l1, l2, l3] == pytest.approx(float(sympy.sympify(expected)), abs=1e-15)


HEXAGON = [["sqrt(6)/3", "-sqrt(6)/6", "-sqrt(6)/6"], [0, "sqrt(2)/2", "-sqrt(2)/2"]]


@functools.cache
def octahedral_irreps():
    """A1, A2, E, T1, T2 of the rotations of a cube: it permutes its diagonals (sign: A2) and its axes (the plane across: E)."""
    G = FiniteGroup.from_matrices([QUARTER, CYCLE], name="O")
    T1 = G.defining()
    diagonals = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]])
    plane = sympy.Matrix(HEXAGON)

    def sign(g):
        moved = diagonals @ T1(g).T
        return int(np.linalg.det(np.rint(np.abs(moved @ diagonals.T) / 3)).round())

    signs = [sign(g) for g in G.generators]
    A2 = Representation(G, images=[[[x]] for x in signs], name="A2")
    E = Representation(G, images=[plane * T1.exact(g).applyfunc(abs) * plane.T for g in G.generators], name="E")
    T2 = Representation(G, images=[x * T1.exact(g) for x, g in zip(signs, G.generators, strict=True)], name="T2")
    A1 = Representation(G, images=[[[1]], [[1]]], name="A1")
    return G, (A1, A2, E, Representation(G, images=[T1.exact(g) for g in G.generators], name="T1"), T2)


@pytest.mark.slow
@pytest.mark.parametrize(("l", "expected"), values("octahedral_branching").items())
def test_octahedral_branching(l, expected):
    G, irreps = octahedral_irreps()
    V = SO(3).irrep(int(l)).restrict(Homomorphism.inclusion(G, SO(3)))
    D = decompose(V, irreps=irreps)
    assert " + ".join(f"{m} {label}" if m > 1 else label for label, m in D.labels.items()) == expected
    U = D.change_of_basis
    g = G.elements
    assert np.abs(V(g) @ U - U @ D.blocks(g)).max() <= 50 * V.dim * np.finfo(float).eps
    R = SO(3).irrep(int(l)).rational()[0].restrict(Homomorphism.inclusion(G, SO(3)))
    assert {I.name: Hom(I, R).dim for I in irreps if Hom(I, R).dim} == D.labels
