"""Relaxed weight sharing: equivariant weights, several of them, mixed with coefficients that may vary over the group.

A relaxed group convolution replaces psi(g^-1 h) by sum_l w_l(h) psi_l(g^-1 h). As operators these are
sum_l P(A_l) D_l, P the projection on Hom(V, W) and D_l the diagonal matrix of w_l; equivariant where the w_l are constant.
Source: Wang, Walters and Yu, Approximately equivariant networks for imperfectly symmetric dynamics, ICML 2022, section 4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.conv import _ConvNd

from grouprep.errors import GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from projectors.baselines.base import Baseline
from projectors.baselines.layerwise import conv_options, replace_layers
from projectors.hom import Hom
from projectors.structure import summands
from projectors.torch.buffers import ProjectionModule
from projectors.torch.layers import is_permutation
from projectors.torch.naming import strip_name
from projectors.torch.specs import LayerSpec

__all__ = [
    "RelaxedGroupConv1d",
    "RelaxedGroupConv2d",
    "RelaxedGroupConv3d",
    "RelaxedGroupLinear",
    "SharingPenalty",
    "relaxed_sharing_",
]


def _points(V: Representation, side: str) -> tuple[list[int], list[int]]:
    """For every entry of V the number of its point, shared by the copies of a summand; for every point the number of its orbit."""
    if not is_permutation(V):
        raise GroupRepError(
            f"{side} = {V} does not permute its entries, so that coefficients cannot vary over its points; use regular or "
            'permutation features, or on="input" or "output" for the other side'
        )
    first: dict[Representation, int] = {}
    index: list[int] = []
    orbits: list[int] = []
    for part in summands(V):
        U = part.representation
        if U not in first:
            first[U] = len(orbits)
            orbits += [len(orbits) + k for k in _orbits(U)]
        index += [first[U] + k for k in range(U.dim)] * part.count
    return index, orbits


def _orbits(U: Representation) -> list[int]:
    """For every point the smallest point of its orbit."""
    label = np.arange(U.dim)
    perms = [m.perm for m in U.images.values() if isinstance(m, Monomial)]
    while True:
        new = label.copy()
        for perm in perms:
            np.minimum.at(new, perm, label)
            new = np.minimum(new, new[perm])
        if np.array_equal(new, label):
            return [int(k) for k in label]
        label = new


class RelaxedGroupLinear(nn.Module):
    """A linear layer V -> W with weight sum_l P(A_l) D_l, D_l diagonal and constant over copies; its bias is equivariant.

    Parameters
    ----------
    V, W : representations of the input and the output.
    banks : L, the number of equivariant weights.
    bias : whether there is a bias.
    on : "input": w_l(h) belongs to the input's points, as in the paper; "output": to the output's, as for a lifting layer, where the
        input's channels are trivial; None: the input's where the group moves them, else the output's.
    generator : where the first weights come from; None: torch's own.

    Raises
    ------
    GroupRepError
        If the representation of that side is no permutation representation, or banks is no positive integer.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.baselines import RelaxedGroupLinear
    >>> G = Cyclic(4)
    >>> layer = RelaxedGroupLinear(2 * G.regular(), G.regular(), banks=3)
    >>> layer.mixing.shape, layer.weight.shape, layer.variation().item()
    (torch.Size([3, 4]), torch.Size([4, 8]), 0.0)

    References
    ----------
    Wang, Walters and Yu, Approximately equivariant networks for imperfectly symmetric dynamics, ICML 2022, section 4.
    """

    index: torch.Tensor
    orbits: torch.Tensor
    banks: nn.Parameter
    mixing: nn.Parameter
    shared_bias: nn.Parameter | None

    def __init__(
        self,
        V: Representation,
        W: Representation,
        banks: int = 2,
        bias: bool = True,
        on: str | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self._make(Hom(V, W), (W.dim, V.dim), V, W, banks, bias, on, generator)

    def _make(
        self,
        hom: Hom,
        shape: Sequence[int],
        V: Representation,
        W: Representation,
        banks: int,
        bias: bool,
        on: str | None,
        generator: torch.Generator | None,
    ) -> None:
        if isinstance(banks, bool) or not isinstance(banks, int) or banks < 1:
            raise GroupRepError(f"banks = {banks!r:.40}: a positive integer is needed")
        if on not in (None, "input", "output"):
            raise GroupRepError(f'on = "{on!s:.20}" is unknown; choose "input" or "output"')
        self.on = on or ("input" if any(s.representation.dim > 1 for s in summands(V)) else "output")
        index, orbits = _points(V, "V") if self.on == "input" else _points(W, "W")
        self.register_buffer("index", torch.tensor(index), persistent=False)
        self.register_buffer("orbits", torch.tensor(orbits), persistent=False)
        self.project_weight = ProjectionModule(hom)
        self.mixing = nn.Parameter(torch.ones(banks, len(orbits)))
        scale = 1 / math.sqrt(hom.V.dim)
        self.banks = nn.Parameter(torch.empty(banks, *shape).uniform_(-scale, scale, generator=generator))
        with (
            torch.no_grad()
        ):  # projections of random matrices are small: scaled up, their sum has the size of one matrix
            P = self._projected()
            size = torch.linalg.vector_norm(P)
            whole = torch.linalg.vector_norm(self.banks) / math.sqrt(banks)
            self.banks.copy_(P * (whole / size if size > 0 else 0))
        self.register_parameter("shared_bias", nn.Parameter(torch.zeros(W.dim)) if bias else None)
        if bias:
            self.project_bias = ProjectionModule(Hom(W.group.trivial(), W))

    def _projected(self) -> torch.Tensor:
        return self.project_weight.project(self.banks.reshape(len(self.banks), *self.project_weight.hom.shape)).reshape(
            self.banks.shape
        )

    @property
    def weight(self) -> torch.Tensor:
        """sum_l P(A_l) D_l."""
        spread = self.mixing[:, self.index]  # (banks, entries)
        lead = (len(self.banks), 1, -1) if self.on == "input" else (len(self.banks), -1, 1)
        return (self._projected() * spread.reshape(*lead, *(1,) * (self.banks.ndim - 3))).sum(dim=0)

    @property
    def bias(self) -> torch.Tensor | None:
        """P(b)."""
        if self.shared_bias is None:
            return None
        return self.project_bias.project(self.shared_bias[:, None])[:, 0]

    def variation(self) -> torch.Tensor:
        """sum_l sum_(g, h) |w_l(g) - w_l(h)| over pairs of points of one orbit; 0 exactly where the w_l are constant on orbits."""
        differences = (self.mixing[:, :, None] - self.mixing[:, None, :]).abs()
        return (differences * (self.orbits[:, None] == self.orbits)).sum()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X (..., dim V) -> (..., dim W)."""
        return functional.linear(x, self.weight, self.bias)


