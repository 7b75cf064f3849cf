"""Elements as users write them: permutations, cycles, matrices exact and float, tuples; what is none is refused by name."""

import numpy as np
import pytest
import sympy
from cases import cases
from sympy.combinatorics import Permutation

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    Homomorphism,
    Lorentz,
    Quaternion,
    Symmetric,
)
from projectors import Hom

SQUARE = FiniteGroup.from_matrices({"r": [[0, -1], [1, 0]], "s": [[1, 0], [0, -1]]}, name="square")
SKEW = FiniteGroup.from_matrices([[[0, -1], [1, -1]], [[0, 1], [1, 0]]], name="S3")  # not unitary
SIGNED = FiniteGroup.from_matrices([[[0, 0, 1], [-1, 0, 0], [0, 1, 0]], [[0, 1, 0], [1, 0, 0], [0, 0, -1]]])
GROUPS = {
    "square": SQUARE,
    "skew": SKEW,
    "signed": SIGNED,
    "Q8": Quaternion(),
    **{f"C{n}": Cyclic(n) for n in (1, 2, 3, 4, 5, 12)},
    **{f"D{n}": Dihedral(n) for n in (1, 2, 3, 4, 5, 12)},
}


@cases("name", GROUPS)
def test_every_matrix_of_a_matrix_group_is_its_element(name):
    """Exact, float and in batches; W(M) = M for the defining W, and V(M) = V(g) for the others."""
    G = GROUPS[name]
    W, V = G.defining(), G.regular()
    for number, g in enumerate(G.elements):
        exact, floats = W.exact(g), W(g)
        for M in (exact, exact.tolist(), floats):
            assert np.array_equal(G.check_element(M), g)
            assert G.index(M) == number
            assert G.contains(M)
            assert M in G
            assert np.array_equal(V(M), V(g))
            assert W.exact(M) == exact
            assert G.word(M) == G.word(g)
    batch = W(G.elements).reshape(1, len(G.elements), W.dim, W.dim)
    assert np.array_equal(G.check_element(batch)[0], G.elements)
    assert np.array_equal(V(batch)[0], V(G.elements))


@cases("name", ["square", "skew", "signed", "Q8", "C5", "D12"])
def test_rounded_products_of_matrices_are_elements(name):
    G, rng = GROUPS[name], np.random.default_rng(0)
    W = G.defining()
    g, M = G.identity(), np.eye(W.dim)
    for k in rng.integers(len(G.generators), size=300):
        g, M = G.multiply(G.generators[k], g), W(G.generators[k]) @ M
    assert np.array_equal(G.check_element(M), g)
    assert not np.array_equal(M, W(g)) or np.array_equal(W(g), np.rint(W(g)))
    with pytest.raises(GroupRepError, match="no matrix of"):
        G.check_element(M + 1e-9)


@cases("name", ["square", "skew", "signed", "Q8", "C12", "D5"])
def test_products_inverses_and_conjugates_of_matrices(name):
    G = GROUPS[name]
    W = G.defining()
    g, h = G.elements[1], G.elements[-1]
    M, N = W.exact(g), W.exact(h)
    assert np.array_equal(G.multiply(M, N), G.multiply(g, h))
    assert np.array_equal(G.inverse(M), G.inverse(g))
    assert np.array_equal(G.conjugate(M, by=N), G.conjugate(g, by=h))


@cases("name", ["square", "signed", "D5", "Q8"])
def test_subgroups_and_homomorphisms_by_matrices(name):
    G = GROUPS[name]
    W = G.defining()
    matrices = [W.exact(g) for g in G.generators]
    assert G.subgroup(matrices).order == G.order
    H = G.subgroup([matrices[0] ** 2, W(G.generators[1])])
    assert [p.tolist() for p in H.generators] == [
        G.multiply(G.generators[0], G.generators[0]).tolist(),
        G.generators[1].tolist(),
    ]
    f = Homomorphism(G, G, matrices)
    assert f == Homomorphism(G, G, list(G.generators))
    assert W.restrict(f) == W.restrict(Homomorphism.inclusion(G, G))
    if name != "signed":  # r -> r, s -> r s is an automorphism of the others
        twisted = Homomorphism(G, G, [matrices[0], matrices[0] * matrices[1]])
        assert Hom(W, W.restrict(twisted)).dim == Hom(W, W).dim


def test_integers_that_are_permutations_are_read_as_such():
    """The one case with two readings: a 2 x 2 array for the swap, or a batch of both permutations of two points."""
    G = FiniteGroup.from_matrices([[[0, 1], [1, 0]]])
    assert G.check_element([[0, 1], [1, 0]]).shape == (2, 2)
    assert G.check_element(np.array([[0.0, 1], [1, 0]])).tolist() == [1, 0]
    assert G.check_element(sympy.Matrix([[0, 1], [1, 0]])).tolist() == [1, 0]


def test_cycles_sympy_permutations_and_tuples():
    G = Dihedral(4)
    g = [1, 2, 3, 0]
    V = G.natural()
    for written in ("(1 2 3 4)", "(1,2,3,4)", Permutation(g), tuple(g), np.array(g), np.array(g, dtype=np.uint8)):
        assert np.array_equal(V(written), V(g))
        assert G.index(written) == G.index(g)
    assert FiniteGroup.from_permutations([Permutation(g), Permutation([0, 3, 2, 1])]).order == 8
    product = G * Cyclic(2)
    both = product.check_element((g, [1, 0]))
    assert both.tolist() == [1, 2, 3, 0, 5, 4]
    assert product.check_element((G.defining()(g), "(1 2)")).tolist() == both.tolist()
    assert np.array_equal(product.part((g, [1, 0]), 1), [1, 0])
    assert product.check_element((G.elements, [1, 0])).shape == (8, 6)
    mixed = G * SO(3)
    assert np.array_equal(mixed.pullback(0, V)((sympy.Matrix([[0, -1], [1, 0]]), np.eye(3))), V(g))


