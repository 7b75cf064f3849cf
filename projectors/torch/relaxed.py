"""Layers that are equivariant up to a free part, in the style of residual pathway priors: weight = P(A) + B.

Source: Finzi, Benton and Wilson, Residual pathway priors for soft equivariance constraints, NeurIPS 2021.
"""

from __future__ import annotations

import torch
from torch import nn

from grouprep.representations import Representation
from projectors.torch.projected import ProjectedConv, ProjectedLinear, Sizes

__all__ = ["RelaxedConv1d", "RelaxedConv2d", "RelaxedConv3d", "RelaxedLinear"]


class RelaxedLinear(ProjectedLinear):
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
        super().__init__(V, W, bias)
        self.draw(free)

    def draw(self, free: float) -> None:
        """New parameters, the free ones at a scale."""
        first = self.uniform()
        self.equivariant_weight = nn.Parameter(self.equivariant_of_size(first, torch.linalg.vector_norm(first)))
        self.free_weight = nn.Parameter(self.uniform() * free)
        for name in ("equivariant_bias", "free_bias"):
            zero = None if self.project_bias is None else nn.Parameter(torch.zeros(self.shape[0]))
            self.register_parameter(name, zero)

    @property
    def weight(self) -> torch.Tensor:  # type: ignore[override]
        """P(A) + B."""
        return self.equivariant(self.equivariant_weight) + self.free_weight

    @property
    def bias(self) -> torch.Tensor | None:  # type: ignore[override]
        """P(a) + b."""
        if self.equivariant_bias is None:
            return None
        assert self.free_bias is not None
        return self.equivariant_vector(self.equivariant_bias) + self.free_bias

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


class _RelaxedConv(ProjectedConv, RelaxedLinear):
    """A convolution whose kernel is P(A) + B, P acting on channels and pixels together.

    Parameters
    ----------
    V, W, kernel_size, stride, padding, dilation, grid : as in `ProjectedConv`.
    bias, free : as in `RelaxedLinear`.

    Raises
    ------
    GroupRepError
        If the group does not map the kernel's grid to itself.
    """

    def __init__(
        self,
        V: Representation,
        W: Representation,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        bias: bool = True,
        free: float = 0.0,
        grid: Representation | None = None,
    ) -> None:
        ProjectedConv.__init__(self, V, W, kernel_size, stride, padding, dilation, bias, grid)
        self.draw(free)


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
