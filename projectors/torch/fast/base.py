"""What a penalty asks of a device: residuals with their norms, leading singular values, and steps in place.

`plain` says what each of these is; other files do the same faster, one for each kind of device. The law that they agree is
tests/projectors/adapters/test_fast.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch

from grouprep.summary import Summary
from projectors.models.layouts import Layout
from projectors.torch.buffers import ProjectionModule

__all__ = ["Fast", "Operand"]


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
        """T."""
        return part if self.layout is None else self.layout.arrange(part)

    def unread(self, gradient: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
        """A gradient in the shape of the part.

        Autograd adds gradients in place if nothing else holds their memory. A view holds its base, hence `data`.
        """
        return gradient if self.layout is None else self.layout.unread(gradient, part.shape).data


class Fast(Summary, ABC):
    """The operations in which a penalty spends its time, differentiable except `move_`."""

    def workspace(self) -> object:
        """What one part of a parameter reuses from step to step."""
        return None

    @abstractmethod
    def residual(self, T: torch.Tensor, space: ProjectionModule) -> torch.Tensor:
        """T - P(T) of operators (..., dim W, dim V)."""

    @abstractmethod
    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(||T - P(T)||, ||P(T)||) of several T in the Frobenius norm, one in each row, (operands, ...).

        Parameters
        ----------
        parts : what the operands read; all T have the same leading axes and dtype.
        squared : whether the squares are meant; both : whether the second is wanted, which is 0 otherwise.
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
    def move_(self, T: torch.Tensor, operand: Operand, away: float, along: float) -> None:
        """T <- T - away (T - P(T)) - along P(T), in place; T in single or double precision, complex if P is."""