class _RelaxedGroupConv(RelaxedGroupLinear):
    """A convolution whose kernel is sum_l P(A_l) D_l, P acting on channels and pixels together, D_l on channels.

    Parameters
    ----------
    V, W : representations of the input's and the output's channels.
    kernel_size : pixels of the kernel.
    stride, padding, dilation : as torch.nn.Conv2d.
    banks, bias, on, generator : as in `RelaxedGroupLinear`.
    grid : the representation on the kernel's pixels; None: `G.grid(kernel_size)`.

    Raises
    ------
    GroupRepError
        As `RelaxedGroupLinear`, or if the group does not map the kernel's grid to itself.
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
        banks: int = 2,
        bias: bool = True,
        on: str | None = None,
        grid: Representation | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        nn.Module.__init__(self)
        sizes = (kernel_size,) * self.dimensions if isinstance(kernel_size, int) else tuple(kernel_size)
        self.kernel_size, self.stride, self.padding, self.dilation = sizes, stride, padding, dilation
        grid = V.group.grid(sizes) if grid is None else grid
        self._make(Hom(V * grid, W), (W.dim, V.dim, *sizes), V, W, banks, bias, on, generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X (batch, dim V, pixels...) -> (batch, dim W, pixels...)."""
        convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[self.dimensions - 1]
        return convolve(x, self.weight, self.bias, self.stride, self.padding, self.dilation)


