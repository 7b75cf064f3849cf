"""Solver "schur": the decompositions of V and W into irreps, matched by Schur's lemma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from grouprep.linalg.memory import require_memory
from grouprep.linalg.spaces import FloatSpace
from grouprep.representations import Representation
from projectors.decompose import spectral_frame
from projectors.solvers.base import Solver
from projectors.structure.schur import Schur as Structure

__all__ = ["Schur"]


@dataclass(frozen=True)
class Schur(Solver):
    """The intertwiners of V and W as an orthonormal float basis.

    irreps : to decompose into instead of those known of the group, or found in V + W.
    """

    name: ClassVar[str] = "schur"
    needs_summands: ClassVar[bool] = False

    irreps: tuple[Representation, ...] | None = None

    def refusal(self, V: Representation, W: Representation) -> str | None:
        if V.group.is_compact:
            return None
        if self.irreps is None:
            return f"{V.group} is not compact, its irreps are not unitary; give irreps that are"
        without = next((str(U) for U in (V, W) if U.gram is None), None)
        return None if without is None else f"{without} has no invariant positive-definite form"

    def is_exact(self, V: Representation, W: Representation) -> bool:
        return False

    def cost(self, V: Representation, W: Representation) -> float:
        return float(20 * (V.dim**3 + W.dim**3))

    def with_irreps(self, irreps: Sequence[Representation] | None) -> Schur:
        return self if irreps is None else replace(self, irreps=tuple(irreps))

    def solve(self, V: Representation, W: Representation) -> FloatSpace:
        basis = Structure(spectral_frame(V, W, self.irreps))
        require_memory(basis.dim * V.dim * W.dim, f"{basis.dim} dense basis elements of Hom({V}, {W})")
        rows = basis.combine(np.eye(basis.dim)).reshape(basis.dim, V.dim * W.dim)
        if not (V.is_unitary and W.is_unitary):  # the basis is orthonormal in their forms
            rows = np.linalg.qr(rows.T)[0].T
        return FloatSpace(basis.shape, rows, (0.0, 1.0))
