"""Terms of one structure, whose small operations are done together: much of their cost is that of calling functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

import torch

from grouprep.errors import GroupRepError
from grouprep.summary import Summary
from projectors.arrays import namespace_of
from projectors.penalties.entrywise import vector_norm
from projectors.torch.buffers import ProjectionModule, in_single
from projectors.torch.fast import Fast, Operand, first_block, in_rows
from projectors.torch.followed import Following
from projectors.torch.lobpcg import follow
from projectors.torch.sharded import Shard, as_shards, over_processes, shard_of
from projectors.torch.terms import PlainParameters, Term

__all__ = ["Batch", "batched", "gathered"]

_EXACT = 24  # singular values of operators with at most that many are computed, not followed
_WIDTH = 4  # directions that follow a spectral norm
_WARM_UP = 40  # iterations at most before the first value of a followed norm


class _Stack(Summary):
    """Terms of one layout and space that are read as one array of operators, (terms, ..., dim W, dim V); the first speaks for all."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms, self.first = tuple(terms), terms[0]
        self.has_both = self.first.has_both
        self.parameters = PlainParameters(self.terms)
        self._memory: tuple[torch.Tensor, list[torch.Tensor]] | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_memory": None}

    @property
    def operand(self) -> Operand:
        """How the array is read."""
        return Operand(self.first.space, None, self.first.work)

    def read(self) -> torch.Tensor:
        """The operators."""
        plain = self._plain()
        read = [term.unread() for term in self.terms] if plain is None else []
        stack = self._joined([part for part, _ in read] if plain is None else plain)
        layout = read[0][1] if read else self.first.layout
        return stack if layout is None else layout.arrange(stack, 1)

    def move_(self, steps: torch.Tensor, fast: Fast) -> None:
        """As for a batch."""
        plain, layout = self._plain(), self.first.layout
        owned = [(term, *term.memory()) for term in self.terms] if plain is None else []
        parts = [layout.rows(whole) for _, whole, _ in owned] if plain is None else plain
        raw, rows = self._copied(parts)
        T = layout.arrange(raw, 1)
        steps = steps.view(len(parts), *(1,) * (T.ndim - 3), 2)
        fast.move_([T], [self.operand], [steps], self.has_both)
        if layout.swapped:
            rows = list(layout.unread(T, raw.shape, 1).unbind())
        torch._foreach_copy_(parts, rows)
        _keep(owned)

    def _copied(self, parts: list[torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """A stack without derivatives, and its rows: on the CPU in memory that steps reuse, where making views of it takes long."""
        if parts[0].device.type != "cpu" or torch.compiler.is_compiling():
            raw = self._joined(parts)
            return raw, list(raw.unbind())
        known = self._memory
        if known is None or known[0].dtype != parts[0].dtype:
            with torch.inference_mode(False):
                raw = self._joined([part.detach() for part in parts])
                known = self._memory = raw, list(raw.unbind())
        else:
            self._joined(parts, known[0])
        return known

    def _plain(self) -> list[torch.Tensor] | None:
        """What is read of each term, if that is a part of a plain parameter."""
        layout = self.first.layout
        found = self.parameters.read() if self.first.is_writable else None
        is_whole = layout.start is None and layout.stop is None
        return found if is_whole or found is None else [layout.rows(whole) for whole in found]

    def _joined(self, parts: list[torch.Tensor], out: torch.Tensor | None = None) -> torch.Tensor:
        try:
            return torch.stack(parts, out=out)
        except RuntimeError:
            _require_one_device(self.terms, parts)
            raise


class Batch(Summary, ABC):
    """Terms with one norm, whose values are found together; the first speaks for all.

    stacks : the terms in their order, where they are read as arrays of operators; empty where they are read one by one.
    following : what is carried from step to step, if anything.
    is_steered : whether a schedule asks for the share of one of the terms.
    seen : the shares that the penalty's last value told, until a step has read them.
    """

    following: Following | None = None
    seen: torch.Tensor | None = None

    def __init__(self, terms: Sequence[Term], stacks: Sequence[Sequence[Term]] = ()) -> None:
        self.terms, self.stacks = tuple(terms), tuple(map(_Stack, stacks))
        self.first = self.terms[0]
        self.has_both = any(term.has_both for term in self.terms)
        self.is_steered = any(schedule.needs_share for term in self.terms for schedule in term.schedules)

    def values(self, fast: Fast, rows: int) -> torch.Tensor:
        """N(T - P(T)), and with two rows N(P(T)) where it has a weight and 0 elsewhere, each summed over the operators of a term.

        Parameters
        ----------
        fast : the implementation for the terms' device; rows : 1 or 2.
        """
        first, second = self.norms(fast)
        if rows == 1 and first.numel() == len(self.terms):
            return first.reshape(1, -1)
        values = first.reshape(1, len(self.terms), -1)
        if rows == 2:
            second = torch.zeros_like(first) if second is None else second
            values = torch.cat([values, second.reshape(values.shape)])
        return values.sum(2) if values.shape[2] > 1 else values.squeeze(2)

    @abstractmethod
    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        """N(T - P(T)) and, where it has a weight, N(P(T)) of all operators, term by term."""

    def move_(self, steps: torch.Tensor, fast: Fast) -> None:
        """T <- T - away (T - P(T)) - along P(T) for the steps (away, along), in rows (terms, 2)."""
        if self.stacks:
            for stack, some in zip(self.stacks, torch.split(steps, [len(s.terms) for s in self.stacks]), strict=True):
                stack.move_(some, fast)
            return
        owned = [(term, *term.memory()) for term in self.terms]
        parts = [term.layout.rows(whole) for term, whole, _ in owned]
        _require_one_device(self.terms, parts)
        operands = [Operand(term.space, term.layout, term.work) for term in self.terms]
        fast.move_(parts, operands, steps.unbind(), self.has_both)
        _keep(owned)

    def parts(self) -> tuple[list[torch.Tensor], list[Operand]]:
        """What is read of each term, and how; of stacked ones the stacks."""
        if self.stacks:
            return [stack.read() for stack in self.stacks], [stack.operand for stack in self.stacks]
        read = [term.unread() for term in self.terms]
        parts = [part for part, _ in read]
        _require_one_device(self.terms, parts)
        return parts, [Operand(t.space, x, t.work) for t, (_, x) in zip(self.terms, read, strict=True)]

    def shares(self, fast: Fast) -> torch.Tensor:
        """||T - P(T)|| / ||T|| of each term, over all its operators, in double precision; 0 where T is 0. As last seen: by the penalty's
        value where that tells it on the way, else now.
        """
        seen, self.seen = self.seen, None
        if seen is not None:
            return seen
        parts, operands = self.parts()
        return self._shares(fast.sizes(parts, operands)[0], parts, operands, fast)

    @torch.no_grad()
    def _shares(
        self, away: torch.Tensor, parts: Sequence[torch.Tensor], operands: Sequence[Operand], fast: Fast
    ) -> torch.Tensor:
        pair = away, in_rows([fast.size(operand.read(part)) for part, operand in zip(parts, operands, strict=True)])
        rows = [x.double().reshape(len(self.terms), -1) for x in pair]
        first, second = (x[:, 0] if x.shape[1] == 1 else torch.linalg.vector_norm(x, dim=1) for x in rows)
        shares: torch.Tensor = (first / second).masked_fill_(second == 0, 0)
        return shares


class _Euclidean(Batch):
    """The Frobenius norm, or its square."""

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        (parts, operands), squared = self.parts(), self.first.norm.power == 2
        first, second = fast.sizes(parts, operands, squared, self.has_both)
        kept = fast.carries and first.device.type == "cpu" and not torch.compiler.is_compiling()
        self.seen = self._shares(first, parts, operands, fast) if kept and not squared and self.is_steered else None
        return first, second


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
        norm, both, local = self.first.norm, self.has_both, self.local()
        sizes = [
            [in_single(part).abs().sum() for part, _ in local] for _ in range(1 + both)
        ]  # 0 of nothing, with a derivative
        held = [(k, part, operand) for k, (part, operand) in enumerate(local) if operand is not None]
        if held:
            places, parts, operands = zip(*held, strict=True)
            found = fast.sizes(parts, operands, False, both)
            for row, values in zip(sizes, found, strict=False):
                for k, value in zip(places, () if values is None else values, strict=values is not None):
                    row[k] = value
        first = as_shards(self.first.stored())
        assert first is not None
        total: torch.Tensor = vector_norm(
            namespace_of(torch), over_processes(torch.stack([torch.stack(row) for row in sizes]), first), 2, (0,)
        )
        total = total.square() if norm.power == 2 else total
        return total[0], total[1] if both else None

    def move_(self, steps: torch.Tensor, fast: Fast) -> None:
        held = [(part, o, step) for (part, o), step in zip(self.local(), steps, strict=True) if o is not None]
        if held:
            parts, operands, rows = zip(*held, strict=True)
            fast.move_(parts, operands, rows, self.has_both)


class _Followed(Batch):
    """Leading singular values, followed from step to step."""

    following: Following

    def __init__(self, terms: Sequence[Term], stacks: Sequence[Sequence[Term]] = ()) -> None:
        super().__init__(terms, stacks)
        (*lead, _, n), width = self.first.layout.operators, _width(self.first.norm.follows)
        like = self.first.stored()
        self.following = Following((len(self.terms), *lead, n, width), like.dtype, like.device)

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        parts, operands = self.parts()
        second = _equivariant(parts, operands, self.first, fast) if self.has_both else None
        if not fast.carries:
            return torch.stack([_exact(p, o, self.first, fast) for p, o in zip(parts, operands, strict=True)]), second
        state, stacked = self.following, bool(self.stacks)
        blocks = self._warm(parts, operands) if state.is_cold else state.blocks
        # a block that serves is kept: half the price
        values, following = fast.leading(
            parts, operands, self.first.norm.follows, blocks[None] if stacked else blocks, state.renews
        )
        state.carry(following[0] if stacked else following)
        return values, second

    @torch.no_grad()
    def _warm(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> torch.Tensor:
        """The first blocks, iterated until they stand."""
        norm, found = self.first.norm, []
        width = _width(norm.follows)
        for part, operand in zip(parts, operands, strict=True):
            R = operand.space.residual(operand.read(part))
            if torch.compiler.is_compiling():
                found.append(first_block(R, norm, width))
                continue
            shape = tuple(R.shape[1:] if self.stacks else R.shape)  # each from the same random block
            start = norm.init(shape, xp=namespace_of(torch), dtype=R.dtype, device=R.device, width=width).V
            blocks = start.expand(*R.shape[: R.ndim - start.ndim], *start.shape)
            found.append(follow([R], blocks[None], norm.follows, _WARM_UP).block[0])
        return found[0] if self.stacks else torch.stack(found)


class _Any(Batch):
    """Any norm, of operators in a stack or of one term."""

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        parts, operands = self.parts()
        first = _exact(parts[0], operands[0], self.first, fast)
        return first, _equivariant(parts, operands, self.first, fast) if self.has_both else None


def batched(terms: Sequence[Term], fast: Fast) -> tuple[Batch, ...]:
    """The terms in batches.

    Those of one space that are small enough for a device are stacked; of others the sizes are found together, and what follows
    singular values. So are those of stacks.
    """
    found: dict[tuple[Hashable, ...], tuple[type[Batch], dict[Hashable, list[Term]]]] = {}
    shards: dict[Hashable, list[tuple[Term, Shard]]] = {}
    for term in terms:
        shard, stored = _sharded(term), as_shards(term.stored())
        if stored is not None and isinstance(shard, Shard):
            alike = stored.device_mesh, stored.placements, term.has_both, stored.dtype, term.norm
            shards.setdefault(alike, []).append((term, shard))
            continue
        kind = _Euclidean if _is_euclidean(term) else _Followed if _is_followed(term) else _Any
        part = term.layout.rows(term.parameter())
        key: tuple[Hashable, ...] = (kind, term.has_both, part.dtype, term.norm)
        saves = term.norm.acts_on_each if kind is _Any else not fast.takes_lists(term.space)
        stacked = saves and part.numel() <= fast.stacks(term.space)
        stack: Hashable = None
        if stacked:
            stack = term.is_writable, term.space, term.layout, part.shape
            key = key if kind is _Euclidean and not term.layout.groups else (*key, stack)
        elif kind is _Any or term.layout.groups or (kind is _Followed and term.has_both):
            key = (term,)
        elif kind is _Followed:
            key = (*key, term.space)
        found.setdefault((stacked, *key), (kind, {}))[1].setdefault(stack, []).append(term)
    batches: list[Batch] = [_Sharded([term for term, _ in m], [shard for _, shard in m]) for m in shards.values()]
    for (are_stacked, *_), (one, stacks) in found.items():
        members = [term for stack in stacks.values() for term in stack]
        batches.append(one(members, tuple(stacks.values()) if are_stacked and len(members) > 1 else ()))
    return tuple(batches)


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


def _keep(owned: Sequence[tuple[Term, torch.Tensor, bool]]) -> None:
    """Give back what `Term.memory` took."""
    for term, whole, keep in owned:
        if keep:
            term.assign(whole)


def _require_one_device(terms: Sequence[Term], parts: Sequence[torch.Tensor]) -> None:
    for term, part in zip(terms, parts, strict=True):
        if part.device != parts[0].device:
            raise two_devices(terms[0], term)


def two_devices(first: Term, other: Term) -> GroupRepError:
    """What to say of two terms on different devices."""
    places = " and ".join(f'"{t.name}" on {t.stored().device}' for t in (first, other))
    return GroupRepError(
        f"the model is on two devices, {places}; a penalty adds its terms on one: move the model there, or make a penalty for the "
        "layers of each device"
    )


def _is_euclidean(term: Term) -> bool:
    """Whether the norm of a term is the Frobenius norm; of vectors all unitarily invariant norms are."""
    return term.norm.is_euclidean or (1 in term.hom.shape and term.norm.unitarily_invariant)


def _width(k: int) -> int:
    """Of the block that follows k singular values: three directions for each of some."""
    return 3 * max(_WIDTH, k + 2)


def _is_followed(term: Term) -> bool:
    k = term.norm.follows
    return k > 0 and not _is_euclidean(term) and min(term.hom.shape) > max(_EXACT, _width(k))


def _exact(part: torch.Tensor, operand: Operand, term: Term, fast: Fast) -> torch.Tensor:
    """N(T - P(T)) of a stack, or of one term."""
    value: torch.Tensor = term.norm.value(fast.residual(operand.read(part), operand.space))
    return value


def _equivariant(parts: Sequence[torch.Tensor], operands: Sequence[Operand], term: Term, fast: Fast) -> torch.Tensor:
    """N(P(T)) of a stack, or of one term."""
    (part,), (operand,) = parts, operands
    T = operand.read(part)
    value: torch.Tensor = term.norm.value(T - fast.residual(T, operand.space))
    return value
