"""Equivariance as a hard constraint: weights replaced by their projections, through torch's parametrisations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import torch
from torch import nn
from torch.nn.utils import parametrize

from grouprep.errors import GroupRepError
from grouprep.representations import Representation
from projectors.hom import Hom
from projectors.models.layouts import Layout
from projectors.models.specs import SpecLike
from projectors.torch.buffers import ProjectionModule
from projectors.torch.model_penalty import EquivariancePenalty

__all__ = ["EquivariantParametrization", "constrain_"]


class EquivariantParametrization(ProjectionModule):
    """weight -> P(weight), for `torch.nn.utils.parametrize.register_parametrization`.

    Parameters
    ----------
    V, W : domain and codomain of the weight read as an operator.
    layout : how it is read; None: (dim W, dim V) after its axes beyond the first are joined, as Linear and Conv store it.

    Examples
    --------
    >>> import torch
    >>> from torch.nn.utils import parametrize
    >>> from grouprep import Cyclic
    >>> from projectors.torch import EquivariantParametrization
    >>> V = Cyclic(2).natural()
    >>> layer = torch.nn.Linear(2, 2, bias=False)
    >>> _ = parametrize.register_parametrization(layer, "weight", EquivariantParametrization(V, V))
    >>> bool(layer.weight[0, 0] == layer.weight[1, 1])
    True
    """

    def __init__(self, V: Representation, W: Representation, layout: Layout | None = None) -> None:
        super().__init__(Hom(V, W))
        self.layout = Layout(self.hom.shape) if layout is None else layout

    @classmethod
    def of(cls, hom: Hom, layout: Layout) -> Self:
        """The parametrisation for a space that is solved already."""
        self = cls.__new__(cls)
        ProjectionModule.__init__(self, hom)
        self.layout = layout
        return self

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """P(weight), in the weight's shape."""
        part = self.layout.rows(weight)
        out = self.layout.unread(self.project(self.layout.read(weight)), part.shape)
        if part.shape == weight.shape:
            return out
        start, stop = self.layout.start or 0, self.layout.stop
        tail = weight[stop:] if stop is not None else weight[:0]
        return torch.cat([weight[:start], out, tail])

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """The weight itself: what is assigned is projected."""
        return weight


def constrain_(model: nn.Module, spec: Mapping[str, SpecLike]) -> None:
    """Parametrise the layers of a model so that they are exactly equivariant from now on.

    Parameters
    ----------
    model : the model; spec : as for `EquivariancePenalty`.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import constrain_
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    >>> constrain_(net, {"0": (Cyclic(2).natural(), Cyclic(2).natural())})
    >>> bool(net[0].weight[0, 0] == net[0].weight[1, 1])
    True
    """
    pen = EquivariancePenalty(model, spec)
    for term in pen.terms:
        if not term.is_writable:
            term.write(term.read())  # says why not
        own = term.module.named_parameters(recurse=False)
        if term.attribute not in dict(own) and not parametrize.is_parametrized(term.module, term.attribute):
            raise GroupRepError(
                f'"{term.name}" is computed by a hook of {type(term.module).__name__}, which cannot be parametrised too; remove it first '
                "(torch.nn.utils.remove_weight_norm, remove_spectral_norm, prune.remove)"
            )
    for term in pen.terms:
        module = EquivariantParametrization.of(term.hom, term.layout).to(term.parameter().device)
        parametrize.register_parametrization(term.module, term.attribute, module)
