"""Changing weights in place: the decoupled decay, and the projection on equivariant weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from grouprep.errors import GroupRepError
from projectors.models.specs import SpecLike
from projectors.torch.residual import move_, residual_of
from projectors.torch.terms import in_single

if TYPE_CHECKING:
    from projectors.torch.model_penalty import EquivariancePenalty

__all__ = ["decay_terms", "project_"]


def _rates(pen: EquivariancePenalty, lr: Any) -> list[float]:
    if isinstance(lr, int | float | torch.Tensor):
        return [float(lr)] * len(pen.terms)
    rates = {id(p): float(group["lr"]) for group in lr.param_groups for p in group["params"]}
    out = []
    for term in pen.terms:
        parameter = term.source()
        if id(parameter) not in rates:
            raise GroupRepError(f'"{term.name}" is none of the parameters of the optimizer that decay_ was given')
        out.append(rates[id(parameter)])
    return out


def decay_terms(pen: EquivariancePenalty, lr: Any, scale: float) -> None:
    """T <- T - lr (lambda_perp (T - P(T)) + lambda_G P(T)) for the operators T of each term."""
    rates, weights = _rates(pen, lr), pen.weights.tolist()
    for batch in pen._batches:
        together: dict[tuple[float, float, int], list[int]] = {}
        stacked = pen._small[batch[0]]
        for k in batch:
            away, along = (rates[k] * scale * w for w in weights[k])
            if away or along:
                together.setdefault((away, along, -1 if stacked else k), []).append(k)
        for (away, along, _), members in together.items():
            _move_terms(pen, members, away, along)


def _move_terms(pen: EquivariancePenalty, members: Sequence[int], away: float, along: float) -> None:
    """The same step for terms of one space."""
    terms, i = [pen.terms[k] for k in members], pen._number[members[0]]
    read = [in_single(term.read()) for term in terms]
    in_place = len(terms) == 1 and terms[0].is_view(read[0])
    T = read[0] if in_place else torch.stack(read)
    move_(T, pen._projections[i], pen._constants(i), away, along, pen._work[members[0]].scratch)
    if not in_place:
        for term, new in zip(terms, T, strict=True):
            term.write(new)


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
    from projectors.torch.model_penalty import EquivariancePenalty

    pen = spec if isinstance(spec, EquivariancePenalty) else EquivariancePenalty(model, spec)
    fixed = [t.name for t in pen.terms if not t.is_writable]
    if fixed:
        raise GroupRepError(
            f'"{fixed[0]}" is a product of two weights, which a projection does not determine; use AttentionSpec(form=False)'
        )
    for k, term in enumerate(pen.terms):
        i = pen._number[k]
        T = pen._operators(k)
        term.write(pen._projections[i].project(T, pen._constants(i)))
        if nn.utils.parametrize.is_parametrized(term.module, term.attribute):
            _check_kept(
                term.name, pen._operators(k), residual_of(pen._operators(k), pen._projections[i], pen._constants(i))
            )


def _check_kept(name: str, T: torch.Tensor, R: torch.Tensor) -> None:
    """What a parametrisation made of P(T) has to be equivariant to rounding: eps times the dimensions."""
    most = torch.finfo(T.dtype).eps * sum(T.shape[-2:]) * torch.linalg.vector_norm(T)
    if bool(torch.linalg.vector_norm(R) > most):
        raise GroupRepError(
            f'"{name}" is parametrised, and its parametrisation does not keep the projection (it is no projected weight any more); '
            "remove it (torch.nn.utils.parametrize.remove_parametrizations) before project_"
        )
