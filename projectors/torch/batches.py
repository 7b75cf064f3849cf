"""Terms of one structure, whose small operations are done together: much of their cost is that of calling functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

import torch

from grouprep.errors import GroupRepError
from projectors.arrays import namespace_of
from projectors.torch.fast import Fast, Operand
from projectors.torch.fast.residual import wide_norm
from projectors.torch.lobpcg import follow
from projectors.torch.terms import Term

__all__ = ["Batch", "batched"]

_EXACT = 24  # singular values of operators with at most that many are computed, not followed
_WIDTH = 4  # directions that follow a spectral norm
_WARM_UP = 40  # iterations at most before the first value of a followed norm


class Batch(ABC):
    """Terms with one norm, whose values are found together; the first speaks for all.

    stacked : whether they are read as one array of operators, (terms, ..., dim W, dim V), of one layout.
    """

    def __init__(self, terms: Sequence[Term], stacked: bool = False) -> None:
        self.terms, self.stacked = tuple(terms), stacked
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
        return values.sum(2) if values.shape[2] > 1 else values.squeeze(2)

    @abstractmethod
    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        """N(T - P(T)) and, where it has a weight, N(P(T)) of all operators, term by term."""

    def move_(self, steps: torch.Tensor, fast: Fast) -> None:
        """T <- T - away (T - P(T)) - along P(T) for the steps (away, along), in rows (terms, 2)."""
        owned = [(term, *term.memory()) for term in self.terms]
        parts, both = [term.layout.rows(whole) for term, whole, _ in owned], self.first.has_both
        if self.stacked:
            layout, raw = self.first.layout, torch.stack(parts)
            T = layout.arrange(raw, 1)
            steps = steps.view(len(parts), *(1,) * (T.ndim - 3), 2)
            fast.move_([T], [Operand(self.first.space, None, self.first.work)], [steps], both)
            torch._foreach_copy_(parts, layout.unread(T, raw.shape, 1).unbind())
        else:
            operands = [Operand(term.space, term.layout, term.work) for term in self.terms]
            fast.move_(parts, operands, steps.unbind(), any(term.has_both for term in self.terms))
        for term, whole, keep in owned:
            if keep:
                term.assign(whole)

    def parts(self) -> tuple[list[torch.Tensor], list[Operand]]:
        """What is read of each term, and how; of stacked ones the stack."""
        read = [term.unread() for term in self.terms]
        parts = [part for part, _ in read]
        for term, part in zip(self.terms, parts, strict=True):
            if part.device != parts[0].device:
                raise two_devices(self.first, term)
        if not self.stacked:
            return parts, [Operand(t.space, layout, t.work) for t, (_, layout) in zip(self.terms, read, strict=True)]
        stack, layout = torch.stack(parts), read[0][1]
        stack = stack if layout is None else layout.arrange(stack, 1)
        return [stack], [Operand(self.first.space, None, self.first.work)]

    def read(self) -> torch.Tensor:
        """All operators, (terms, ..., dim W, dim V), in single precision at least; of terms that are not stacked, of the only one."""
        (part,), (operand,) = self.parts()
        return operand.read(part)

    def shares(self, fast: Fast) -> torch.Tensor:
        """||T - P(T)|| / ||T|| of each term, over all its operators, in double precision; 0 where T is 0."""
        out = []
        for part, operand in zip(*self.parts(), strict=True):
            T = operand.read(part)
            T = T.reshape(len(self.terms) if self.stacked else 1, -1, *T.shape[-2:])
            pair = (fast.residual(T, operand.space), T)
            away, whole = (torch.linalg.vector_norm(wide_norm(x), dim=-1) for x in pair)
            out.append((away / whole).masked_fill_(whole == 0, 0))
        return torch.cat(out)


class _Euclidean(Batch):
    """The Frobenius norm, or its square."""

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        return fast.sizes(*self.parts(), self.first.norm.power == 2, self.first.has_both)


class _Followed(Batch):
    """Leading singular values, followed from step to step, in blocks whose memory stays where it is."""

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        k, renew = self.first.norm.follows, self.first.turns % 2 == 0  # a block that serves is kept: half the price
        parts, operands = self.parts()
        if any(term.block is None for term in self.terms):
            self._warm(parts, operands)
        kept = [term.block for term in self.terms if term.block is not None]
        blocks = torch.stack(kept)
        values, following = fast.leading(parts, operands, k, blocks[None] if self.stacked else blocks, renew)
        if renew or following.device.type == "cpu":  # there, blocks that did not serve are renewed at any time
            torch._foreach_copy_(kept, (following[0] if self.stacked else following).unbind())
        for term in self.terms:
            term.turns += 1
        return values, _equivariant(parts, operands, self.first, fast) if self.first.has_both else None

    @torch.no_grad()
    def _warm(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> None:
        """The first blocks, iterated until they stand."""
        k, found = self.first.norm.follows, []
        for part, operand in zip(parts, operands, strict=True):
            R = operand.space.residual(operand.read(part))
            shape, like = tuple(R.shape[1:] if self.stacked else R.shape), dict(dtype=R.dtype, device=R.device)
            start = self.first.norm.init(shape, xp=namespace_of(torch), width=_width(k), **like).V
            block = follow([R], start.expand(1, *R.shape[: R.ndim - start.ndim], *start.shape), k, _WARM_UP).block[0]
            found += list(block.unbind()) if self.stacked else [block]
        for term, block in zip(self.terms, found, strict=True):
            with torch.inference_mode(False):  # what is made in that mode could not be written outside of it
                term.block = block.clone()


class _Any(Batch):
    """Any norm, of operators in a stack or of one term."""

    def norms(self, fast: Fast) -> tuple[torch.Tensor, torch.Tensor | None]:
        (part,), (operand,), norm = *self.parts(), self.first.norm
        first: torch.Tensor = norm.value(fast.residual(operand.read(part), operand.space))
        return first, _equivariant([part], [operand], self.first, fast) if self.first.has_both else None


def batched(terms: Sequence[Term], fast: Fast) -> tuple[Batch, ...]:
    """The terms in batches: those of one space that are small enough for a device are stacked; of others the sizes are found together,
    and what follows singular values."""
    kinds: dict[Hashable, tuple[type[Batch], bool, list[Term]]] = {}
    for term in terms:
        kind = _Euclidean if _is_euclidean(term) else _Followed if _is_followed(term) else _Any
        part = term.layout.rows(term.parameter())
        own, together = (kind, term.has_both, part.dtype, term.norm), (term.is_writable, term.space, term.layout)
        if part.numel() <= fast.stacks and (term.norm.acts_on_each if kind is _Any else not fast.takes_lists):
            key: Hashable = (*own, *together, part.shape)
        elif kind is _Any or term.layout.groups or (kind is _Followed and term.has_both):
            key = term
        else:
            key = (*own, term.space if kind is _Followed else None)
        kinds.setdefault(key, (kind, key is not term and len(key) > 5, []))[2].append(term)
    return tuple(kind(members, stacked and len(members) > 1) for kind, stacked, members in kinds.values())


def two_devices(first: Term, other: Term) -> GroupRepError:
    """What to say of two terms on different devices."""
    places = " and ".join(f'"{t.name}" on {t.parameter().device}' for t in (first, other))
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


def _equivariant(parts: Sequence[torch.Tensor], operands: Sequence[Operand], term: Term, fast: Fast) -> torch.Tensor:
    """N(P(T)) of a stack, or of one term."""
    (part,), (operand,) = parts, operands
    T = operand.read(part)
    value: torch.Tensor = term.norm.value(T - fast.residual(T, operand.space))
    return value
