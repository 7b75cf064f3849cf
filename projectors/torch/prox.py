"""Proximal steps of norms of the residual, which end with exact zeros: layers, fields or pairs of fields that become equivariant."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal, TypeAlias, get_args

import torch

from grouprep.errors import GroupRepError
from projectors.penalties import Nuclear
from projectors.structure import summands
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.terms import Term, in_single

__all__ = ["Over", "check_prox", "prox_", "thresholded"]

Over: TypeAlias = Literal["operators", "rows", "blocks"]

_ROUNDS = 200  # of the alternating proximal steps of the nuclear norm, at most


@torch.no_grad()
def prox_(pen: EquivariancePenalty, lr: float | torch.Tensor | torch.optim.Optimizer, over: Over = "operators") -> None:
    """One proximal step of a penalty's residual terms, in place: T becomes P(T) + argmin_X |X - R|_F^2 / 2 + lr lambda N(X).

    X runs over residuals, P(X) = 0, and lambda is the penalty's at this step. Use it after an optimizer's step on the task's loss
    alone, with `pen.step()` after it. For the Frobenius norm it is a group lasso: X = max(0, 1 - lr lambda / |R_i|) R_i for each group i of
    entries, and so exactly zero where |R_i| <= lr lambda. P acts on each group by itself.

    Parameters
    ----------
    pen : a penalty with the norm `Frobenius()`, `Frobenius(squared=True)` or `Nuclear()`.
    lr : the learning rate, or the optimizer whose groups' learning rates apply.
    over : the groups of the Frobenius norm: whole "operators", the "rows" of each copy of a summand of W (an output field), or the
        "blocks" of pairs of copies of summands of V and W; in irreps where P is a mask and traces there.

    Raises
    ------
    GroupRepError
        If the norm has no such step, or a term cannot be written.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.penalties import Frobenius
    >>> from projectors.torch import EquivariancePenalty, prox_
    >>> layer = torch.nn.Linear(2, 2, bias=False)
    >>> V = Cyclic(2).natural()
    >>> prox_(EquivariancePenalty(layer, {"": (V, V)}, Frobenius(), residual=10.0), lr=1.0)
    >>> bool(layer.weight[0, 0] == layer.weight[1, 1])
    True

    References
    ----------
    Yuan and Lin, Model selection and estimation in regression with grouped variables, J. R. Statist. Soc. B 68 (2006); Parikh and Boyd,
    Proximal algorithms (2014), sections 6.5.1 and 6.7.3; for the nuclear norm on residuals Bauschke and Combettes, A Dykstra-like algorithm
    for two monotone operators, Pacific J. Optim. 4 (2008).
    """
    check_prox(pen, over)
    if pen.steps % pen.every:
        return
    rates = pen.rates(lr)
    for term, rate in zip(pen.terms, rates * len(pen.terms) if len(rates) == 1 else rates, strict=True):
        tau = rate * pen.every * term.weights[0]
        if term.weights[0]:
            T = in_single(term.read())
            P = term.space.project(T)
            term.write(P + thresholded(T - P, term, tau, over))


def check_prox(pen: EquivariancePenalty, over: object) -> None:
    """Raise GroupRepError unless every term of a penalty has a proximal step over such groups."""
    if over not in get_args(Over):
        raise GroupRepError(f"over = {over!r:.40} is unknown; choose {', '.join(get_args(Over))}")
    for term in pen.terms:
        if not term.is_writable:
            raise GroupRepError(
                f'"{term.name}" is a product of two weights, which has no step of its own; use AttentionSpec(form=False)'
            )
        if not (term.norm.is_euclidean or isinstance(term.norm, Nuclear)):
            raise GroupRepError(
                f'"{term.name}": {term.norm} has no proximal step here; Frobenius(), Frobenius(squared=True) and Nuclear() do'
            )
        if over != "operators" and not (term.norm.is_euclidean and term.norm.power == 1):
            raise GroupRepError(f'over = "{over}" is for the norm Frobenius(), not {term.norm}')


def thresholded(R: torch.Tensor, term: Term, tau: float | torch.Tensor, over: Over) -> torch.Tensor:
    """The proximal step of tau N at a residual (..., dim W, dim V) of a term."""
    if not term.norm.is_euclidean:
        return _nuclear(R, term, tau)
    if term.norm.power == 2:
        return R / (1 + 2 * tau)
    if over == "operators":
        return R * _factor(torch.linalg.vector_norm(R, dim=(-2, -1), keepdim=True), tau)
    frame = term.space.projection.frame
    if frame is None:
        return _by_groups(R, tau, _copies(term.hom.W), _copies(term.hom.V), over)
    W, V = (
        [(i.dim, m) for i, m in zip(basis.irreps, basis.multiplicities, strict=True)]
        for basis in (frame.codomain, frame.domain)
    )
    constants = term.space.constants_for(R)
    M: torch.Tensor = frame.to_spatial(_by_groups(frame.to_spectral(R, constants), tau, W, V, over), constants)
    return M


def _copies(V: object) -> list[tuple[int, int]]:
    return [(s.representation.dim, s.count) for s in summands(V)]  # type: ignore[arg-type]


def _by_groups(
    R: torch.Tensor,
    tau: float | torch.Tensor,
    rows: Sequence[tuple[int, int]],
    columns: Sequence[tuple[int, int]],
    over: Over,
) -> torch.Tensor:
    """The group lasso over rows of copies (dim, count), or over blocks of rows and columns of copies."""
    columns = columns if over == "blocks" else [(R.shape[-1], 1)]
    out = torch.empty_like(R)
    starts = [_starts(sizes) for sizes in (rows, columns)]
    for (top, m, a), (left, n, b) in product(*starts):
        where = ..., slice(top, top + m * a), slice(left, left + n * b)
        cells = R[where].reshape(*R.shape[:-2], a, m, b, n)
        sizes = torch.linalg.vector_norm(cells, dim=(-3, -1), keepdim=True)
        out[where] = (cells * _factor(sizes, tau)).reshape(R[where].shape)
    return out


def _starts(sizes: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    out, start = [], 0
    for dim, count in sizes:
        out.append((start, dim, count))
        start += dim * count
    return out


def _factor(sizes: torch.Tensor, tau: float | torch.Tensor) -> torch.Tensor:
    """max(0, 1 - tau / size), 0 at 0."""
    return torch.where(sizes > tau, 1 - tau / torch.where(sizes > 0, sizes, 1), 0)


def _nuclear(R: torch.Tensor, term: Term, tau: float | torch.Tensor) -> torch.Tensor:
    """Singular values are cut by tau and the result is projected, in turn, each with a correction, until both agree to rounding."""
    x, p = R, torch.zeros_like(R)
    enough = torch.finfo(R.dtype).eps * sum(R.shape[-2:]) * torch.linalg.vector_norm(R)
    for _ in range(_ROUNDS):
        u, s, vh = torch.linalg.svd(x + p, full_matrices=False)
        y = (u * (s - tau).clamp(min=0).unsqueeze(-2)) @ vh
        p = x + p - y
        x = y - term.space.project(y)  # the range is linear: its correction changes nothing
        if R.is_meta or bool(torch.linalg.vector_norm(x - y) <= enough):
            break
    return x
