"""Terms of one structure, whose small operations are done together: much of their cost is that of calling functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

import torch

from projectors.arrays import namespace_of
from projectors.penalties.entrywise import vector_norm
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast import Fast, Operand, first_block
from projectors.torch.followed import Following
from projectors.torch.lobpcg import follow
from projectors.torch.sharded import Shard, as_shards, over_processes, shard_of
from projectors.torch.terms import Term, in_single

__all__ = ["Batch", "batched", "gathered"]

_SMALL = 1 << 13  # entries of a parameter that is treated together with others
_EXACT = 24  # singular values of operators with at most that many are computed, not followed
_WIDTH = 4  # directions that follow a spectral norm
_WARM_UP = 40  # iterations at most before the first value of a followed norm


class Batch(ABC):
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


class _Sharded(Batch):
    """Sizes of terms of which every process holds whole copies: of the others it needs a number for each."""

    def __init__(self, terms: Sequence[Term], shards: Sequence[Shard]) -> None:
        super().__init__(terms)
        self.layouts, stored = tuple(shard.layout for shard in shards), self.first.stored()
        dtype = torch.promote_types(stored.real.dtype if stored.is_complex() else stored.dtype, torch.float32)
        made = {
            hom: ProjectionModule(hom, stored.device, dtype) for hom in {s.hom for s in shards if s.hom is not None}
        }
        self.spaces = tuple(None if shard.hom is None else made[shard.hom] for shard in shards)

    def local(self) -> list[tuple[torch.Tensor, Operand | None]]:
        """What this process has of each term, and how it is read; None where that is nothing."""
        rows = zip(self.terms, self.spaces, self.layouts, strict=True)
        return [
            (_local(term), None if space is None else Operand(space, layout, term.work)) for term, space, layout in rows
        ]

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        norm, both, local = self.first.norm, self.first.has_both, self.local()
        sizes = [
            [in_single(part).abs().sum() for part, _ in local] for _ in range(1 + both)
        ]  # 0 of nothing, with a derivative
        held = [(k, in_single(part), operand) for k, (part, operand) in enumerate(local) if operand is not None]
        if held:
            places, parts, operands = zip(*held, strict=True)
            found = fast.sizes(parts, operands, False, both)
            for row, values in zip(sizes, found, strict=False):
                for k, value in zip(places, values, strict=True):
                    row[k] = value
        first = as_shards(self.first.stored())
        assert first is not None
        total: torch.Tensor = vector_norm(
            namespace_of(torch), over_processes(torch.stack([torch.stack(row) for row in sizes]), first), 2, (0,)
        )
        total = total.square() if norm.power == 2 else total
        return total[0], total[1] if both else None

    def move_(self, steps: Sequence[tuple[float, float]], fast: Fast) -> None:
        for (part, operand), step in zip(self.local(), steps, strict=True):
            if operand is not None and any(step):
                T = operand.read(in_single(part)).clone()
                fast.move_(T, operand, *step)
                part.copy_(operand.unread(T, part))


class _Followed(Batch):
    """Leading singular values, followed from step to step."""

    def __init__(self, terms: Sequence[Term]) -> None:
        super().__init__(terms)
        for term in self.terms:
            if term.following is None:
                (*lead, _, n), width, like = term.layout.operators, _width(term.norm.follows), term.stored()
                term.following = Following((*lead, n, width), like.dtype, like.device)

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        second = _equivariant(self.first, fast) if self.first.has_both else None
        if not fast.carries:
            return torch.stack([_exact(term, fast) for term in self.terms]), second
        k, states = self.first.norm.follows, [t.following for t in self.terms if t.following is not None]
        blocks = [_warm(t, k) if s.is_cold else s.block for t, s in zip(self.terms, states, strict=True)]
        renew = states[0].renews  # a block that serves is kept: half the price
        values, following = fast.leading(*self.parts(), k, torch.stack(blocks), renew)
        for state, block in zip(states, following, strict=True):
            state.carry(block)
        return values, second


class _Any(Batch):
    """Any norm of one term."""

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        term = self.first
        return _exact(term, fast), _equivariant(term, fast) if term.has_both else None


def batched(terms: Sequence[Term]) -> tuple[Batch, ...]:
    """The terms in batches: small ones of one space are stacked; of others the sizes are, and of followed ones what follows them."""
    kinds: dict[Hashable, tuple[type[Batch], list[Term]]] = {}
    shards: dict[Hashable, list[tuple[Term, Shard]]] = {}
    for term in terms:
        shard, stored = _sharded(term), as_shards(term.stored())
        if stored is not None and isinstance(shard, Shard):
            alike = stored.device_mesh, stored.placements, term.has_both, stored.dtype, term.norm
            shards.setdefault(alike, []).append((term, shard))
            continue
        euclidean, followed = _is_euclidean(term), _is_followed(term)
        small = euclidean and _is_small(term)
        kind = _Stacked if small else _Euclidean if euclidean else _Followed if followed else _Any
        together = not term.layout.groups and (euclidean or (followed and not term.has_both))
        space = term.space if small or followed else None
        key = (kind, space, term.has_both, term.stored().dtype, term.norm) if together else term
        kinds.setdefault(key, (kind, []))[1].append(term)
    apart = [_Sharded([term for term, _ in m], [shard for _, shard in m]) for m in shards.values()]
    return (*apart, *((_Euclidean if kind is _Stacked and len(m) == 1 else kind)(m) for kind, m in kinds.values()))


def gathered(terms: Sequence[Term]) -> list[tuple[Term, str]]:
    """The terms that every process gathers in each step although their norm could be taken part by part, each with the reason."""
    found = [(term, _sharded(term)) for term in terms]
    return [(term, f"gathered in every step, because {why}") for term, why in found if isinstance(why, str)]


def _sharded(term: Term) -> Shard | str | None:
    """How a parameter in a Euclidean norm is spread over processes (see `shard_of`); None for others, which are gathered."""
    return shard_of(term.stored(), term.layout, term.hom) if term.is_writable and _is_euclidean(term) else None


def _local(term: Term) -> torch.Tensor:
    """What this process has of a parameter."""
    shards = as_shards(term.stored())
    assert shards is not None
    out: torch.Tensor = shards.to_local()
    return out


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
    if torch.compiler.is_compiling():
        return first_block(R, term.norm, _width(k))
    start = term.norm.init(tuple(R.shape), xp=namespace_of(torch), dtype=R.dtype, device=R.device, width=_width(k))
    return follow([R], start.V[None], k, _WARM_UP).block[0]


def _exact(term: Term, fast: Fast) -> torch.Tensor:
    """N(T - P(T)) of a term."""
    value: torch.Tensor = term.norm.value(fast.residual(in_single(term.read()), term.space))
    return value


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
