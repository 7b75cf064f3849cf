"""The orthogonal projection on Hom_G(V, W) as array operations: numpy, torch, jax or any array-API library.

A view of the structure of the space, with its constants in one library. Derivation: docs/formulation/projection.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import cast as typed

import numpy as np

from grouprep.summary import Summary
from grouprep.typing import AnyArray, Array, ArrayT, Namespace
from projectors.arrays import (
    complexified,
    device,
    has_double,
    in_range,
    in_single,
    is_half,
    looks_finite,
    moved,
    namespace_of,
    require_finite,
)
from projectors.structure.blocks import Band, Blocks
from projectors.structure.frame import SpectralFrame

__all__ = ["Projection"]


@dataclass(frozen=True, eq=False, repr=False)
class Projection(Summary):
    """The projector on a space, with its constants in one array library, on one device, in one precision.

    Immutable. `Projection.of(blocks)` holds numpy constants; `to` moves them.

    blocks : the structure of the space projected on.
    constants : the arrays that it uses.
    xp : the library's array-API namespace; array_type : the class of its arrays.
    dtype : of the operators that `constants` fit, None for all.
    """

    blocks: Blocks
    constants: tuple[AnyArray, ...]
    xp: Namespace
    array_type: type
    dtype: object = None

    @staticmethod
    def of(blocks: Blocks) -> Projection:
        """The projector of a structure, in numpy."""
        blocks.prepare()
        return Projection(blocks, blocks.constants, namespace_of(np), np.ndarray)

    @property
    def shape(self) -> tuple[int, int]:
        """(dim W, dim V)."""
        return self.blocks.shape

    @property
    def home(self) -> tuple[Array, ...]:
        """The constants in numpy and double precision."""
        return self.blocks.constants

    @property
    def is_complex(self) -> bool:
        """Whether projections of real operators are complex."""
        return self.blocks.dtype.kind == "c"

    @property
    def is_self_adjoint(self) -> bool:
        """Whether P is orthogonal in the Frobenius inner product too, so that its transpose is itself."""
        return self.blocks.is_self_dual

    @property
    def errs_within(self) -> bool:
        """Whether rounding leaves P(T) within the range of P: means over orbits, not entries of irrational bases."""
        return self.blocks.errs_within

    @property
    def bands(self) -> tuple[Band, ...]:
        """The rows of all copies of each summand of W, from the top: P acts on each copy by itself."""
        return self.blocks.bands

    @property
    def frame(self) -> SpectralFrame | None:
        """The frame if P is a mask and traces there, else None."""
        return self.blocks.frame

    def to(self, xp: Namespace, device: object = None, dtype: object = None) -> Projection:
        """The same projector with constants as arrays of xp, on a device, fit for operators of a dtype (default: as they are)."""
        constants = tuple(moved(xp, c, device, dtype) for c in self.home)
        return replace(self, xp=xp, constants=constants, array_type=type(xp.asarray(0.0)), dtype=dtype)

    def for_array(self, T: AnyArray, xp: Namespace) -> Projection:
        """The projector for operators like T: the constants converted, which for numpy and torch on the CPU copies no index."""
        if xp is self.xp and (self.dtype is None or self.dtype == T.dtype):
            return self
        return self.to(xp, device(T), T.dtype)

    def project(self, T: ArrayT, constants: Sequence[AnyArray] | None = None) -> ArrayT:
        """P(T) for a float or complex array (..., dim W, dim V) of the projector's library.

        Parameters
        ----------
        T : the operators.
        constants : in place of its own, equal ones that somebody else owns, such as buffers of a torch module.

        Raises
        ------
        GroupRepError
            If T is a numpy array with entries that are not finite; in other libraries they pass through.
        """
        return typed(ArrayT, self._project(T, self.constants if constants is None else constants))

    def _project(self, T: AnyArray, constants: Sequence[AnyArray]) -> AnyArray:
        xp, work = self.xp, in_single(self.xp, T)
        if self.is_complex:
            return self._apply(complexified(xp, work), constants)
        out = self._apply(work, constants)
        return out if work is T else xp.astype(out, T.dtype)

    def _apply(self, T: AnyArray, constants: Sequence[AnyArray]) -> AnyArray:
        """P(T); on another scale where sums overflow on the way, or might."""
        xp = self.xp
        if not isinstance(T, np.ndarray):
            out = self.blocks.project(T, xp, constants)
            if looks_finite(xp, out):
                return out
        elif self.blocks.is_strided:
            out, finite = self.blocks.project_strided(T)
            if finite or require_finite(T):
                return out
        elif require_finite(T):
            return self.blocks.project(T, xp, constants)
        B, s = in_range(xp, T, (-2, -1))
        return self.blocks.project(B, xp, constants) * s

    def residual(self, T: ArrayT, constants: Sequence[AnyArray] | None = None) -> ArrayT:
        """T - P(T), as `project`; for half precision the difference is taken in float32.

        With constants of its own, float32 and complex64 keep their precision relative to the residual itself, near equivariance too:
        an error u |T| of P(T), u = 2^-24, would be the whole of a residual of that size. Means over s entries of an orbit err within
        the range of P, which a second projection removes, down to (s + 3) u (|R| + s u |T|); other structures take the difference in
        double precision, where the library has it. In double precision the error is s 2^-53 |T|.
        """
        return typed(ArrayT, self._residual(T, constants))

    def _residual(self, T: AnyArray, constants: Sequence[AnyArray] | None) -> AnyArray:
        xp = self.xp
        if constants is None and T.dtype in (xp.float32, xp.complex64):
            if not self.errs_within and has_double(xp, T):
                wide = xp.astype(T, xp.float64 if T.dtype == xp.float32 else xp.complex128)
                R = self.for_array(wide, xp).residual(wide)
                return xp.astype(R, xp.complex64 if xp.isdtype(R.dtype, "complex floating") else xp.float32)
            R = T - self.project(T)
            return R - self.project(R)
        if is_half(xp, T.dtype):
            work = xp.astype(T, xp.float32)
            out = work - self.project(work, constants)
            return out if self.is_complex else xp.astype(out, T.dtype)
        return T - self.project(T, constants)

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.blocks, self.constants, self.xp.__name__, self.dtype)

    def __repr__(self) -> str:
        return f"<projector on {len(self.blocks)} dimensions of {self.shape[0]} x {self.shape[1]} operators, {self.xp.__name__}>"


def _restore(blocks: Blocks, constants: tuple[AnyArray, ...], library: str, dtype: object) -> Projection:
    xp = import_module(library)
    return Projection(blocks, constants, xp, type(xp.asarray(0.0)), dtype)
