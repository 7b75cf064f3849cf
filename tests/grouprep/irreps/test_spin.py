"""The irreps of SU(2), SO(3), O(3): laws, exact generators, rational forms, characters, structures, labels."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
import sympy
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from grouprep import SO, SU, GroupRepError, O, Representation, U, UnsupportedGroup
from grouprep.characters import Laurent
from grouprep.irreps.rational_spin import EXACT_DEGREE, field_degree
from grouprep.irreps.spin import SpinIrrep, read_spin_label, spin_group, spin_irreps
from grouprep.irreps.wigner import real_basis
from grouprep.linalg import as_exact, as_float, as_image
from grouprep.linalg import matrices as mat
from grouprep.linalg.convert import to_domain_matrix, to_sympy
from grouprep.testing import check_representation
from grouprep.testing.elements import draw, exponential

EPS = np.finfo(float).eps
GROUPS = {"SU(2)": SU(2), "SO(3)": SO(3), "O(3)": O(3)}
YZX = [1, 2, 0]

SMALL = [
    *(("SU(2)", j, over) for j in ("0", "1/2", "1", "3/2") for over in ("real", "complex")),
    ("SU(2)", "5/2", "real"),
    ("SU(2)", "3", "complex"),
    *(("SO(3)", l, "real") for l in ("0", "1", "2", "3", "5")),
    *(("SO(3)", l, "complex") for l in ("1", "4")),
    *(("O(3)", l, "real") for l in ("0e", "0o", "1e", "1o", "2o", "3e")),
    *(("O(3)", l, "complex") for l in ("0o", "1o", "3o")),
]
LARGE = [
    ("SU(2)", "13/2", "real"),
    ("SU(2)", "13/2", "complex"),
    ("SU(2)", "20", "complex"),
    ("SO(3)", "20", "real"),
    ("O(3)", "11o", "real"),
    ("O(3)", "20o", "complex"),
]


def irrep(group, label, over):
    return SpinIrrep(GROUPS[group], label, over)


def algebra(V):
    return [a for a in V.group.generator_names if a.kind == "algebra"]


# --- laws


@pytest.mark.slow
@pytest.mark.parametrize("which", SMALL, ids=str)
def test_laws_of_representations(which):
    check_representation(irrep(*which))


@pytest.mark.parametrize("which", [w for w in SMALL if w[1] in ("1/2", "1", "3/2", "2", "1o", "2o")], ids=str)
def test_laws_of_the_rational_form(which):
    check_representation(irrep(*which).rational()[0])


@cases("which", LARGE, ids=str)
def test_unitary_homomorphism_and_differential(which):
    V = irrep(*which)
    rng = np.random.default_rng(0)
    g, h = draw(V.group, 5, rng), draw(V.group, 5, rng)
    x, y = V(g), V(h)
    bound = 50 * EPS * V.dim
    assert np.linalg.norm(x @ y - V(V.group.multiply(g, h)), ord=2, axis=(-2, -1)).max() <= bound
    star = x.conj().swapaxes(-1, -2)
    assert np.linalg.norm(star @ x - np.eye(V.dim), ord=2, axis=(-2, -1)).max() <= bound
    assert V.is_unitary
    c = rng.standard_normal(3)
    # scaling and squaring: eps times the norm of the exponent, once for each dimension (Higham, Functions, 10.3)
    X = V.differential(c)
    error = bound * (1 + np.linalg.norm(X, 2))
    assert np.linalg.norm(V(exponential(V.group, c)) - expm(X), 2) <= error


@pytest.mark.slow
@given(st.integers(0, 6), st.sampled_from(["real", "complex"]), st.tuples(*[st.floats(-2, 2)] * 3))
def test_exponentials_of_su2(n, over, c):
    V = SpinIrrep(GROUPS["SU(2)"], Fraction(n, 2), over)
    X = V.differential(np.array(c))
    assert np.linalg.norm(V(exponential(V.group, np.array(c))) - expm(X), 2) <= 50 * EPS * V.dim * (1 + 4 * n)


@cases("which", SMALL + LARGE, ids=str)
def test_differential_is_the_derivative(which):
    """Central differences at the identity: error h^2 |X|^3 / 6 + eps |V| / h."""
    V = irrep(*which)
    h = EPS ** (1 / 3)
    for k, a in enumerate(algebra(V)):
        step = h * np.eye(3)[k]
        slope = (V(exponential(V.group, step)) - V(exponential(V.group, -step))) / (2 * h)
        X = as_float(V.image(a))
        size = max(1.0, np.linalg.norm(X, 2))
        assert np.linalg.norm(slope - X, 2) <= size**3 * h**2 + 50 * EPS * V.dim / h


# --- values


def test_spin_one_half_is_the_defining_representation():
    V = irrep("SU(2)", "1/2", "complex")
    g = draw(V.group, 5, np.random.default_rng(0))
    np.testing.assert_allclose(V(g), g[:, ::-1, ::-1], atol=16 * EPS)
    for a, generator in zip(V.group.algebra, V.group.generator_names, strict=True):
        assert np.array_equal(as_float(V.image(generator)), as_float(a)[::-1, ::-1])


@pytest.mark.parametrize(("group", "label"), [("SO(3)", 1), ("O(3)", "1o")])
def test_spin_one_is_the_defining_representation(group, label):
    V = irrep(group, label, "real")
    g = draw(V.group, 8, np.random.default_rng(0))
    np.testing.assert_allclose(V(g), g[:, YZX][:, :, YZX], atol=16 * EPS)
    for generator in V.group.generator_names:
        moved = as_float(V.group.defining().image(generator))[np.ix_(YZX, YZX)]
        assert np.array_equal(as_float(V.image(generator)), moved)
    assert V.domain.is_ZZ
    assert V.character.weights()[-1].terms == V.group.defining().character.weights()[-1].terms


def test_parity_is_the_image_of_minus_one():
    for label in ("0e", "0o", "1e", "2o", "3o"):
        for over in ("real", "complex"):
            V = irrep("O(3)", label, over)
            assert V.parity == (1 if label.endswith("e") else -1)
            np.testing.assert_allclose(V(-np.eye(3)), V.parity * np.eye(V.dim), atol=4 * EPS)
    R = draw(SO(3), 4, np.random.default_rng(0))
    np.testing.assert_allclose(irrep("O(3)", "2o", "real")(R), irrep("SO(3)", 2, "real")(R), atol=16 * EPS)


def test_su2_covers_so3():
    """Integer spins agree along g -> R(g), whose matrix is the real spin 1 in the order x, y, z."""
    g = draw(SU(2), 6, np.random.default_rng(1))
    R = irrep("SU(2)", 1, "real")(g)[:, [2, 0, 1]][:, :, [2, 0, 1]]
    for l in (2, 5):
        for over in ("real", "complex"):
            np.testing.assert_allclose(irrep("SU(2)", l, over)(g), irrep("SO(3)", l, over)(R), atol=100 * EPS * l)


@pytest.mark.parametrize("l", [1, 2, 6])
def test_real_form_is_the_complex_one_in_the_real_basis(l):
    for group in ("SO(3)", "SU(2)"):
        V, W = irrep(group, l, "complex"), irrep(group, l, "real")
        S = real_basis(l)
        g = draw(V.group, 3, np.random.default_rng(0))
        np.testing.assert_allclose(S @ W(g) @ S.conj().T, V(g), atol=50 * EPS * V.dim)
        for a in algebra(V):
            moved = S @ as_float(W.image(a)) @ S.conj().T
            np.testing.assert_allclose(moved, as_float(V.image(a)), atol=8 * EPS * l * V.dim)


def test_realification():
    V, W = irrep("SU(2)", "3/2", "complex"), irrep("SU(2)", "3/2", "real")
    x = V(draw(V.group, 3, np.random.default_rng(0)))
    g = draw(V.group, 3, np.random.default_rng(0))
    np.testing.assert_array_equal(W(g), np.block([[x.real, -x.imag], [x.imag, x.real]]))


# --- generators


@cases("which", [*SMALL, ("SO(3)", "6", "real"), ("SU(2)", "9/2", "complex")], ids=str)
def test_exact_generators(which):
    """Images are the exact generators (in the field, or rounded once), and those obey the brackets of the group."""
    V = irrep(*which)
    matrices = [V.exact_generator(a) for a in V.group.generator_names]
    for a, exact in zip(V.group.generator_names, matrices, strict=True):
        image = V.image(a)
        value = np.array(exact.evalf(40).tolist(), dtype=complex)
        assert np.array_equal(as_float(image), value if V.field == "complex" else value.real)
        if mat.is_exact(image):
            assert mat.equal(as_exact(image), to_domain_matrix(exact))
    defining = [to_sympy(as_exact(x)) for x in V.group.algebra]
    for i, k, m in [(0, 1, 2), (1, 2, 0), (0, 2, 1)]:
        bracket = defining[i] * defining[k] - defining[k] * defining[i]
        sign = 1 if bracket == defining[m] else -1
        assert bracket == sign * defining[m]
        gap = matrices[i] * matrices[k] - matrices[k] * matrices[i] - sign * matrices[m]
        assert gap.applyfunc(sympy.radsimp).applyfunc(sympy.simplify).is_zero_matrix


def test_where_images_are_exact():
    assert [field_degree(2 * l, "real") for l in (1, 2, 3)] == [1, 2, 16]
    assert [field_degree(n, "complex") for n in (1, 2, 3, 4, 5)] == [2, 4, 4, 8, 16]
    assert irrep("SO(3)", 3, "real").domain is not None
    assert irrep("SO(3)", 4, "real").domain is None
    assert irrep("SU(2)", 3, "complex").domain is None
    assert all(field_degree(n, "complex") > EXACT_DEGREE for n in range(6, 41))
    assert all(field_degree(2 * l, "real") > EXACT_DEGREE for l in range(4, 21))


# --- the rational form


@cases("which", [*SMALL, *LARGE], ids=str)
def test_rational_form_is_equivalent(which):
    V = irrep(*which)
    R, S = V.rational()
    assert R.domain is not None
    assert R.domain.is_ZZ or R.domain.is_QQ or (V.field == "complex" and str(R.domain) == "QQ<zeta4>")
    assert np.array_equal(S, np.diag(np.diagonal(S)))
    inverse = np.diag(1 / np.diagonal(S))
    for a in V.group.generator_names:
        value = as_float(V.image(a))
        # three roundings an entry
        np.testing.assert_allclose(S @ as_float(R.image(a)) @ inverse, value, rtol=4 * EPS, atol=0)
    g = draw(V.group, 3, np.random.default_rng(0))
    np.testing.assert_allclose(S @ R(g) @ inverse, V(g), atol=8 * EPS)
    np.testing.assert_allclose(as_float(R._form()), S @ S, rtol=4 * EPS)


@cases(
    "which",
    [
        *(("SU(2)", Fraction(n, 2), "complex") for n in range(1, 7)),
        *(("SU(2)", Fraction(n, 2), "real") for n in range(1, 5)),
        *(("SO(3)", l, "real") for l in range(1, 5)),
        *(("SO(3)", l, "complex") for l in range(1, 3)),
        *(("O(3)", l, "real") for l in ("1e", "1o", "2o", "3e", "4o")),
    ],
    ids=str,
)
def test_rational_form_is_proved(which):
    R, _ = irrep(*which).rational()
    R.group.prove_homomorphism(R.images)


def test_wrong_parity_would_not_be_proved():
    """The proof sees h1: with the sign of SO(3)'s half turn dropped it fails."""
    R, _ = irrep("O(3)", "1o", "real").rational()
    images = dict(R.images)
    h = next(a for a in R.group.generator_names if a.kind == "element")
    images[h] = as_image([[1, 0, 0], [0, -1, 0], [0, 0, 1]])
    with pytest.raises(GroupRepError):
        Representation(R.group, images={str(a): m for a, m in images.items()})


