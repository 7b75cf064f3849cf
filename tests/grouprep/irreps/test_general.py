"""The irreps of finite groups that no family knows: exact, over small fields, unitary in floats, whatever the generators."""

import pickle

import numpy as np
import pytest
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from grouprep import SO, Cyclic, FiniteGroup, GroupRepError, UnsupportedGroup
from grouprep.irreps.catalogue import find_family
from grouprep.irreps.finite import GeneralFamily, general_family
from grouprep.linalg import as_exact, as_float
from grouprep.linalg import matrices as mat
from grouprep.linalg.fields import cyclotomic_field, degree, quadratic_field
from grouprep.testing import check_irrep

EPS = float(np.finfo(float).eps)


def presented(name, generators, relators):
    return FiniteGroup.from_presentation(generators.split(), relators, name=name)


def permuted(name, *generators):
    return FiniteGroup.from_permutations(list(generators), name=name)


A5 = permuted("A5", "(1 2 3 4 5)", "(3 4 5)")
S5 = permuted("S5", "(1 2)", "(2 3)(4 5)", "(3 4)", "(1 5 2)")
A6 = permuted("A6", "(1 2 3 4 5)", "(4 5 6)")
PSL = permuted("PSL(2,7)", "(1 2 3 4 5 6 7)", "(1 2)(3 6)")
M11 = permuted("M11", "(1 2 3 4 5 6 7 8 9 10 11)", "(3 7 11 8)(4 10 5 6)")
WREATH = permuted("C2 wr S4", "(1 2)", "(1 3)(2 4)", "(1 3 5 7)(2 4 6 8)")
BINARY = {
    n: presented(name, "s t", [f"s^3 t^-{n}", "s^3 (s t)^-2"])
    for n, name in ((3, "SL(2,3)"), (4, "2O"), (5, "SL(2,5)"))
}
GL = FiniteGroup.from_permutations(
    [[3, 7, 2, 6, 1, 5, 0, 4], [2, 5, 0, 3, 6, 1, 4, 7], [0, 1, 5, 6, 7, 2, 3, 4]], name="GL(2,3)"
)
FROBENIUS = presented("C7:C3", "r s", ["r^7", "s^3", "s r s^-1 r^-2"])
FOUR = presented("C13:C4", "r s", ["r^13", "s^4", "s r s^-1 r^-5"])
THIRD = presented("C7:C9", "r s", ["r^7", "s^9", "s r s^-1 r^-2"])
SPLIT = presented("C3:C8", "r s", ["r^3", "s^8", "s r s^-1 r"])
QUATERNIONS = presented("Q8 x C3", "a b c", ["a^4", "a^2 b^-2", "b a b^-1 a", "c^3", "a c a^-1 c^-1", "b c b^-1 c^-1"])
SCHUR = permuted(  # (C3 x D4) : C2, number 15 of order 48
    "order 48",
    "(2 5)(4 8)(6 12)(7 11)(9 10)(14 17)(15 19)(18 20)",
    "(1 10 4 2 8 6)(3 12 7 5 11 9)(13 14)(15 20)(16 18)(17 19)",
)

Q, I, OMEGA = cyclotomic_field(1), cyclotomic_field(4), cyclotomic_field(3)
GOLDEN = quadratic_field(5)

