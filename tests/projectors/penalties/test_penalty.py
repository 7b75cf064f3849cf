"""The penalty and the defect bounds at known values, near equivariance, and refusals."""

import numpy as np
import pytest
from cases import cases

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    Lorentz,
    NotUnitary,
    Quaternion,
    Symmetric,
)
from projectors import Hom, commutant
from projectors.penalties import Frobenius, Mixed, Nuclear, Schatten, Spectral, defect_bound, penalty, per_block

EPS = np.finfo(float).eps


def test_known_values():
    H = commutant(Cyclic(2).natural())
    T = np.array([[1.0, 2.0], [4.0, 7.0]])
    # P(T) = [[4, 3], [3, 4]], R = [[-3, -1], [1, 3]].
    assert penalty(T, H) == pytest.approx(np.sqrt(20), rel=4 * EPS)
    assert penalty(T, H, Frobenius(squared=True)) == pytest.approx(20, rel=8 * EPS)
    assert penalty(T, H, Spectral()) == pytest.approx(4, rel=8 * EPS)
    assert penalty(T, H, part="equivariant") == pytest.approx(np.sqrt(50), rel=8 * EPS)
    assert penalty(T, H, Spectral(), part="equivariant") == pytest.approx(7, rel=8 * EPS)


def test_near_equivariance_keeps_its_digits():
    """The residual is formed: the penalty of X + delta E is delta |E - P(E)| to single precision's own rounding of the input."""
    H = commutant(Symmetric(4).natural() ** 2)
    rng = np.random.default_rng(0)
    X = H.project(rng.standard_normal(H.shape))
    E = rng.standard_normal(H.shape)
    E = H.residual(E)
    for delta in (1e-3, 1e-5):
        T = (X + delta * E).astype(np.float32)
        exact = penalty(T.astype(float), H)
        rounding = 16 * np.finfo(np.float32).eps * np.abs(T).max() * np.sqrt(T.size)
        assert abs(float(penalty(T, H)) - exact) <= rounding
    T = X + 1e-12 * E
    assert penalty(T, H) == pytest.approx(1e-12 * np.linalg.norm(E), rel=1e-3, abs=0)
    assert penalty(X, H) <= 64 * EPS * np.linalg.norm(X)
    assert penalty(np.zeros(H.shape), H) == 0


def test_batches_and_kinds():
    H = Hom(Quaternion().regular(), Quaternion().defining())
    T = np.random.default_rng(0).standard_normal((2, 3, 2, 8))
    values = penalty(T, H)
    assert values.shape == (2, 3)
    assert values[1, 2] == pytest.approx(penalty(T[1, 2], H), rel=16 * EPS)
    assert values.dtype == np.float64  # real, though the residual is complex
    assert penalty(T.astype(np.float32), H).dtype == np.float32
    assert penalty(T.astype(np.complex64), H).dtype == np.float32


def test_refusals():
    H = commutant(Cyclic(2).natural())
    T = np.eye(2)
    with pytest.raises(GroupRepError, match="frame"):
        penalty(T, H, frame="fourier")
    with pytest.raises(GroupRepError, match='choose "residual"'):
        penalty(T, H, part="rest")
    with pytest.raises(GroupRepError, match="Frobenius\\(\\)"):
        penalty(T, H, norm="fro")
    with pytest.raises(GroupRepError, match="Frobenius\\(\\)"):
        penalty(T, H, norm=Frobenius)
    for function in (penalty, per_block, defect_bound):
        for wrong in (T, H.V, (H.V, H.W), None):
            with pytest.raises(GroupRepError, match=r"H must be Hom.*penalty\(T, H\)"):
                function(H, wrong)
    with pytest.raises(DimensionMismatch):
        penalty(np.eye(3), H)
    with pytest.raises(GroupRepError, match="NaN"):
        penalty(np.full((2, 2), np.nan), H)
    with pytest.raises(NotUnitary):
        penalty(np.eye(4), commutant(Lorentz().defining()))
    assert penalty(np.diag([1.0, 1, 1, 5]), commutant(Lorentz().defining(), inner="euclidean")) == pytest.approx(
        np.sqrt(12), rel=8 * EPS
    )


