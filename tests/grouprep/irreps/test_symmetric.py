"""Irreps of the symmetric and alternating groups: Young's forms, halves, labels, splitting, Specht modules."""

from math import factorial

import numpy as np
import pytest
from cases import cases
from scipy.stats import unitary_group
from sympy import QQ, sqrt

from grouprep import (
    Alternating,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    Symmetric,
    TooLarge,
    specht_module,
)
from grouprep.character_tables.partitions import cycle_type, hook_degree, partitions, standard_element, symmetric_value
from grouprep.irreps.young import OrthogonalForm, SeminormalForm, tableaux
from grouprep.linalg import as_float
from grouprep.linalg.forms import is_invariant
from grouprep.testing import check_irreps
from projectors import Hom, decompose

EPS = float(np.finfo(float).eps)


@cases("G", [Symmetric(1), Symmetric(2), Symmetric(3), Symmetric(4), Alternating(4), Alternating(5)], ids=str)
def test_laws(G):
    check_irreps(G)


def test_counts_and_dimensions_to_eight_letters():
    """The irreps' dimensions add up to the number of involutions, 1 included."""
    found = [[I.dim for I in Symmetric(n).irreps()] for n in range(1, 9)]
    assert [len(dims) for dims in found] == [1, 2, 3, 5, 7, 11, 15, 22]
    assert [sum(dims) for dims in found] == [1, 2, 4, 10, 26, 76, 232, 764]
    for n, dims in enumerate(found, 1):
        assert sum(d * d for d in dims) == factorial(n)
        assert {I.type for I in Symmetric(n).irreps("complex")} == {"R"}
        if n > 1:
            assert sum(I.dim**2 for I in Alternating(n).irreps("complex")) == factorial(n) // 2


@cases("n", [4, 5, 6, 7])
def test_seminormal_matrices_keep_all_relations(n):
    """Exactly over the field of the character, with the diagonal form that they state."""
    for G in (Symmetric(n), Alternating(n)):
        for I in G.irreps("complex"):
            R, _ = I.rational()
            G.prove_homomorphism(R.images)
            assert R.domain.is_ZZ or R.domain == QQ or I.label[-1] in "+-"
            assert is_invariant(R.gram, *R.by_kind())
            if n <= 5:
                assert R.gram == R.invariant_form


@cases("G", [Symmetric(6), Symmetric(8), Alternating(6), Alternating(7)], ids=str)
def test_orthogonal_seminormal_and_exact_values_agree(G):
    rng = np.random.default_rng(0)
    for I in G.irreps("complex")[2 :: 1 if G.order < 1000 else 4]:
        R, S = I.rational()
        g, h = G.sample(3, rng), G.sample(3, rng)
        x, y = I(g), I(h)
        bound = 30 * EPS * np.sqrt(I.dim)  # 28 products of matrices with two entries in a row
        assert np.linalg.norm(x @ np.swapaxes(x.conj(), 1, 2) - np.eye(I.dim), axis=(1, 2)).max() <= bound
        assert np.linalg.norm(I(G.multiply(g, h)) - x @ y, axis=(1, 2)).max() <= 3 * bound
        if I.dim <= 36:
            exact = np.array(I.exact(g[0]).evalf(30)).astype(complex)
            assert np.abs(exact - x[0]).max() <= bound
            square = np.max(np.abs(S)) * np.max(np.abs(np.linalg.inv(S)))
            assert np.abs(x[0] @ S - S @ as_float(R.exact_image(g[0]))).max() <= bound * square


@cases("n", [5, 6])
def test_characters_are_traces(n):
    rng = np.random.default_rng(1)
    S, A = Symmetric(n), Alternating(n)
    for g in S.sample(2, rng):
        for shape in partitions(n):
            exact = sum(S.irrep(shape).rational()[0].exact(g)[i, i] for i in range(hook_degree(shape)))
            assert exact == symmetric_value(shape, cycle_type(g))
    X = np.array([I.character.values for I in A.irreps("complex")])
    sizes = np.array([len(c) for c in A.conjugacy_classes])
    assert np.abs((X.conj() * sizes) @ X.T / A.order - np.eye(len(X))).max() <= 100 * EPS
    table = A.character_table()
    assert [I.label for I in table.irreps] == [I.label for I in A.irreps("complex")]
    assert np.abs(table.values - X).max() <= 100 * EPS


