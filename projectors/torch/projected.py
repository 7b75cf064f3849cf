"""Layers whose weights are made of projections on equivariant ones: what linear layers and convolutions of this kind share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from grouprep.representations import Representation
from projectors.hom import Hom
from projectors.torch.buffers import ProjectionModule

__all__ = ["ProjectedConv", "ProjectedLinear", "Sizes"]

Sizes = int | Sequence[int]  # one for each axis, or one for all


class ProjectedLinear(nn.Module):
    """A linear layer V -> W with projectors for its weight and its bias; a subclass draws its parameters and gives both."""

    weight: torch.Tensor
    bias: torch.Tensor | None

    def __init__(self, V: Representation, W: Representation, bias: bool) -> None:
        super().__init__()
        self.set_space(Hom(V, W), (W.dim, V.dim), bias)

    def set_space(self, hom: Hom, shape: tuple[int, ...], bias: bool) -> None:
        """The projectors for a weight of a shape, read as operators of a space, and for a bias."""
        self.shape, self.project_weight = shape, ProjectionModule(hom)
        self.project_bias = ProjectionModule(Hom(hom.W.group.trivial(), hom.W)) if bias else None

    def uniform(self, *lead: int, generator: torch.Generator | None = None) -> torch.Tensor:
        """Weights (*lead, *shape) as torch.nn.Linear draws them."""
        scale = 1 / math.sqrt(self.project_weight.hom.V.dim)
        return torch.empty(*lead, *self.shape).uniform_(-scale, scale, generator=generator)

    def equivariant(self, weights: torch.Tensor) -> torch.Tensor:
        """P of weights (..., *shape)."""
        lead = weights.shape[: weights.ndim - len(self.shape)]
        matrices = weights.reshape(*lead, *self.project_weight.hom.shape)
        return self.project_weight.project(matrices).reshape(weights.shape)

    @torch.no_grad()
    def equivariant_of_size(self, weights: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
        """P of weights, scaled up to a norm: projections of random matrices are small."""
        P = self.equivariant(weights)
        norm = torch.linalg.vector_norm(P)
        return P * torch.where(norm > 0, size / torch.where(norm > 0, norm, 1), 0)

    def equivariant_vector(self, bias: torch.Tensor) -> torch.Tensor:
        """P of a bias (dim W)."""
        assert self.project_bias is not None
        return self.project_bias.project(bias[:, None])[:, 0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X (..., dim V) -> (..., dim W)."""
        return functional.linear(x, self.weight, self.bias)


class ProjectedConv(ProjectedLinear):
    """A convolution with projectors for its kernel, on channels and pixels together, and for its bias.

    Parameters
    ----------
    V, W : representations of the input's and the output's channels.
    kernel_size : pixels of the kernel.
    stride, padding, dilation : as torch.nn.Conv2d.
    bias : whether there is a bias.
    grid : the representation on the kernel's pixels; None: `G.grid(kernel_size)`.

    Raises
    ------
    GroupRepError
        If the group does not map the kernel's grid to itself.
    """

    dimensions: int

    def __init__(
        self,
        V: Representation,
        W: Representation,
        kernel_size: Sizes,
        stride: Sizes,
        padding: Sizes | str,
        dilation: Sizes,
        bias: bool,
        grid: Representation | None,
    ) -> None:
        sizes = (kernel_size,) * self.dimensions if isinstance(kernel_size, int) else tuple(kernel_size)
        nn.Module.__init__(self)
        pixels = V.group.grid(sizes) if grid is None else grid
        self.set_space(Hom(V * pixels, W), (W.dim, V.dim, *sizes), bias)
        self.kernel_size, self.stride, self.padding, self.dilation = sizes, stride, padding, dilation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X (batch, dim V, pixels...) -> (batch, dim W, pixels...)."""
        convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[self.dimensions - 1]
        out: torch.Tensor = convolve(x, self.weight, self.bias, self.stride, self.padding, self.dilation)
        return out
