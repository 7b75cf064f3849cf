"""A basis of Hom_G(V, W) by Schur's lemma: intertwiners between copies of one irrep, held as isometries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from projectors.basis import PairBasis
from projectors.spectral import SpectralFrame

__all__ = ["SchurBasis"]

Array = NDArray[Any]


class SchurBasis(PairBasis):
    """The basis U_W (E_ab (x) J_k) U_V^-1 / sqrt(d) over irreps, copies a of W and b of V, and the commutant J_k.

    An element is never formed unless asked for: it is a product of two isometries of rank d.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 2.2 and 13.2.
    """

    def __init__(self, frame: SpectralFrame) -> None:
        self.frame = frame
        self.shape = frame.shape
        self.dim = frame.dim
        self._self_dual = frame.domain.V.is_unitary and frame.codomain.V.is_unitary

    @property
    def dtype(self) -> np.dtype[Any]:
        parts = [b.irrep_V.commutant.dtype for b in self.frame.diagonal]
        return np.result_type(np.complex128 if self.frame.is_complex else np.float64, *parts)

    @property
    def is_self_dual(self) -> bool:
        return self._self_dual

    def coordinates(self, T: Array) -> Array:
        import array_api_compat.numpy as xp

        M = self.frame.to_spectral(T)
        lead = M.shape[:-2]
        parts = [np.zeros((*lead, 0), dtype=M.dtype)]
        for b in self.frame.diagonal:
            c = np.stack(b.coordinates(M, xp), axis=-1) * np.sqrt(b.irrep_V.dim)
            parts.append(c.reshape(*lead, -1))
        return np.concatenate(parts, axis=-1).astype(M.dtype)

    def combine(self, c: Array) -> Array:
        import array_api_compat.numpy as xp

        lead = c.shape[:-1]
        kind = np.result_type(c.dtype, np.complex64) if self.dtype.kind == "c" else c.dtype
        M = np.zeros((*lead, *self.shape), dtype=kind)
        start = 0
        for b in self.frame.diagonal:
            k = len(b.irrep_V.commutant)
            stop = start + b.rows_n * b.columns_n * k
            part = c[..., start:stop].reshape(*lead, b.rows_n, b.columns_n, k) / np.sqrt(b.irrep_V.dim)
            M[..., b.row, b.column] = b.combine([part[..., i] for i in range(k)], xp)
            start = stop
        return np.asarray(self.frame.to_spatial(M)).astype(kind)

    def key(self) -> tuple[Any, ...]:
        return self.shape, self.dim, *(c.tobytes() for c in self.frame.constants)
