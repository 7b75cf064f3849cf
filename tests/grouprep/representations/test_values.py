"""Representations: signs and conventions at known values, expressions, grids, forms."""

import numpy as np
import pytest
import sympy
from cases import cases

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    LieGroup,
    Lorentz,
    Quaternion,
    Representation,
    Symmetric,
    U,
)
from grouprep.linalg import as_exact, as_float, as_image
from grouprep.linalg.fields import degree
from grouprep.representations.expression import parse_representation

EPS = np.finfo(float).eps


def test_direction_of_rotations():
    """The first generator of SO(3) turns axis 1 towards axis 2; the quarter turn of C4 takes x to y."""
    from scipy.linalg import expm

    V = SO(3).defining()
    turn = expm(np.pi / 2 * V.differential([1.0, 0, 0]))
    assert np.allclose(turn @ [1, 0, 0], [0, 1, 0], rtol=0, atol=4 * EPS)
    C = Cyclic(4)
    assert np.array_equal(C.defining()(C.generators[0]) @ [1, 0], [0, 1])


def test_grid_of_pixels():
    """The quarter turn takes the pixel at the right end of the middle row to the top: y is up, rows run down."""
    C = Cyclic(4)
    P = C.grid((3, 3))
    image = np.zeros((3, 3))
    image[1, 2] = 1.0
    turned = (P(C.generators[0]) @ image.ravel()).reshape(3, 3)
    assert turned[0, 1] == 1.0
    assert turned.sum() == 1.0
    assert np.array_equal(turned, np.rot90(image))
    D = Dihedral(4)
    asymmetric = np.arange(16.0).reshape(4, 4)
    r, s = (D.grid((4, 4))(g) for g in D.generators)
    assert np.array_equal((r @ asymmetric.ravel()).reshape(4, 4), np.rot90(asymmetric))
    # s is (x, y) -> (x, -y): it turns the image upside down.
    assert np.array_equal((s @ asymmetric.ravel()).reshape(4, 4), asymmetric[::-1])
    assert np.array_equal(D.grid((4, 4)).character(D.generators[0]), 0)


def test_grids_that_are_not_square():
    D = Dihedral(2)
    image = np.arange(6.0).reshape(2, 3)
    r, s = (D.grid((2, 3))(g) for g in D.generators)
    assert np.array_equal((r @ image.ravel()).reshape(2, 3), image[::-1, ::-1])
    assert np.array_equal((s @ image.ravel()).reshape(2, 3), image[::-1])
    line = Cyclic(2)
    G = FiniteGroup.from_matrices([[[-1]]])
    assert np.array_equal(G.grid((4,))(G.generators[0]), np.eye(4)[::-1])
    assert line.grid((1, 1)).dim == 1


def test_tensor_products_are_kron():
    G = Dihedral(5)
    V, W = G.defining(), G.natural()
    g = G.elements[7]
    assert np.allclose((V * W)(g), np.kron(V(g), W(g)), rtol=0, atol=EPS)
    assert np.allclose((3 * V)(g), np.kron(np.eye(3), V(g)), rtol=0, atol=EPS)
    assert str(V * W) == "defining * natural"
    assert str(2 * V + W) == "2 * defining + natural"


def test_powers_at_known_values():
    G = SO(2)
    t = 0.3
    g = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    V = G.defining()
    assert np.allclose(V.exterior_power(2)(g), [[1]], rtol=0, atol=4 * EPS)
    # Sym^2 in the basis xx, xy, yy: x -> c x + s y, y -> -s x + c y.
    c, s = np.cos(t), np.sin(t)
    expected = [[c * c, -c * s, s * s], [2 * c * s, c * c - s * s, -2 * c * s], [s * s, c * s, c * c]]
    assert np.allclose(V.symmetric_power(2)(g), expected, rtol=0, atol=8 * EPS)
    diagonal = np.diag([2.0, 3.0, 5.0])
    GL = LieGroup.from_algebra([np.eye(3), np.diag([1.0, 0, 0])])
    assert np.array_equal(GL.defining().exterior_power(2)(diagonal), np.diag([6.0, 10, 15]))
    assert np.array_equal(GL.defining().symmetric_power(2)(diagonal), np.diag([4.0, 6, 10, 9, 15, 25]))


