"""A module that projects on a space of equivariant operators, with the projector's constants as its buffers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from projectors.arrays import namespace_of
from projectors.hom import Hom
from projectors.structure import Projection

__all__ = ["Constants", "ProjectionModule"]


def torch_projection(hom: Hom) -> Projection:
    """The projector of a space for torch tensors."""
    return hom.projection.to(namespace_of(torch))


class Constants:
    """Writing a projector's constants as non-persistent buffers of a module, in memory of their own, and reading them."""

    def __init__(self, projection: Projection, prefix: str) -> None:
        self.projection = projection
        self.names = tuple(f"{prefix}_{k}" for k in range(len(projection.home)))

    def place(self, module: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
        """Make the buffers on a device, weights among them in a precision, from the double-precision originals."""
        for name, constant in zip(self.names, self.projection.home, strict=True):
            tensor = torch.tensor(constant)
            if tensor.is_complex():
                tensor = tensor.to(torch.complex128 if dtype == torch.float64 else torch.complex64)
            elif tensor.is_floating_point():
                tensor = tensor.to(dtype)
            elif dtype == torch.float32 and (tensor.numel() == 0 or int(tensor.max()) < 2**31):
                tensor = tensor.to(torch.int32)  # half the memory, and gathers of single precision a third faster
            module.register_buffer(name, tensor.to(device), persistent=False)

    def of(self, module: nn.Module) -> list[torch.Tensor]:
        """The buffers."""
        return [getattr(module, name) for name in self.names]


class ProjectionModule(nn.Module):
    """Projects tensors (..., dim W, dim V) on Hom(V, W); no parameters, an empty state_dict.

    hom : the space.
    """

    def __init__(self, hom: Hom) -> None:
        super().__init__()
        self.hom = hom
        self.constants = Constants(torch_projection(hom), "constant")
        self._dtype = torch.float32
        self.constants.place(self, torch.device("cpu"), self._dtype)

    def project(self, T: torch.Tensor) -> torch.Tensor:
        """P(T), differentiable."""
        out: torch.Tensor = self.constants.projection.project(T, self._fitting(T))
        return out

    def residual(self, T: torch.Tensor) -> torch.Tensor:
        """T - P(T), differentiable."""
        out: torch.Tensor = self.constants.projection.residual(T, self._fitting(T))
        return out

    def _fitting(self, T: torch.Tensor) -> list[torch.Tensor]:
        wide = T.dtype in (torch.float64, torch.complex128)
        if wide and self._dtype != torch.float64 and not torch.compiler.is_compiling():
            self._dtype = torch.float64
            self.constants.place(self, T.device, self._dtype)
        return self.constants.of(self)

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Any:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        probe = torch.zeros((), dtype=self._dtype)
        for tensor in self.buffers():
            probe = probe.to(tensor.device)
            break
        moved = fn(probe)
        self._dtype = torch.float64 if moved.dtype == torch.float64 else torch.float32
        self.constants.place(self, moved.device, self._dtype)
        return self
