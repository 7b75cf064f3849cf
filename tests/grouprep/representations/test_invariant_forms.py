"""The invariant form of a compact group in a bad basis is the Haar average of the identity, found by linear algebra."""

import numpy as np
import pytest
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Matrix, Rational

from grouprep import (
    SO,
    SU,
    AmbiguousRank,
    Cyclic,
    FiniteGroup,
    GroupRepError,
    IllConditioned,
    LieGroup,
    Lorentz,
    O,
    Quaternion,
    Representation,
    Symmetric,
)
from grouprep.linalg import as_float, as_image
from grouprep.linalg.convert import to_domain_matrix, to_sympy
from grouprep.linalg.forms import is_invariant, is_positive, is_unitary
from grouprep.linalg.matrices import as_exact
from grouprep.representations import base
from projectors import commutant, decompose


def change_of_basis(n, seed=0):
    rng = np.random.default_rng(seed)
    lower = np.tril(rng.integers(-1, 2, (n, n)), -1) + np.eye(n, dtype=int)
    upper = np.triu(rng.integers(-1, 2, (n, n)), 1) + np.eye(n, dtype=int)
    return Matrix(lower @ upper) * Rational(1, 2)


def moved(V, S):
    inverse = S.inv()
    return Representation(
        V.group, images=[S * to_sympy(as_exact(V.image(a))) * inverse for a in V.group.generator_names]
    )


@pytest.mark.parametrize(
    "V",
    [
        SO(3).defining() ** 2,
        O(2).defining() + O(2).trivial(),
        SU(2).defining() * SU(2).defining(),
        Symmetric(4).natural(),
    ],
    ids=str,
)
def test_projection_in_any_basis_is_the_average(V):
    S = change_of_basis(V.dim)
    R = moved(V, S)
    assert R.gram is not None
    assert not R.is_unitary
    assert is_invariant(R.gram, *R.by_kind())
    s = np.array(S, dtype=float)
    T = np.random.default_rng(1).standard_normal((V.dim, V.dim))
    expected = s @ commutant(V).project(np.linalg.inv(s) @ T @ s) @ np.linalg.inv(s)
    bound = 100 * V.dim**2 * np.finfo(float).eps * np.linalg.cond(s) ** 4 * np.linalg.norm(T)
    assert np.linalg.norm(commutant(R).project(T) - expected) <= bound
    unitary, change = R.unitary()
    g = V.group.sample(3, np.random.default_rng(2))
    error = 100 * V.dim**2 * np.finfo(float).eps * np.linalg.cond(change) ** 2
    assert np.abs(unitary(g) @ unitary(g).conj().swapaxes(-1, -2) - np.eye(V.dim)).max() <= error


def test_float_forms():
    S = np.array(change_of_basis(3), dtype=float)
    algebra = [S @ as_float(a) @ np.linalg.inv(S) for a in SO(3).algebra]
    V = LieGroup.from_algebra(algebra).defining()
    values = np.linalg.eigvalsh(V.gram)
    assert values.min() > 0
    average = np.linalg.inv(S @ S.T)
    assert np.allclose(V.gram / np.trace(V.gram), average / np.trace(average))


OBLIQUE = [[1, "I*(zeta(3) - 1)"], [0, "zeta(3)"]]


@cases("kind", ["exact", "float"])
@cases(
    "build",
    [
        lambda V: V.dual,
        lambda V: V.conjugate,
        lambda V: V.conjugate.dual,
        lambda V: V.dual * V,
        lambda V: 2 * V.dual + V,
        lambda V: V.dual.symmetric_power(2),
        lambda V: V.dual.exterior_power(2),
        lambda V: V.dual.change_basis([[1, "I"], [0, 1]]),
        lambda V: V.dual.restrict(V.group.subgroup(V.group.generators)),
    ],
    ids=["dual", "conj", "conj dual", "product", "sum", "sym", "ext", "basis", "restricted"],
)
def test_forms_of_a_complex_representation_in_an_oblique_basis(build, kind):
    """H is invariant under V, conj(H)^-1 under its dual: with H itself, complex, or its plain inverse nothing is."""
    image = as_image(OBLIQUE)
    V = build(Representation(Cyclic(3), images=[as_float(image) if kind == "float" else image]))
    assert is_invariant(V.gram, *V.by_kind())
    H, (x,) = as_float(V.gram), (as_float(m) for m in V.images.values())
    assert (
        np.linalg.norm(x.conj().T @ H @ x - H) <= 64 * np.finfo(float).eps * np.linalg.norm(H) * np.linalg.norm(x) ** 2
    )
    assert np.linalg.eigvalsh(H).min() > 0
    if V.dim > 1:
        assert np.abs(H.imag).max() > 0.01 * np.abs(H).max()


