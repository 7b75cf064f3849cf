"""Bad input: each gets its own error, and the message names the argument and the remedy."""

import re

import numpy as np
import pytest
import sympy
from cases import cases

import grouprep
from grouprep import (
    SO,
    SU,
    AmbiguousRank,
    CertificateError,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    Homomorphism,
    LieGroup,
    Lorentz,
    NotAHomomorphism,
    NotUnitary,
    O,
    PointGroup,
    Quaternion,
    Representation,
    SpReal,
    Symmetric,
    TooLarge,
    UnsupportedGroup,
    load_group,
)
from grouprep.linalg import as_image, intertwiners
from grouprep.representations.expression import parse_representation
from projectors import Hom, commutant

SPIN_HALF = [[["I/2", 0], [0, "-I/2"]], [[0, "1/2"], ["-1/2", 0]], [[0, "I/2"], ["I/2", 0]]]
NAN = float("nan")


def test_one_family():
    errors = [
        AmbiguousRank,
        CertificateError,
        DimensionMismatch,
        NotAHomomorphism,
        NotUnitary,
        TooLarge,
        UnsupportedGroup,
    ]
    assert all(issubclass(e, GroupRepError) for e in errors)
    assert issubclass(GroupRepError, ValueError)
    assert len({*errors}) == 7
    assert all(getattr(grouprep, e.__name__) is e for e in errors)


def test_spin_one_half():
    """A representation of the algebra and of SU(2), none of SO(3)."""
    V = Representation(SU(2), images=SPIN_HALF)
    assert (V.dim, V.field) == (2, "complex")
    assert Hom(V, SU(2).defining()).dim == 1
    # In the order of SO(3)'s generators (rotations 1 -> 2, 1 -> 3, 2 -> 3) with the signs that make the brackets right.
    a, b, c = (sympy.Matrix(3, 3, lambda i, j, m=m: m[i][j]) for m in _rotations())
    assert a * b - b * a in (c, -c)
    signs = [(s, t, u) for s in (1, -1) for t in (1, -1) for u in (1, -1)]
    reasons = []
    for triple in signs:
        images = [sympy.Matrix(m) * s for m, s in zip(_sympified(), triple, strict=True)]
        with pytest.raises(NotAHomomorphism) as error:
            Representation(SO(3), images=images)
        reasons.append(str(error.value))
    # Half of the signs break a bracket, the others the closed path exp(2 pi A1) = 1, where the weight is 1/2.
    assert sum("exp(2 pi A1) = 1" in r and "1/2" in r for r in reasons) == 4
    assert sum("bracket" in r for r in reasons) == 4


def _rotations():
    return [[[0, -1, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, -1], [0, 0, 0], [1, 0, 0]], [[0, 0, 0], [0, 0, -1], [0, 1, 0]]]


def _sympified():
    i = sympy.I
    return [
        [[i / 2, 0], [0, -i / 2]],
        [[0, i / 2], [i / 2, 0]],
        [[0, sympy.Rational(1, 2)], [-sympy.Rational(1, 2), 0]],
    ]


@cases(
    ("group", "images", "relation"),
    [
        (lambda: Cyclic(4), [[[2]]], "r^4 = 1"),
        (lambda: Dihedral(3), {"r": [[1]], "s": [["I"]]}, "s^2 = 1"),
        (lambda: Dihedral(4), {"r": [[0, -1], [1, 0]], "s": [[1, 0], [0, 1]]}, "r s r s = 1"),
        (lambda: Symmetric(4), {"a": [[-1]], "b": [[1]]}, "a b"),
        (lambda: FiniteGroup.from_permutations({"r": [1, 2, 3, 0]}, name="C4"), {"r": [["zeta(3)"]]}, "r"),
        (lambda: FiniteGroup.from_permutations({"r": [1, 2, 3, 0]}, name="C4"), {"r": np.array([[0.9]])}, "r"),
        (lambda: O(2), {"A1": [[0, -1], [1, 0]], "h1": [[1, 0], [0, 1]]}, "h1"),
        (lambda: SO(2), {"A1": [["I/2"]]}, "exp\\(2 pi A1\\) = 1"),
        (lambda: SO(2), {"A1": [[1]]}, "circle"),
    ],
)
def test_the_broken_relation_is_named(group, images, relation):
    pattern = relation if "\\" in relation else re.escape(relation)
    with pytest.raises(NotAHomomorphism, match=pattern):
        Representation(group(), images=images)


