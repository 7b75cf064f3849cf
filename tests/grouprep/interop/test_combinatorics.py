"""Groups of sympy, GAP and networkx: the same elements, orders and characters on both sides."""

import shutil
import subprocess

import networkx as nx
import numpy as np
import pytest
from cases import cases
from sympy import Matrix, Rational, sqrt
from sympy.combinatorics import Permutation, PermutationGroup
from sympy.combinatorics.fp_groups import FpGroup
from sympy.combinatorics.free_groups import free_group
from sympy.combinatorics.named_groups import AlternatingGroup
from sympy.liealgebras.cartan_type import CartanType
from sympy.liealgebras.weyl_group import WeylGroup

from grouprep import (
    SU,
    Alternating,
    Cyclic,
    Dicyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    Symmetric,
    TooLarge,
    UnsupportedGroup,
)
from grouprep.groups.product import direct_product
from grouprep.interop import graphs
from grouprep.interop.gap import group_from_gap, to_gap
from grouprep.interop.graphs import automorphism_group
from grouprep.interop.sympy import group_from_sympy, to_sympy
from projectors import commutant

# --- sympy


def presentation(*relators):
    F, a, b = free_group("a b")
    return FpGroup(F, [eval(r, {"a": a, "b": b}) for r in relators])


TURN = Matrix([[Rational(-1, 2), -sqrt(3) / 2], [sqrt(3) / 2, Rational(-1, 2)]])


@cases(
    "given, order",
    [
        (Permutation(0, 1, 2)(3, 4), 6),
        (Permutation(2), 1),
        (PermutationGroup(Permutation(0, 1, 2, 3), Permutation(0, 1, size=4)), 24),
        ([Permutation(0, 1), Permutation(0, 1, 2)], 6),
        (AlternatingGroup(5), 60),
        ([TURN, Matrix([[1, 0], [0, -1]])], 6),
        (TURN, 3),
        (presentation("a**2", "b**3", "(a*b)**4"), 24),
        (presentation("a**4", "b**2*a**-2", "b**-1*a*b*a"), 8),
        (WeylGroup("A3"), 24),
        (WeylGroup("B3"), 48),
        (WeylGroup("G2"), 12),
    ],
    ids=[
        *[
            "cycle",
            "identity",
            "S4",
            "list",
            "A5",
            "matrices",
            "matrix",
            "presentation",
            "quaternions",
            "WA3",
            "WB3",
            "WG2",
        ]
    ],
)
def test_groups_of_sympy(given, order):
    G = group_from_sympy(given)
    assert G.order == order
    assert len(G.elements) == order
    back = to_sympy(G)
    assert back.order() == order
    # sympy's p * q is first p, then q: ours is the other way round.
    p, q = back.generators[0], back.generators[-1]
    g, h = G.generators[0], G.generators[-1]
    assert (q * p).array_form == G.multiply(g, h).tolist() == to_sympy(G.multiply(g, h)).array_form


@cases("name, rank", [("A1", 1), ("A3", 3), ("B2", 2), ("B3", 3), ("C3", 3), ("D4", 4), ("G2", 2)])
def test_cartan_types(name, rank):
    """The dimension of the Lie algebra is the number of sympy's roots and the rank; A3 is SU(4)."""
    kind = CartanType(name)
    G = group_from_sympy(kind)
    assert len([x for x in G.generator_names if x.kind == "algebra"]) == len(kind.positive_roots()) * 2 + rank
    assert name != "A3" or G == SU(4)


def test_matrices_out():
    for V in (Symmetric(3).irrep("[2,1]"), Dihedral(4).defining(), Cyclic(3).natural()):
        images = to_sympy(V)
        for a, g in zip(V.group.generator_names, V.group.generators, strict=True):
            assert images[a.label] == V.exact(g)
            assert isinstance(images[a.label], Matrix)
    assert [x.shape for x in to_sympy(SU(2).irrep(1)).values()] == [(3, 3)] * 3