@pytest.mark.parametrize("kind", [as_exact, as_float], ids=["exact", "float"])
def test_a_form_is_invariant_under_every_generator(kind):
    """Elements keep H as A* H A, algebra generators as A* H + H A; one that does not, in any place, is enough."""
    good = [kind(as_image(m)) for m in ([[0, 1], [1, 0]], [[0, -1], [1, 0]])]
    turns = [kind(as_image(m)) for m in ([[0, -1], [1, 0]], [["I", 0], [0, "-I"]])]
    bad = kind(as_image([[2, 0], [0, 1]]))
    form = kind(as_image([[1, 0], [0, 1]]))
    assert is_invariant(form, good, turns)
    for k in range(2):
        assert not is_invariant(form, [*good[:k], bad, *good[k + 1 :]], turns)
        assert not is_invariant(form, good, [*turns[:k], bad, *turns[k + 1 :]])
    assert not is_invariant(kind(as_image([[1, 0], [0, 2]])), good)
    oblique = kind(as_image([[2, "I"], ["-I", 2]]))  # kept by the turn, not by the exchange
    assert is_invariant(oblique, good[1:], turns[:1])
    assert not is_invariant(oblique, good)
    assert not is_invariant(oblique, (), turns)


@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_the_sum_over_the_group_and_the_linear_system_agree(monkeypatch, spare):
    """Up to 2,000 elements a form is summed, beyond solved for; an irrep has one up to a factor."""
    third, swap = as_image([["zeta(3)", 0], [0, "zeta(3)^2"]]), as_image([[0, 1], [1, 0]])
    moved = Representation(Symmetric(3), images=[third, swap]).change_basis([[1, "I"], [0, 2]])
    for kind in (as_exact, as_float):
        V = Representation(moved.group, images=[kind(m) for m in moved.images.values()])
        monkeypatch.setattr(base, "_AVERAGE_LIMIT", 6 + spare)
        form, expected = as_float(V._form()), as_float(moved.gram)
        assert np.allclose(form / np.trace(form), expected / np.trace(expected), rtol=0, atol=64 * np.finfo(float).eps)


def test_groups_without_a_positive_form():
    assert Lorentz().defining().gram is None
    form = as_float(Lorentz().defining().invariant_form)
    assert np.array_equal(form * np.sign(form[0, 0]), abs(form[0, 0]) * np.diag([1, -1, -1, -1]))
    assert LieGroup.from_algebra([[[0, 1], [0, 0]]]).defining().gram is None


def test_positive_forms_of_extreme_scale():
    V = Representation(Cyclic(2), images=[[[0, 10**9], ["1/1000000000", 0]]])
    assert V.gram is not None


def attempted(function):
    """(value, None), or (None, error) where floats do not carry it."""
    try:
        return function(), None
    except GroupRepError as error:
        return None, error


def unimodular(n, c):
    """A lower times an upper unitriangular matrix with entries c beside the diagonal."""
    lower = Matrix(n, n, lambda i, j: int(i == j) + c * int(i == j + 1))
    return lower * lower.T


@cases("c", [1, 10**3, 10**30, 10**200])
def test_positivity_of_exact_forms_is_decided_exactly(c):
    """[[1, c], [c, c^2 + x]] has determinant x; the blocks of two such forms are positive only together."""
    for x, y in ((1, 1), (1, 0), (0, 1), (1, -1), (-1, 1), (-1, -1), (0, 0)):
        form = Matrix([[1, c, 0, 0], [c, c**2 + x, 0, 0], [0, 0, 1, c], [0, 0, c, c**2 + y]])
        S = unimodular(4, c)
        for H in (form, S.T * form * S):
            assert is_positive(to_domain_matrix(H)) == (x > 0 and y > 0)
    for x in (-1, 0, 1):
        H = to_domain_matrix([[1, f"{c}*I"], [f"-{c}*I", f"{c**2}+{x}*sqrt(2)"]])
        assert is_positive(H) == (x > 0)
    indefinite = to_domain_matrix([[0, c, 0], [c, 0, 0], [0, 0, 1]])
    assert not is_positive(indefinite)