def test_permutations_that_are_no_action():
    G = Dihedral(4)
    with pytest.raises(NotAHomomorphism, match="relation"):
        G.permutation({"r": [1, 2, 0], "s": [0, 1, 2]})
    # For a group without a presentation: a shortest word is found.
    K = FiniteGroup.from_permutations({"r": [1, 2, 3, 0], "s": [0, 3, 2, 1]}, name="K")
    with pytest.raises(NotAHomomorphism, match=r"r\^?\d? .*= "):
        K.permutation({"r": [1, 2, 0], "s": [0, 1, 2]})


def test_a_large_group_without_presentation():
    from pathlib import Path

    G = load_group(Path(grouprep.__file__).parent / "groups" / "data" / "rubik.toml")
    good = {str(a): [[-1]] for a in G.generator_names}  # a quarter turn is an odd permutation of corners
    V = Representation(G, images=good)
    assert V.dim == 1
    bad = good | {"U": [[1]]}
    with pytest.raises(NotAHomomorphism):
        Representation(G, images=bad)


@cases(
    ("make", "error", "message"),
    [
        (lambda: Representation(Cyclic(2), images=[[[1, 2, 3], [4, 5, 6]]]), DimensionMismatch, "images.*r.*square"),
        (lambda: Representation(Cyclic(2), images=[np.ones((2, 3))]), DimensionMismatch, "images.*r.*square"),
        (lambda: Representation(Dihedral(3), images=[[[1]], [[1, 0], [0, 1]]]), DimensionMismatch, "sizes"),
        (lambda: Representation(Dihedral(3), images=[[[1]]]), DimensionMismatch, "2 generators"),
        (lambda: Representation(Dihedral(3), images={"r": [[1]], "t": [[1]]}), DimensionMismatch, "keys"),
        (lambda: Representation(Cyclic(2), images=[np.array([[NAN]])]), GroupRepError, "images.*r.*NaN"),
        (lambda: Representation(Cyclic(2), images=[[[NAN]]]), GroupRepError, "NaN"),
        (lambda: Representation(Cyclic(2), images=[[["nan"]]]), GroupRepError, "nan"),
        (lambda: Representation(Cyclic(2), images=[[["x"]]]), GroupRepError, "x"),
        (lambda: Representation(Cyclic(2), images=[[[0]]]), NotAHomomorphism, "singular|relation"),
        (lambda: Representation("C2", images=[[[1]]]), GroupRepError, "group must be a Group"),
        (lambda: Representation(Cyclic(3), images=[[[1]]], gram=[[-1]]), GroupRepError, "gram"),
        (lambda: LieGroup.from_algebra([np.array([[NAN, 0], [0, 0]])]), GroupRepError, r"generators\[0\].*NaN"),
        (lambda: LieGroup.from_algebra([np.array([[np.inf, 0], [0, 0]])]), GroupRepError, r"generators\[0\].*infinite"),
        (lambda: LieGroup.from_algebra([]), GroupRepError, "generators is empty"),
        (lambda: LieGroup.from_algebra([[[0, 1], [1, 0]], [[1]]]), DimensionMismatch, r"generators\[1\]"),
        (
            lambda: LieGroup.from_algebra([[[0, 1], [1, 0]]], [[[1, 0], [0, 0]]]),
            GroupRepError,
            r"components\[0\] is singular",
        ),
        (lambda: FiniteGroup.from_matrices([]), GroupRepError, "empty"),
        (lambda: FiniteGroup.from_matrices([[[1, 0], [0, 0]]]), GroupRepError, "singular|infinite"),
        (lambda: FiniteGroup.from_matrices([[[1, 2]]]), DimensionMismatch, "square"),
        (lambda: FiniteGroup.from_matrices([[[1]], [[1, 0], [0, 1]]]), DimensionMismatch, r"generators\[1\]"),
        (lambda: FiniteGroup.from_matrices([np.array([[0.0, 1.0], [1.0, 0.0]])]), GroupRepError, "float"),
        (lambda: FiniteGroup.from_permutations([]), GroupRepError, "empty"),
        (lambda: FiniteGroup.from_permutations([[0, 0]]), GroupRepError, "not a permutation"),
        (lambda: FiniteGroup.from_permutations([[0, 1], [0, 1, 2]]), DimensionMismatch, "3 points"),
        (lambda: FiniteGroup.from_permutations(["(1 2"]), GroupRepError, "cycle"),
        (lambda: FiniteGroup.from_permutations(["(1 1)"]), GroupRepError, "once"),
        (lambda: FiniteGroup.from_permutations([[0.5, 1]]), GroupRepError, "integers"),
        (lambda: FiniteGroup.from_table([[0, 1], [1, 1]]), GroupRepError, "row 1"),
        (lambda: FiniteGroup.from_table([[0, 1, 2], [1, 2, 0]]), GroupRepError, "square"),
        (lambda: FiniteGroup.from_table([[1, 0], [0]]), GroupRepError, "different lengths"),
        (lambda: FiniteGroup.from_presentation(["a"], ["b^2"]), GroupRepError, "b"),
        (
            lambda: FiniteGroup.from_presentation(["a"], ["a^2"], max_cosets=0),
            GroupRepError,
            "max_cosets must be a positive",
        ),
        (
            lambda: PointGroup.from_permutations([[1, 0]]),
            GroupRepError,
            "FiniteGroup.from_permutations makes any other",
        ),
        (lambda: PointGroup.from_table([[0]]), GroupRepError, "FiniteGroup.from_table makes any other"),
        (lambda: FiniteGroup.from_presentation(["a"], ["(a"]), GroupRepError, "not closed"),
        (lambda: FiniteGroup.from_presentation(["a", "a"], ["a"]), GroupRepError, "different names"),
        (lambda: Cyclic(0), GroupRepError, "n >= 1"),
        (lambda: Dihedral(-1), GroupRepError, "n >= 1"),
        (lambda: Symmetric(2.0), GroupRepError, "integer"),
        (lambda: Cyclic(True), GroupRepError, "integer"),
        (lambda: SO(1), GroupRepError, "n >= 2"),
        (lambda: Hom(Cyclic(2).trivial(), Cyclic(3).trivial()), DimensionMismatch, "C2.*C3"),
        (lambda: Hom(Cyclic(2).trivial(), 3), GroupRepError, "W must be"),
        (lambda: Hom(Cyclic(2).trivial(), Cyclic(2).trivial(), solver="magic"), GroupRepError, "orbits"),
        (lambda: Hom(Cyclic(2).trivial(), Cyclic(2).trivial(), inner="l2"), GroupRepError, "euclidean"),
        (lambda: Cyclic(2).trivial() + Cyclic(3).trivial(), DimensionMismatch, "pullback"),
        (lambda: Cyclic(2).trivial() * SO(2).trivial(), DimensionMismatch, "C2 and of SO"),
        (lambda: Cyclic(2).trivial().exterior_power(2), GroupRepError, "higher powers"),
        (lambda: Cyclic(2).trivial().symmetric_power(-1), GroupRepError, "integer >= 0"),
        (lambda: 0 * Cyclic(2).trivial(), GroupRepError, "dimension 0.*leave it away.*integer >= 1"),
        (lambda: Cyclic(2).trivial() * 0, GroupRepError, "integer >= 1"),
        (lambda: 2.0 * Cyclic(2).trivial(), GroupRepError, "integer >= 1, got 2.0"),
        (lambda: "2" * Cyclic(2).trivial(), GroupRepError, "integer >= 1, got '2'"),
        (lambda: Cyclic(2).trivial() + 1, GroupRepError, r"n \* G.trivial"),
        (lambda: 1 + Cyclic(2).trivial(), GroupRepError, r"n \* G.trivial"),
        (lambda: Cyclic(2).trivial() + "V", GroupRepError, "only representations add up"),
        (lambda: Cyclic(2).trivial() ^ 2, GroupRepError, r"V \*\* k"),
        (lambda: Cyclic(2).trivial().dual(), GroupRepError, "V.dual.*without parentheses"),
        (lambda: Cyclic(3).defining().conjugate(), GroupRepError, "V.conjugate.*without parentheses"),
        (lambda: Cyclic(3).defining().character(), GroupRepError, "V.character.*without parentheses"),
        (lambda: Cyclic(3).defining().character.inner(5), GroupRepError, "W.character"),
        (lambda: Cyclic(3).defining().images["s"], GroupRepError, "known are r"),
        (lambda: Cyclic(3).defining().restrict("C3"), GroupRepError, "f must be a Homomorphism"),
        (lambda: Cyclic(3).defining().differential("x"), GroupRepError, "no Lie algebra"),
        (lambda: SO(3).defining().differential("x"), DimensionMismatch, "X must be coefficients"),
        (lambda: SO(3).irrep(1).symbolic("a", "b", "c"), GroupRepError, "angles are sympy expressions"),
        (lambda: Representation(Cyclic(2)), GroupRepError, "images must hold a matrix"),
        (lambda: Representation(Cyclic(2), "regular"), GroupRepError, r"\.regular\(\)"),
        (lambda: Representation(Cyclic(2), lambda g: g), GroupRepError, "images must be a list"),
        (lambda: Representation(Cyclic(2), images=5), GroupRepError, "images must be a list"),
        (lambda: FiniteGroup("D4"), GroupRepError, r'load_group\("D4"\)'),
        (lambda: FiniteGroup([[1, 0]]), GroupRepError, "from_permutations"),
        (lambda: FiniteGroup(), GroupRepError, "from_permutations"),
        (lambda: LieGroup("SO(3)"), GroupRepError, "from_algebra"),
        (lambda: LieGroup(), GroupRepError, "from_algebra"),
        (lambda: grouprep.Group("D4"), GroupRepError, r'load_group\("D4"\)'),
        (lambda: Lorentz(3), GroupRepError, r"takes no size.*O\(1, 3\).*from_algebra"),
        (lambda: Lorentz("x", 2), GroupRepError, "takes no size"),
        (lambda: Quaternion(8), GroupRepError, "takes no size.*Q8"),
        (lambda: FiniteGroup.from_permutations([[2, 3, 1]]), GroupRepError, r'subtract 1.*"\(1 2 3\)"'),
        (lambda: FiniteGroup.from_permutations([(1, 2, 3)]), GroupRepError, r'a cycle is text: "\(1 2 3\)"'),
        (lambda: FiniteGroup.from_permutations(["(0 1 2)"]), GroupRepError, "cycles count from 1"),
        (lambda: FiniteGroup.from_permutations([1, 2, 0]), GroupRepError, "single permutation; put it into a list"),
        (lambda: FiniteGroup.from_permutations("(1 2)"), GroupRepError, "list of permutations"),
        (lambda: FiniteGroup.from_permutations(5), GroupRepError, "list of permutations"),
        (lambda: FiniteGroup.from_permutations([[1, 0]], degree="2"), GroupRepError, "degree must be an integer"),
        (lambda: FiniteGroup.from_matrices([[0, 1], [1, 0]]), GroupRepError, "single matrix; put it into a list"),
        (lambda: FiniteGroup.from_matrices(sympy.eye(2)), GroupRepError, "list of matrices"),
        (lambda: FiniteGroup.from_matrices([[[1]]], max_points="x"), GroupRepError, "max_points must be an integer"),
        (lambda: FiniteGroup.from_presentation("r", "r^2"), GroupRepError, "generators must be a list"),
        (lambda: FiniteGroup.from_presentation(["a"], ["a^x"]), GroupRepError, "needs an integer"),
        (lambda: LieGroup.from_algebra([[0, -1], [1, 0]]), GroupRepError, "single matrix; put it into a list"),
        (lambda: LieGroup.from_algebra([[[0, 1], [1, 0]]], 5), GroupRepError, "components must be a list"),
        (lambda: Cyclic(2) * "C2", GroupRepError, "load_group"),
        (lambda: (Cyclic(2) * Cyclic(3)).pullback(Cyclic(2).trivial(), 0), GroupRepError, "got V = 0"),
        (lambda: Homomorphism("C4", Dihedral(4), []), GroupRepError, "source must be a Group"),
        (lambda: Homomorphism.projection(0, Cyclic(2)), GroupRepError, "product must be a Group"),
        (lambda: Homomorphism.inclusion("C4", Dihedral(4)), GroupRepError, "subgroup must be a Group"),
        (lambda: Dihedral(4).grid(8.0, 8.0), GroupRepError, "positive integers"),
        (lambda: Dihedral(4).grid("8x8"), GroupRepError, "positive integers"),
        (lambda: Dihedral(4).permutation("x"), GroupRepError, "images must be a list"),
        (lambda: commutant(Cyclic(2).natural(), Cyclic(2).trivial()), GroupRepError, r"Hom\(V, W\)"),
        (lambda: Hom(Cyclic(2).trivial(), Cyclic(2).trivial(), solver="orbit"), GroupRepError, 'did you mean "orbits"'),
        (lambda: Hom(Cyclic(2).trivial(), Cyclic(2).trivial(), solver=5), GroupRepError, "orbits"),
        (lambda: commutant(Cyclic(2).natural()).to("torch"), GroupRepError, "library as a module"),
        (lambda: commutant(Cyclic(2).natural()).project([[1, 2], [3]]), DimensionMismatch, "array of numbers"),
        (lambda: commutant(Cyclic(2).natural()).basis()["x"], GroupRepError, r"basis\[k\] takes an integer"),
        (lambda: commutant(Cyclic(2).natural()).exact_basis()[0:1], GroupRepError, "takes an integer"),
        (lambda: commutant(Cyclic(2).natural()).save(5), GroupRepError, "text or a Path"),
        (lambda: commutant(Cyclic(2).natural()).save(""), GroupRepError, "empty"),
        (lambda: parse_representation("D4", "regular"), GroupRepError, "G must be a Group"),
        (lambda: parse_representation(Dihedral(4), "2regular"), GroupRepError, r"write for example 2\*regular"),
        (lambda: parse_representation(Dihedral(4), "Regular"), GroupRepError, 'did you mean "regular"'),
        (lambda: parse_representation(Dihedral(4), "regular()"), GroupRepError, "without parentheses"),
        (lambda: parse_representation(Dihedral(4), "grid"), GroupRepError, r"grid\(8, 8\)"),
        (lambda: Cyclic(2).trivial() ** -1, GroupRepError, "integer >= 0"),
        (lambda: 0 * Cyclic(2).trivial(), GroupRepError, "has dimension 0"),
        (lambda: -1 * Cyclic(2).trivial(), GroupRepError, "^(?!.*has dimension 0)"),
        (lambda: -1 + Cyclic(2).trivial(), GroupRepError, "only representations add up"),
        (lambda: Cyclic(5).grid((4, 4)), UnsupportedGroup, "does not map this grid"),
        (lambda: Dihedral(4).grid((4, 6)), UnsupportedGroup, "same size"),
        (lambda: Dihedral(4).grid((4, 4, 4)), DimensionMismatch, "2 x 2"),
        (lambda: Symmetric(4).grid((4, 4)), UnsupportedGroup, "permutation"),
        (lambda: SO(2).grid((4, 4)), UnsupportedGroup, "grid"),
        (lambda: Dihedral(4).grid((0, 4)), GroupRepError, "positive"),
        (lambda: SO(3).regular(), UnsupportedGroup, "regular"),
        (lambda: SO(3).natural(), UnsupportedGroup, "defining"),
        (lambda: SpReal(4).irreps(), UnsupportedGroup, "irreps of"),
        (lambda: (Cyclic(3) * Cyclic(2)).pullback(2, Cyclic(2).trivial()), DimensionMismatch, "factor"),
        (lambda: (Cyclic(3) * Cyclic(2)).pullback(0, Cyclic(2).trivial()), DimensionMismatch, "maps into"),
        (lambda: Homomorphism(Cyclic(4), Dihedral(3), [Dihedral(3).generators[0]]), NotAHomomorphism, "r"),
        (lambda: Homomorphism.inclusion(Symmetric(4), Dihedral(4)), NotAHomomorphism, "does not lie in"),
        (lambda: Lorentz().defining().unitary(), NotUnitary, "form"),
        (lambda: Lorentz().sample(2, np.random.default_rng(0)), UnsupportedGroup, "not compact"),
        (lambda: as_image([[1, "q"], [0, 1]], "matrix A"), GroupRepError, "matrix A"),
        (lambda: intertwiners([], []), DimensionMismatch, "same positive number"),
        (lambda: intertwiners([[[1]]], [[[1]], [[1]]]), DimensionMismatch, "As has 1"),
        (lambda: intertwiners([[[1]], [[1, 0], [0, 1]]], [[[1]], [[1]]]), DimensionMismatch, "shape"),
    ],
)
def test_bad_input(make, error, message):
    with pytest.raises(error, match=message) as raised:
        make()
    assert len(str(raised.value)) > 10