def test_defect_bounds_are_reached():
    """T = diag(1, -1) under the swap: the defect is 2 sqrt 2, the upper bound in Frobenius."""
    V = Cyclic(2).natural()
    H = commutant(V)
    T = np.diag([1.0, -1.0])
    swap = V(V.group.generators[0])
    defect = np.linalg.norm(swap @ T - T @ swap)
    lower, upper = defect_bound(T, H)
    assert defect == pytest.approx(upper, rel=4 * EPS)
    assert lower == pytest.approx(np.sqrt(2) * np.sqrt(2), rel=4 * EPS)
    lower, upper = defect_bound(T, H, Spectral())
    assert (lower, upper) == pytest.approx((1, 2), rel=4 * EPS)
    assert np.linalg.norm(swap @ T - T @ swap, 2) == pytest.approx(2, rel=4 * EPS)


def test_defect_bounds_of_a_squared_norm_are_those_of_the_norm():
    H = commutant(Dihedral(3).natural())
    T = np.random.default_rng(0).standard_normal((3, 3))
    assert defect_bound(T, H, Frobenius(squared=True)) == defect_bound(T, H, Frobenius()) == defect_bound(T, H)


def test_defect_bounds_need_unitary_representations():
    G = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
    with pytest.raises(NotUnitary, match=r"V\.unitary"):
        defect_bound(np.eye(2), commutant(G.defining()))
    with pytest.raises(NotUnitary):
        defect_bound(np.eye(4), commutant(Lorentz().defining(), inner="euclidean"))
    U, _ = G.defining().unitary()
    assert defect_bound(np.eye(2), commutant(U)).upper <= 16 * EPS


def test_the_mean_defect_identity_for_the_circle():
    """Mean over SO(2) of ||R T - T R||^2 = 2 ||T - P(T)||^2, by quadrature that is exact for the degree."""
    H = commutant(SO(2).defining())
    T = np.array([[1.0, 2.0], [5.0, -3.0]])
    angles = 2 * np.pi * np.arange(8) / 8
    total = 0.0
    for t in angles:
        R = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
        total += np.linalg.norm(R @ T - T @ R) ** 2
    assert total / 8 == pytest.approx(2 * penalty(T, H, Frobenius(squared=True)), rel=32 * EPS)


def test_spectral_frame_and_blocks():
    """Unitarily invariant norms do not see the frame, others do; squares of the blocks add up; Schur's zeros are zero."""
    G = Dihedral(4)
    H = Hom(2 * G.regular() + G.defining(), G.regular() + G.trivial())
    T = np.random.default_rng(0).standard_normal((3, *H.shape))
    for part in ("residual", "equivariant"):
        for norm in (Frobenius(), Spectral(), Nuclear()):
            spatial = penalty(T, H, norm, part)
            assert penalty(T, H, norm, part, frame="spectral") == pytest.approx(spatial, rel=1e-12)
        blocks = per_block(T, H, part=part)
        assert sum(v**2 for v in blocks.values()) == pytest.approx(penalty(T, H, part=part) ** 2, rel=1e-12)
        for (v, w), value in blocks.items():
            one_dimensional = v == w and v.startswith(("A", "B"))
            if (part == "equivariant" and v != w) or (part == "residual" and one_dimensional):
                assert np.abs(value).max() <= 64 * EPS * np.abs(T).max()
            else:
                assert (value > 1e-3).all()
    by_hand = Mixed(2, 1).value(H.spectral.residual(H.to_spectral(T)))
    assert penalty(T, H, Mixed(2, 1), frame="spectral") == pytest.approx(by_hand, rel=1e-12)
    assert abs(by_hand - penalty(T, H, Mixed(2, 1))).min() > 1e-3


def test_blocks_name_the_broken_pair():
    """T couples the sign of the swap (irrep B) of V to the trivial irrep A of W: (1, 1)^T (1, -1)."""
    H = commutant(Cyclic(2).natural())
    blocks = per_block(np.array([[1.0, -1.0], [1.0, -1.0]]), H)
    assert {pair: round(float(v), 12) for pair, v in blocks.items()} == {
        ("A", "A"): 0,
        ("B", "A"): 2,
        ("A", "B"): 0,
        ("B", "B"): 0,
    }