@pytest.mark.parametrize(
    ("n", "label", "cycle", "value"),
    [
        (4, "[2,2]", [0, 2, 3, 1], (-1 + sqrt(-3)) / 2),
        (5, "[3,1,1]", [1, 2, 3, 4, 0], (1 + sqrt(5)) / 2),
        (6, "[3,2,1]", [0, 2, 3, 4, 5, 1], (1 + sqrt(5)) / 2),
        (7, "[4,1,1,1]", [1, 2, 3, 4, 5, 6, 0], (-1 + sqrt(-7)) / 2),
    ],
)
def test_halves_have_the_values_of_the_hooks(n, label, cycle, value):
    """On the class that splits: (e +- sqrt(e h_1 h_2 ...)) / 2 with the hooks of the diagonal, James and Kerber 2.5.13."""
    G = Alternating(n)
    plus, minus = (G.irrep(label + sign, "complex") for sign in "+-")
    traces = [V.rational()[0].exact(cycle).trace().expand() for V in (plus, minus)]
    assert traces[0] == value.expand()
    assert cycle == standard_element(cycle_type(np.array(cycle))).tolist()
    assert {*traces} == {value.expand(), value.expand().subs(sqrt(5), -sqrt(5)).conjugate()}
    assert plus.dim == minus.dim == hook_degree(tuple(map(int, label[1:-1].split(",")))) // 2
    assert plus.type == ("R" if value.is_real else "C")
    assert plus.conjugated == (plus if value.is_real else minus)
    assert G.irrep(label + "-").dim == plus.dim * (1 if value.is_real else 2)
    assert str(plus.rational()[0].domain) == {-3: "QQ<zeta3>", 5: "QQ<sqrt5>", -7: "QQ<sqrtm7>"}[
        {4: -3, 5: 5, 6: 5, 7: -7}[n]
    ]  # fmt: skip


def test_real_forms_of_complex_halves_are_rational():
    V = Alternating(7).irrep("[4,1,1,1]+")
    R, S = V.rational()
    assert (V.dim, V.type, str(R.domain), len(V.commutant)) == (20, "C", "QQ", 2)
    Alternating(7).prove_homomorphism(R.images)
    for g in Alternating(7).sample(3, np.random.default_rng(0)):
        assert np.abs(V(g) @ S - S @ as_float(R.exact_image(g))).max() <= 1e3 * EPS


def test_exact_entries_are_square_roots():
    """s_2 on [2,1] is a reflection with cosine 1/2; the letters 1, ..., n from the left."""
    G = Symmetric(3)
    assert [*G.irrep("[2,1]").exact([0, 2, 1])] == [-QQ(1, 2), sqrt(3) / 2, sqrt(3) / 2, QQ(1, 2)]
    assert SeminormalForm(G, (2, 1)).exact([0, 2, 1])[:2] == [-QQ(1, 2), 1]
    assert str(Symmetric(4).irrep((3, 1)).domain) == "QQ<cos24>"
    assert Symmetric(5).irrep((3, 1, 1)).domain is None
    assert Symmetric(5).irrep((3, 1, 1)).exact([1, 0, 2, 3, 4]).is_diagonal()
    assert str(Symmetric(5).irrep((3, 2)).rational()[0].domain) == "QQ"


# Splitting


def test_permutation_modules():
    """Young's rule on k-subsets: [n] + [n-1,1] + ... + [n-k,k]."""
    G = Symmetric(6)
    pairs = [(i, j) for j in range(6) for i in range(j)]
    V = G.permutation(lambda p: [pairs.index(tuple(sorted((int(p[i]), int(p[j]))))) for i, j in pairs])
    assert V.multiplicities() == decompose(V).labels == {"[6]": 1, "[5,1]": 1, "[4,2]": 1}
    W = Symmetric(5).natural() ** 2
    assert decompose(W).labels == {"[5]": 2, "[4,1]": 3, "[3,2]": 1, "[3,1,1]": 1}


@cases("G, expected", [(Symmetric(4), 10), (Alternating(5), 16), (Symmetric(5), 26)], ids=["S4", "A5", "S5"])
def test_random_bases_split(G, expected):
    V, Q = G.regular(), unitary_group.rvs(G.order, random_state=np.random.default_rng(3))
    W = V.change_basis(Q)
    D = decompose(W)
    U = D.change_of_basis
    assert sum(D.multiplicities) == expected
    for a, g in zip(G.generator_names, G.generators, strict=True):
        assert np.abs(as_float(W.images[a]) @ U - U @ D.blocks(g)).max() <= 100 * EPS * np.sqrt(G.order)
    assert np.abs(U.conj().T @ U - np.eye(G.order)).max() <= 100 * EPS * np.sqrt(G.order)


def test_other_generators_of_all_permutations():
    """Also without a cycle and a swap among them; images of S_5 are the same functions."""
    G, H = Symmetric(5), FiniteGroup.from_permutations(["(1 2 3)", "(3 4)(1 2)", "(2 3 4 5)"])
    for I, J in zip(G.irreps(), H.irreps(), strict=True):
        assert I.label == J.label
        assert np.array_equal(I(G.elements[::7]), J(G.elements[::7]))
    assert decompose(H.natural() ** 2).labels == decompose(G.natural() ** 2).labels


