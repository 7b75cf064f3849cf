"""What a penalty asks of a device: residuals with their norms, leading singular values, and steps in place.

`plain` says what each of these is; other files do the same faster, one for each kind of device. The law that they agree is
tests/projectors/adapters/test_fast.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import torch

from grouprep.summary import Summary
from projectors.arrays import namespace_of
from projectors.models.layouts import Layout
from projectors.penalties.entrywise import vector_norm
from projectors.torch.buffers import ProjectionModule, in_single

__all__ = ["Fast", "Operand", "in_rows"]


class Operand(NamedTuple):
    """How a part of a parameter is read as operators T, (..., dim W, dim V), and projected.

    space : P.
    layout : what arranges the part as T; None if it is T already.
    work : what `Fast.workspace` made for this part.
    """

    space: ProjectionModule
    layout: Layout | None = None
    work: object = None

    def read(self, part: torch.Tensor) -> torch.Tensor:
        """T, half precision in single."""
        return in_single(part if self.layout is None else self.layout.arrange(part))

    def unread(self, gradient: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
        """A gradient in the shape of the part.

        Autograd adds gradients in place if nothing else holds their memory. A view holds its base, hence `data`.
        """
        return gradient if self.layout is None else self.layout.unread(gradient, part.shape).data


class Fast(Summary, ABC):
    """The operations in which a penalty spends its time, differentiable except `move_`."""

    carries: ClassVar[bool] = True  # whether what follows singular values may be carried from one call to the next

    def stacks(self, space: ProjectionModule) -> float:
        """Parameters of at most so many entries come in one stack (n, ..., dim W, dim V) with others of their space."""
        return 0

    def takes_lists(self, space: ProjectionModule) -> bool:
        """Whether operators of a list cost no launches of their own in `sizes` and `leading`, so that a stack of them saves none."""
        return False

    def workspace(self) -> object:
        """What one part of a parameter reuses from step to step."""
        return None

    def prepare(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> None:
        """Make what `compiled` needs to know of a list, before a compiler looks on: nothing where it is None."""

    @property
    def compiled(self) -> Fast | None:
        """What serves under torch.compile; None for plain operations, whose number is fixed."""
        return None

    @abstractmethod
    def residual(self, T: torch.Tensor, space: ProjectionModule) -> torch.Tensor:
        """T - P(T) of operators (..., dim W, dim V)."""

    def size(self, x: torch.Tensor) -> torch.Tensor:
        """The Frobenius norms (...) of matrices with entries of any size, in their precision or double."""
        out: torch.Tensor = vector_norm(namespace_of(torch), x, 2, (-2, -1))
        return out

    @abstractmethod
    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """(||T - P(T)||, ||P(T)||) of several T in the Frobenius norm, as `in_rows` joins them, in T's precision or double.

        Parameters
        ----------
        parts : what the operands read, in any floating precision; all T have the same dtype, and the same leading axes or a single one.
        squared : whether the squares are meant; both : whether the second is wanted, which is None otherwise.
        """

    @abstractmethod
    def leading(
        self,
        parts: Sequence[torch.Tensor],
        operands: Sequence[Operand],
        k: int,
        blocks: torch.Tensor,
        renew: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(sums of the k leading singular values of several T - P(T), the next blocks), followed from step to step.

        Parameters
        ----------
        parts : what the operands read; all T have the same shape and dtype.
        blocks : (operands, ..., dim V, width), orthonormal, as `projectors.torch.lobpcg` follows them.
        renew : whether blocks that still serve are renewed.
        """

    @abstractmethod
    def move_(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], steps: Sequence[torch.Tensor], both: bool
    ) -> None:
        """T <- T - away (T - P(T)) - along P(T) for several T, in place, without derivatives.

        Parameters
        ----------
        parts : the memory that is read and written: parts of parameters, in any floating precision.
        steps : for each part a tensor (..., 2) where it is, away and along; leading axes as T's, if it has any.
        both : whether along is meant; it is 0 otherwise.
        """


def in_rows(sizes: list[torch.Tensor]) -> torch.Tensor:
    """Sizes (...) of several operands, one operand in each row; those of stacks that differ in their number one after the other."""
    if len(sizes) == 1:
        return sizes[0][None]
    return torch.stack(sizes) if all(s.shape == sizes[0].shape for s in sizes) else torch.cat(sizes)
