"""scipy: rotations as elements, projectors as operators, sparse arrays in and out, spherical harmonics."""

import numpy as np
import pytest
import scipy.special
from cases import cases
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator
from scipy.spatial.transform import Rotation

from grouprep import SO, SU, Cyclic, Dihedral, GroupRepError, Lorentz, O, PointGroup, Symmetric, U
from grouprep.errors import DimensionMismatch, NotUnitary, UnsupportedGroup
from grouprep.irreps.spherical_harmonics import complex_spherical_harmonics, spherical_harmonics
from grouprep.irreps.wigner import wigner_D
from projectors import Hom
from projectors.interop import scipy as interop

SEVERAL = Rotation.random(4, random_state=2)
ONE = Rotation.from_euler("z", 90, degrees=True)


def test_rotations_are_elements():
    rotations_that_are_refused()
    for G, label in ((SO(3), 2), (O(3), "2e")):
        V = G.irrep(label) + G.defining()
        expected = wigner_D(2, SEVERAL.as_matrix(), "real")
        assert np.abs(V(SEVERAL)[:, :5, :5] - expected).max() < 1e-14
        assert np.array_equal(V(SEVERAL)[:, 5:, 5:], SEVERAL.as_matrix())
        assert V(ONE).shape == (8, 8)
    G = SU(2)
    for V, expected in (
        (G.irrep(1, field="complex"), wigner_D(1, SEVERAL.as_matrix())),
        (G.irrep("1/2", field="complex") ** 2, None),
    ):
        assert V(SEVERAL).shape == (4, V.dim, V.dim)
        if expected is not None:
            assert np.abs(V(SEVERAL) - expected).max() < 1e-14
        product = V(SEVERAL[0]) @ V(SEVERAL[1])
        assert np.abs(V(SEVERAL[0] * SEVERAL[1]) - product).max() < 1e-14
    V = PointGroup("Oh").irrep("T1u")
    assert np.array_equal(V(ONE), V(ONE.as_matrix().round()))


def rotations_that_are_refused():
    for V in (SU(2).defining(), SU(2).irrep(1) + SU(2).irrep("1/2"), U(2).defining()):
        with pytest.raises(GroupRepError, match="half-integer"):
            V(ONE)
    for G in (SO(2), SO(4), Lorentz()):
        with pytest.raises(UnsupportedGroup, match="rotations of space"):
            G.defining()(SEVERAL)
    with pytest.raises(GroupRepError, match="one exact matrix"):
        SO(3).defining().exact(SEVERAL)
    with pytest.raises(GroupRepError, match="opposite signs"):
        (SO(3) * SU(2)).defining()((ONE, ONE))
    with pytest.raises(GroupRepError):
        Dihedral(4).defining()(ONE)


def test_spherical_harmonics_are_scipys():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(20, 3)), np.eye(3), -np.eye(3)])
    r = np.linalg.norm(points, axis=1)
    theta, phi = np.arccos(points[:, 2] / r), np.arctan2(points[:, 1], points[:, 0])
    harmonic = getattr(scipy.special, "sph_harm_y", None)  # before scipy 1.15: other names, other order
    if harmonic is None:
        harmonic = lambda l, m, t, p: scipy.special.sph_harm(m, l, p, t)  # noqa: E731
    for l in range(7):
        theirs = np.stack([harmonic(l, m, theta, phi) for m in range(-l, l + 1)], axis=-1)
        assert np.abs(complex_spherical_harmonics(l, points) - theirs).max() < 1e-13
        m = np.arange(1, l + 1)
        positive = np.sqrt(2) * (-1.0) ** m * theirs[:, l + 1 :]
        real = np.concatenate([positive.imag[:, ::-1], theirs[:, l : l + 1].real, positive.real], axis=1)
        assert np.abs(spherical_harmonics(l, points) - real).max() < 1e-13