def test_exact_matrices_of_lie_groups():
    L = SO(3).defining()
    turn = sympy.Matrix([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert np.array_equal(L(turn), np.array(turn, dtype=float))
    assert np.array_equal(L([["1/2", "-sqrt(3)/2", 0], ["sqrt(3)/2", "1/2", 0], [0, 0, 1]])[0, 1], -np.sqrt(3) / 2)
    assert SO(3).contains(turn)
    assert turn in SO(3)
    assert not SO(3).contains([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert np.array_equal(SO(3).multiply(turn, turn), L(turn @ turn))
    X = sympy.Matrix([[0, -1, 0], [1, 0, 0], [0, 0, 0]])
    assert np.array_equal(L.differential(X), L.differential(np.array(X, dtype=float)))


@cases(
    ("make", "error", "message"),
    [
        (lambda: SQUARE.check_element([[0, -1], [1, 1]]), GroupRepError, "no matrix of square"),
        (lambda: SQUARE.check_element(np.diag([0.6, 0.8])), GroupRepError, "no matrix of square"),
        (lambda: SQUARE.check_element(np.eye(3)), DimensionMismatch, "2 x 2"),
        (lambda: SQUARE.subgroup([[[0, -1], [1, 1]]]), GroupRepError, r"generators\[0\].*no matrix of"),
        (lambda: SQUARE.subgroup(sympy.eye(2)), GroupRepError, "list of elements"),
        (lambda: SQUARE.subgroup("(1 2)"), GroupRepError, "list of elements"),
        (lambda: SQUARE.subgroup([SQUARE.elements]), DimensionMismatch, "one element"),
        (lambda: Homomorphism(SQUARE, SQUARE, [sympy.eye(3)] * 2), DimensionMismatch, r"images\['r'\].*2 x 2"),
        (lambda: Dihedral(4).natural()([2, 3, 4, 1]), GroupRepError, r'count.*subtract 1.*"\(1 2 3 4\)"'),
        (lambda: Dihedral(4).natural()(1), DimensionMismatch, "integer array"),
        (lambda: Dihedral(4).natural()("r"), GroupRepError, "cycle notation"),
        (lambda: Symmetric(4).natural()([[1, 2], [3]]), DimensionMismatch, "integer array"),
        (lambda: Symmetric(4).multiply([1, 0], [1, 0]), DimensionMismatch, "integer array"),
        (lambda: Dihedral(4).defining().exact(Dihedral(4).elements), DimensionMismatch, "one element.*8"),
        (lambda: (Dihedral(4) * Cyclic(2)).check_element(([0, 1], [0, 1])), DimensionMismatch, "D4"),
        (lambda: (Dihedral(4) * SO(3)).multiply(5, 5), DimensionMismatch, "tuple of 2"),
        (lambda: SO(3).multiply(1, 2), DimensionMismatch, "3, 3"),
        (lambda: SO(3).inverse(np.zeros((3, 3))), GroupRepError, "g is singular"),
        (lambda: SO(3).contains("x"), GroupRepError, "g: a matrix is needed"),
        (lambda: SO(3).contains(np.eye(2)), DimensionMismatch, "3 x 3"),
        (lambda: SO(3).defining()(sympy.eye(2)), DimensionMismatch, "3, 3"),
        (lambda: SO(3).defining()([[1, 2], [3]]), DimensionMismatch, "3, 3"),
        (lambda: SO(3).defining().exact(np.eye(3) / 3), GroupRepError, "exact"),
        (lambda: SO(3).exp([1, 2]), DimensionMismatch, r"\(\.\.\., 3\)"),
        (lambda: SO(3).exp("x"), DimensionMismatch, "coefficients"),
        (lambda: (SO(3) * SU(2)).exp([1, 2, 3]), DimensionMismatch, r"\(\.\.\., 6\)"),
        (lambda: SO(3).sample(2, 0), GroupRepError, "default_rng"),
        (lambda: Dihedral(4).sample(2, None), GroupRepError, "default_rng"),
        (lambda: Dihedral(4).sample(-1, np.random.default_rng(0)), GroupRepError, "n >= 0"),
        (lambda: Lorentz().random("2", np.random.default_rng(0)), GroupRepError, "integer n"),
        (lambda: SO(3).index(np.eye(3)), GroupRepError, "infinite"),
        (lambda: SO(3).character_table(), GroupRepError, "infinite"),
        (lambda: SO(3).subgroup([np.eye(3)]), GroupRepError, "from_matrices"),
    ],
)
def test_what_is_no_element(make, error, message):
    with pytest.raises(error, match=message) as raised:
        make()
    assert "\n" not in str(raised.value)


def test_what_does_not_lie_in_the_group():
    assert not SQUARE.contains([[0, -1], [1, 1]])
    assert not SQUARE.contains(np.diag([0.6, 0.8]))
    assert [[0, -1], [1, 1]] not in SQUARE
    assert not Dihedral(4).contains("(1 2)")
    with pytest.raises(DimensionMismatch):
        SQUARE.contains(np.eye(3))
