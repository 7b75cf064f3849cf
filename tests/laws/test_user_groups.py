"""The public laws over groups that the library has never heard of, given the ways a user gives them."""

import functools
import itertools

import pytest
import sympy

from grouprep import SO, SU, FiniteGroup, LieGroup, Representation, load_group
from grouprep.linalg import as_exact, as_float
from grouprep.representations.files import load_representations
from grouprep.testing import GroupLaws, check_representation
from projectors.testing import HomLaws

OCTAHEDRAL = {
    "r": [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
    "c": [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
    "i": [[-1, 0, 0], [0, -1, 0], [0, 0, -1]],
}
FIVEFOLD = [
    ["1/2", "-(1 + sqrt(5))/4", "(sqrt(5) - 1)/4"],
    ["(1 + sqrt(5))/4", "(sqrt(5) - 1)/4", "-1/2"],
    ["(sqrt(5) - 1)/4", "1/2", "(1 + sqrt(5))/4"],
]
PYRITOHEDRAL_TOML = """
name = "Th"
[matrices]
c = [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
t = [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]
i = [[-1, 0, 0], [0, -1, 0], [0, 0, -1]]

[representations.axes]
permutations = { c = "(1 2 3)", t = "()", i = "()" }

[representations.both]
expression = "defining + axes"
"""
SCREW_TOML = """
name = "screws"
algebra = { A1 = [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -2], [0, 0, 2, 0]] }
"""


def spin_two() -> list[sympy.Matrix]:
    """The rotations acting on symmetric traceless matrices, in an orthonormal basis: so(3) in 5 x 5 matrices."""
    e = [sympy.zeros(3, 3) for _ in range(5)]
    for k, (i, j) in enumerate(itertools.combinations(range(3), 2)):
        e[k][i, j] = e[k][j, i] = 1 / sympy.sqrt(2)
    e[3] = sympy.diag(1, -1, 0) / sympy.sqrt(2)
    e[4] = sympy.diag(-1, -1, 2) / sympy.sqrt(6)
    out = []
    for i, j in itertools.combinations(range(3), 2):
        L = sympy.zeros(3, 3)
        L[j, i], L[i, j] = 1, -1
        out.append(sympy.Matrix(5, 5, lambda a, b, L=L: sympy.simplify(((L * e[b] - e[b] * L) * e[a]).trace())))
    return out


@functools.cache
def frobenius() -> FiniteGroup:
    return FiniteGroup.from_presentation(["a", "b"], ["a^5", "b^4", "b a b^-1 a^-2"], name="F20")


@functools.cache
def heisenberg() -> FiniteGroup:
    relators = ["x^3", "y^3", "z^3", "x z x^-1 z^-1", "y z y^-1 z^-1", "x y x^-1 y^-1 z^-1"]
    return FiniteGroup.from_presentation(["x", "y", "z"], relators, name="Heisenberg(3)")


@functools.cache
def schroedinger() -> Representation:
    """The 3-dimensional irreducible representation of the Heisenberg group by shift and clock, over Q(zeta_3)."""
    shift = [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    clock = [[1, 0, 0], [0, "zeta(3)", 0], [0, 0, "zeta(3)^2"]]
    central = [["zeta(3)^2", 0, 0], [0, "zeta(3)^2", 0], [0, 0, "zeta(3)^2"]]
    return Representation(heisenberg(), images={"x": shift, "y": clock, "z": central}, name="schroedinger")


@functools.cache
def octahedral() -> FiniteGroup:
    return FiniteGroup.from_matrices(OCTAHEDRAL, name="Oh")


@functools.cache
def icosahedral() -> FiniteGroup:
    return FiniteGroup.from_matrices(
        {"c": OCTAHEDRAL["c"], "t": [[-1, 0, 0], [0, -1, 0], [0, 0, 1]], "f": FIVEFOLD}, name="I"
    )


@functools.cache
def skew() -> FiniteGroup:
    """S3 by integer matrices that are not orthogonal, so that the invariant form matters."""
    return FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}, name="skew S3")


@functools.cache
def klein_table() -> FiniteGroup:
    return FiniteGroup.from_table([[i ^ j for j in range(4)] for i in range(4)], name="V4")


@functools.cache
def five_dimensional() -> LieGroup:
    return LieGroup.from_algebra(spin_two(), name="SO(3) on R^5")


@functools.cache
def torus_of_two_speeds() -> LieGroup:
    return LieGroup.from_algebra([[["I", 0], [0, "2*I"]]], components=[], name="circle of weights 1, 2")


class TestFrobenius(GroupLaws):
    group = property(lambda self: frobenius())
    representations = ("trivial", "regular")


class TestHomFrobenius(HomLaws):
    group = property(lambda self: frobenius())
    pairs = (("trivial", "regular"), ("natural", "2*trivial"))


class TestHeisenberg(GroupLaws):
    group = property(lambda self: heisenberg())
    representations = ("trivial", "natural")


class TestHomHeisenberg(HomLaws):
    group = property(lambda self: heisenberg())
    pairs = (("trivial", "natural"),)


class TestOctahedral(GroupLaws):
    group = property(lambda self: octahedral())
    representations = ("defining", "sym(2, defining)", "grid(2, 2, 2)", "ext(3, defining)")


class TestHomOctahedral(HomLaws):
    group = property(lambda self: octahedral())
    pairs = (
        ("defining", "defining"),
        ("sym(2, defining)", "sym(2, defining)"),
        ("grid(2, 2, 2)", "2*defining + trivial"),
    )


class TestIcosahedral(GroupLaws):
    group = property(lambda self: icosahedral())
    representations = ("defining", "natural")


class TestHomIcosahedral(HomLaws):
    group = property(lambda self: icosahedral())
    pairs = (("defining", "defining"), ("natural", "defining"), ("defining^2", "defining"))


class TestSkew(GroupLaws):
    group = property(lambda self: skew())
    representations = ("defining", "dual(defining)", "defining^2", "sym(2, defining)", "ext(2, defining)", "natural")


class TestHomSkew(HomLaws):
    group = property(lambda self: skew())
    pairs = (
        ("defining", "defining"),
        ("defining", "dual(defining)"),
        ("natural", "defining"),
        ("2*defining + trivial", "defining^2"),
        ("sym(2, defining)", "regular"),
    )


class TestKlein(GroupLaws):
    group = property(lambda self: klein_table())
    representations = ("regular", "sym(2, regular)")


class TestHomKlein(HomLaws):
    group = property(lambda self: klein_table())
    pairs = (("regular", "regular^2"), ("sym(2, regular)", "regular"))


class TestFiveDimensional(GroupLaws):
    group = property(lambda self: five_dimensional())
    representations = ("defining", "2*defining + trivial")


class TestHomFiveDimensional(HomLaws):
    group = property(lambda self: five_dimensional())
    pairs = (("defining", "defining"), ("defining^2", "trivial"), ("defining", "ext(2, defining)"))


class TestTorus(GroupLaws):
    group = property(lambda self: torus_of_two_speeds())
    representations = ("defining", "conj(defining)", "sym(2, defining)", "defining^2")


class TestHomTorus(HomLaws):
    group = property(lambda self: torus_of_two_speeds())
    pairs = (("defining", "defining"), ("defining^2", "defining"), ("defining", "conj(defining)"))


SHEARED = [[1, "zeta(3)", 0], [0, 1, "2"], [0, 0, 1]]


@functools.cache
def sheared(kind: str) -> Representation:
    """The same irrep, not its own dual, in a complex basis that is not orthonormal: by images, exact or float, or by the basis."""
    V = schroedinger()
    moved = V.change_basis(SHEARED)
    if kind == "basis":
        return moved
    images = [as_float(m) if kind == "float" else as_exact(m) for m in moved.images.values()]
    return Representation(V.group, images=images, name=f"{kind} sheared")


@functools.cache
def in_a_complex_basis() -> dict[str, Representation]:
    V, W, F = sheared("exact"), sheared("basis"), sheared("float")
    return {
        **{str(X): X for X in (V.dual, W.dual, F.dual)},
        "sum": 2 * F.dual + 3 * V.conjugate + V.group.trivial(),
        "restricted": V.dual.restrict(V.group.subgroup([V.group.generators[1]])),
    }


@pytest.mark.parametrize("name", in_a_complex_basis())
def test_representations_in_a_complex_basis_that_is_not_orthonormal(name):
    V = in_a_complex_basis()[name]
    assert V.field == "complex"
    assert not V.is_unitary
    check_representation(V)


class TestHomSheared(HomLaws):
    """Operators between the irrep in a skew complex basis, exact and float, its dual and its conjugate, several times each."""

    group = property(lambda self: heisenberg())
    pairs = (
        (sheared("exact"), 2 * sheared("basis") + heisenberg().trivial()),
        (2 * sheared("exact").dual, sheared("exact").conjugate),
        (sheared("float"), 2 * sheared("exact")),
        (2 * sheared("float").dual, schroedinger().dual),
    )


@functools.cache
def two_circles() -> LieGroup:
    """The diagonal matrices of determinant 1 and an exchange of two coordinates, in a basis that is not orthonormal."""
    S = sympy.Matrix([[1, 1, 0], [0, 1, -1], [0, 0, 1]])
    circles = [sympy.diag(sympy.I, -sympy.I, 0), sympy.diag(0, sympy.I, -sympy.I)]
    swap = sympy.Matrix([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    return LieGroup.from_algebra(
        [S * a * S.inv() for a in circles], components=[S * swap * S.inv()], name="two circles"
    )


class TestTwoCircles(GroupLaws):
    group = property(lambda self: two_circles())
    representations = ("conj(defining)", "2*dual(defining) + trivial")


class TestHomTwoCircles(HomLaws):
    group = property(lambda self: two_circles())
    pairs = (
        ("defining", "2*defining + trivial"),
        ("dual(defining)", "conj(defining)"),
        ("defining^2", "2*dual(defining)"),
    )


class TestHeisenbergProduct(HomLaws):
    """A representation by images, complex and irreducible, against its conjugate and its tensor products."""

    group = property(lambda self: heisenberg())
    pairs = (("trivial", "trivial"),)

    def hom(self, pair):
        from projectors import Hom

        V = schroedinger()
        return Hom(V * V.conjugate, V.group.trivial() + V * V.dual)


def test_the_schroedinger_representation_is_irreducible():
    from projectors import Hom, commutant

    V = schroedinger()
    assert (V.dim, V.field, commutant(V).dim) == (3, "complex", 1)
    assert Hom(V, V.conjugate).dim == 0
    # Sym^2 V and Ext^2 V lie in the 3-dimensional irrep of central character zeta^2, the conjugate: twice and once.
    assert (Hom(V.symmetric_power(2), V.conjugate).dim, Hom(V.exterior_power(2), V.conjugate).dim) == (2, 1)


@pytest.fixture(scope="module")
def pyritohedral(tmp_path_factory):
    path = tmp_path_factory.mktemp("groups") / "th.toml"
    path.write_text(PYRITOHEDRAL_TOML, encoding="utf-8")
    return load_representations(path)


def test_group_from_a_file(pyritohedral):
    from grouprep.testing import check_group
    from projectors import Hom
    from projectors.testing import check_hom

    G, named = pyritohedral
    assert (G.order, sorted(named), named["both"].dim) == (24, ["axes", "both"], 6)
    check_group(G)
    for V in named.values():
        check_representation(V)
    check_hom(Hom(named["axes"], named["both"]))
    check_hom(Hom(named["both"], G.defining()))
    # The axes are permuted by the quotient A4 / V4 = C3: three characters, none in the vectors.
    assert Hom(named["axes"], G.defining()).dim == 0
    assert Hom(named["axes"], named["axes"]).dim == 3


def test_lie_group_from_a_file(tmp_path):
    from grouprep.testing import check_group
    from projectors import commutant
    from projectors.testing import check_hom

    path = tmp_path / "screws.toml"
    path.write_text(SCREW_TOML, encoding="utf-8")
    G = load_group(path)
    check_group(G)
    check_representation(G.defining())
    H = commutant(G.defining())
    check_hom(H)
    # Weights 1, -1, 2, -2, each once: the real commutant is C + C.
    assert H.dim == 4


def test_the_five_dimensional_embedding_is_the_irrep_of_degree_2():
    from projectors import Hom, commutant

    G = five_dimensional()
    V = G.defining()
    assert V.is_unitary
    assert commutant(V).dim == 1
    # D2 x D2 = D0 + ... + D4.
    assert (commutant(V**2).dim, Hom(V**2, V).dim, Hom(V.exterior_power(2), V).dim) == (5, 1, 0)
    assert G != SO(3)


@pytest.mark.slow
def test_a_spin_one_representation_given_by_its_differential():
    """The adjoint representation of SU(2) from its images, with values by exponentials."""
    from projectors import Hom

    rotations = [
        [[0, 0, 0], [0, 0, 1], [0, -1, 0]],
        [[0, 0, -1], [0, 0, 0], [1, 0, 0]],
        [[0, 1, 0], [-1, 0, 0], [0, 0, 0]],
    ]
    G = SU(2)
    # The generators of SU(2) are i sigma_3 / 2, i sigma_2 / 2, i sigma_1 / 2.
    V = Representation(G, images=[rotations[2], rotations[1], rotations[0]], name="adjoint")
    check_representation(V)
    assert Hom(G.defining().symmetric_power(2), V).dim == 1
    assert Hom(G.defining(), V).dim == 0
