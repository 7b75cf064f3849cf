"""Images that look like a representation and are none: each must be refused, or proved."""

import numpy as np
import pytest
from sympy import I, Matrix, Rational, diag, eye, sqrt, zeros

from grouprep import (
    SO,
    AmbiguousRank,
    Cyclic,
    Dihedral,
    FiniteGroup,
    LieGroup,
    Lorentz,
    NotAHomomorphism,
    O,
    Representation,
    UnsupportedGroup,
)
from grouprep.linalg import as_exact, as_float, as_image
from grouprep.linalg.convert import to_sympy

HALF = [[["I/2", 0], [0, "-I/2"]], [[0, "1/2"], ["-1/2", 0]], [[0, "I/2"], ["I/2", 0]]]


def test_roots_of_the_determinant_are_no_representations():
    torus = LieGroup.from_algebra([[["I", 0], [0, "I"]], [["I", 0], [0, "-I"]]])
    with pytest.raises(NotAHomomorphism, match="exp"):
        Representation(torus, images=[[["I"]], [[0]]])
    U2 = LieGroup.from_algebra([[["I", 0], [0, "I"]], *HALF])
    with pytest.raises(NotAHomomorphism, match="exp"):
        Representation(U2, images=[[["I"]], [[0]], [[0]], [[0]]])
    assert Representation(U2, images=[[["2*I"]], [[0]], [[0]], [[0]]]).dim == 1


def test_components_inside_the_identity_component_are_not_waved_through():
    G = LieGroup.from_algebra(SO(3).algebra, [[[-1, 0, 0], [0, -1, 0], [0, 0, 1]]])
    with pytest.raises(NotAHomomorphism, match="identity component"):
        Representation(G, images=[[[0]]] * 3 + [[[-1]]])
    assert Representation(G, images=[[[0]]] * 3 + [[[1]]]).dim == 1
    for H in (O(2), O(3), O(4), Lorentz()):
        V = H.defining()
        assert Representation(H, images=[V.image(a) for a in H.generator_names]).dim == V.dim


def test_large_scales_hide_no_wrong_block():
    A = np.zeros((4, 4))
    D = np.diag([1, 1e9, 1e-9])
    A[:3, :3] = D @ np.roll(np.eye(3), 1, 0) @ np.linalg.inv(D)
    for last in (2.0, 1.05):
        A[3, 3] = last
        for G in (Cyclic(3), FiniteGroup.from_permutations([[1, 2, 0]])):
            with pytest.raises((NotAHomomorphism, AmbiguousRank)):
                Representation(G, images=[A])
    with pytest.raises(NotAHomomorphism):
        Representation(Cyclic(2), images=[np.array([[1, 1e15], [0, 1]])])


def test_a_component_that_keeps_the_axis_may_be_a_rotation():
    G = LieGroup.from_algebra([[[0, -1, 0], [1, 0, 0], [0, 0, 0]]], [[[-1, 0, 0], [0, -1, 0], [0, 0, 1]]])
    with pytest.raises(NotAHomomorphism, match="identity component"):
        Representation(G, images=[[[0]], [[-1]]])


J = [[0, -1], [1, 0]]
THIRD = Matrix([["-1/2", -sqrt(3) / 2], [sqrt(3) / 2, "-1/2"]])
ZETA = sqrt(3) * I / 2 - Rational(1, 2)
LARGE = 10**9


def sheared(n, c=LARGE):
    """A unipotent matrix with a large entry: floats lose what stands beside it."""
    return Matrix(n, n, lambda i, j: int(i == j) + c * int(j == i + 1))


def block(*parts):
    return diag(*[Matrix(p) for p in parts])


@pytest.mark.parametrize("c", [0, 1, LARGE, 10**30])
@pytest.mark.parametrize("last", [ZETA, ZETA**2, 1], ids=["zeta", "conjugate", "one"])
def test_a_component_that_is_an_exponential_has_the_image_of_the_exponential(c, last):
    """rho(A) is 0 on the last coordinate, so rho(exp(2 pi A / 3)) is 1 there, whatever the basis of the other ones."""
    G = LieGroup.from_algebra([J], [THIRD])
    S = sheared(3, c)
    images = [block(S * block([[0]], J) * S.inv(), [[0]]), block(S * block([[1]], THIRD) * S.inv(), [[last]])]
    if last == 1:
        assert Representation(G, images=images).dim == 4
    else:
        with pytest.raises(NotAHomomorphism, match="identity component"):
            Representation(G, images=images)