# The degrees, and the fields of some of the irreps by their numbers.
GROUPS = [
    (A5, [1, 3, 3, 4, 5], {1: GOLDEN, 2: GOLDEN, 3: Q, 4: Q}),
    (S5, [1, 1, 4, 4, 5, 5, 6], dict.fromkeys(range(7), Q)),
    (A6, [1, 5, 5, 8, 8, 9, 10], {1: Q, 3: GOLDEN, 4: GOLDEN, 6: Q}),
    (PSL, [1, 3, 3, 6, 7, 8], {1: quadratic_field(-7), 2: quadratic_field(-7), 3: Q}),
    (WREATH, [1] * 4 + [2] * 2 + [3] * 4 + [4] * 4 + [6] * 4 + [8] * 2, dict.fromkeys(range(20), Q)),
    (BINARY[3], [1, 1, 1, 2, 2, 2, 3], {3: OMEGA, 4: OMEGA, 5: OMEGA, 6: Q}),
    (BINARY[4], [1, 1, 2, 2, 2, 3, 3, 4], {2: Q, 3: cyclotomic_field(8), 5: Q}),
    (BINARY[5], [1, 2, 2, 3, 3, 4, 4, 5, 6], {1: cyclotomic_field(5), 3: GOLDEN}),
    (FROBENIUS, [1, 1, 1, 3, 3], {3: quadratic_field(-7)}),
    (FOUR, [1, 1, 1, 1, 4, 4, 4], {}),
    (THIRD, [1] * 9 + [3] * 6, {}),
    (SPLIT, [1] * 8 + [2] * 4, {11: I}),
    (QUATERNIONS, [1] * 12 + [2] * 3, {13: OMEGA, 14: OMEGA}),
]


