"""What a structure is: the solved space of one pair, held in the form in which its basis and its projector are cheap."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.linalg.pickling import Value
from grouprep.linalg.spaces import Roots
from grouprep.typing import AnyArray, Array, Integers, Namespace

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from projectors.structure.blocks import Block
    from projectors.structure.frame import SpectralFrame

__all__ = ["Means", "Structure", "kind"]

Means: TypeAlias = tuple[Integers, Array]
"""(m * n,) the number of each entry's orbit, -1 where P is 0, and its sign: P is a mean of sign times entry over each orbit."""


class Structure(Value):
    """The intertwiners of one pair of summands, (m, n) matrices: an exact basis, an orthonormal one, and the projector.

    The numpy methods act on operators of the pair, (..., m, n). `project` acts on arrays of any library, on whole rows of copies of
    the pair as they stand in an operator (see `Block`), with constants that whoever calls it has moved to that library.

    A subclass gives rows, coordinates, combine, dtype, key, constants and project; the rest has defaults.

    shape : (m, n); dim : the number of basis elements.
    is_self_dual : whether the basis is orthonormal in the Frobenius inner product.
    errs_within : whether rounding leaves P(T) within the range of P: means over orbits, not entries of irrational bases.
    orbit_size : s if P is one gather, the means of s entries each, and one gather back, so that it may be fused; None if it is not.
    frame : the spectral frame, if P is a mask and traces there; else None.
    roots : what the entries of `rows` are to be multiplied with to give the basis; None for 1.
    means : P as signed means over orbits of entries, if that is all that it is, and real; else None.
    is_strided : whether `write` does for numpy arrays what `project` does, without gathers.
    """

    shape: tuple[int, int]
    dim: int
    is_self_dual: bool = True
    errs_within: bool = False
    orbit_size: int | None = None
    frame: SpectralFrame | None = None
    roots: Roots | None = None
    means: Means | None = None
    is_strided: bool = False

    # The basis

    @abstractmethod
    def rows(self) -> DomainMatrix:
        """The exact basis, (dim, m * n); GroupRepError where there is none."""

    @abstractmethod
    def coordinates(self, T: Array) -> Array:
        """Inner products with the orthonormal basis: (..., m, n) -> (..., dim)."""

    @abstractmethod
    def combine(self, c: Array) -> Array:
        """The combination of the orthonormal basis with coefficients c: (..., dim) -> (..., m, n)."""

    def combine_coordinates(self, T: Array) -> Array:
        """P(T) by its definition, (..., m, n): the combination with the coordinates of T."""
        return self.combine(self.coordinates(T))

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[np.generic]:
        """float64 or complex128, that of the orthonormal basis."""

    @abstractmethod
    def key(self) -> tuple[Hashable, ...]:
        """What makes its orthonormal basis equal to another one, bit for bit."""

    # The projector in place

    @abstractmethod
    def constants(self, block: Block, width: int) -> tuple[Array, ...]:
        """What `project` needs where copies stand as in a block of operators with so many columns: indices and weights."""

    @abstractmethod
    def project(
        self, rows: AnyArray, copies: int, xp: Namespace, constants: Sequence[AnyArray], block: Block
    ) -> AnyArray:
        """Some of the block's copies of rows, (..., copies * m, dim V) -> their projections (..., copies * m, columns_n * n)."""

    def write(self, T: Array, out: Array, block: Block) -> bool:
        """P(T) into the block's place in `out`, both (..., dim W, dim V); whether all that was read is finite."""
        raise TypeError(f"{type(self).__name__} is not strided; use project")


def kind(T: Array, basis: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """The dtype of a result: that of T, made complex where the basis is."""
    if basis.kind == "c" and T.dtype.kind != "c":
        return np.result_type(T.dtype, np.complex64)
    return T.dtype