@cases("k", [1, 2, 12])
def test_high_powers_of_a_plane_are_binomials(k):
    """(a x + c y)^(k - j) (b x + d y)^j, exactly and in floats; the differential is their derivative."""
    a, b = [[1, 2], [0, 1]], [[2, 1], [3, 1]]
    G = FiniteGroup.from_matrices([[[0, -1], [1, -1]], [[0, 1], [1, 0]]])
    g = G.generators[0] if k > 2 else G.generators[1]
    V = G.defining()
    x, y = sympy.symbols("x y")
    A = V.exact(g)
    columns = [
        sympy.Poly((A[0, 0] * x + A[1, 0] * y) ** (k - j) * (A[0, 1] * x + A[1, 1] * y) ** j, x, y)
        for j in range(k + 1)
    ]
    expected = sympy.Matrix(k + 1, k + 1, lambda i, j: columns[j].coeff_monomial(x ** (k - i) * y**i))
    P = V.symmetric_power(k)
    assert P.exact(g) == expected
    floats = LieGroup.from_algebra([np.array(a, dtype=float), np.array(b, dtype=float)]).defining().symmetric_power(k)
    matrices = np.array([A.tolist(), [[2, 1], [1, 1]]], dtype=float)
    values = floats.evaluate(matrices)
    assert np.array_equal(values[0], np.array(expected.tolist(), dtype=float))
    step = 2.0**-20
    for generator, X in zip(floats.group.generator_names, (a, b), strict=True):
        moved = (floats.evaluate(np.eye(2) + step * np.array(X)) - floats.evaluate(np.eye(2) - step * np.array(X))) / (
            2 * step
        )
        assert np.allclose(floats.float_image(generator), moved, rtol=0, atol=1e-6)


def test_conjugate_and_dual_of_a_complex_representation():
    V = Quaternion().defining()
    i, j = Quaternion().generators
    assert np.array_equal(V(i), [[1j, 0], [0, -1j]])
    assert np.array_equal(V.conjugate(i), [[-1j, 0], [0, 1j]])
    assert np.array_equal(V.dual(i), np.linalg.inv(V(i)).T)
    assert np.array_equal(V(Quaternion().multiply(i, j)), V(i) @ V(j))
    assert V.dual == V.conjugate
    W = Representation(Cyclic(3), images=[[["zeta(3)"]]])
    r = Cyclic(3).generators[0]
    assert abs(W.dual(r)[0, 0] - np.exp(-2j * np.pi / 3)) <= 2 * EPS
    assert (W * W.dual)(r)[0, 0] == pytest.approx(1)


def test_exact_values_are_correctly_rounded():
    for G in (Dihedral(5), Dihedral(8), Dihedral(7)):
        for V in (G.defining(), G.defining() ** 2):
            for g in G.elements:
                exact = V.exact(g)
                floats = V(g)
                for k, x in enumerate(exact):
                    truth = x.evalf(40)
                    y = sympy.Float(float(floats.flat[k]), 40)
                    assert abs(truth - y) <= abs(truth) * sympy.Float(2) ** -53 * sympy.Float("1.0001"), (
                        str(G),
                        str(V),
                        x,
                    )


def test_forms_of_matrices_that_are_not_orthogonal():
    G = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
    V = G.defining()
    assert not V.is_unitary
    H = as_float(V.gram)
    assert np.allclose(H / H[0, 0], [[1, -0.5], [-0.5, 1]], rtol=0, atol=4 * EPS)
    U_, S = V.unitary()
    g = G.elements
    values = U_(g)
    assert np.abs(np.swapaxes(values, -1, -2) @ values - np.eye(2)).max() <= 16 * EPS
    assert np.abs(S @ V(g) - values @ S).max() <= 16 * EPS
    assert V.dual != V
    assert np.abs(V.dual(g) - np.swapaxes(V(G.inverse(g)), -1, -2)).max() <= 16 * EPS


def test_the_lorentz_form():
    V = Lorentz().defining()
    form = as_float(V.invariant_form)
    assert np.array_equal(form / form[0, 0], np.diag([1, -1, -1, -1]))
    assert V.gram is None
    assert not V.is_unitary
    assert not Lorentz().is_compact


