"""Exact bases of spins whose field is too large to be held: entries are rational numbers times square roots."""

import numpy as np
import pytest
import sympy
from cases import cases
from sympy.physics.wigner import clebsch_gordan as sympy_clebsch_gordan

from grouprep import SO, SU, FiniteGroup, GroupRepError, Homomorphism, O
from projectors import Hom
from projectors.files import verify

EPS = np.finfo(float).eps
C = {"field": "complex"}
TURNS = [[[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]]
OCTAHEDRAL = FiniteGroup.from_matrices(TURNS, name="O")
INTO = Homomorphism.inclusion(OCTAHEDRAL, SO(3))


def restricted(l):
    return SO(3).irrep(l).restrict(INTO)


@cases(
    ("V", "W", "dim"),
    [
        (SO(3).irrep(4) * SO(3).irrep(4), SO(3).irrep(4), 1),
        (SO(3).irrep(12) * SO(3).irrep(9), SO(3).irrep(12), 1),
        (SO(3).irrep(4) * SO(3).irrep(3), SO(3).irrep(4) * SO(3).irrep(1), 3),
        (SO(3).irrep(1) * SO(3).irrep(2) * SO(3).irrep(3), SO(3).irrep(5), 2),
        (SO(3).irrep(4) + 2 * SO(3).irrep(2), SO(3).irrep(2) + SO(3).irrep(4), 3),
        (SU(2).irrep("7/2", **C) * SU(2).irrep(3, **C), SU(2).irrep("5/2", **C), 1),
        (SU(2).irrep("7/2") * SU(2).irrep(3), SU(2).irrep("5/2"), 4),
        (O(3).irrep("4o") * O(3).irrep("2e"), O(3).irrep("5o"), 1),
        (O(3).irrep("4o") * O(3).irrep("2e"), O(3).irrep("5e"), 0),
        (restricted(4), restricted(4), 4),
        (restricted(6), restricted(2), 3),
    ],
    ids=lambda v: str(v),
)
def test_exact_bases(V, W, dim):
    H = Hom(V, W)
    assert H.is_exact
    assert H.certify().proved
    basis = H.exact_basis()
    assert len(basis) == H.dim == dim
    X = basis.to_numpy()
    G = V.group
    g = G.generators if G.is_finite else G.sample(3, np.random.default_rng(0))
    for k, x in enumerate(X):
        np.testing.assert_array_equal(np.array(basis[k].evalf(30).tolist(), dtype=complex), x)
        size = np.linalg.norm(x)
        for h in g:
            np.testing.assert_allclose(W(h) @ x, x @ V(h), atol=100 * EPS * max(H.shape) * size)
        np.testing.assert_allclose(H.basis().project(x), x, atol=100 * EPS * max(H.shape) * size)
    gram = np.array(basis.gram.evalf(20).tolist(), dtype=complex).reshape(dim, dim)
    flat = X.reshape(dim, H.shape[0] * H.shape[1])
    np.testing.assert_allclose(flat.conj() @ flat.T, gram, atol=EPS * flat.shape[1] * np.abs(gram).max(initial=1))


def test_couplings_are_the_clebsch_gordan_coefficients():
    """Over the complex numbers, up to one factor, sympy's exact coefficients."""
    j1, j2, j = 4, 3, 5
    V, W = (SO(3).irrep(l, "complex") for l in (j1, j2)), SO(3).irrep(j, "complex")
    left, right = V
    (X,) = Hom(left * right, W).exact_basis()
    coefficients = sympy.Matrix(
        2 * j + 1,
        (2 * j1 + 1) * (2 * j2 + 1),
        lambda m, k: (
            sympy_clebsch_gordan(j1, j2, j, k // (2 * j2 + 1) - j1, k % (2 * j2 + 1) - j2, m - j)
            if k // (2 * j2 + 1) - j1 + k % (2 * j2 + 1) - j2 == m - j
            else 0
        ),
    )
    factor = {sympy.nsimplify(x / c) for x, c in zip(X, coefficients, strict=True) if c}
    assert len(factor) == 1
    assert all((x == 0) == (c == 0) for x, c in zip(X, coefficients, strict=True))


def test_values_at_exact_elements():
    turn = sympy.Matrix([[2, -1, 2], [2, 2, -1], [-1, 2, 2]]) / 3
    for V in (SO(3).irrep(5), SO(3).irrep(4, "complex"), SO(3).irrep(4) * SO(3).irrep(1)):
        value = np.array(V.exact(turn).evalf(20).tolist(), dtype=complex)
        np.testing.assert_allclose(value, V(np.array(turn).astype(float)), atol=50 * EPS * V.dim)
    V, g = restricted(7), OCTAHEDRAL.generators[1]
    exact = V.exact(g)
    assert (exact * exact.T).applyfunc(sympy.nsimplify) == sympy.eye(15)
    np.testing.assert_allclose(np.array(exact.evalf(20).tolist(), dtype=float), V(g), atol=50 * EPS * 15)


def test_what_stays_float():
    V = SO(3).irrep(4)
    assert not Hom(V, V, solver="float").is_exact
    with pytest.raises(GroupRepError, match=r'solver="auto"'):
        Hom(V, V, solver="schur").exact_basis()


def test_files_hold_the_rational_forms(tmp_path):
    V, W = SO(3).irrep(4) * SO(3).irrep(1), SO(3).irrep(4)
    with pytest.raises(GroupRepError, match=r"V.rational\(\)\[0\]"):
        Hom(V, W).save(tmp_path / "basis.json")
    Hom(V.rational()[0], W.rational()[0]).save(tmp_path / "basis.json")
    assert verify(tmp_path / "basis.json").proved