def test_what_a_user_of_numpy_or_sympy_would_expect_works():
    G = Dihedral(4)
    V, W = G.natural(), G.defining()
    assert sum([V, W]) == V + W
    assert sum([V, W, V], start=W) == W + V + W + V
    assert sympy.Integer(2) * V == np.int64(2) * V == V * 2 == V + V
    assert V ** np.int64(2) == V * V
    assert G.grid(8, 8) == G.grid((8, 8)) == G.grid([8, 8]) == G.grid(np.array([8, 8])) == G.grid(shape=(8, 8))
    assert Cyclic(sympy.Integer(4)) == Cyclic(np.int64(4)) == Cyclic(4)
    assert V.images["r"] == V.images[G.generator_names[0]]
    assert V.dual(G.generators[0]).shape == (4, 4)
    assert parse_representation(G, "natural\n+ defining") == V + W
    H = Hom(V, W)
    assert np.array_equal(H.project(H.exact_basis()[0]), H.project(H.exact_basis().to_numpy()[0]))
    assert LieGroup.from_algebra({"A": [[0, -1], [1, 0]]}).n == 2


@cases(
    ("given", "meant"),
    [
        ("d4", "D4"),
        ("D_4", "D4"),
        ("S_{3}", "S3"),
        ("Z/4", "Z4"),
        ("so(3)", "SO(3)"),
        ("SO(3", "SO(3)"),
        ("Dihedral(4)", "D(4)"),
        ("SymmetricGroup(4)", "S(4)"),
        ("lorentz", "O(1,3)"),
        ("quaternion", "Q8"),
        ("D4*C2", "D4xC2"),
    ],
)
def test_names_that_are_nearly_right(given, meant):
    with pytest.raises(GroupRepError, match=f'did you mean "{re.escape(meant)}"'):
        load_group(given)
    assert load_group(meant)