def test_a_given_gram():
    G = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
    images = {"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}
    V = Representation(G, images=images, gram=[[4, -2], [-2, 4]])
    assert np.array_equal(as_float(V.gram), [[4, -2], [-2, 4]])
    with pytest.raises(GroupRepError, match="gram"):
        Representation(G, images=images, gram=[[1, 0], [0, 2]])
    with pytest.raises(GroupRepError, match="gram"):
        Representation(G, images=images, gram=[[-4, 2], [2, -4]])


def test_float_images():
    t = 2 * np.pi / 5
    G = Cyclic(5)
    V = Representation(G, images=[np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])])
    assert V.domain is None
    assert V.field == "real"
    assert np.abs(V(G.elements) - G.defining()(G.elements)).max() <= 16 * EPS
    with pytest.raises(GroupRepError, match="exact"):
        V.exact(G.generators[0])
    with pytest.raises(GroupRepError, match="exact"):
        V.to_dict()


@cases(
    ("text", "dim"),
    [
        ("trivial", 1), ("2*regular + trivial", 17), ("defining^2", 4), ("sym(2, defining)", 3), ("ext(2, natural)", 6),
        ("grid(4,4)", 16), ("dual(defining) * natural", 8), ("conj(regular)", 8), ("(defining + trivial)^2", 9),
        ("defining**3", 8), ("2*(natural + 3*trivial)", 14), ("defining*2", 4),
    ],
)  # fmt: skip
def test_expressions(text, dim):
    V = parse_representation(Dihedral(4), text)
    assert V.dim == dim
    assert parse_representation(Dihedral(4), str(V)) == V


def test_expressions_over_products():
    G = Dihedral(4) * SO(2)
    V = parse_representation(G, "factor(0, grid(2, 2)) * factor(1, defining) + 2*trivial")
    assert V.dim == 10
    assert V == G.pullback(0, Dihedral(4).grid((2, 2))) * G.pullback(1, SO(2).defining()) + 2 * G.trivial()


@cases(
    ("text", "message"),
    [
        ("regualr", "did you mean \"regular\""), ("regular +", "not an expression"), ("3", "is the number 3"),
        ("regular + 1", "1\\*trivial"), ("regular - trivial", "only \\+"), ("__import__('os')", "unknown|not allowed"),
        ("defining.dim", "not allowed"), ("sym(defining, 2)", "takes integers"), ("sym(2)", "number and a representation"),
        ("2^defining", "powers"), ("factor(1, defining)", "factors 0..0"), ("irrep(1)", "its labels are A1, A2"),
        ("irrep(E1, A1)", "irrep"), ("grid(4, x)", "unknown"),
        ("regular" + "+ regular" * 400, "2,000"), ("(" * 300 + "regular" + ")" * 300, "not an expression|nested"),
        ("", "not an expression"), ("lambda: 0", "not allowed"), ("defining ** 2.0", "not allowed"), ("True*defining", "not allowed"),
    ],
)  # fmt: skip
def test_bad_expressions(text, message):
    with pytest.raises(GroupRepError, match=message):
        parse_representation(Dihedral(4), text)


def test_characters_and_differentials_of_complex_groups():
    V = SU(2).defining()
    X = V.differential([0, 0, 1.0])
    assert np.array_equal(X, [[0, 0.5j], [0.5j, 0]])
    W = U(1).defining()
    assert np.array_equal((W**3).differential([1.0]), [[3j]])
    assert np.array_equal(W.conjugate.differential([1.0]), [[-1j]])
    assert np.array_equal(W.dual.differential([1.0]), [[-1j]])
    z = np.exp(0.4j)
    assert abs((W**3)(np.array([[z]]))[0, 0] - z**3) <= 4 * EPS


def test_permutation_representations():
    G = Symmetric(4)
    # The action on the three ways to pair the points off.
    pairings = [
        {frozenset((0, 1)), frozenset((2, 3))},
        {frozenset((0, 2)), frozenset((1, 3))},
        {frozenset((0, 3)), frozenset((1, 2))},
    ]

    def action(g):
        return [pairings.index({frozenset(int(g[x]) for x in pair) for pair in p}) for p in pairings]

    V = G.permutation(action)
    assert V.dim == 3
    for g in G.elements:
        assert np.array_equal(V(g), np.eye(3)[:, :][np.argsort(action(g))])
    assert V.character.inner(V.character) == 2