@cases(
    "given, message",
    [
        (CartanType("E6"), "no group of type E6"),
        (presentation("a**2"), "infinite"),
        ([Permutation(0, 1), Matrix([[1]])], "mixes permutations and matrices"),
        ([], "is no group of sympy"),
        ("S4", "give a Permutation"),
        (Matrix([[1, 1], [0, 1]]), "infinite"),
    ],
    ids=["E6", "infinite", "mixed", "nothing", "text", "shear"],
)
def test_what_is_no_group_of_sympy(given, message):
    with pytest.raises(GroupRepError, match=message):
        group_from_sympy(given)


# --- GAP

NAMED = {
    "SymmetricGroup(5)": Symmetric(5),
    "SymmetricGroup([1..4]);": Symmetric(4),
    "gap> G := AlternatingGroup( 5 );;": Alternating(5),
    "DihedralGroup(IsPermGroup, 10)": Dihedral(5),
    "QuaternionGroup(8)": Dicyclic(2),
    "DirectProduct(CyclicGroup(2), SymmetricGroup(3))": direct_product([Cyclic(2), Symmetric(3)]),
    "AbelianGroup([2, 4])": direct_product([Cyclic(2), Cyclic(4)]),
    "TrivialGroup()": Cyclic(1),
}
GENERATED = {
    "Group((1,2),(1,2,3))": ["(1 2)", "(1 2 3)"],
    "Group([ (1,2,3)(4,5), () ], ());": ["(1 2 3)(4 5)", "()"],
    "Group((1,2)*(2,3))": ["(1 3 2)"],  # first (1,2), then (2,3): 1 -> 2 -> 3
    "Group((1,2)^(1,2,3), (1,2,3)^-1, (1,2,3,4)/(1,2))": ["(2 3)", "(1 3 2)", "(2 3 4)"],
    "Group( # a comment\n (1,2,\\\n3) )": ["(1 2 3)"],
    "Group(())": ["()"],
}


def test_groups_of_gap():
    for text, G in NAMED.items():
        assert group_from_gap(text) == G, text
    for text, cycles in GENERATED.items():
        want = FiniteGroup.from_permutations(cycles)
        got = group_from_gap(text)
        assert [p.tolist() for p in got.generators] == [p.tolist() for p in want.generators], text
        assert group_from_gap(to_gap(got)).order == got.order
    long = FiniteGroup.from_permutations([[k ^ 1 for k in range(6000)]])
    assert np.array_equal(group_from_gap(to_gap(long)).generators[0], long.generators[0])
    turned = group_from_gap("Group([[E(3),0],[0,E(3)^-1]], [[0,1],[1,0]], [[-1,0],[0,-1]])")
    assert turned.order == 12
    assert group_from_gap("Group([[-1/2,-Sqrt(3)/2],[Sqrt(3)/2,-1/2]])").order == 3


@cases(
    "text, message, column",
    [
        ("Group((1,2),(1,2,3)", 'expected "," or "\\)"', 19),
        ("Group((1,2)(2,3))", "no common point", 11),
        ("SymetricGroup(5)", 'did you mean "SymmetricGroup"', 0),
        ("Group((1,2),(0,3))", "count from 1", 12),
        ("Group((1,1))", "twice", 6),
        ("DihedralGroup(7)", "even", 0),
        ("Group((1,2)) Group(())", "the end", 13),
        ("1 + 1", "a group was expected", 0),
        ("Group((1,2),[[1]])", "generators are", 0),
        ("Group([[Z(2)]])", "finite fields", 8),
        ("SmallGroup(8,3)", "library", 0),
        ("__import__('os')", "expected a group", 11),
        ("Group([[1/0]])", "division by 0", 10),
    ],
    ids=lambda row: row[0],
)
def test_a_typing_error_shows_where(text, message, column):
    with pytest.raises(GroupRepError, match=message) as error:
        group_from_gap(text)
    assert str(error.value).splitlines()[1:] == [text, " " * column + "^"]