ROTATION = sympy.Matrix([[2, -1, 2], [2, 2, -1], [-1, 2, 2]]) / 3  # about (1, 1, 1), rational
TURNS = {
    "SO(3)": [ROTATION, sympy.diag(1, -1, -1), sympy.Matrix([[0, -1, 0], [1, 0, 0], [0, 0, 1]])],
    "SU(2)": [
        sympy.Matrix([[1 + 2 * sympy.I, -2], [2, 1 - 2 * sympy.I]]) / 3,
        sympy.Matrix([[0, sympy.I], [sympy.I, 0]]),
        sympy.Matrix([[1, -1], [1, 1]]) / sympy.sqrt(2),
    ],
}
TURNS["O(3)"] = [-ROTATION, sympy.diag(-1, 1, 1), -sympy.eye(3)]


@pytest.mark.slow
@pytest.mark.slow
@cases("which", [*SMALL, *LARGE], ids=str)
def test_exact_values_at_exact_elements(which):
    V = irrep(*which)
    R, S = V.rational()
    scale = np.diagonal(S)[:, None] / np.diagonal(S)
    turns = [as_exact(as_image(g)) for g in TURNS[which[0]]]
    for g in turns:
        np.testing.assert_allclose(scale * as_float(R.exact_image(g)), V(as_float(g)), atol=50 * EPS * V.dim)
    product = mat.matmul(turns[0], turns[1])
    assert mat.equal(R.exact_image(product), mat.matmul(R.exact_image(turns[0]), R.exact_image(turns[1])))