@pytest.mark.slow
def test_values_at_the_cut_locus():
    V = Representation(SU(3), images=[SU(3).defining().image(a) for a in SU(3).generator_names])
    g = SU(3).sample(50, np.random.default_rng(0))
    assert np.abs(V(g) - g).max() < 1e-12
    W = Representation(SO(3), images=[SO(3).defining().image(a) for a in SO(3).generator_names])
    assert np.abs(W(np.diag([-1.0, -1.0, 1.0])) - np.diag([-1.0, -1.0, 1.0])).max() < 1e-12


D5, R3 = Dihedral(5), SO(3)
PENTAGON, CORNERS, TENSORS, VECTORS = D5.irrep("E1"), D5.natural(), R3.irrep(2), R3.defining()


@cases(
    "V, degree_of_field",
    [
        (CORNERS + PENTAGON, 2),
        (PENTAGON + CORNERS, 2),
        (3 * PENTAGON + 2 * CORNERS, 2),
        (CORNERS * PENTAGON, 2),
        (PENTAGON * CORNERS, 2),
        (VECTORS + TENSORS, 1),
        (2 * TENSORS + VECTORS, 1),
        (VECTORS * TENSORS, 1),
        (PENTAGON.restrict(D5.subgroup([D5.generators[0]])), 2),
        ((D5 * R3).pullback(1, VECTORS) + (D5 * R3).pullback(1, TENSORS), 1),
    ],
)
def test_rational_forms_of_what_is_made_of_irreps(V, degree_of_field):
    """V(g) = S R(g) S^-1 over a smaller field, whichever of the parts has one."""
    R, S = V.rational()
    assert degree(R.domain) == degree_of_field < degree(V.domain)
    g = V.group.sample(3, np.random.default_rng(0))
    x = V(g)
    assert np.linalg.norm(x @ S - S @ R(g)) <= 64 * V.dim * EPS * np.linalg.norm(x) * np.linalg.norm(S)


def test_what_is_known_of_a_sum_or_product_is_known_of_every_part():
    """Field, domain, unitarity and form, whichever part decides."""
    G = Cyclic(4)
    real, complex_ = G.natural(), Representation(G, images=[[["I"]]])
    oblique, floats = real.change_basis(np.tri(4, dtype=int).tolist()), Representation(G, images=[np.array([[1j]])])
    boosts = LieGroup.from_algebra([[[0, 1], [1, 0]]])
    for combine in (lambda V, W: V + W, lambda V, W: 2 * V + 3 * W, lambda V, W: V * W):
        for order in (lambda V, W: (V, W), lambda V, W: (W, V)):
            assert combine(*order(real, complex_)).field == "complex"
            assert combine(*order(real, oblique)).field == "real"
            assert not combine(*order(real, oblique)).is_unitary
            assert combine(*order(real, complex_)).is_unitary
            assert combine(*order(real, floats)).domain is None
            assert degree(combine(*order(real, complex_)).domain) == 2
            assert combine(*order(boosts.trivial(), boosts.defining())).gram is None
            V = combine(*order(G.trivial(), oblique + complex_))
            H, x = as_float(V.gram), V(G.generators[0])
            assert np.linalg.norm(x.conj().T @ H @ x - H) <= 64 * V.dim * EPS * np.linalg.norm(H)


def test_what_is_known_of_a_product_of_groups_is_known_of_every_factor():
    """Compactness, elements, generators in either place of the other factor."""
    L, C, S = Lorentz(), SO(2), SO(3)
    for G in (L * C, C * L, C * L * S):
        assert not G.is_compact
    assert (C * S).is_compact
    planes = [[0, -1], [1, 0]], [[0, 1], [1, 0]]
    turn, flip = (as_exact(as_image(m)) for m in planes)
    half, mirror = (as_exact(as_image(np.diag(d))) for d in ([-1, -1, 1], [-1, 1, 1]))
    for G, good, mirrors in ((C * S, (turn, half), (flip, mirror)), (S * C, (half, turn), (mirror, flip))):
        assert G.contains(good)
        assert not G.contains((mirrors[0], good[1]))
        assert not G.contains((good[0], mirrors[1]))
