"""Equivariant state in buffers: running means and variances of normalisation layers are vectors of W, and projected like biases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from grouprep.representations import Representation
from grouprep.summary import Summary
from projectors.hom import Hom
from projectors.models.specs import LayerSpec, LayerSpecs, SpecLike
from projectors.torch.buffers import ProjectionModule
from projectors.torch.naming import match_layers, named_modules, unwrap
from projectors.torch.terms import in_single

__all__ = [
    "Handles",
    "constrain_statistics_",
    "has_statistics",
    "project_statistics_",
    "project_statistics_of",
    "statistics_of",
]

_STATISTICS = ("running_mean", "running_var")


def has_statistics(module: nn.Module) -> bool:
    """Whether a module normalises by statistics that it keeps."""
    return any(isinstance(getattr(module, name, None), torch.Tensor) for name in _STATISTICS)


def statistics_of(model: nn.Module, layers: Sequence[LayerSpecs]) -> list[tuple[str, nn.Module, Representation]]:
    """The specified layers that keep statistics: name, module, representation of its channels.

    Parameters
    ----------
    model : the model; layers : the specified layers' names, and what is said of them.
    """
    modules, found = dict(named_modules(model, remove_duplicate=False)), []
    for name, specs in layers:
        module = modules.get(name)
        if module is not None and has_statistics(module) and isinstance(specs[0], LayerSpec):
            found.append((name, module, specs[0].W))
    return found


class _Symmetric:
    """Makes the statistics of a module invariant, after each run in training mode if it is one of its hooks.

    space : Hom(trivial, W).
    """

    def __init__(self, W: Representation) -> None:
        self.space = ProjectionModule(Hom(W.group.trivial(), W))

    @torch.no_grad()
    def project_(self, module: nn.Module) -> None:
        """Replace the statistics by their projections; autograd, which may have saved them, is not told."""
        for name in _STATISTICS:
            kept = getattr(module, name, None)
            if isinstance(kept, torch.Tensor) and kept.numel() == self.space.hom.W.dim:
                kept.data.copy_(self.space.project(in_single(kept).reshape(-1, 1)).reshape(kept.shape))

    def __call__(self, module: nn.Module, args: object, out: object) -> None:
        if module.training:
            self.project_(module)


@dataclass(frozen=True, repr=False)
class Handles(Summary):
    """Several hooks, removed together."""

    handles: tuple[RemovableHandle, ...]

    def remove(self) -> None:
        """Remove them."""
        for handle in self.handles:
            handle.remove()


def _layers(model: nn.Module, spec: Mapping[str, SpecLike]) -> tuple[nn.Module, list[LayerSpecs]]:
    inner = unwrap(model)
    return inner, [(name, specs) for name, _, specs in match_layers(inner, spec)[0]]


def project_statistics_(model: nn.Module, spec: Mapping[str, SpecLike]) -> None:
    """Make the running means and variances of specified normalisation layers invariant, in place; `project_` does it too.

    Parameters
    ----------
    model : the model; spec : as for `EquivariancePenalty`.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import project_statistics_
    >>> net = torch.nn.Sequential(torch.nn.BatchNorm1d(2))
    >>> net[0].running_mean = torch.tensor([1.0, 3.0])
    >>> project_statistics_(net, {"0": (Cyclic(2).natural(), Cyclic(2).natural())})
    >>> net[0].running_mean.tolist()
    [2.0, 2.0]
    """
    project_statistics_of(*_layers(model, spec))


def project_statistics_of(model: nn.Module, layers: Sequence[LayerSpecs]) -> None:
    """`project_statistics_` of layers whose names are known already."""
    for _, module, W in statistics_of(model, layers):
        _Symmetric(W).project_(module)


def constrain_statistics_(model: nn.Module, spec: Mapping[str, SpecLike]) -> Handles:
    """Keep the running means and variances of specified normalisation layers invariant from now on, also in training.

    They are projected now, and after each run in training mode; `constrain_` does it too.

    Parameters
    ----------
    model : the model; spec : as for `EquivariancePenalty`.

    Returns
    -------
    Handles
        Its `remove()` ends it.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import constrain_statistics_
    >>> net = torch.nn.Sequential(torch.nn.BatchNorm1d(2))
    >>> handle = constrain_statistics_(net, {"0": (Cyclic(2).natural(), Cyclic(2).natural())})
    >>> _ = net(torch.randn(5, 2))
    >>> bool(net[0].running_mean[0] == net[0].running_mean[1])
    True
    """
    handles = []
    for _, module, W in statistics_of(*_layers(model, spec)):
        symmetric = _Symmetric(W)
        symmetric.project_(module)
        handles.append(module.register_forward_hook(symmetric))
    return Handles(tuple(handles))
