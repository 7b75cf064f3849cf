"""The norms of terms of a penalty, a batch at a time: terms whose small operations are done together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from projectors.arrays import namespace_of
from projectors.models.layouts import Layout
from projectors.penalties import Frobenius, KyFan, State
from projectors.torch.functions import Operand, frobenius_parts, leading_values, residual
from projectors.torch.lobpcg import follow
from projectors.torch.terms import in_single

if TYPE_CHECKING:
    from projectors.torch.model_penalty import EquivariancePenalty

__all__ = ["batch_values"]

_WIDTH = 4  # directions that follow a spectral norm
_WARM_UP = 40  # iterations at most before the first value of a followed norm


def batch_values(pen: EquivariancePenalty, batch: tuple[int, ...]) -> torch.Tensor:
    """N(T - P(T)) and N(P(T)) of terms, each summed over its operators, in rows (2, terms).

    The second row is 0 where its weight is, and missing, (1, terms), where it is so for every term of the penalty.
    """
    k = batch[0]
    both, second = pen._both[k], None
    if pen._is_euclidean(k):
        squared = pen._norms[k] == Frobenius(squared=True)
        if pen._small[k] and len(batch) > 1:
            part = torch.stack([pen.terms[j].read() for j in batch])
            first, second = frobenius_parts([in_single(part)], [_operand(pen, k, None)], squared, both)
        else:
            parts = [pen.terms[j].unread() for j in batch]
            operands = [_operand(pen, j, layout) for j, (_, layout) in zip(batch, parts, strict=True)]
            first, second = frobenius_parts([in_single(part) for part, _ in parts], operands, squared, both)
    elif pen._is_followed(k):
        first = _followed(pen, batch, pen._norms[k])
    else:
        i = pen._number[k]
        first = pen._norms[k].value(residual(pen._operators(k), pen._projections[i], pen._constants(i)))
    values = first.reshape(1, len(batch), -1)
    if any(pen._both):
        if second is None:
            second = _equivariant(pen, k) if both else torch.zeros_like(first)
        values = torch.cat([values, second.reshape(values.shape)])
    return values.sum(2)


def _operand(pen: EquivariancePenalty, k: int, layout: Layout | None) -> Operand:
    i = pen._number[k]
    return Operand(pen._projections[i], pen._constants(i), layout, pen._work[k])


def _equivariant(pen: EquivariancePenalty, k: int) -> torch.Tensor:
    """N(P(T)) of a term."""
    T, i = pen._operators(k), pen._number[k]
    value: torch.Tensor = pen._norms[k].value(T - residual(T, pen._projections[i], pen._constants(i)))
    return value


def _followed(pen: EquivariancePenalty, batch: tuple[int, ...], norm: Any) -> torch.Tensor:
    """The followed norms of some terms, whose states move on."""
    parts = [pen.terms[j].unread() for j in batch]
    values, states = leading_values(
        [in_single(part) for part, _ in parts],
        [_operand(pen, j, layout) for j, (_, layout) in zip(batch, parts, strict=True)],
        norm,
        [_state(pen, j, norm) for j in batch],
    )
    for j, state in zip(batch, states, strict=True):
        pen._states[j] = state
    return values


@torch.no_grad()
def _state(pen: EquivariancePenalty, k: int, norm: KyFan) -> State:
    """The state of a norm that follows singular values; the first is iterated until it stands."""
    found = pen._states[k]
    if found is None:
        i = pen._number[k]
        R = pen._projections[i].residual(pen._operators(k), pen._constants(i))
        width = 3 * max(_WIDTH, norm.k + 2)
        found = norm.init(tuple(R.shape), xp=namespace_of(torch), dtype=R.dtype, device=R.device, width=width)
        if min(R.shape[-2:]) > width:
            found = State(follow([R], found.V[None], norm.k, _WARM_UP).block[0], found.steps)
        pen._states[k] = found
    return found
