"""Layers that are equivariant up to a free part, in the style of residual pathway priors: weight = P(A) + B.

Source: Finzi, Benton and Wilson, Residual pathway priors for soft equivariance constraints, NeurIPS 2021.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from grouprep.representations import Representation
from projectors.hom import Hom
from projectors.torch.buffers import ProjectionModule

__all__ = ["RelaxedConv1d", "RelaxedConv2d", "RelaxedConv3d", "RelaxedLinear"]


class RelaxedLinear(nn.Module):
    """A linear layer V -> W with weight P(A) + B and bias P(a) + b: an equivariant and a free part, with a prior for each.

    Parameters
    ----------
    V, W : representations of the input and the output.
    bias : whether there is a bias.
    free : the scale of the free part at the start, relative to the equivariant part; 0 starts equivariant.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import RelaxedLinear
    >>> G = Cyclic(4)
    >>> layer = RelaxedLinear(2 * G.regular(), G.regular())
    >>> layer(torch.ones(5, 8)).shape, bool(layer.prior(free=1.0) == 0)
    (torch.Size([5, 4]), True)
    """

    equivariant_bias: nn.Parameter | None
    free_bias: nn.Parameter | None

    def __init__(self, V: Representation, W: Representation, bias: bool = True, free: float = 0.0) -> None:
        super().__init__()
        self._make(Hom(V, W), (W.dim, V.dim), W, bias, free)

    def _make(self, hom: Hom, shape: Sequence[int], W: Representation, bias: bool, free: float) -> None:
        self.project_weight = ProjectionModule(hom)
        scale = 1 / math.sqrt(hom.V.dim)
        self.equivariant_weight = nn.Parameter(torch.empty(*shape).uniform_(-scale, scale))
        with torch.no_grad():  # the projection of a random matrix is small: scale it up to the size it was drawn with
            P = self._equivariant(self.equivariant_weight)
            size = torch.linalg.vector_norm(P)
            factor = torch.linalg.vector_norm(self.equivariant_weight) / size if size > 0 else torch.zeros(())
            self.equivariant_weight.copy_(P * factor)
        self.free_weight = nn.Parameter(torch.empty(*shape).uniform_(-scale, scale) * free)
        self.register_parameter("equivariant_bias", nn.Parameter(torch.zeros(W.dim)) if bias else None)
        self.register_parameter("free_bias", nn.Parameter(torch.zeros(W.dim)) if bias else None)
        if bias:
            self.project_bias = ProjectionModule(Hom(W.group.trivial(), W))

    def _equivariant(self, weight: torch.Tensor) -> torch.Tensor:
        matrix = weight.reshape(*self.project_weight.hom.shape)
        return self.project_weight.project(matrix).reshape(weight.shape)

    @property
    def weight(self) -> torch.Tensor:
        """P(A) + B."""
        return self._equivariant(self.equivariant_weight) + self.free_weight

    @property
    def bias(self) -> torch.Tensor | None:
        """P(a) + b."""
        if self.equivariant_bias is None:
            return None
        assert self.free_bias is not None
        return self.project_bias.project(self.equivariant_bias[:, None])[:, 0] + self.free_bias

    def prior(self, equivariant: float = 0.0, free: float = 1.0) -> torch.Tensor:
        """(equivariant |A|^2 + free |B|^2) / 2 over weight and bias: minus the logarithm of Gaussian priors, up to a constant."""
        total = self.free_weight.new_zeros(())
        for strength, parameters in (
            (equivariant, (self.equivariant_weight, self.equivariant_bias)),
            (free, (self.free_weight, self.free_bias)),
        ):
            if strength:
                total = (
                    total + sum((p.square().sum() for p in parameters if p is not None), torch.zeros(())) * strength / 2
                )
        return total

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X (..., dim V) -> (..., dim W)."""
        return functional.linear(x, self.weight, self.bias)


class _RelaxedConv(RelaxedLinear):
    """A convolution whose kernel is P(A) + B, P acting on channels and pixels together.

    Parameters
    ----------
    V, W : representations of the input's and the output's channels.
    kernel_size : pixels of the kernel.
    stride, padding, dilation : as torch.nn.Conv2d.
    bias, free : as in `RelaxedLinear`.
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
        kernel_size: int | Sequence[int],
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        bias: bool = True,
        free: float = 0.0,
        grid: Representation | None = None,
    ) -> None:
        nn.Module.__init__(self)
        sizes = (kernel_size,) * self.dimensions if isinstance(kernel_size, int) else tuple(kernel_size)
        self.kernel_size, self.stride, self.padding, self.dilation = sizes, stride, padding, dilation
        grid = V.group.grid(sizes) if grid is None else grid
        self._make(Hom(V * grid, W), (W.dim, V.dim, *sizes), W, bias, free)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X (batch, dim V, pixels...) -> (batch, dim W, pixels...)."""
        convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[self.dimensions - 1]
        return convolve(x, self.weight, self.bias, self.stride, self.padding, self.dilation)


class RelaxedConv1d(_RelaxedConv):
    """`RelaxedConv2d` in one dimension."""

    dimensions = 1


class RelaxedConv2d(_RelaxedConv):
    """A convolution whose kernel is P(A) + B, P acting on channels and pixels together; parameters as in the base class.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Dihedral
    >>> from projectors.torch import RelaxedConv2d
    >>> G = Dihedral(4)
    >>> layer = RelaxedConv2d(G.trivial(), 2 * G.regular(), 3, padding=1)
    >>> layer(torch.ones(1, 1, 8, 8)).shape
    torch.Size([1, 16, 8, 8])
    """

    dimensions = 2


class RelaxedConv3d(_RelaxedConv):
    """`RelaxedConv2d` in three dimensions."""

    dimensions = 3
