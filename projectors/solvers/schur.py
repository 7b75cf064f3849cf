"""Solver "schur": the decompositions of V and W into irreps, matched by Schur's lemma."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grouprep.linalg.intertwiners import FloatSpace
from grouprep.linalg.memory import require_memory
from grouprep.representations import Representation
from projectors.isotypic import decompose
from projectors.schur import SchurBasis
from projectors.spectral import SpectralFrame

__all__ = ["solve_schur", "spectral_frame"]


def spectral_frame(
    V: Representation, W: Representation, irreps: Sequence[Representation] | None = None
) -> SpectralFrame:
    """The frame of decompositions of V and W: over the complex numbers if one of them is complex, else over the reals.

    Raises
    ------
    UnsupportedGroup
        If the irreps of the group are not known and none are given.
    """
    field = "complex" if "complex" in (V.field, W.field) else "real"
    return SpectralFrame(decompose(V, field, irreps), decompose(W, field, irreps))


def solve_schur(V: Representation, W: Representation, irreps: Sequence[Representation] | None = None) -> FloatSpace:
    """The intertwiners of V and W as an orthonormal float basis."""
    basis = SchurBasis(spectral_frame(V, W, irreps))
    require_memory(basis.dim * V.dim * W.dim, f"{basis.dim} dense basis elements of Hom({V}, {W})")
    rows = basis.combine(np.eye(basis.dim)).reshape(basis.dim, V.dim * W.dim)
    if not (V.is_unitary and W.is_unitary):  # the basis is orthonormal in their forms
        rows = np.linalg.qr(rows.T)[0].T
    return FloatSpace(basis.shape, rows, (0.0, 1.0))