@cases("which", [w for w in SMALL if w[1] in ("1/2", "1", "3/2", "2", "1o", "2o", "3", "3e")], ids=str)
def test_exact_values_of_the_unitary_form(which):
    V = irrep(*which)
    for g in TURNS[which[0]]:
        value = as_float(as_exact(as_image(g)))
        np.testing.assert_allclose(as_float(V.exact_image(g)), V(value), atol=16 * EPS * V.dim)


def test_exact_values_beyond_the_field():
    V = irrep("SO(3)", 8, "real")
    assert mat.equal(V.exact_image(sympy.eye(3)), as_image(sympy.eye(17)))
    with pytest.raises(GroupRepError, match="a degree beyond 16; "):
        V.exact_image(ROTATION)
    assert V.rational()[0].exact_image(ROTATION).shape == (17, 17)


def test_no_elements():
    V = irrep("SO(3)", 1, "real")
    with pytest.raises(GroupRepError, match="determinant is not 1"):
        V.exact_image(sympy.diag(-1, 1, 1))
    with pytest.raises(GroupRepError, match="not orthogonal"):
        V.exact_image(sympy.diag(2, 1, 1))
    with pytest.raises(GroupRepError, match="2 x 2; elements of SO"):
        V.exact_image(sympy.eye(2))
    with pytest.raises(GroupRepError, match="not real"):
        V.exact_image(sympy.Matrix([[sympy.I, 0, 0], [0, sympy.I, 0], [0, 0, -1]]))
    with pytest.raises(GroupRepError, match="no exact form"):
        V.exact_image(np.diag([0.6, 0.5, 0.5]))
    with pytest.raises(GroupRepError, match="not unitary"):
        irrep("SU(2)", "1/2", "complex").exact_image(sympy.diag(2, 2))
    with pytest.raises(GroupRepError, match="determinant -1"):
        V(np.diag([-1.0, 1, 1]))


