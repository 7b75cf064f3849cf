"""Relaxed weight sharing: equivariant weights, several of them, mixed with coefficients that may vary over the group.

A relaxed group convolution replaces psi(g^-1 h) by sum_l w_l(h) psi_l(g^-1 h). As operators these are
sum_l P(A_l) D_l, P the projection on Hom(V, W) and D_l the diagonal matrix of w_l; equivariant where the w_l are constant.
Source: Wang, Walters and Yu, Approximately equivariant networks for imperfectly symmetric dynamics, ICML 2022, section 4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from grouprep.errors import GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from projectors.baselines.base import Baseline
from projectors.baselines.layerwise import conv_options, replace_layers
from projectors.models.fitting import is_permutation
from projectors.models.schedules import Schedule
from projectors.models.specs import LayerSpec, SpecLike
from projectors.structure import summands
from projectors.torch.naming import strip_name
from projectors.torch.projected import ProjectedConv, ProjectedLinear, Sizes

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


class RelaxedGroupLinear(ProjectedLinear):
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
        super().__init__(V, W, bias)
        self.draw(V, W, banks, on, generator)

    def draw(
        self, V: Representation, W: Representation, banks: int, on: str | None, generator: torch.Generator | None
    ) -> None:
        """New parameters, from a generator; the coefficients belong to the points of a side."""
        if isinstance(banks, bool) or not isinstance(banks, int) or banks < 1:
            raise GroupRepError(f"banks = {banks!r:.40}: a positive integer is needed")
        if on not in (None, "input", "output"):
            raise GroupRepError(f'on = "{on!s:.20}" is unknown; choose "input" or "output"')
        self.on = on or ("input" if any(s.representation.dim > 1 for s in summands(V)) else "output")
        index, orbits = _points(V, "V") if self.on == "input" else _points(W, "W")
        self.register_buffer("index", torch.tensor(index), persistent=False)
        self.register_buffer("orbits", torch.tensor(orbits), persistent=False)
        self.mixing = nn.Parameter(torch.ones(banks, len(orbits)))
        first = self.uniform(banks, generator=generator)
        size = torch.linalg.vector_norm(first) / math.sqrt(banks)  # of one matrix, which the sum is to have
        self.banks = nn.Parameter(self.equivariant_of_size(first, size))
        zero = None if self.project_bias is None else nn.Parameter(torch.zeros(W.dim))
        self.register_parameter("shared_bias", zero)

    @property
    def weight(self) -> torch.Tensor:  # type: ignore[override]
        """sum_l P(A_l) D_l."""
        spread = self.mixing[:, self.index]  # (banks, entries)
        lead = (len(self.banks), 1, -1) if self.on == "input" else (len(self.banks), -1, 1)
        return (self.equivariant(self.banks) * spread.reshape(*lead, *(1,) * (self.banks.ndim - 3))).sum(dim=0)

    @property
    def bias(self) -> torch.Tensor | None:  # type: ignore[override]
        """P(b)."""
        return None if self.shared_bias is None else self.equivariant_vector(self.shared_bias)

    def variation(self) -> torch.Tensor:
        """sum_l sum_(g, h) |w_l(g) - w_l(h)| over pairs of points of one orbit; 0 exactly where the w_l are constant on orbits."""
        differences = (self.mixing[:, :, None] - self.mixing[:, None, :]).abs()
        return (differences * (self.orbits[:, None] == self.orbits)).sum()


class _RelaxedGroupConv(ProjectedConv, RelaxedGroupLinear):
    """A convolution whose kernel is sum_l P(A_l) D_l, P acting on channels and pixels together, D_l on channels.

    Parameters
    ----------
    V, W, kernel_size, stride, padding, dilation, grid : as in `ProjectedConv`.
    banks, bias, on, generator : as in `RelaxedGroupLinear`.

    Raises
    ------
    GroupRepError
        As `RelaxedGroupLinear`, or if the group does not map the kernel's grid to itself.
    """

    def __init__(
        self,
        V: Representation,
        W: Representation,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        banks: int = 2,
        bias: bool = True,
        on: str | None = None,
        grid: Representation | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        ProjectedConv.__init__(self, V, W, kernel_size, stride, padding, dilation, bias, grid)
        self.draw(V, W, banks, on, generator)


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
    spec: Mapping[str, SpecLike],
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

    def __init__(self, model: nn.Module, strength: float | Schedule = 1.0) -> None:
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