def test_the_second_component_too():
    """Of two components, each a rotation of its own plane, either may be the false one; so may their product be."""
    G = LieGroup.from_algebra(
        [block(J, [[0, 0], [0, 0]]), block([[0, 0], [0, 0]], J)], [block(THIRD, eye(2)), block(eye(2), THIRD)]
    )
    S = sheared(4)

    def images(first, second):
        moved = [S * block(J, zeros(2)) * S.inv(), S * block(zeros(2), J) * S.inv()]
        parts = [S * block(THIRD, eye(2)) * S.inv(), S * block(eye(2), THIRD) * S.inv()]
        return [block(m, [[0]]) for m in moved] + [block(parts[0], [[first]]), block(parts[1], [[second]])]

    assert Representation(G, images=images(1, 1)).dim == 5
    for wrong in ((ZETA, 1), (1, ZETA), (ZETA, ZETA**2)):
        with pytest.raises(NotAHomomorphism, match="identity component"):
            Representation(G, images=images(*wrong))


def test_a_component_off_the_torus_is_an_exponential_too():
    """The cyclic permutation of the axes is a rotation by 2 pi / 3 about (1, 1, 1)."""
    G = LieGroup.from_algebra(SO(3).algebra, [[[0, 0, 1], [1, 0, 0], [0, 1, 0]]])
    V = G.defining()
    given = [to_sympy(as_exact(V.image(a))) for a in G.generator_names]
    S = sheared(4)
    for last in (1, ZETA):
        images = [S * block(m, [[x]]) * S.inv() for m, x in zip(given, (0, 0, 0, last), strict=True)]
        if last == 1:
            assert Representation(G, images=images).dim == 4
        else:
            with pytest.raises(NotAHomomorphism, match="identity component"):
                Representation(G, images=images)
    H = LieGroup.from_algebra(SO(3).algebra, [[[0, 0, -1], [-1, 0, 0], [0, -1, 0]]])  # minus that rotation: not one
    assert Representation(H, images=[[[0]]] * 3 + [[[-1]]]).dim == 1


def test_a_component_that_commutes_with_the_torus_and_is_not_on_it():
    """diag(1, 1, -1) commutes with the rotations of the plane and is none of them; so is diag(i, i, 1) for SU(2) + 1."""
    G = LieGroup.from_algebra([block(J, [[0]])], [diag(1, 1, -1)])
    assert Representation(G, images=[[[0]], [[-1]]]).dim == 1
    U = LieGroup.from_algebra([block(m, [[0]]) for m in map(Matrix, HALF)], [diag(I, I, 1)])
    with pytest.raises(NotAHomomorphism, match="identity component"):  # its square is -1, which SU(2) contains
        Representation(U, images=[[[0]]] * 3 + [[["I"]]])
    assert Representation(U, images=[[[0]]] * 3 + [[[-1]]]).dim == 1


@pytest.mark.parametrize(("first", "second"), [(1, "1/2"), ("1/2", 1), ("1/2", "1/2")])
def test_every_circle_of_the_torus_closes(first, second):
    G = LieGroup.from_algebra([block(J, zeros(2)), block(zeros(2), J)])
    with pytest.raises(NotAHomomorphism, match=r"exp\(2 pi A[12]\) = 1"):
        Representation(G, images=[Rational(first) * Matrix(J), Rational(second) * Matrix(J)])
    S = sheared(2)
    for n in ((1, 2), (3, 0), (2, -5)):
        V = Representation(G, images=[k * S * Matrix(J) * S.inv() for k in n])
        assert V.character.inner(V.character) == 2
    for n in (("1/2", "1/3"), ("1/3", 1), (1, "2/7")):
        with pytest.raises(NotAHomomorphism, match="weight"):
            Representation(G, images=[Rational(k) * S * Matrix(J) * S.inv() for k in n])


def test_the_second_generator_of_an_algebra_and_its_second_bracket():
    x, y, z = (to_sympy(as_exact(a)) for a in SO(3).algebra)
    S = sheared(3, 10**6)
    good = [S * m * S.inv() for m in (x, y, z)]
    assert Representation(SO(3), images=good).character.inner(SO(3).defining().character) == 1
    for wrong in ([x, y, -z], [x, -y, z], [x, y, 2 * z], [x, y, z + Rational(1, 10**30) * x]):
        with pytest.raises(NotAHomomorphism, match="bracket"):
            Representation(SO(3), images=[S * m * S.inv() for m in wrong])


def test_singular_images_are_named():
    for G in (Cyclic(3), FiniteGroup.from_permutations([[1, 2, 0], [1, 0, 2]])):
        for singular in ([[1, 1], [1, 1]], np.ones((2, 2)), [[0, 0], [0, 0]]):
            for place in range(len(G.generator_names)):
                images = [np.eye(2, dtype=int)] * len(G.generator_names)
                images[place] = singular
                with pytest.raises(NotAHomomorphism, match=f"image of {G.generator_names[place]} is singular"):
                    Representation(G, images=images)