@cases("c", [1, 10, 1000, 10**9, 10**60])
@cases("how", ["change of basis", "images"])
def test_a_finite_group_has_a_positive_form_in_every_basis(how, c):
    """Forms, dimensions and exact bases do not depend on floats; where floats do not carry the rest, they say so."""
    for V in (Symmetric(3).natural(), Cyclic(2).natural(), Cyclic(4).natural()):
        S = unimodular(V.dim, c)
        R = V.change_basis(S) if how == "change of basis" else moved(V, S)
        assert R.gram is not None
        assert is_invariant(R.gram, *R.by_kind())
        H = commutant(R)
        assert H.dim == len(H.exact_basis()) == commutant(V).dim
        D, refusal = attempted(lambda R=R: decompose(R))
        if D is None:
            assert c > 1
            assert isinstance(refusal, IllConditioned) or "10^308" in str(refusal)
            continue
        assert D.labels == decompose(V).labels
        U = D.change_of_basis
        for g in R.group.generators:
            assert np.linalg.norm(R(g) @ U - U @ D.blocks(g)) <= 1e-6 * np.linalg.norm(R(g), 2) * np.linalg.norm(U)


@cases("k", [0, 8, 16, 40, -40])
def test_scales_of_basis_vectors_cost_nothing(k):
    scale = Rational(10) ** k
    for V, S in (
        (Cyclic(2).natural(), Matrix.diag(1, scale)),
        (Symmetric(3).natural(), Matrix.diag(1, scale, 1 / scale)),
        (2 * Cyclic(2).natural(), Matrix.diag(1, scale, 1, 1 / scale)),
        (SO(3).defining(), Matrix.diag(scale, 1, scale)),
    ):
        R = V.change_basis(S)
        D = decompose(R)
        assert D.labels == decompose(V).labels
        s = np.array(S.tolist(), dtype=float)
        U = D.change_of_basis
        isometry = np.linalg.inv(s) @ U
        size = np.linalg.norm(isometry[0])
        assert np.abs(isometry.conj().T @ isometry - size**2 * np.eye(V.dim)).max() <= 1e-12 * size**2
        assert np.abs(D.inverse @ U - np.eye(V.dim)).max() <= 1e-12
        T = np.random.default_rng(0).standard_normal((V.dim, V.dim))
        expected = commutant(V).project(T)
        moved_back = np.linalg.inv(s) @ commutant(R).project(s @ T @ np.linalg.inv(s)) @ s
        assert np.abs(moved_back - expected).max() <= 1e-12


@cases("c", [1, 10**3, 10**7, 10**13, 10**40])
def test_what_commutes_with_a_representation_does_not_spoil_its_form(c):
    """S = M C with C in the commutant: rho = M rho_0 M^-1 has condition 2.6, whatever C is."""
    M, C = Matrix([[0, 1], [2, 1]]), Matrix([[1 + c, c - 1], [c - 1, 1 + c]])
    R = Cyclic(2).natural().change_basis(M * C)
    Z = Representation(Cyclic(2), images=[[[-1, 0], [-1, 1]]])
    for V in (R, Z, R + Z, Z + 2 * R):
        for part in {R, Z}:
            assert np.linalg.cond(as_float(part.gram)) < 10
        H = commutant(V)
        X = H.basis().matrices
        g = V(V.group.generators[0])
        assert np.abs(g @ X - X @ g).max() <= 1e-13
        T = np.random.default_rng(0).standard_normal(H.shape)
        average = (T + g @ T @ np.linalg.inv(g)) / 2
        assert np.abs(H.project(T) - average).max() <= 1e-12
        U = decompose(V).change_of_basis
        assert np.abs(g @ U - U @ decompose(V).blocks(V.group.generators[0])).max() <= 1e-12


