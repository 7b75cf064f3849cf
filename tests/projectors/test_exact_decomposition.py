"""Exact changes of basis: known ones, proof, and refusal of what is wrong."""

import numpy as np
import pytest
import sympy

from grouprep import (
    SO,
    CertificateError,
    Cyclic,
    Dihedral,
    GroupRepError,
    Quaternion,
    Representation,
    TooLarge,
    UnsupportedGroup,
)
from projectors import decompose
from projectors.decompose.exact import ExactDecomposition, ExactIsometry, exact_decomposition


def test_corners_of_the_square_exactly():
    E = decompose(Dihedral(4).natural()).exact()
    half, root = sympy.Rational(1, 2), sympy.sqrt(2) / 2
    assert E.change_of_basis == sympy.Matrix(
        [[half, half, root, 0], [half, -half, 0, root], [half, half, -root, 0], [half, -half, 0, -root]]
    )


def test_fourier_matrix_exactly():
    E = decompose(Cyclic(3).regular(), "complex").exact()
    w = sympy.exp(-2 * sympy.pi * sympy.I / 3)
    expected = sympy.Matrix(3, 3, lambda x, k: w ** (x * k) / sympy.sqrt(3))
    assert sympy.simplify((E.change_of_basis - expected).expand(complex=True)).is_zero_matrix
    E.verify()


@pytest.mark.parametrize(
    "V",
    [
        Dihedral(5).natural(),
        Dihedral(6).regular(),
        Cyclic(8).regular(),
        (Cyclic(3) * Cyclic(3)).regular(),
        Dihedral(3).defining().symmetric_power(2),
        Dihedral(4).natural().change_basis([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]]),
        Cyclic(4).irrep("E1") + 2 * Cyclic(4).regular(),
    ],
    ids=str,
)
@pytest.mark.parametrize("field", ["real", "complex"])
def test_exact_against_floats(V, field):
    D = decompose(V, field)
    E = D.exact()
    E.verify()
    U = E.change_of_basis
    H = np.eye(V.dim) if V.is_unitary else np.array(sympy.Matrix(V.gram.to_Matrix()).tolist(), dtype=float)
    values = np.array(U.evalf(30).tolist(), dtype=complex)
    assert values.conj().T @ H @ values == pytest.approx(np.eye(V.dim), abs=1e-14)
    assert np.abs(values - D.change_of_basis).max() <= 50 * V.dim * np.finfo(float).eps
    for g in V.group.generators:
        blocks = sympy.diag(*[I.exact(g) for I, m in zip(D.irreps, D.multiplicities, strict=True) for _ in range(m)])
        difference = (V.exact(g) * U - U * blocks).evalf(40, maxn=200)
        assert all(abs(x) < 1e-30 for x in difference)


def isometries():
    return list(decompose(Dihedral(4).natural()).exact().isometries)


def altered(iso, entries):
    from sympy.polys.matrices import DomainMatrix

    rows = iso.matrix.to_dense().to_list()
    for (i, j), x in entries.items():
        rows[i][j] = iso.matrix.domain.convert(x)
    return ExactIsometry(iso.irrep, DomainMatrix(rows, iso.matrix.shape, iso.matrix.domain).to_sparse(), iso.square)


def test_a_changed_entry_is_caught():
    A, B, E = isometries()
    V = Dihedral(4).natural()
    ExactDecomposition(V, [A, B, E]).verify()
    with pytest.raises(CertificateError, match="isometry 2 of natural does not intertwine r"):
        ExactDecomposition(V, [A, B, altered(E, {(0, 0): 5})]).verify()


def test_a_wrong_scale_is_caught():
    A, B, E = isometries()
    scaled = ExactIsometry(A.irrep, A.matrix * A.matrix.domain.convert(2), A.square)
    with pytest.raises(CertificateError, match="not orthogonal"):
        ExactDecomposition(Dihedral(4).natural(), [scaled, B, E]).verify()


def test_a_missing_isometry_is_caught():
    A, B, _ = isometries()
    with pytest.raises(CertificateError, match="account for 2 of the 4 dimensions of natural"):
        ExactDecomposition(Dihedral(4).natural(), [A, B]).verify()


def test_the_same_isometry_twice_is_caught():
    A, _, E = isometries()
    with pytest.raises(CertificateError, match="not orthogonal"):
        ExactDecomposition(Dihedral(4).natural(), [A, A, E]).verify()


def test_another_irrep_is_caught():
    A, B, E = isometries()
    with pytest.raises(CertificateError, match="does not intertwine"):
        ExactDecomposition(Dihedral(4).natural(), [ExactIsometry(B.irrep, A.matrix, A.square), B, E]).verify()


def test_given_irreps_of_quaternionic_type():
    G = Quaternion()
    signs = [Representation(G, images=[[[a]], [[b]]], name=f"{a}{b}") for a in (1, -1) for b in (1, -1)]
    left = [
        [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, 1, 0]],
        [[0, 0, -1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, -1, 0, 0]],
    ]
    H = Representation(G, images=left, name="H")
    D = decompose(G.regular(), irreps=[*signs, H])
    E = D.exact()
    E.verify()
    values = np.array(E.change_of_basis.evalf(20).tolist(), dtype=float)
    assert np.abs(values - D.change_of_basis).max() <= 1e-14


def test_refusals():
    with pytest.raises(UnsupportedGroup, match=r"finite groups; SO\(3\) is infinite"):
        decompose(SO(3).defining()).exact()
    V = Dihedral(4).natural().change_basis(np.eye(4) + 0.1)
    with pytest.raises(GroupRepError, match="float images"):
        decompose(V).exact()


def test_exact_gauge_of_several_complex_copies():
    """Gram-Schmidt of complex seeds that are not orthogonal: a conjugate too few went unnoticed."""
    n = 6
    S = np.eye(n, dtype=int) + np.triu(np.random.default_rng(0).integers(-3, 4, (n, n)), 1)
    V = (2 * Cyclic(3).natural()).change_basis(S.tolist())
    D = decompose(V, field="complex")
    assert D.multiplicities == (2, 2, 2)
    E = D.exact()
    E.verify()
    exact = np.array(E.change_of_basis.evalf(30).tolist(), dtype=complex)
    assert np.abs(exact - D.change_of_basis).max() < 1e-10


def test_many_copies_take_seconds_and_too_many_are_refused():
    V = Dihedral(3).natural().symmetric_power(16)
    E = decompose(V).exact()
    E.verify()
    assert len(E.isometries) == 102
    huge = Dihedral(3).natural().symmetric_power(40)
    with pytest.raises(TooLarge, match="the limit is 100,000,000"):
        exact_decomposition(huge, (), {huge: [0]})