@cases("given", ["GL(2)", "E8", "", "D4x", "D4.yaml"])
def test_names_that_are_near_nothing(given):
    with pytest.raises(GroupRepError, match="is unknown; known are"):
        load_group(given)


@cases("given", [4, None, Dihedral(4), ["D4"]])
def test_a_source_of_a_group_is_text_or_a_path(given):
    with pytest.raises(GroupRepError, match="source must be a name"):
        load_group(given)


ROTATION = [[0, -1, 0], [1, 0, 0], [0, 0, 0]]


@cases(
    ("algebra", "components", "outside"),
    [
        ([ROTATION], [[[1, 0, 0], [0, 0, 1], [0, 1, 0]]], ("components[0]", "generators[0]")),
        (
            [ROTATION],
            [[[-1, 0, 0], [0, 1, 0], [0, 0, -1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]],
            ("components[1]", "generators[0]"),
        ),
        ([[[0, 1], [0, 0]]], [[[0, 1], [1, 0]]], ("components[0]", "generators[0]")),
        ([[[0, -1], [1, 0]]], [[[1, 1], [0, 1]]], ("components[0]", "generators[0]")),
        (
            [[["I", 0], [0, 0]]],
            [[["sqrt(2)/2", "sqrt(2)/2"], ["sqrt(2)/2", "-sqrt(2)/2"]]],
            ("components[0]", "generators[0]"),
        ),
    ],
)
def test_components_that_do_not_keep_the_algebra(algebra, components, outside):
    with pytest.raises(GroupRepError, match="does not keep the Lie algebra") as raised:
        LieGroup.from_algebra(algebra, components)
    assert all(name in str(raised.value) for name in outside)


def test_components_may_keep_the_algebra_only_as_a_whole():
    """h A h^-1 need not be a generator: it is a sum of two, half a third, or a bracket of what is given."""
    A, B = ROTATION, [[0, 0, -1], [0, 0, 0], [1, 0, 0]]
    assert LieGroup.from_algebra([A, B], [[[1, 0, 0], [0, 0, 1], [0, 1, 0]]]).n == 3  # B
    assert LieGroup.from_algebra([A, B], [[[0, 0, 1], [1, 0, 0], [0, 1, 0]]]).n == 3  # the bracket of A and B
    tilted = [["3/5", 0, "4/5"], [0, 1, 0], ["-4/5", 0, "3/5"]]
    assert LieGroup.from_algebra([A, B, [[0, 0, 0], [0, 0, -1], [0, 1, 0]]], [tilted]).n == 3
    assert LieGroup.from_algebra([[[0, -2], [2, 0]]], [[[1, 0], [0, -1]]]).n == 2


@cases(
    "generators",
    [
        [[[1, 1], [0, 1]]],
        [[[2]]],
        [[["3/5", "-4/5"], ["4/5", "3/5"]]],
        [[[0, 1], [1, 0]], [[1, 1], [0, 1]]],
        [[[1, 0], [0, -1]], [["3/5", "4/5"], ["4/5", "-3/5"]]],
    ],
    ids=["shear", "stretch", "irrational-angle", "two-involutions-with-shear", "two-reflections"],
)
def test_an_infinite_matrix_group_passed_as_finite(generators):
    with pytest.raises(UnsupportedGroup, match="infinite"):
        FiniteGroup.from_matrices(generators, max_points=500)


def test_an_infinite_matrix_group_is_found_out_soon():
    """With the default bound too: a product of many steps must not take minutes."""
    import time

    start = time.perf_counter()
    with pytest.raises(UnsupportedGroup, match="infinite"):
        FiniteGroup.from_matrices([[[1, 1], [0, 1]]])
    assert time.perf_counter() - start < 20


def test_an_infinite_presentation():
    with pytest.raises(UnsupportedGroup, match="did not close within 200"):
        FiniteGroup.from_presentation(["a", "b"], ["a^2"], max_cosets=200)


@cases("noise", [1e-9, 1e-10, 1e-8])
def test_a_rank_that_floats_leave_open(noise):
    """Two rotations about nearly the same axis: 1 or 3 commuting operators?"""
    A = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 0]])
    B = A + noise * np.array([[0.0, 0, -1], [0, 0, 0], [1, 0, 0]])
    G = LieGroup.from_algebra([A, B])
    with pytest.raises(AmbiguousRank):
        _ = commutant(G.defining()).dim