def test_the_order_of_the_columns_is_that_of_gap():
    """GAP 4.12 lists the classes of SymmetricGroup(4) in this order, and has these values; rows by degree, the trivial one first."""
    table = Symmetric(4).character_table()
    text = to_gap(table, "[ (), (1,2), (1,2)(3,4), (1,2,3), (1,2,3,4) ]")
    assert "SizesCentralizers := [ 24, 4, 8, 3, 4 ]" in text
    assert "ComputedPowerMaps := [ , [ 1, 1, 1, 4, 3 ], [ 1, 2, 3, 1, 5 ] ]" in text
    rows = text[text.index("Irr :=") :].splitlines()[1:]
    assert rows[:2] == ["[ 1, 1, 1, 1, 1 ],", "[ 1, -1, 1, 1, -1 ],"]
    assert "E(5)" in to_gap(Cyclic(5).character_table())
    assert "-E(5)^2-E(5)^3" in to_gap(Alternating(5).character_table())
    with pytest.raises(GroupRepError, match="each of the 5 classes once"):
        to_gap(table, "[ (), (1,2) ]")


@pytest.mark.skipif(shutil.which("gap") is None, reason="GAP is not installed")
def test_gap_reads_what_we_write():
    groups = [Symmetric(4), Alternating(5), Dicyclic(3), Cyclic(7), Dihedral(6)]
    lines = ["SizeScreen([4000]);;"]
    for G in groups:
        table = to_gap(G.character_table())
        lines += [f"G := {to_gap(G)};;", "T := " + table.replace("\n", " ") + ";;"]
        lines += ["U := CharacterTable(G);;", 'Print(Size(G), " ", IsInternallyConsistent(T), " ");']
        lines += ['Print(TransformingPermutationsCharacterTables(T, U) <> fail, "\\n");']
    for text in GENERATED:
        lines.append(
            f'Print("{text[:0]}", GeneratorsOfGroup({text.strip().rstrip(";")}), "\\n");'.replace(
                "# a comment", ""
            ).replace("\\\n", "")
        )
    answer = subprocess.run(
        ["gap", "-q", "-b"], input="\n".join(lines), capture_output=True, text=True, timeout=120, check=True
    ).stdout
    rows = answer.strip().splitlines()
    assert rows[: len(groups)] == [f"{G.order} true true" for G in groups]
    for row, text in zip(rows[len(groups) :], GENERATED, strict=True):
        written = to_gap(group_from_gap(text)).removeprefix("Group(").removesuffix(")")
        assert row.replace(" ", "") == written.replace(" ", ""), text


# --- graphs


def weighted(graph):
    for k, (u, v) in enumerate(graph.edges):
        graph[u][v]["w"] = k == 0
    return graph


def coloured(graph):
    for k, v in enumerate(graph.nodes):
        graph.nodes[v]["c"] = "red" if k == 0 else "blue"
    return graph


