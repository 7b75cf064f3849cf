"""Structure of pairs without intertwiners: no basis, and P is 0."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.linalg.spaces import Roots, Space
from grouprep.typing import AnyArray, Array, Namespace
from projectors.structure.base import Structure

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from projectors.structure.blocks import Block

__all__ = ["Zero"]


class Zero(Structure):
    """The zero space of (m, n) matrices."""

    dim = 0
    errs_within = True
    is_strided = True

    def __init__(self, space: Space) -> None:
        self.space, self.shape = space, space.shape

    def rows(self) -> DomainMatrix:
        return self.space.rows()

    @property
    def roots(self) -> Roots | None:  # type: ignore[override]
        return self.space.roots

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return np.dtype(np.float64)

    def key(self) -> tuple[Hashable, ...]:
        return self.shape, 0

    def coordinates(self, T: Array) -> Array:
        return np.zeros((*T.shape[:-2], 0), dtype=T.dtype)

    def combine(self, c: Array) -> Array:
        return np.zeros((*c.shape[:-1], *self.shape), dtype=c.dtype)

    def constants(self, block: Block, width: int) -> tuple[Array, ...]:
        return ()

    def project(
        self, rows: AnyArray, copies: int, xp: Namespace, constants: Sequence[AnyArray], block: Block
    ) -> AnyArray:
        return xp.zeros_like(rows[..., : block.columns_n * self.shape[1]])

    def write(self, T: Array, out: Array, block: Block) -> bool:
        rows, columns = block.slices()
        out[..., rows, columns] = 0
        return False  # nothing was read, so nothing is known
