"""How a parameter of a layer is read as operators V -> W, and written back."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch

__all__ = ["Layout"]


@dataclass(frozen=True)
class Layout:
    """A parameter, or some of its rows, as operators (..., dim W, dim V).

    shape : (dim W, dim V).
    start, stop : the rows of the parameter that are read (None: all), for packed weights.
    groups : operators on the first axis, one for each group of a grouped convolution; 0 for a single one.
    swapped : the parameter has its input axis before its output axis (transposed convolutions, embeddings).
    """

    shape: tuple[int, int]
    start: int | None = None
    stop: int | None = None
    groups: int = 0
    swapped: bool = False

    def rows(self, parameter: torch.Tensor) -> torch.Tensor:
        """The part of the parameter that is read, a view."""
        return parameter if self.start is None and self.stop is None else parameter[self.start : self.stop]

    def read(self, parameter: torch.Tensor) -> torch.Tensor:
        """The operators, ([groups,] dim W, dim V): a view wherever the memory allows it."""
        return self.arrange(self.rows(parameter))

    def arrange(self, part: torch.Tensor) -> torch.Tensor:
        """The operators in the part of the parameter that is read; `unread` is the inverse."""
        lead = (self.groups,) if self.groups else ()
        if self.swapped:
            part = part.reshape(*lead, part.shape[0] // max(self.groups, 1), *part.shape[1:])
            part = part.transpose(len(lead), len(lead) + 1)
        return part.reshape(*lead, *self.shape)

    def write(self, parameter: torch.Tensor, operators: torch.Tensor) -> None:
        """Copy operators into the parameter, in place."""
        part = self.rows(parameter)
        part.copy_(self.unread(operators, part.shape))

    def unread(self, operators: torch.Tensor, shape: torch.Size | tuple[int, ...]) -> torch.Tensor:
        """The operators in the shape of the part of the parameter that `read` took them from."""
        if not self.swapped:
            return operators.reshape(shape)
        groups = max(self.groups, 1)
        rest = tuple(shape[1:])
        out = operators.reshape(groups, rest[0], shape[0] // groups, *rest[1:]).transpose(1, 2)
        return out.reshape(shape)

    def fits(self, parameter: torch.Tensor) -> bool:
        """Whether the parameter has as many entries as the operators."""
        return self.rows(parameter).numel() == max(self.groups, 1) * prod(self.shape)
