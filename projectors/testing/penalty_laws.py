"""Laws of penalties and defect bounds."""

from __future__ import annotations

import numpy as np

from grouprep.errors import NotUnitary, UnsupportedGroup
from grouprep.testing.bounds import evaluation_error, gamma, norm, require, require_close, require_raises
from grouprep.testing.elements import draw
from grouprep.testing.laws import DoesNotApply, law
from projectors.hom import Hom
from projectors.penalties import Frobenius, Mixed, Nuclear, Spectral, defect_bound, penalty, per_block
from projectors.testing.hom_laws import NOT_UNITARY, has_projector, is_unitary, random_operators
from projectors.testing.norm_laws import NORMS

__all__ = ["check_defect_bounds", "check_mean_defect", "check_penalty", "check_spectral_penalty"]

_AVERAGED = 40_000


@law("space of equivariant maps")
def check_penalty(H: Hom, rng: np.random.Generator) -> None:
    """penalty is the norm of T - P(T) or P(T); zero on the space, Pythagoras in Frobenius, batch axes and precision kept."""
    T = random_operators(H, 3, rng)
    if not has_projector(H):
        require_raises(NotUnitary, lambda: penalty(T, H), f"{H}: no invariant positive form, but penalty returns")
        return
    R, P = H.residual(T), H.project(T)
    bound = gamma(H.shape[0] * H.shape[1]) * max(norm(T), 1.0) * np.sqrt(max(H.shape))
    for N in (Frobenius(), Spectral(), Mixed(2, 1)):
        value = penalty(T, H, N)
        require(np.shape(value) == (3,), f"{H}: penalties of three operators have shape {np.shape(value)}")
        require_close(np.asarray(value), np.asarray(N.value(R)), bound, f"{H}: penalty is the norm of the residual")
        equivariant = penalty(T, H, N, part="equivariant")
        require_close(np.asarray(equivariant), np.asarray(N.value(P)), bound, f"{H}: the equivariant part's norm")
        require(np.ndim(penalty(T[0], H, N)) == 0, f"{H}: the penalty of one operator is not 0-dimensional")
    squared = np.asarray(penalty(T, H, Frobenius(squared=True)))
    require_close(squared, np.asarray(penalty(T, H)) ** 2, bound * norm(T), f"{H}: squared=True is the square")
    if is_unitary(H) or H.inner == "euclidean":
        total = squared + np.asarray(penalty(T, H, Frobenius(squared=True), part="equivariant"))
        expected = (np.abs(T) ** 2).sum(axis=(-2, -1))
        require_close(total, expected, bound * max(norm(T), 1.0), f"{H}: Pythagoras for P(T) and T - P(T)")
    single = np.asarray(penalty(T.astype(np.complex64 if T.dtype.kind == "c" else np.float32), H))
    require(single.dtype == np.float32, f"{H}: the penalty of single precision is {single.dtype}")
    X = H.basis().matrices
    if len(X):
        zero = np.asarray(penalty(X, H))
        size = gamma(H.shape[0] * H.shape[1]) * max(norm(X), 1.0) ** 3
        require_close(zero, np.zeros(len(X)), size, f"{H}: the penalty of an equivariant operator")


@law("space of equivariant maps")
def check_spectral_penalty(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """For unitary V and W unitarily invariant norms are the same in the spectral frame, and blocks add up, where irreps are known."""
    if not is_unitary(H) or H.inner != "invariant":
        return DoesNotApply(NOT_UNITARY)
    try:
        frame = H.spectral
    except UnsupportedGroup:
        return DoesNotApply("the irreps of the group are not known")
    T = random_operators(H, 2, rng)
    m, n = H.shape
    bound = gamma(m * n * (m + n)) * max(norm(T), 1.0)
    for part in ("residual", "equivariant"):
        for N in (Frobenius(), Spectral(), Nuclear()):
            spatial, spectral = penalty(T, H, N, part), penalty(T, H, N, part, frame="spectral")
            require_close(
                np.asarray(spectral), np.asarray(spatial), bound, f"{H}: {N} of the {part} part in two frames"
            )
        blocks = per_block(T, H, part=part)
        require(len(blocks) == len(frame.blocks), f"{H}: {len(blocks)} values for {len(frame.blocks)} blocks")
        total = np.asarray(sum(np.asarray(v) ** 2 for v in blocks.values()))
        whole = np.asarray(penalty(T, H, Frobenius(squared=True), part))
        require_close(total, whole, bound * max(norm(T), 1.0), f"{H}: squares of the {part} blocks add up")
    return None


@law("space of equivariant maps")
def check_mean_defect(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """For unitary V and W the mean of ||rho_W(g) T - T rho_V(g)||_F^2 over the group is 2 ||T - P(T)||_F^2."""
    if not is_unitary(H) or H.inner != "invariant":
        return DoesNotApply(NOT_UNITARY)
    G = H.V.group
    T = random_operators(H, 1, rng)[0]
    expected = 2 * float(penalty(T, H, Frobenius(squared=True)))
    if G.is_finite:
        if G.order * H.shape[0] * H.shape[1] > _AVERAGED:
            return DoesNotApply(f"more than {_AVERAGED:,} elements times unknowns")
        g = G.elements
        defects = (np.abs(H.W(g) @ T - T @ H.V(g)) ** 2).sum(axis=(-2, -1))
        bound = gamma(G.order + H.shape[0] * H.shape[1]) * 4 * norm(T) ** 2 * H.V.dim * H.W.dim
        require_close(defects.mean(), np.array(expected), bound, f"{H}: mean squared defect")
        return None
    try:
        g = G.sample(4_000, rng)
    except UnsupportedGroup:
        return DoesNotApply("no sampler of Haar measure is known")
    defects = (np.abs(H.W(g) @ T - T @ H.V(g)) ** 2).sum(axis=(-2, -1))
    error = 6 * float(defects.std()) / np.sqrt(len(defects)) + gamma(H.V.dim * H.W.dim) * norm(T) ** 2
    require_close(defects.mean(), np.array(expected), error, f"{H}: mean squared defect over samples")
    return None


@law("space of equivariant maps")
def check_defect_bounds(H: Hom, rng: np.random.Generator) -> None:
    """lower <= sup_g ||rho_W(g) T - T rho_V(g)|| <= upper for unitary V and W; NotUnitary for others."""
    T = random_operators(H, 2, rng)
    if not is_unitary(H):
        require_raises(NotUnitary, lambda: defect_bound(T, H), f"{H}: not unitary, but defect_bound returns")
        return
    G = H.V.group
    listed = G.is_finite and G.order * H.shape[0] * H.shape[1] <= _AVERAGED
    g = G.elements if listed and G.is_finite else draw(G, 200, rng)
    a, b = H.V(g)[:, None], H.W(g)[:, None]
    error = (evaluation_error(H.V, norm(a)) + evaluation_error(H.W, norm(b))) * max(norm(T), 1.0)
    error += gamma(H.shape[0] * H.shape[1]) * max(norm(T), 1.0)
    error *= (
        H.shape[0] * H.shape[1]
    )  # every norm is at most sqrt(m n) times the Frobenius norm, and so is its constant c
    for N in NORMS:
        lower, upper = defect_bound(T, H, N)
        worst = np.asarray(N.value(b @ T - T @ a)).max(axis=0)
        require((worst <= upper + error).all(), f"{H}: the defect {worst} in {N} exceeds the upper bound {upper}")
        if listed:
            require((lower <= worst + error).all(), f"{H}: the defect {worst} in {N} is below the lower bound {lower}")
        require((lower <= upper).all(), f"{H}: lower bound {lower} above upper bound {upper}")