@cases(
    "graph, arguments, order",
    [
        (nx.petersen_graph(), {}, 120),
        (nx.hypercube_graph(4), {}, 384),
        (nx.empty_graph(12), {}, 479001600),
        (nx.dodecahedral_graph(), {}, 120),
        (nx.frucht_graph(), {}, 1),
        (nx.disjoint_union(nx.petersen_graph(), nx.petersen_graph()), {}, 2 * 120**2),
        (nx.hoffman_singleton_graph(), {}, 252000),
        (nx.cycle_graph(6, create_using=nx.DiGraph), {}, 6),
        (nx.MultiGraph([(0, 1), (0, 1), (1, 2)]), {}, 1),
        (weighted(nx.cycle_graph(6)), {"weight": "w"}, 2),
        (weighted(nx.cycle_graph(6)), {}, 12),
        (coloured(nx.petersen_graph()), {"colour": "c"}, 12),
        (np.array([[0, 2.5, 1], [2.5, 0, 1], [1, 1, 0]]), {}, 2),
        (nx.to_scipy_sparse_array(nx.path_graph(4)), {}, 2),
        (np.diag([1, 1, 2]), {}, 2),
    ],
    ids=[
        "petersen",
        "cube",
        "empty",
        "dodecahedron",
        "frucht",
        "two",
        "hoffman",
        "directed",
        "several",
        "weighted",
        "plain",
        "coloured",
        "matrix",
        "sparse",
        "loops",
    ],
)
def test_automorphism_groups(graph, arguments, order):
    """Orders from the literature; that generators keep the matrix, and that there are no more on small graphs, by all permutations."""
    G = automorphism_group(graph, **arguments)
    assert G.order == order
    A = nx.to_numpy_array(graph) if hasattr(graph, "nodes") else graph.toarray() if hasattr(graph, "toarray") else graph
    for p in G.generators:
        assert np.array_equal(A[np.ix_(p, p)], A)
    assert automorphism_group(graph, **arguments).key() == G.key()


def test_small_graphs_against_all_permutations():
    elements = Symmetric(5).elements
    for seed in range(8):
        graph = nx.gnp_random_graph(5, 0.5, seed=seed, directed=seed % 2 == 1)
        A = nx.to_numpy_array(graph)
        assert automorphism_group(graph).order == sum(np.array_equal(A[np.ix_(p, p)], A) for p in elements)


def test_the_commutant_of_a_graph():
    """Petersen: 1, A and J span it. Distance-transitive graphs have as many dimensions as distances."""
    graph = nx.petersen_graph()
    H = commutant(automorphism_group(graph).natural())
    A = nx.to_numpy_array(graph)
    assert H.dim == 3
    assert all(np.allclose(H.project(X), X) for X in (np.eye(10), A, np.ones((10, 10)), A @ A))
    assert commutant(automorphism_group(nx.hypercube_graph(4)).natural()).dim == 5


def test_pynauty_agrees():
    pynauty = pytest.importorskip("pynauty", reason="pynauty is not installed")
    for graph in (nx.petersen_graph(), nx.grid_2d_graph(3, 3), nx.gnp_random_graph(12, 0.2, seed=2, directed=True)):
        number = {v: k for k, v in enumerate(graph)}
        theirs = pynauty.Graph(
            len(graph),
            directed=graph.is_directed(),
            adjacency_dict={number[v]: [number[w] for w in graph[v]] for v in graph},
            vertex_coloring=[{0}],
        )
        generators, mantissa, exponent, *_ = pynauty.autgrp(theirs)
        G = automorphism_group(theirs)
        assert G.order == round(mantissa * 10**exponent)
        assert all(G.contains(p) for p in generators)


@cases(
    "graph, arguments, message",
    [
        (5, {}, "must be a graph of networkx or pynauty"),
        (np.ones((2, 3)), {}, "square"),
        (np.array([[np.nan]]), {}, "NaN"),
        (nx.path_graph(3), {"weight": "w"}, "no attribute 'w'"),
        (nx.path_graph(3), {"colour": "c"}, "no attribute 'c'"),
        (nx.path_graph(3), {"colour": [1, 2]}, "2 entries, the graph has 3"),
        (nx.Graph(), {}, "no nodes"),
    ],
    ids=["number", "shape", "nan", "weight", "colour", "colours", "empty"],
)
def test_what_is_no_graph(graph, arguments, message):
    with pytest.raises(GroupRepError, match=message):
        automorphism_group(graph, **arguments)


def test_a_search_that_is_too_long_says_what_to_take(monkeypatch):
    monkeypatch.setattr(graphs, "_VISITS", 5)
    with pytest.raises(TooLarge, match="pynauty"):
        automorphism_group(nx.hypercube_graph(4))
    assert issubclass(UnsupportedGroup, GroupRepError)
