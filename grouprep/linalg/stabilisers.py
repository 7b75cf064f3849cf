"""How many intertwiners monomial matrices have, counted by the stabilisers of basis vectors and not by orbits of pairs.

Let A and B be the images of a group element, e_j a column, H the stabiliser of its line and A e_j = chi e_j for H. An
intertwiner X is fixed on the whole orbit of j by w = X e_j, and w can be any vector that chi^-1 B fixes, for all of H
(Frobenius reciprocity). Any elements of H bound these vectors from above; all Schreier generators count them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from grouprep.linalg.graphs import components
from grouprep.linalg.memory import require_memory
from grouprep.linalg.monomial import Monomial, common_modulus
from grouprep.typing import Integers

__all__ = ["monomial_bound"]

_RANDOM = 12  # random elements of each stabiliser: all but never do they leave more than the whole stabiliser does
_SLOTS, _MIXING = 10, 60  # of the product replacement that makes them; how random they are is no part of the proof

Pair = tuple[Monomial, Monomial]


def monomial_bound(pairs: Sequence[Pair], enough: int) -> int:
    """A bound from above on the dimension of {X : X A = B X for all pairs (A, B)}; the dimension itself if it is not `enough`.

    Parameters
    ----------
    pairs : at least one pair of monomial matrices, (n, n) and (m, m), images of the generators of a finite group.
    enough : no lower bound than this is looked for.

    Raises
    ------
    TooLarge
        If the matrices that lead along an orbit of columns do not fit into memory.

    Examples
    --------
    >>> from grouprep.linalg import Monomial
    >>> turn = Monomial([1, 0], [0, 1], 2)
    >>> monomial_bound([(turn, turn)], 0)
    2

    References
    ----------
    J.-P. Serre, Linear Representations of Finite Groups, Springer 1977, section 7.2 (Frobenius reciprocity);
    D. F. Holt, B. Eick, E. A. O'Brien, Handbook of Computational Group Theory, CRC 2005, 3.2.2 and 4.1 (Schreier generators).
    """
    drawn = list(_random_elements(pairs))
    bound = sum(_fixed_dimension(column.through(drawn)) for column in _columns(pairs))
    if bound <= enough:
        return bound
    return sum(_fixed_dimension(chain(column.through(drawn), column.generators())) for column in _columns(pairs))


def _random_elements(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Elements of the group by product replacement, the same ones each time."""
    rng = np.random.default_rng(0)
    slots = [pairs[k % len(pairs)] for k in range(_SLOTS)]
    for step in range(_MIXING + _RANDOM):
        i, j = rng.choice(_SLOTS, 2, replace=False)
        slots[i] = (slots[i][0] @ slots[j][0], slots[i][1] @ slots[j][1])
        if step >= _MIXING:
            yield slots[i]


def _columns(pairs: Sequence[Pair]) -> Iterator[_Column]:
    """One column of each orbit."""
    seen = np.zeros(len(pairs[0][0]), dtype=bool)
    for j in range(len(seen)):
        if not seen[j]:
            column = _Column(j, pairs)
            seen[list(column.leading)] = True
            yield column


class _Column:
    """A column j, and for each x of its orbit a matrix on the rows that leads there: B / alpha for an element with A e_j = alpha e_x."""

    def __init__(self, start: int, pairs: Sequence[Pair]) -> None:
        self.start, self.pairs = start, pairs
        self.leading = {start: Monomial.identity(len(pairs[0][1]))}
        queue = [start]
        for x in queue:
            for a, b in pairs:
                y = int(a.perm[x])
                if y not in self.leading:
                    require_memory(2 * len(b) * len(queue), "the matrices along an orbit of columns")
                    self.leading[y] = _divided(a, b, x) @ self.leading[x]
                    queue.append(y)

    def _returning(self, a: Monomial, b: Monomial, x: int) -> Monomial:
        """What takes the way to x, the step (a, b) and the shortest way back does to the rows, divided by what it does to e_j."""
        return self.leading[int(a.perm[x])].inverse() @ (_divided(a, b, x) @ self.leading[x])

    def through(self, elements: Iterable[Pair]) -> Iterator[Monomial]:
        """The elements of the group, each brought into the stabiliser."""
        return (self._returning(a, b, self.start) for a, b in elements)

    def generators(self) -> Iterator[Monomial]:
        """All Schreier generators of the stabiliser."""
        return (self._returning(a, b, x) for x in self.leading for a, b in self.pairs)


def _divided(a: Monomial, b: Monomial, x: int) -> Monomial:
    """b / a_x, where a e_x = a_x e_y."""
    modulus = common_modulus(a, b)
    return Monomial.diagonal(np.full(len(b), -a.exponents(modulus)[x]), modulus) @ b


def _fixed_dimension(matrices: Iterable[Monomial]) -> int:
    """The dimension of the vectors that all the monomial matrices, of a finite group, fix."""
    fixed: _Fixed | None = None
    for h in matrices:
        fixed = fixed or _Fixed([], len(h))
        if not fixed.are_fixed_by(h):
            fixed = _Fixed([*fixed.by, h], len(h))
    return 0 if fixed is None else fixed.dim


class _Fixed:
    """The vectors that some monomial matrices fix: on each of their orbits one, or none where a row meets a multiple of itself."""

    def __init__(self, by: Sequence[Monomial], n: int) -> None:
        self.by, self.modulus = by, common_modulus(*by)
        self.orbit = _orbits(by, n)
        self.phase = self._phases()
        self.dead = np.zeros(n, dtype=bool)  # by number of the orbit
        for h in by:
            wrong = (self.phase[h.perm] - self.phase - h.exponents(self.modulus)) % self.modulus != 0
            self.dead[self.orbit[wrong]] = True

    def _phases(self) -> Integers:
        """Exponents of vectors that are 1 at the first row of each orbit, carried on from row to row."""
        phase = np.zeros(len(self.orbit), dtype=np.int64)
        layer = np.unique(self.orbit, return_index=True)[1]
        known = np.zeros(len(self.orbit), dtype=bool)
        known[layer] = True
        while len(layer):
            reached = [layer[:0]]
            for h in self.by:
                fresh = layer[~known[h.perm[layer]]]
                phase[h.perm[fresh]] = (phase[fresh] + h.exponents(self.modulus)[fresh]) % self.modulus
                known[h.perm[fresh]] = True
                reached.append(h.perm[fresh])
            layer = np.concatenate(reached)
        return phase

    def are_fixed_by(self, h: Monomial) -> bool:
        """Whether a further matrix fixes them all."""
        modulus = common_modulus(*self.by, h)
        alive = ~self.dead[self.orbit]
        step = (self.phase[h.perm] - self.phase) * (modulus // self.modulus) - h.exponents(modulus)
        return bool(np.all((self.orbit[h.perm] == self.orbit)[alive]) and not np.any((step % modulus)[alive]))

    @property
    def dim(self) -> int:
        """The number of orbits that carry a vector."""
        return len(np.unique(self.orbit[~self.dead[self.orbit]]))


def _orbits(matrices: Sequence[Monomial], n: int) -> Integers:
    """The number of the orbit of each of n rows."""
    if not matrices:
        return np.arange(n)
    heads = np.concatenate([h.perm for h in matrices])
    tails = np.tile(np.arange(n), len(matrices))
    return components(n, tails, heads)[1].astype(np.int64)
