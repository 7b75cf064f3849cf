"""Making a model's layers exactly equivariant, in place."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from grouprep.errors import GroupRepError
from projectors.models.specs import SpecLike
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.terms import in_single

__all__ = ["project_"]


@torch.no_grad()
def project_(model: nn.Module, spec: Mapping[str, SpecLike] | EquivariancePenalty) -> None:
    """Make a model's layers exactly equivariant, in place: every weight becomes P(weight).

    Parameters
    ----------
    model : the model.
    spec : as for `EquivariancePenalty`, or a penalty of this model.

    Raises
    ------
    GroupRepError
        If a parametrisation (such as `orthogonal`) does not keep the projected weight.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import project_
    >>> layer = torch.nn.Linear(2, 2, bias=False)
    >>> project_(layer, {"": (Cyclic(2).natural(), Cyclic(2).natural())})
    >>> bool(layer.weight[0, 0] == layer.weight[1, 1])
    True
    """
    pen = spec if isinstance(spec, EquivariancePenalty) else EquivariancePenalty(model, spec)
    for term in pen.terms:
        if not term.is_writable:
            term.write(term.read())  # says why not, before anything is written
    for term in pen.terms:
        term.write(term.space.project(in_single(term.read())))
        if term.attribute not in dict(term.module.named_parameters(recurse=False)):  # parametrised, or made by a hook
            T = in_single(term.read())
            _check_kept(term.name, T, term.space.residual(T))


def _check_kept(name: str, T: torch.Tensor, R: torch.Tensor) -> None:
    """What a parametrisation made of P(T) has to be equivariant to rounding: eps times the dimensions."""
    most = torch.finfo(T.dtype).eps * sum(T.shape[-2:]) * torch.linalg.vector_norm(T)
    if not T.is_meta and bool(torch.linalg.vector_norm(R) > most):
        raise GroupRepError(
            f'"{name}" is parametrised, or computed by a hook, which does not keep the projection (it is no projected weight any more); '
            "remove it (torch.nn.utils.parametrize.remove_parametrizations, prune.remove) before project_"
        )
