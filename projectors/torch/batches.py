"""Terms of one structure, whose small operations are done together: much of their cost is that of calling functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

import torch

from grouprep.summary import Summary
from projectors.arrays import namespace_of
from projectors.torch.fast import Fast, Operand
from projectors.torch.lobpcg import follow
from projectors.torch.terms import Term, in_single

__all__ = ["Batch", "batched"]

_SMALL = 1 << 13  # entries of a parameter that is treated together with others
_EXACT = 24  # singular values of operators with at most that many are computed, not followed
_WIDTH = 4  # directions that follow a spectral norm
_WARM_UP = 40  # iterations at most before the first value of a followed norm


class Batch(Summary, ABC):
    """Terms with one norm, whose values are found together; the first speaks for all."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        self.first = self.terms[0]

    def values(self, fast: Fast, rows: int) -> torch.Tensor:
        """N(T - P(T)), and with two rows N(P(T)) where it has a weight and 0 elsewhere, each summed over the operators of a term.

        Parameters
        ----------
        fast : the implementation for the terms' device; rows : 1 or 2.
        """
        first, second = self.norms(fast)
        values = first.reshape(1, len(self.terms), -1)
        if rows == 2:
            second = torch.zeros_like(first) if second is None else second
            values = torch.cat([values, second.reshape(values.shape)])
        return values.sum(2)

    @abstractmethod
    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        """N(T - P(T)) and, where it has a weight, N(P(T)) of all operators, term by term."""

    def move_(self, steps: Sequence[tuple[float, float]], fast: Fast) -> None:
        """T <- T - away (T - P(T)) - along P(T) for the steps (away, along) of each term."""
        for term, step in zip(self.terms, steps, strict=True):
            _move([term], step, fast)

    def parts(self) -> tuple[list[torch.Tensor], list[Operand]]:
        """What is read of each term, and how."""
        parts = [term.unread() for term in self.terms]
        operands = [Operand(t.space, layout, t.work) for t, (_, layout) in zip(self.terms, parts, strict=True)]
        return [in_single(part) for part, _ in parts], operands


class _Euclidean(Batch):
    """The Frobenius norm, or its square."""

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        return fast.sizes(*self.parts(), self.first.norm.power == 2, self.first.has_both)


class _Stacked(_Euclidean):
    """Small terms of one space, as one array of operators."""

    def parts(self) -> tuple[list[torch.Tensor], list[Operand]]:
        stack = torch.stack([term.read() for term in self.terms])
        return [in_single(stack)], [Operand(self.first.space, None, self.first.work)]

    def move_(self, steps: Sequence[tuple[float, float]], fast: Fast) -> None:
        together: dict[tuple[float, float], list[Term]] = {}
        for term, step in zip(self.terms, steps, strict=True):
            together.setdefault(step, []).append(term)
        for step, terms in together.items():
            _move(terms, step, fast)


class _Followed(Batch):
    """Leading singular values, followed from step to step."""

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        k, renew = self.first.norm.follows, self.first.turns % 2 == 0  # a block that serves is kept: half the price
        blocks = torch.stack([_warm(t, k) if t.block is None else t.block for t in self.terms])
        values, following = fast.leading(*self.parts(), k, blocks, renew)
        for term, block in zip(self.terms, following, strict=True):
            term.block, term.turns = block, term.turns + 1
        return values, _equivariant(self.first, fast) if self.first.has_both else None


class _Any(Batch):
    """Any norm of one term."""

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        term = self.first
        first: torch.Tensor = term.norm.value(fast.residual(in_single(term.read()), term.space))
        return first, _equivariant(term, fast) if term.has_both else None


def batched(terms: Sequence[Term]) -> tuple[Batch, ...]:
    """The terms in batches: small ones of one space are stacked; of others the sizes are, and of followed ones what follows them."""
    kinds: dict[Hashable, tuple[type[Batch], list[Term]]] = {}
    for term in terms:
        euclidean, followed = _is_euclidean(term), _is_followed(term)
        small = euclidean and _is_small(term)
        kind = _Stacked if small else _Euclidean if euclidean else _Followed if followed else _Any
        together = not term.layout.groups and (euclidean or (followed and not term.has_both))
        space = term.space if small or followed else None
        key = (kind, space, term.has_both, term.parameter().dtype, term.norm) if together else term
        kinds.setdefault(key, (kind, []))[1].append(term)
    return tuple((_Euclidean if kind is _Stacked and len(m) == 1 else kind)(m) for kind, m in kinds.values())


def _is_euclidean(term: Term) -> bool:
    """Whether the norm of a term is the Frobenius norm; of vectors all unitarily invariant norms are."""
    return term.norm.is_euclidean or (1 in term.hom.shape and term.norm.unitarily_invariant)


def _width(k: int) -> int:
    """Of the block that follows k singular values: three directions for each of some."""
    return 3 * max(_WIDTH, k + 2)


def _is_followed(term: Term) -> bool:
    k = term.norm.follows
    return k > 0 and not _is_euclidean(term) and min(term.hom.shape) > max(_EXACT, _width(k))


def _is_small(term: Term) -> bool:
    entries = term.layout.rows(term.parameter()).numel()
    return entries <= _SMALL and term.is_writable and not term.layout.groups


@torch.no_grad()
def _warm(term: Term, k: int) -> torch.Tensor:
    """The first block, iterated until it stands."""
    R = term.space.residual(in_single(term.read()))
    start = term.norm.init(tuple(R.shape), xp=namespace_of(torch), dtype=R.dtype, device=R.device, width=_width(k))
    return follow([R], start.V[None], k, _WARM_UP).block[0]


def _equivariant(term: Term, fast: Fast) -> torch.Tensor:
    """N(P(T)) of a term."""
    T = in_single(term.read())
    value: torch.Tensor = term.norm.value(T - fast.residual(T, term.space))
    return value


def _move(terms: Sequence[Term], step: tuple[float, float], fast: Fast) -> None:
    """The same step for terms of one space."""
    if not any(step):
        return
    read, first = [in_single(term.read()) for term in terms], terms[0]
    in_place = len(terms) == 1 and first.is_view(read[0])
    T = read[0] if in_place else torch.stack(read)
    fast.move_(T, Operand(first.space, None, first.work), *step)
    if not in_place:
        for term, new in zip(terms, T, strict=True):
            term.write(new)