def test_intertwiners_of_irreps_are_proved():
    G = Symmetric(5)
    H = Hom(G.irrep((4, 1)), G.natural())
    assert (H.dim, Hom(G.irrep((4, 1)), G.irrep((3, 2))).dim) == (1, 0)
    assert Hom(specht_module((3, 2)), G.irrep((3, 2))).dim == 1


# Labels


def test_labels_read():
    G = Symmetric(4)
    assert (
        G.irrep((3, 1))
        == G.irrep("[3,1]")
        == G.irrep(" [3, 1]")
        == G.irrep("3,1")
        == G.irrep([3, 1])
        == G.irrep("(3, 1)")
    )
    assert G.irrep((4,)).label == "[4]"
    S3 = Symmetric(3)
    assert [I.label for I in S3.irreps()] == ["[3]", "[2,1]", "[1,1,1]"]
    assert [S3.irrep(x).label for x in ("A1", "A2", "E1", "E")] == ["[3]", "[1,1,1]", "[2,1]", "[2,1]"]
    assert [Symmetric(2).irrep(x).label for x in ("A", "B")] == ["[2]", "[1,1]"]
    assert [I.label for I in Dihedral(3).irreps()] == ["A1", "A2", "E1"]
    A = Alternating(4)
    assert A.irrep((2, 1, 1)) == A.irrep("[3,1]")
    assert A.irrep((1, 1, 1, 1)).label == "[4]"
    assert A.irrep("[2,2]-", "complex").label == "[2,2]-"
    P = S3 * Cyclic(2)
    assert P.irrep("([2,1], B)") == P.irrep(((2, 1), "B")) == P.irrep(("E1", "B"))


@cases(
    "G, label, message",
    [
        (
            Symmetric(4),
            "[3,2]",
            r"nearest are .*\[3,1\].*its labels are \[4\], \[3,1\], \[2,2\], \[2,1,1\], \[1,1,1,1\]",
        ),
        (Symmetric(4), (3, 2), r"its labels are \[4\]"),
        (Symmetric(4), "T2", r"its labels are \[4\]"),
        (Symmetric(4), (3, -1), "no such irrep"),
        (Symmetric(4), True, "no such irrep"),
        (Alternating(5), "[3,1,1]", r"nearest are \[3,1,1\]\+, \[3,1,1\]-"),
        (Alternating(5), "+", "no such irrep"),
        (Dihedral(6), "E3", "nearest are E1, E2"),
    ],
    ids=str,
)
def test_unknown_labels(G, label, message):
    with pytest.raises(GroupRepError, match=message):
        G.irrep(label)


# Specht modules, limits


@cases("shape", [(3, 1), (2, 2, 1), (3, 2, 1), (1, 1, 1, 1)], ids=str)
def test_specht_modules(shape):
    V = specht_module(shape)
    assert (V.dim, V.domain.is_ZZ) == (hook_degree(shape), True)
    assert V.multiplicities() == {f"[{','.join(map(str, shape))}]": 1}


def test_large_groups_and_bad_shapes():
    G = Symmetric(20)
    assert len(G.irreps()) == 627
    assert G.irrep((10, 5, 3, 2)).dim == hook_degree((10, 5, 3, 2))
    with pytest.raises(TooLarge, match="standard tableaux"):
        G.irrep((10, 5, 3, 2))(np.arange(20))
    V = Symmetric(12).irrep((11, 1))
    g, h = Symmetric(12).sample(2, np.random.default_rng(0))
    assert np.abs(V(g) @ V(h) - V(g[h])).max() <= 100 * EPS
    assert Symmetric(30).irrep((30,)).dim == 1
    with pytest.raises(GroupRepError, match="shape must be positive integers, the largest first"):
        specht_module((1, 3))
    with pytest.raises(TooLarge, match="letters of a Specht module"):
        specht_module((10,))
    with pytest.raises(DimensionMismatch):
        Symmetric(4).irrep((3, 1)).exact([0, 1, 2])


def test_forms_of_subgroups_and_tableaux():
    """The forms restrict to any group of permutations of the letters."""
    H = FiniteGroup.from_permutations(["(1 2)(3 4)", "(1 3)(2 4)"])
    V = OrthogonalForm(H, (2, 2))
    assert V.multiplicities() == {"A1": 2}
    assert tableaux((3, 2)).rows[0] == (0, 0, 0, 1, 1)
    assert tableaux((3, 2)).dim == 5
    W = Symmetric(5).irrep((3, 2)).restrict(Symmetric(5).subgroup(["(1 2 3)", "(1 2)(4 5)"]))
    assert W.exact([1, 2, 0, 3, 4]).trace() == symmetric_value((3, 2), (3, 1, 1))