# --- what an irrep knows of itself


@cases("which", [*SMALL, *LARGE], ids=str)
def test_type_commutant_and_structure(which):
    V = irrep(*which)
    half = V.spin.denominator == 2
    assert (V.type, V.indicator) == (("H", -1) if half else ("R", 1))
    assert V.dim == int(2 * V.spin + 1) * (2 if half and V.over == "real" else 1)
    x = V(draw(V.group, 3, np.random.default_rng(0)))
    J = V.commutant
    assert J.shape == (4 if half and V.over == "real" else 1, V.dim, V.dim)
    np.testing.assert_array_equal(J[0], np.eye(V.dim))
    for a, left in enumerate(J):
        np.testing.assert_allclose(left @ left.T, np.eye(V.dim), atol=4 * EPS)
        np.testing.assert_allclose(left @ x, x @ left, atol=50 * EPS * V.dim)
        if a:
            np.testing.assert_allclose(left @ left, -np.eye(V.dim), atol=4 * EPS)
        for right in J[:a]:
            assert abs(np.trace(left.T @ right)) <= 4 * EPS
    C = V.structure
    if V.over == "real":
        assert C is None
        return
    np.testing.assert_allclose(C @ x.conj(), x @ C, atol=50 * EPS * V.dim)
    np.testing.assert_array_equal(C @ C.conj(), V.indicator * np.eye(V.dim))


def test_structure_fixes_the_real_basis():
    for l in (1, 2, 5):
        C, S = irrep("SO(3)", l, "complex").structure, real_basis(l)
        np.testing.assert_allclose(C @ S.conj(), S, atol=2 * EPS)


@cases("which", [w for w in SMALL if w[1] not in ("5",)], ids=str)
def test_characters_are_those_of_the_generators(which):
    """The closed form against the spectrum of the exact generators, on every component and for powers."""
    from grouprep.characters import class_points
    from grouprep.irreps.rational_spin import RationalSpin

    V = irrep(*which)
    R = V.rational()[0]
    assert isinstance(R, RationalSpin)
    for point in class_points(V.group):
        for k in (1, 2, 3):
            assert V.character_at(point, k).terms == point.leaf(R, k).terms