class RelaxedGroupConv1d(_RelaxedGroupConv):
    """`RelaxedGroupConv2d` in one dimension."""

    dimensions = 1


class RelaxedGroupConv2d(_RelaxedGroupConv):
    """A convolution whose kernel is sum_l P(A_l) D_l; parameters as in the base class.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.baselines import RelaxedGroupConv2d
    >>> G = Cyclic(4)
    >>> layer = RelaxedGroupConv2d(G.trivial(), 2 * G.regular(), 3, padding=1)
    >>> layer.on, layer(torch.ones(1, 1, 8, 8)).shape
    ('output', torch.Size([1, 8, 8, 8]))
    """

    dimensions = 2


class RelaxedGroupConv3d(_RelaxedGroupConv):
    """`RelaxedGroupConv2d` in three dimensions."""

    dimensions = 3


_CONVOLUTIONS = {1: RelaxedGroupConv1d, 2: RelaxedGroupConv2d, 3: RelaxedGroupConv3d}


def relaxed_sharing_(
    model: nn.Module,
    spec: Mapping[str, Any],
    banks: int = 2,
    on: str | None = None,
    generator: torch.Generator | None = None,
) -> None:
    """Replace Linear and convolutional layers by `RelaxedGroupLinear` and `RelaxedGroupConv` with new weights, in place.

    Parameters
    ----------
    model : the model; spec : as for `EquivariancePenalty`.
    banks, on, generator : as in `RelaxedGroupLinear`.

    Raises
    ------
    GroupRepError
        If a layer has no relaxed form or is the model itself; or as `RelaxedGroupLinear` and `EquivariancePenalty`.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.baselines import relaxed_sharing_
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 3))
    >>> relaxed_sharing_(net, {"0": (Cyclic(3).regular(), Cyclic(3).regular())}, banks=1)
    >>> net[0].weight.shape
    torch.Size([3, 3])
    """

    def make(module: nn.Linear | _ConvNd, spec: LayerSpec) -> nn.Module:
        if isinstance(module, nn.Linear):
            return RelaxedGroupLinear(spec.V, spec.W, banks, module.bias is not None, on, generator)
        kind = _CONVOLUTIONS[len(module.kernel_size)]
        return kind(spec.V, spec.W, banks=banks, on=on, grid=spec.grid, generator=generator, **conv_options(module))

    replace_layers(model, spec, make)


class SharingPenalty(Baseline):
    """sum_l sum_(g, h) |w_l(g) - w_l(h)|, summed over the relaxed layers: how far their coefficients vary over the group.

    Parameters
    ----------
    model : a model with `RelaxedGroupLinear` or `RelaxedGroupConv` layers, such as `relaxed_sharing_` makes.
    strength : alpha, as in `Baseline`.

    Raises
    ------
    GroupRepError
        If the model has no such layer.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> from projectors.baselines import RelaxedGroupLinear, SharingPenalty
    >>> V = Cyclic(4).regular()
    >>> SharingPenalty(RelaxedGroupLinear(V, V))().item()
    0.0

    References
    ----------
    Wang, Walters and Yu, Approximately equivariant networks for imperfectly symmetric dynamics, ICML 2022, section 4, soft
    equivariance regularisation.
    """

    def __init__(self, model: nn.Module, strength: Any = 1.0) -> None:
        super().__init__(model, strength)
        self.layers = tuple(
            (strip_name(n), m) for n, m in self.model.named_modules() if isinstance(m, RelaxedGroupLinear)
        )
        if not self.layers:
            raise GroupRepError(
                "model has no RelaxedGroupLinear or RelaxedGroupConv layer; relaxed_sharing_(model, spec) puts them in"
            )

    def values(self, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """One value a layer; a batch is not needed, and ignored."""
        return {name: layer.variation() for name, layer in self.layers}