def test_torch_and_jax_agree_with_numpy():
    """Values and gradients of penalties in single precision, also where the residual is 1e-6 of the operator."""
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    G = Dihedral(4)
    H = Hom(2 * G.regular(), G.regular() + G.defining())
    rng = np.random.default_rng(0)
    X = H.project(rng.standard_normal(H.shape))
    for delta in (1.0, 1e-6):
        T = (X + delta * rng.standard_normal(H.shape)).astype(np.float32)
        for norm in (Frobenius(), Spectral(), Mixed(2, 1)):
            for frame in ("spatial", "spectral"):
                rounding = 16 * np.finfo(np.float32).eps * np.linalg.norm(T) * np.sqrt(H.shape[1])
                exact = penalty(T.astype(float), H, norm, frame=frame)
                t = torch.asarray(T).requires_grad_()
                value = penalty(t, H, norm, frame=frame)
                theirs, jgrad = jax.jit(jax.value_and_grad(lambda x: penalty(x, H, norm, frame=frame)))(  # noqa: B023
                    jax.numpy.asarray(T)
                )
                assert abs(float(value.detach()) - exact) <= rounding
                assert abs(float(theirs) - exact) <= rounding
                (grad,) = torch.autograd.grad(value, t)
                if delta == 1:
                    assert float(value.detach()) == pytest.approx(exact, rel=1e-6)
                    assert float(theirs) == pytest.approx(exact, rel=1e-6)
                    assert np.allclose(np.asarray(jgrad), grad.numpy(), atol=1e-5)
                    assert np.allclose(H.residual(grad.numpy()), grad.numpy(), atol=1e-6)  # (1 - P) of the subgradient


@cases("norm", [Spectral(), Nuclear(), Schatten(3), Schatten(float("inf"))], ids=str)
@pytest.mark.parametrize(
    "H",
    [
        commutant(2 * Dihedral(4).regular()),  # real type
        Hom(3 * Cyclic(5).regular(), 2 * Cyclic(5).regular()),  # complex type
        commutant(2 * SU(2).irrep("1/2", field="real")),  # quaternionic type
        Hom(2 * SO(3).defining(), 3 * SO(3).defining()),
        commutant(2 * SU(2).defining()),  # complex matrices
        Hom(Cyclic(2).trivial(), Cyclic(2).irrep("B")),  # nothing in common
    ],
    ids=str,
)
@cases("kind", [float, complex])
def test_equivariant_norms_from_blocks(H, norm, kind):
    """Singular values of P(T) from matrices of multiplicities are those of the whole matrix, and so are gradients."""
    rng = np.random.default_rng(0)
    T = rng.standard_normal((2, *H.shape)) + (1j * rng.standard_normal((2, *H.shape)) if kind is complex else 0)
    whole = norm.value(H.project(T))
    fast = penalty(T, H, norm, part="equivariant", frame="spectral")
    assert fast == pytest.approx(whole, rel=1e-12, abs=64 * EPS)
    torch = pytest.importorskip("torch")
    if kind is float and not H.is_complex and whole.all():
        t = torch.asarray(T).requires_grad_()
        (grad,) = torch.autograd.grad(penalty(t, H, norm, "equivariant", "spectral").sum(), t)
        (slow,) = torch.autograd.grad(penalty(t, H, norm, "equivariant").sum(), t)
        assert np.allclose(grad.numpy(), slow.numpy(), atol=1e-11)


@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("frame", ["spatial", "spectral"])
@pytest.mark.parametrize(
    "V",
    [
        3 * Dihedral(4).regular(),
        4 * Dihedral(4).defining(),
        3 * SO(3).irrep(1) + SO(3).irrep(2),
        3 * Dihedral(5).defining(),
    ],
    ids=str,
)
def test_single_precision_keeps_its_digits_near_equivariance(V, frame, library):
    """At a residual of 1e-6 |T| the penalty of the same float32 operator in double precision is met to 1e-6, in every library.

    The residual itself is right to the last places. Singular values in single precision are those of R + E with ||E|| <= p u ||R||, where u
    is the unit roundoff and p at most the larger dimension (LAPACK Users' Guide, 4.9.1): 1.4e-6 for 24 x 24.
    """
    module = pytest.importorskip(library)
    make = (module.numpy if library == "jax" else module).asarray
    H, rng = commutant(V), np.random.default_rng(0)
    X, E = H.project(rng.standard_normal(H.shape)), H.residual(rng.standard_normal(H.shape))
    T = (X + 1e-6 * np.linalg.norm(X) / np.linalg.norm(E) * E).astype(np.float32)
    R = H.residual(T.astype(float))
    assert np.linalg.norm(np.asarray(H.residual(make(T))) - R) <= 4 * np.finfo(np.float32).eps * np.linalg.norm(R)
    for norm in (Frobenius(), Spectral(), Nuclear(), Mixed(2, 1)):
        value = penalty(make(T), H, norm, frame=frame)
        decomposed = norm.schatten not in (None, 2)
        error = max(1e-6, float(max(H.shape) * np.finfo(np.float32).eps / 2) if decomposed else 0)
        assert float(value) == pytest.approx(float(penalty(T.astype(float), H, norm, frame=frame)), rel=error, abs=0)
        assert "float32" in str(value.dtype)