@cases("which", SMALL, ids=str)
def test_frobenius_schur_indicator_by_the_integral(which):
    """The mean of chi(g^2) over the group is the indicator of the complex constituent (twice it, for a realification)."""
    from grouprep.characters import class_points

    V = irrep(*which)
    total = Fraction(0)
    for point in class_points(V.group):
        # on the component h G_0 the square lies in G_0: Adams operations say so by their phases
        value = V.character_at(point, 2) * point.density()
        term = value.constant_term() if isinstance(value, Laurent) else value
        total += term * point.weight
    assert total == V.indicator * (2 if V.type == "H" and V.over == "real" else 1)


def test_characters_count_intertwiners():
    chi = {label: irrep("O(3)", label, "complex").character for label in ("0e", "0o", "1e", "1o", "2e")}
    for a, left in chi.items():
        for b, right in chi.items():
            assert left.inner(right) == (a == b)
    V = irrep("SU(2)", "1/2", "real")
    assert V.character.inner(V.character) == 4
    W = irrep("SU(2)", "1/2", "complex")
    assert (W * W).character.inner(W.group.trivial().character) == 1
    vector = O(3).defining()
    assert (vector * vector).character.inner(irrep("O(3)", "1e", "real").character) == 1


def test_order_labels_and_identity():
    assert [V.label for V in spin_irreps(SU(2), "real", "3/2")] == ["0", "1/2", "1", "3/2"]
    assert [V.label for V in spin_irreps(SO(3), up_to=2)] == ["0", "1", "2"]
    assert [V.label for V in spin_irreps(O(3), "complex", 1)] == ["0e", "0o", "1e", "1o"]
    listed = spin_irreps(O(3), up_to=3)
    assert sorted(listed, key=lambda V: V.position) == listed
    V = irrep("O(3)", "2e", "real")
    assert V == pickle.loads(pickle.dumps(V)) == SpinIrrep(O(3), (2, 1)) == SpinIrrep(O(3), ("2", "e"))
    assert V != irrep("O(3)", "2o", "real")
    assert V != irrep("O(3)", "2e", "complex")
    assert hash(V) == hash(SpinIrrep(O(3), "2e"))
    assert str(V) == "irrep(2e)"
    assert spin_group(U(2)) is None


def test_labels_in_every_form():
    for label in ("3/2", 1.5, Fraction(3, 2), sympy.Rational(3, 2), " 3/2 "):
        assert read_spin_label("SU(2)", label) == (3, 1)
    assert read_spin_label("SO(3)", np.int64(2)) == (4, 1)
    assert read_spin_label("O(3)", "12o") == (24, -1)


@cases(
    ("group", "label", "message"),
    [
        ("SO(3)", -1, "l = 0, 1, 2"),
        ("SO(3)", "1/3", "l = 0, 1, 2"),
        ("SO(3)", "1/2", r'spin 1/2 is a representation of SU\(2\): SU\(2\).irrep\("1/2"\)'),
        ("SO(3)", "1o", r"a parity belongs to O\(3\)"),
        ("SO(3)", "A1", "l = 0, 1, 2"),
        ("SO(3)", None, "l = 0, 1, 2"),
        ("SO(3)", True, "l = 0, 1, 2"),
        ("SU(2)", 0.3, "j = 0, 1/2, 1"),
        ("SU(2)", "-1/2", "j = 0, 1/2, 1"),
        ("O(3)", 1, "the parity is missing, the image of -1: 1e for 1, 1o for -1"),
        ("O(3)", "2", "2e for 1, 2o for -1"),
        ("O(3)", "1/2o", r"a representation of SU\(2\)"),
        ("O(3)", "o", "0e, 0o, 1e, 1o"),
        ("O(3)", (1, 2), 'parity must be "e" or 1'),
        ("O(3)", (1, True), 'parity must be "e" or 1'),
        ("O(3)", (-1, 1), "0e, 0o, 1e, 1o"),
    ],
)
def test_wrong_labels(group, label, message):
    with pytest.raises(GroupRepError, match=f"label = .*{message}"):
        SpinIrrep(GROUPS[group], label)


def test_wrong_groups_and_fields():
    with pytest.raises(UnsupportedGroup, match=r"group = U\(2\)"):
        SpinIrrep(U(2), 1)
    with pytest.raises(UnsupportedGroup, match=r"group = SO\(4\)"):
        spin_irreps(SO(4), up_to=1)
    with pytest.raises(GroupRepError, match='over must be "real" or "complex"'):
        SpinIrrep(SO(3), 1, "rational")
    with pytest.raises(GroupRepError, match="infinitely many irreps; give up_to"):
        spin_irreps(SO(3))
    with pytest.raises(GroupRepError, match="up_to must be"):
        spin_irreps(SO(3), up_to=-1)