def test_sizes_beyond_all_bounds_name_the_number():
    V = Symmetric(8).natural()
    with pytest.raises(TooLarge, match=r"[\d,]+ GB"):
        _ = commutant(V**7).basis()
    with pytest.raises(TooLarge, match=r"[\d,]+"):
        Dihedral(4).grid((10**6, 10**6))
    with pytest.raises(TooLarge, match=r"2,432,902,008,176,640,000 elements"):
        Symmetric(20).regular()
    with pytest.raises(TooLarge, match="GB"):
        V.symmetric_power(60)
    H = commutant(256 * Dihedral(4).regular())
    with pytest.raises(TooLarge, match=r"GB.*combine"):
        _ = H.basis().matrices


def test_elements_of_the_wrong_kind():
    V = Dihedral(4).defining()
    with pytest.raises(DimensionMismatch, match=r"integer array.*2 x 2"):
        V(np.eye(3))
    with pytest.raises(DimensionMismatch, match="integer array"):
        V([0, 1, 2])
    with pytest.raises(GroupRepError, match="not a permutation"):
        V([0, 0, 1, 2])
    with pytest.raises(GroupRepError, match="does not lie in"):
        Dihedral(4).regular()([1, 0, 2, 3])
    W = SO(3).defining()
    with pytest.raises(DimensionMismatch, match="3, 3"):
        W(np.eye(2))
    with pytest.raises(GroupRepError, match="NaN"):
        W(np.full((3, 3), NAN))
    product = Cyclic(2) * SO(2)
    with pytest.raises(DimensionMismatch, match="tuple of 2"):
        product.defining()(np.eye(2))