@cases("group, degrees, fields", GROUPS, ids=[str(case[0]) for case in GROUPS])
def test_exact_and_unitary_forms(group, degrees, fields):
    """R is a representation with the character of the table, which V = S R S^-1 has too, unitary."""
    family = general_family(group)
    irreps = family.irreps("complex", None)
    assert [J.dim for J in irreps] == degrees
    assert [J.label for J in irreps] == [f"X{k + 1}" for k in range(len(irreps))]
    assert irreps[0].character.values.tolist() == [1] * len(irreps)
    g, h = group.elements[[1, len(group.elements) // 2]]
    for k, J in enumerate(irreps):
        R, S = J.rational()
        left, right = as_exact(R.exact_image(group.multiply(g, h))), mat.matmul(R.exact_image(g), R.exact_image(h))
        assert mat.equal(left, right)
        for a in group.generator_names:
            form = as_exact(R.gram)
            assert mat.equal(mat.matmul(mat.matmul(mat.adjoint(R.image(a)), form), R.image(a)), form)
            assert mat.equal(R.image(a), R.exact_image(group.generator_element(a)))
        assert R.domain.get_field() == fields.get(k, R.domain.get_field())
        assert abs(np.trace(as_float(R.exact_image(g))) - J.character(g)) <= 16 * EPS * J.dim**2
        V = J(g)
        assert np.abs(V @ S - S @ as_float(R.exact_image(g))).max() <= 50 * EPS * J.dim * np.linalg.cond(S)
        assert np.abs(V @ V.conj().T - np.eye(J.dim)).max() <= 10 * EPS * J.dim


@cases("group", [A5, PSL, BINARY[3], BINARY[5], FOUR, SPLIT, SCHUR], ids=str)
def test_great_orthogonality(group):
    """Over all elements the matrix coefficients of all irreps together are a unitary matrix, up to sqrt(d/|G|)."""
    irreps = general_family(group).irreps("complex", None)
    rows = [np.sqrt(J.dim / group.order) * J(group.elements).reshape(group.order, -1) for J in irreps]
    U = np.concatenate(rows, axis=1)
    assert U.shape == (group.order, group.order)
    assert np.abs(U.conj().T @ U - np.eye(group.order)).max() <= 8 * EPS * group.order


@cases(
    "group, label, type, dim",
    [
        (BINARY[3], "X5", "H", 4),
        (BINARY[5], "X7", "H", 8),
        (FROBENIUS, "X4", "C", 6),
        (SPLIT, "X12", "C", 4),
        (QUATERNIONS, "X13", "H", 4),
        (PSL, "X2", "C", 6),
        (A5, "X2", "R", 3),
    ],
)
def test_real_forms(group, label, type, dim):
    J = general_family(group).irrep(label, "real")
    assert (J.type, J.dim, len(J.commutant)) == (type, dim, {"R": 1, "C": 2, "H": 4}[type])
    R, S = J.rational()
    assert R.field == "real"
    g = group.elements[-1]
    assert np.abs(J(g) @ S - S @ as_float(R.exact_image(g))).max() <= 50 * EPS * dim * np.linalg.cond(S)
    for a in group.generator_names:
        assert mat.equal(mat.matmul(mat.matmul(mat.adjoint(R.image(a)), R.gram), R.image(a)), R.gram)


@cases("group, label", [(BINARY[3], "X5"), (FROBENIUS, "X4"), (A5, "X2"), (SPLIT, "X12"), (GL, "X6")])
def test_laws(group, label):
    family = find_family(group)
    if isinstance(family, GeneralFamily):
        check_irrep(family.irrep(label, "complex"))
        check_irrep(family.irrep(label, "real"))


def test_schur_index_two_of_real_type():
    """A real character with rational values whose representation is over no field smaller than a quadratic one."""
    found = {
        J.label: J.rational()[0] for J in general_family(SCHUR).irreps("real", None) if J.type == "R" and J.dim == 4
    }
    assert [degree(R.domain.get_field()) for R in found.values()] == [2]
    assert [(R.field, R.group) for R in found.values()] == [("real", SCHUR)]


def test_m11():
    family = general_family(M11)
    irreps = family.irreps("complex", None)
    assert [J.dim for J in irreps] == [1, 10, 10, 10, 11, 16, 16, 44, 45, 55]
    assert [J.rational()[0].domain.get_field() for J in irreps[2:6]] == [
        quadratic_field(-2), quadratic_field(-2), Q, quadratic_field(-11),
    ]  # fmt: skip
    g, h = M11.elements[[4711, 1147]]
    for J in irreps:
        assert np.abs(J(M11.multiply(g, h)) - J(g) @ J(h)).max() <= 50 * EPS * J.dim


@settings(max_examples=6, deadline=None)
@given(st.lists(st.permutations(range(5)), min_size=1, max_size=2), st.randoms(use_true_random=False))
def test_other_generators_change_nothing(generators, random):
    """Neither labels, dimensions and types, nor the matrices as functions of the element."""
    G = FiniteGroup.from_permutations([list(p) for p in generators], name="G")
    others = [G.elements[random.randrange(int(G.order))] for _ in range(2)] + list(G.generators)[::-1]
    H = FiniteGroup.from_permutations([list(map(int, p)) for p in others], name="H")
    g = G.elements[:7]
    for field in ("real", "complex"):
        left, right = (GeneralFamily(K).irreps(field, None) for K in (G, H))
        assert [(J.label, J.dim, J.type) for J in left] == [(J.label, J.dim, J.type) for J in right]
        for J, K in zip(left, right, strict=True):
            assert np.array_equal(J(g), K(g))


def test_square_roots_are_exact():
    J = general_family(A5).irrep("X4", "complex")
    g = A5.generators[0]
    assert np.abs(np.array(J.exact(g).evalf(20).tolist(), dtype=complex) - J(g)).max() <= 50 * EPS
    with pytest.raises(GroupRepError, match="rational"):
        general_family(M11).irrep("X10", "complex").exact_image(M11.generators[0])


def test_copies_and_refusals():
    for J in general_family(BINARY[3]).irreps("real", None):
        other = pickle.loads(pickle.dumps(J))
        assert other == J
        assert np.array_equal(other(BINARY[3].elements), J(BINARY[3].elements))
    with pytest.raises(GroupRepError, match="its labels are X1, X2, X3, X4, X5"):
        general_family(A5).irrep("X6", "complex")
    with pytest.raises(GroupRepError, match="leave up_to out"):
        general_family(A5).irreps("complex", 3)
    with pytest.raises(UnsupportedGroup, match="no finite permutation group"):
        GeneralFamily(SO(3))
    assert not GeneralFamily.reaches(SO(3))
    assert not GeneralFamily.reaches(Cyclic(2) * SO(3))


def test_split():
    """Isometric intertwiners from each irrep to the regular representation, d times."""
    family, V = general_family(BINARY[3]), BINARY[3].regular()
    images = {a: as_float(V.image(a)) for a in V.group.generator_names}
    found = family.split(images)
    assert [(J.label, len(X)) for J, X in found] == [(J.label, J.dim) for J in family.irreps("complex", None)]
    for J, X in found:
        for a, m in images.items():
            assert np.abs(m @ X - X @ J.float_image(a)).max() <= 100 * EPS * V.dim