@pytest.mark.parametrize("large", [1.0, 1e3, 1e6])
def test_float_images_of_two_factors_that_do_not_commute_are_found_at_every_scale(large):
    """A block that does not commute stands beside one whose entries are large."""
    G = Cyclic(2) * SO(2)
    swap, sign = np.array([[0.0, 1], [1, 0]]), np.diag([1.0, -1])
    S = np.array([[1.0, large], [0, 1]])
    for error in (0.0, 1e-3):
        first = np.zeros((5, 5))
        first[:2, :2] = S @ sign @ np.linalg.inv(S)
        first[2:4, 2:4], first[4, 4] = swap, 1
        second = np.zeros((5, 5), dtype=int)
        second[2:4, 2:4] = [[0, 0], [0, 0]] if not error else [[1, 0], [0, -1]]
        if not error:
            assert Representation(G, images=[first, second]).dim == 5
        else:
            with pytest.raises((NotAHomomorphism, UnsupportedGroup)):
                Representation(G, images=[first, second])


def presented():
    """S3 x C2 by a presentation of three generators."""
    relators = ["a^3", "b^2", "(a b)^2", "c^2", "a c a^-1 c^-1", "b c b^-1 c^-1"]
    return FiniteGroup.from_presentation(["a", "b", "c"], relators)


def planes():
    """Rotations of the first two and of the last two coordinates, and a mirror that reverses the second."""
    J = [[0, -1], [1, 0]]
    circles = [diag(Matrix(J), zeros(2, 2)), diag(zeros(2, 2), Matrix(J))]
    return LieGroup.from_algebra(circles, components=[diag(1, 1, 1, -1)])


GROUPS = {
    "permutations": Dihedral(4),
    "presentation": presented(),
    "circles and a component": planes(),
    "SO(3)": SO(3),
    "O(3)": O(3),
    "finite product": Dihedral(3) * Cyclic(2) * Cyclic(2),
    "product": Dihedral(3) * SO(2) * O(2),
}


KINDS = [(name, kind) for name, G in GROUPS.items() for kind in (as_exact, as_float) if kind is as_exact or G.is_finite]


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_one_wrong_image_is_found_whichever_generator_it_is_of(name, kind):
    """An image is sheared, or three times what it is; only circles may turn three times as fast."""
    G = GROUPS[name]
    exact = [to_sympy(as_exact(m)) for m in G.defining().images.values()]
    n = exact[0].rows
    assert Representation(G, images=[kind(as_image(m)) for m in exact]).dim == n
    shear = zeros(n, n)
    shear[n - 1, 0] = 1
    for k, (generator, good) in enumerate(zip(G.generator_names, exact, strict=True)):
        circle = generator.kind == "algebra" and "(3)" not in name
        for bad in (good + shear, *([] if circle else [3 * good])):
            images = [kind(as_image(m)) for m in (*exact[:k], bad, *exact[k + 1 :])]
            with pytest.raises((NotAHomomorphism, AmbiguousRank)):
                Representation(G, images=images)


@pytest.mark.parametrize("kind", [as_exact, as_float], ids=["exact", "float"])
@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 2)])
def test_images_of_every_two_factors_commute(pair, kind):
    """On C^2 one factor acts by diag(1, -1), the other by the exchange of the two vectors; the third stands still."""
    flip, swap, one = (as_image(m) for m in ([[1, 0], [0, -1]], [[0, 1], [1, 0]], [[1, 0], [0, 1]]))
    finite = Cyclic(2) * Cyclic(2) * Cyclic(2)
    for G in (finite, finite * SO(2)) if kind is as_exact else (finite,):
        still = [as_exact(as_image([[0, 0], [0, 0]]))] if len(G.factors) == 4 else []
        images = [one] * 3
        images[pair[0]], images[pair[1]] = flip, swap
        with pytest.raises(NotAHomomorphism):
            Representation(G, images=[kind(m) for m in images + still])
        images[pair[1]] = flip
        assert Representation(G, images=[kind(m) for m in images + still]).dim == 2


def test_brackets_that_the_generators_do_not_span_are_followed():
    """Rotations of neighbouring coordinates generate so(n), of dimension n (n - 1)/2."""
    for n in (4, 5):
        turns = [zeros(n, n) for _ in range(n - 1)]
        for i, turn in enumerate(turns):
            turn[i, i + 1], turn[i + 1, i] = -1, 1
        G = LieGroup.from_algebra(turns)
        origin, basis = G.structure_constants()
        assert len(basis) == n * (n - 1) // 2
        assert origin[: n - 1] == [None] * (n - 1)
        assert None not in origin[n - 1 :]
        images = (G.defining() ** 2).images
        assert Representation(G, images=images).dim == n * n
        for a in G.generator_names:
            for wrong in (zeros(n * n, n * n), 2 * to_sympy(as_exact(images[a]))):
                with pytest.raises(NotAHomomorphism, match="Lie algebra"):
                    Representation(G, images=images | {a: wrong})