def test_an_element_outside_the_group_is_no_matrix():
    """A permutation that is no symmetry of the square has no image in the plane: not a wrong one."""
    with pytest.raises(GroupRepError):
        Dihedral(4).defining()([1, 0, 2, 3])


def test_operators_of_the_wrong_shape():
    H = Hom(Dihedral(4).regular(), Dihedral(4).defining())
    with pytest.raises(DimensionMismatch, match="transposed"):
        H.project(np.zeros((8, 2)))
    with pytest.raises(DimensionMismatch, match=r"\(\.\.\., 2, 8\)"):
        H.project(np.zeros((2, 7)))
    with pytest.raises(GroupRepError, match="T has NaN"):
        H.project(np.full((2, 8), NAN))
    with pytest.raises(DimensionMismatch, match="array of numbers"):
        H.project([["a"] * 8] * 2)
    with pytest.raises(DimensionMismatch, match="basis has 2 elements"):
        H.basis().combine(np.zeros(3))


@cases(
    ("text", "message"),
    [
        ('permutation = { r = "(1 2)" }', 'unknown key "permutation"; did you mean "permutations"'),
        ('name = "x"', "exactly one of"),
        ('permutations = { r = "(1 2)" }\ncatalogue = "D4"', "found permutations, catalogue"),
        ('permutations = { r = "(1 2)" }\ncomponents = []', '"components" goes with "algebra"'),
        ('permutations = { r = "(1 2" }', "cycle notation"),
        ('permutations = "(1 2)"', "table of named generators"),
        ("matrices = { r = [[0, 1], [1]] }", "r"),
        ('matrices = { r = [["__import__(1)"]] }', "__import__"),
        ("matrices = { r = [[2]] }", "infinite"),
        ('presentation = { generators = ["r"], relations = ["r^2"] }', 'unknown key "relations"'),
        ('presentation = { generators = ["r"] }', "presentation"),
        ('catalogue = "E8"', 'group "E8" is unknown'),
        ('product = ["D4"]', "at least two"),
        ('name = 5\ncatalogue = "D4"', "name must be text"),
        ('permutations = { r = "(1 2)" }\ndegree = -1', "degree"),
        ('permutations = { r = "(1 2)"', "truncated"),
        ('catalogue = "D4"\n[representations.V]\nexpression = "definig"', "did you mean"),
        ('catalogue = "D4"\n[representations.V]\nimages = { r = [[1]] }', "generators"),
        ('catalogue = "D4"\n[representations.V]\nimage = 1', "unknown key"),
        ('catalogue = "D4"\n[representations.V]\nimages = { r = [["I"]], s = [[1]] }', "relation"),
        ("algebra = [[[0, -1], [1, 0]], [[0]]]", r"generators\[1\]"),
        ("table = [[0, 1], [1, 1]]", "not a group"),
    ],
)
def test_group_files(text, message, tmp_path):
    from grouprep.representations.files import load_representations

    path = tmp_path / "group.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GroupRepError, match=message) as error:
        load_representations(path)
    assert str(path) in str(error.value)


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(GroupRepError, match="cannot read"):
        load_group(tmp_path / "no.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GroupRepError, match="not a text file"):
        load_group(tmp_path / "binary.toml")
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(GroupRepError, match="JSON"):
        load_group(tmp_path / "deep.json")
    with pytest.raises(GroupRepError, match="unknown"):
        load_group("D4y")
    with pytest.raises(GroupRepError, match="unknown"):
        load_group("S99999")


@cases("text", ["trivial^1000000000", "sym(1000000000, regular)", "defining^" + "9" * 30])
def test_absurd_expressions(text):
    with pytest.raises(TooLarge):
        parse_representation(Dihedral(4), text)


def test_absurd_permutations():
    for text in ("(1 99999999)", "(1 " + "9" * 40 + ")"):
        with pytest.raises(TooLarge):
            FiniteGroup.from_permutations([text])
