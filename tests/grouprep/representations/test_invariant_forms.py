"""The invariant form of a compact group in a bad basis is the Haar average of the identity, found by linear algebra."""

import numpy as np
import pytest
from sympy import Matrix, Rational

from grouprep import SO, SU, Cyclic, LieGroup, Lorentz, O, Representation, Symmetric
from grouprep.linalg import as_float, as_image
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.forms import is_invariant
from grouprep.linalg.matrices import as_exact
from grouprep.representations import base
from projectors import commutant


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


@pytest.mark.parametrize("kind", ["exact", "float"])
@pytest.mark.parametrize(
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