SPACES = {
    "D4": lambda: Hom(
        2 * Dihedral(4).regular() + Dihedral(4).defining(), Dihedral(4).defining() + 2 * Dihedral(4).regular()
    ),
    "S3": lambda: Hom(3 * Symmetric(3).natural(), Symmetric(3).natural() + 2 * Symmetric(3).trivial()),
    "C3": lambda: Hom(2 * Cyclic(3).irrep("1", field="complex"), 2 * Cyclic(3).regular()),
    "SO3": lambda: Hom(2 * SO(3).irrep(1) + SO(3).irrep(2), SO(3).irrep(2) + 3 * SO(3).irrep(1)),
    "none": lambda: Hom(SO(3).irrep(1), SO(3).irrep(2)),
}


@cases("name", SPACES)
def test_operators_and_sparse_arrays(name):
    H = SPACES[name]()
    m, n = H.shape
    rng = np.random.default_rng(1)
    T = rng.normal(size=(3, m, n)) * (rng.random((3, m, n)) < 0.3)
    vectors = T.reshape(3, -1)
    expected = H.project(T)
    P, R = interop.projector(H), interop.residual_projector(H)
    for operator, values in ((P, expected), (R, T - expected)):
        assert isinstance(operator, LinearOperator)
        assert operator.shape == (m * n, m * n)
        assert np.abs(operator @ vectors[0] - values[0].reshape(-1)).max() < 1e-14
        assert np.abs(operator @ vectors.T - values.reshape(3, -1).T).max() < 1e-14
        assert np.abs(operator.H @ vectors.T - values.reshape(3, -1).T).max() < 1e-14
    rows = interop.basis_rows(H)
    assert np.abs(rows.toarray() - H.basis().matrices.reshape(H.dim, m * n)).max(initial=0) < 1e-15
    assert np.abs(interop.projector_matrix(H) @ vectors.T - expected.reshape(3, -1).T).max() < 1e-14
    for kind, form in (
        (sparse.csr_array, "csr"),
        (sparse.csc_matrix, "csc"),
        (sparse.coo_array, "coo"),
        (sparse.lil_array, "lil"),
    ):
        for function, values in ((interop.project, expected), (interop.residual, T - expected)):
            out = function(H, kind(T[1]))
            assert isinstance(out, kind)
            assert out.format == form
            assert np.abs(out.toarray() - values[1]).max() < 1e-14
    assert np.abs(interop.project(H, aslinearoperator(T[2])) @ np.eye(n) - expected[2]).max() < 1e-14
    assert np.abs(interop.residual(H, aslinearoperator(T[2])) @ np.eye(n) - (T - expected)[2]).max() < 1e-14


def sparse_stays_sparse():
    """300 copies of 4 pixels: a dense projector would have 1,440,000 rows."""
    V = 300 * Cyclic(4).natural()
    H = Hom(V, V)
    T = sparse.random_array(H.shape, density=1e-5, rng=np.random.default_rng(0), format="csr")
    out = interop.project(H, T)
    assert 0 < out.nnz <= 4 * T.nnz
    assert np.abs(out.toarray() - H.project(T.toarray())).max() < 1e-14


def test_large_ones_and_refusals():
    sparse_stays_sparse()
    H = SPACES["D4"]()
    with pytest.raises(GroupRepError, match=r"H\.project takes dense"):
        interop.project(H, np.zeros(H.shape))
    with pytest.raises(DimensionMismatch, match="dim W, dim V"):
        interop.residual(H, sparse.csr_array((3, 3)))
    with pytest.raises(GroupRepError, match="must be a Hom"):
        interop.projector(Dihedral(4).regular())
    with pytest.raises(GroupRepError, match="NaN"):
        interop.project(H, sparse.csr_array(np.full(H.shape, np.nan)))
    V = Symmetric(3).natural().change_basis([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    skew = Hom(V, V)
    with pytest.raises(NotUnitary, match="unitary"):
        interop.projector_matrix(skew)
    T = np.random.default_rng(0).normal(size=(3, 3))
    assert np.abs(interop.projector(skew) @ T.reshape(-1) - skew.project(T).reshape(-1)).max() < 1e-14
    with pytest.raises(NotUnitary):
        interop.projector(skew).H @ T.reshape(-1)
