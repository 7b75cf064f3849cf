"""Structure of pairs whose decompositions into irreps are known: intertwiners between copies of one irrep, held as isometries."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.typing import AnyArray, Array, Namespace
from projectors.arrays import namespace
from projectors.structure.base import Structure
from projectors.structure.frame import SpectralFrame

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from projectors.structure.blocks import Block

__all__ = ["Schur"]


class Schur(Structure):
    """The basis U_W (E_ab (x) J_k) U_V^-1 / sqrt(d) over irreps, copies a of W and b of V, and the commutant J_k.

    An element is never formed unless asked for: it is a product of two isometries of rank d. P is a mask and traces in the frame.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 2.2 and 13.2.
    """

    frame: SpectralFrame

    def __init__(self, frame: SpectralFrame) -> None:
        self.frame = frame
        self.shape, self.dim = frame.shape, frame.dim
        self.is_self_dual = frame.domain.V.is_unitary and frame.codomain.V.is_unitary

    def rows(self) -> DomainMatrix:
        raise GroupRepError("a basis by Schur's lemma is a float one; another solver gives exact bases")

    @property
    def dtype(self) -> np.dtype[np.generic]:
        parts = [b.irrep_V.commutant.dtype for b in self.frame.diagonal]
        return np.result_type(np.complex128 if self.frame.is_complex else np.float64, *parts)

    def key(self) -> tuple[Hashable, ...]:
        return self.shape, self.dim, *(c.tobytes() for c in self.frame.constants)

    def coordinates(self, T: Array) -> Array:
        M = self.frame.to_spectral(T)
        lead = M.shape[:-2]
        parts = [np.zeros((*lead, 0), dtype=M.dtype)]
        for b in self.frame.diagonal:
            c = np.stack(b.coordinates(M, namespace(M)), axis=-1) * np.sqrt(b.irrep_V.dim)
            parts.append(c.reshape(*lead, b.rows_n * b.columns_n * len(b.irrep_V.commutant)))
        return np.concatenate(parts, axis=-1).astype(M.dtype)

    def combine(self, c: Array) -> Array:
        lead = c.shape[:-1]
        dtype = np.result_type(c.dtype, np.complex64) if self.dtype.kind == "c" else c.dtype
        M = np.zeros((*lead, *self.shape), dtype=dtype)
        start = 0
        for b in self.frame.diagonal:
            k = len(b.irrep_V.commutant)
            stop = start + b.rows_n * b.columns_n * k
            part = c[..., start:stop].reshape(*lead, b.rows_n, b.columns_n, k) / np.sqrt(b.irrep_V.dim)
            M[..., b.row, b.column] = b.combine([part[..., i] for i in range(k)], namespace(M))
            start = stop
        return np.asarray(self.frame.to_spatial(M)).astype(dtype)

    def constants(self, block: Block, width: int) -> tuple[Array, ...]:
        self.frame.prepare()
        return self.frame.constants

    def project(
        self, rows: AnyArray, copies: int, xp: Namespace, constants: Sequence[AnyArray], block: Block
    ) -> AnyArray:
        part = rows if rows.shape[-1] == self.shape[1] else rows[..., block.slices()[1]]
        return self.frame.project_spatial(part, xp, constants)
