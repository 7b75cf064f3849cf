"""The frame of a space in which what is done entry by entry to P(T) leaves it equivariant.

If G permutes the entries of T, up to signs, P(T) is constant in size on each orbit, and so is whatever is computed from
the sizes of its entries. Other representations are turned into bases of irreps, where P(T) is sum_k c_k (x) J_k (docs/formulation/schur.md)
and the J_k of the shipped irreps are signed permutations with disjoint supports.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import sqrt

import numpy as np
import torch

from grouprep.errors import UnsupportedGroup
from grouprep.summary import Summary
from grouprep.typing import Array
from projectors.hom import Hom
from projectors.penalties import Entrywise
from projectors.structure.frame import SpectralFrame
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast import Fast, Operand, implementation_for

__all__ = ["Frame", "Spatial", "frame_of", "irreps_of", "is_signed"]


class Frame(Summary, ABC):
    """Coordinates of operators (..., dim W, dim V), orthonormal ones where V and W are unitary.

    is_kept : whether odd functions of single real entries, the same for each, take P's range to itself.
    is_spatial : whether they are the weights' own entries.
    """

    is_kept: bool
    is_spatial: bool

    @abstractmethod
    def into(self, T: torch.Tensor) -> torch.Tensor:
        """Operators in these coordinates."""

    @abstractmethod
    def back(self, M: torch.Tensor) -> torch.Tensor:
        """The inverse of `into`."""

    @abstractmethod
    def project(self, M: torch.Tensor) -> torch.Tensor:
        """P in these coordinates, perhaps in M's own memory."""

    @abstractmethod
    def lengthened(self, M: torch.Tensor) -> torch.Tensor:
        """An equivariant step whose entries are 0 or of size 1, made as long as one without zeros, field by field."""


class Spatial(Frame):
    """The basis that weights are written in."""

    is_spatial = True

    def __init__(self, space: ProjectionModule, is_kept: bool = False) -> None:
        self.space, self.is_kept = space, is_kept
        self._fast: dict[torch.device, tuple[Fast, Operand]] = {}

    def into(self, T: torch.Tensor) -> torch.Tensor:
        return T

    def back(self, M: torch.Tensor) -> torch.Tensor:
        return M

    def project(self, M: torch.Tensor) -> torch.Tensor:
        if M.device not in self._fast:
            fast = implementation_for(M.device)
            self._fast[M.device] = fast, Operand(self.space, None, fast.workspace())
        fast, operand = self._fast[M.device]
        T = M[0] if len(M) == 1 else M
        away = torch.tensor([1.0, 0.0], device=M.device, dtype=M.real.dtype)  # T - (T - P(T)), in place
        fast.move_([T], [operand], [away.expand(*T.shape[:-2], 2)], False)
        return M

    def lengthened(self, M: torch.Tensor) -> torch.Tensor:
        return M


class _Irreps(Frame):
    """Bases of irreps, with the constants of the change to them where the operators are.

    P's range has nnz_i entries that are not zero in the rows of a copy of an irrep of dimension d in W, of d dim V: steps of that many
    entries are as long as others after a factor (d dim V / nnz_i)^(1/2).
    """

    is_spatial = False

    def __init__(self, frame: SpectralFrame) -> None:
        self.frame, self.is_kept = frame, all(_is_signed(b.irrep_V.commutant) for b in frame.diagonal)
        self._constants: dict[tuple[torch.device, torch.dtype], list[torch.Tensor]] = {}
        self._factors = _factors(frame)

    def _at(self, T: torch.Tensor) -> list[torch.Tensor]:
        key = T.device, T.dtype
        if key not in self._constants:
            wide = torch.promote_types(T.real.dtype, torch.float32)
            self._constants[key] = [_placed(c, T.device, wide) for c in (*self.frame.constants, self._factors)]
        return self._constants[key]

    def into(self, T: torch.Tensor) -> torch.Tensor:
        M: torch.Tensor = self.frame.to_spectral(T, self._at(T)[:-1])
        return M

    def back(self, M: torch.Tensor) -> torch.Tensor:
        T: torch.Tensor = self.frame.to_spatial(M, self._at(M)[:-1])
        return T

    def project(self, M: torch.Tensor) -> torch.Tensor:
        P: torch.Tensor = self.frame.project(M)
        return P

    def lengthened(self, M: torch.Tensor) -> torch.Tensor:
        return M * self._at(M)[-1]


def _factors(frame: SpectralFrame) -> Array:
    """(dim W, 1)."""
    found = dict.fromkeys((s.start for s in frame.codomain.slices), 0)
    for b in frame.diagonal:
        found[b.row.start] += b.columns_n * sum(len(entries) for entries in b.entries)
    sizes = zip(frame.codomain.irreps, frame.codomain.multiplicities, found.values(), strict=True)
    width = frame.shape[1]
    each = [np.full(i.dim * m, sqrt(i.dim * width / count) if count else 0.0) for i, m, count in sizes]
    return np.concatenate(each)[:, None]


def _placed(constant: Array, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    value = torch.tensor(constant)
    if value.is_complex():
        return value.to(device, torch.complex128 if dtype == torch.float64 else torch.complex64)
    return value.to(device, dtype) if value.is_floating_point() else value.to(device)


def _is_signed(J: Array) -> bool:
    """Whether matrices J_k, (k, d, d), have entries 0 and of modulus 1 alone, at places that no two share."""
    size = np.abs(J)
    tiny = J.shape[-1] * np.finfo(float).eps
    return bool(((size <= tiny) | (np.abs(size - 1) <= tiny)).all() and ((size > tiny).sum(0) <= 1).all())


def frame_of(space: ProjectionModule) -> Frame:
    """The frame for a space: the spatial one for permutations with signs, else that of irreps where these are known.

    Where they are not it is the spatial one again, and what is done entry by entry has to be projected.
    """
    hom: Hom = space.hom
    if is_signed(hom):
        return Spatial(space, space.projection.errs_within)
    frame = irreps_of(hom)
    return Spatial(space) if frame is None else _Irreps(frame)


def is_signed(hom: Hom) -> bool:
    """Whether the group permutes the entries of operators, up to signs and phases."""
    return Entrywise(1).invariant_under(hom.V, hom.W)


def irreps_of(hom: Hom) -> SpectralFrame | None:
    """The bases of irreps, where these are known and keep the field."""
    try:
        frame = hom.spectral
    except UnsupportedGroup:
        return None
    return None if frame.is_complex and not hom.is_complex else frame
