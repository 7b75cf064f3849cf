"""The gradients of batches in the residual space: what the data say about each layer's part that is not equivariant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import nn

from grouprep.errors import GroupRepError
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.terms import Term, in_single

__all__ = ["residual_gradients", "residual_of", "samples_of"]


def residual_gradients(
    pen: EquivariancePenalty, loss: Callable[..., torch.Tensor], batches: Iterable[Sequence[torch.Tensor]]
) -> Iterator[tuple[int, list[torch.Tensor]]]:
    """For each batch its number of samples and, for each term of a penalty, g - P(g) of the gradient g of its loss.

    Parameters
    ----------
    pen : the penalty; loss : (*batch) -> a mean over the batch; batches : of tensors whose first axis is the samples'.

    Raises
    ------
    GroupRepError
        If a term has no gradient of its own, or the loss is no finite number.
    """
    for term in pen.terms:
        if not term.is_writable or nn.utils.parametrize.is_parametrized(term.module, term.attribute):
            raise GroupRepError(f'"{term.name}" is no plain parameter: it has no gradient of its own')
    sources = list({id(term.source()): term.source() for term in pen.terms}.values())
    for batch in batches:
        value = loss(*batch)
        if not isinstance(value, torch.Tensor) or value.ndim or not bool(torch.isfinite(value)):
            raise GroupRepError(f"loss gave {value!r:.60}: a finite 0-dimensional tensor is needed")
        found = torch.autograd.grad(value, sources, allow_unused=True)
        by_source = {id(p): torch.zeros_like(p) if g is None else g for p, g in zip(sources, found, strict=True)}
        yield len(batch[0]), [residual_of(term, by_source[id(term.source())]) for term in pen.terms]


def residual_of(term: Term, tensor: torch.Tensor) -> torch.Tensor:
    """T - P(T) of what is arranged as a term's parameter is, as operators in double precision."""
    T = in_single(term.layout.read(tensor.detach()))
    return (T - term.space.project(T)).to(torch.complex128 if T.is_complex() else torch.float64)


def samples_of(samples: int | None, seen: int) -> int:
    """How many samples the data have, of which so many were seen.

    Raises
    ------
    GroupRepError
        If it is no positive integer.
    """
    N = seen if samples is None else samples
    if isinstance(N, bool) or not isinstance(N, int) or N < 1:
        raise GroupRepError(f"samples = {N!r:.40}: a positive integer is needed")
    return N
