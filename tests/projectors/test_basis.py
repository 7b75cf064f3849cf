"""Bases: exact ones as sympy matrices, float ones block by block."""

import numpy as np
import pytest
import sympy

from grouprep import SU, Cyclic, Dihedral, DimensionMismatch, FiniteGroup, Symmetric
from projectors import Basis, ExactBasis, Hom, commutant

EPS = np.finfo(float).eps


def test_exact_elements():
    exact = commutant(Cyclic(4).defining()).exact_basis()
    assert isinstance(exact, ExactBasis)
    assert len(exact) == 2
    assert exact[0] == sympy.eye(2)
    assert exact[1] in (sympy.Matrix([[0, 1], [-1, 0]]), sympy.Matrix([[0, -1], [1, 0]]))
    assert exact[-1] == exact[1]
    assert list(exact) == [exact[0], exact[1]]
    assert exact.gram == sympy.diag(2, 2)
    assert exact.domain.is_ZZ
    with pytest.raises(IndexError, match="2 elements"):
        exact[2]


def test_the_exact_gram_of_complex_elements_is_hermitian():
    V = SU(2).defining()
    exact = Hom(V.conjugate, V).exact_basis()
    assert len(exact) == 1
    assert exact.gram == sympy.Matrix([[2]])
    from grouprep import Quaternion

    G = Quaternion()
    exact = Hom(G.regular(), G.defining()).exact_basis()
    gram = exact.gram
    assert gram == gram.H
    expected = sympy.Matrix(2, 2, lambda i, j: (exact[i].H * exact[j]).trace())
    assert sympy.simplify(gram - expected) == sympy.zeros(2, 2)


def test_to_numpy_is_correctly_rounded():
    G = FiniteGroup.from_matrices({"r": [["-1/2", "-sqrt(3)/2"], ["sqrt(3)/2", "-1/2"]]})
    H = Hom(G.natural(), G.defining())
    X = H.exact_basis().to_numpy()
    for element, floats in zip(H.exact_basis(), X, strict=True):
        for x, y in zip(element, floats.ravel(), strict=True):
            assert abs(x.evalf(40) - sympy.Float(float(y), 40)) <= abs(x.evalf(40)) * sympy.Float(2) ** -53


def test_indexing_and_iteration():
    H = Hom(2 * Dihedral(3).natural(), Dihedral(3).defining() + Dihedral(3).natural())
    basis = H.basis()
    assert isinstance(basis, Basis)
    assert basis.matrices.shape == (len(basis), 5, 6)
    assert all(np.array_equal(x, y) for x, y in zip(basis, basis.matrices, strict=True))
    assert np.array_equal(basis[-1], basis.matrices[-1])
    with pytest.raises(IndexError, match="elements"):
        basis[len(basis)]
    with pytest.raises(ValueError, match="read-only"):
        basis.matrices[0, 0, 0] = 1
    with pytest.raises(DimensionMismatch):
        basis.coordinates(np.zeros((6, 5)))


def test_orthonormal_in_the_invariant_inner_product():
    G = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
    V = G.defining()
    from grouprep.linalg import as_float

    H = commutant(V**2)
    form = as_float((V**2).gram)
    X = H.basis().matrices
    gram = np.einsum("ab,icb,cd,jda->ij", np.linalg.inv(form), X.conj(), form, X)
    assert np.abs(gram - np.eye(H.dim)).max() <= 64 * EPS
    frobenius = np.einsum("iab,jab->ij", X, X)
    assert np.abs(frobenius - np.eye(H.dim)).max() > 1e-3
    E = commutant(V**2, inner="euclidean").basis().matrices
    assert np.abs(np.einsum("iab,jab->ij", E, E) - np.eye(H.dim)).max() <= 64 * EPS


def test_float_and_exact_bases_run_in_the_same_order():
    """Blocks run over the summands of W, then of V, then the copies."""
    G = Symmetric(3)
    H = Hom(G.trivial() + 2 * G.natural(), G.natural() + G.trivial())
    floats, exact = H.basis().matrices, H.exact_basis().to_numpy()
    for x, y in zip(floats, exact, strict=True):
        assert np.array_equal(x != 0, y != 0)
        assert np.allclose(x, y / np.linalg.norm(y), rtol=0, atol=8 * EPS)


def test_coordinates_round_trip_in_single_precision():
    basis = commutant(Symmetric(4).natural() ** 2).basis()
    c = np.random.default_rng(0).standard_normal((5, len(basis))).astype(np.float32)
    T = basis.combine(c)
    assert T.dtype == np.float32
    back = basis.coordinates(T)
    assert back.dtype == np.float32
    assert np.abs(back - c).max() <= 64 * np.finfo(np.float32).eps
    assert basis.combine([1] + [0] * (len(basis) - 1)).dtype == np.float64


def test_representations_print():
    H = commutant(Dihedral(4).natural())
    assert repr(H.basis()) == "<orthonormal basis of 3 operators of shape (4, 4)>"
    assert "3 operators of shape (4, 4) over ZZ" in repr(H.exact_basis())