@cases("exact", [True, False])
@cases("exponent", [1, 2, 4, 6, 8])
@cases("V", [Quaternion().regular(), Symmetric(3).natural() + Symmetric(3).trivial()], ids=str)
def test_a_projector_is_idempotent_or_refused(V, exponent, exact):
    rng = np.random.default_rng(exponent)
    n = V.dim
    left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    S = left @ np.diag(np.logspace(0, exponent, n)) @ right
    R = V.change_basis(np.rint(1000 * S).astype(int) if exact else S)
    T = rng.standard_normal((n, n))
    P, refusal = attempted(lambda: commutant(R).project(T))
    if P is None:
        assert exponent > (5 if exact else 2)
        assert isinstance(refusal, IllConditioned)
        assert "condition number" in str(refusal)
        return
    assert np.linalg.norm(commutant(R).project(P) - P) <= 1e-4 * np.linalg.norm(P)
    for g in V.group.generators:
        assert np.linalg.norm(R(g) @ P - P @ R(g)) <= 1e-4 * np.linalg.norm(R(g)) * np.linalg.norm(P)


def test_what_is_unitary_in_floats_does_not_depend_on_what_stands_beside_it():
    for large in (1.0, 1e6, 1e9):
        A = np.zeros((4, 4))
        A[0, 1], A[1, 0] = -large, large
        assert is_unitary((), [A])
        A[2, 2], A[3, 3] = 1.0, 2.0
        assert not is_unitary((), [A])
    G = LieGroup.from_algebra([A]).defining()
    with pytest.raises(AmbiguousRank):
        _ = G.gram


SIZES = st.integers(-6, 6).map(lambda k: 10 ** abs(k) * (1 if k > 0 else -1))


@settings(max_examples=25, deadline=None)
@given(st.lists(SIZES, min_size=6, max_size=6), st.lists(st.integers(-12, 12), min_size=3, max_size=3), st.booleans())
def test_random_unimodular_changes_of_basis_and_scales(entries, scales, second):
    """The form is positive, the dimension right, the group of order 6; P is the average, or is refused."""
    a, b, c, d, e, f = entries
    S = Matrix([[1, 0, 0], [a, 1, 0], [b, c, 1]]) * Matrix([[1, d, e], [0, 1, f], [0, 0, 1]])
    S = Matrix.diag(*[Rational(10) ** k for k in scales]) * S
    V = Symmetric(3).natural()
    R = V.change_basis(S)
    assert R.gram is not None
    assert is_invariant(R.gram, *R.by_kind())
    assert FiniteGroup.from_matrices(list(R.images.values())).order == 6
    W = R + V if second else R
    H = commutant(W)
    assert H.dim == commutant(V + V if second else V).dim
    T = np.arange(float(W.dim**2)).reshape(W.dim, W.dim) % 7 - 3
    P, refusal = attempted(lambda: H.project(T))
    if P is None:
        assert isinstance(refusal, IllConditioned)
        return
    total = Matrix.zeros(W.dim, W.dim)
    for g in W.group.elements:
        total += W.exact(g) * Matrix(T.astype(int)) * W.exact(W.group.inverse(g))
    expected = np.array((total / 6).tolist(), dtype=float)
    assert np.linalg.norm(P - expected) <= 1e-4 * np.linalg.norm(expected)
    assert np.linalg.norm(H.project(P) - P) <= 1e-4 * np.linalg.norm(P)


@pytest.mark.parametrize("size", [1e308, 1e160, 1.0, 1e-160, 1e-308])
def test_sizes_of_generators_do_not_count(size):
    """The range of floats ends at 1.8e308; an algebra is the same on all scales."""
    turn, stretch = np.array([[0, -size], [size, 0]]), np.array([[size, -size / 2], [size / 2, 0]])
    assert is_unitary([], [turn])
    assert not is_unitary([], [stretch])
    skew = np.array([[2.0, 1], [1, 2]])  # kept by A with skew A antisymmetric
    assert is_invariant(skew, [], [np.linalg.solve(skew, turn)])
    assert LieGroup.from_algebra([turn]).defining().is_unitary
    assert not LieGroup.from_algebra([stretch]).defining().is_unitary


@pytest.mark.parametrize("size", [1e308, 1e-308, 1e160])
def test_large_and_small_elements(size):
    assert not is_unitary([np.diag([size, 1 / size])])
    assert not is_unitary([np.array([[size, size], [-size, size]])])
    assert is_invariant(np.array([[0.0, 1], [1, 0]]), [np.diag([size, 1 / size])])
