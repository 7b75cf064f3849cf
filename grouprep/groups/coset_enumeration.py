"""Coset enumeration over the trivial subgroup (Todd-Coxeter), and proofs that a presentation is of an infinite group."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product
from math import prod

import numpy as np

from grouprep.groups.base import Word
from grouprep.linalg.budget import LETTERS
from grouprep.typing import Integers

__all__ = ["enumerate_cosets", "proof_of_infinity"]

_DEAD = 10  # cosets defined for each that may be alive at a time


def enumerate_cosets(count: int, relators: Sequence[Word], limit: int) -> list[Integers] | None:
    """The right action c -> c x of `count` generators on the elements of a group, (order,) each; None if it does not close.

    Parameters
    ----------
    count : the number of generators.
    relators : the words that equal 1.
    limit : the most cosets that are alive at a time; ten times as many are defined.

    Examples
    --------
    >>> from grouprep.groups.coset_enumeration import enumerate_cosets
    >>> enumerate_cosets(1, [((0, 1),) * 3], 100)
    [array([1, 2, 0])]

    References
    ----------
    Holt, Eick, O'Brien, Handbook of Computational Group Theory (2005), section 5.2 (the strategy HLT).
    """
    table = _Table(2 * count)
    words = [_reduced(w) for w in relators]
    periodic = [(w, _period(w), bytearray(1)) for w in words if w]
    coset = 0
    while coset < len(table.parent):
        for word, period, closed in periodic:
            if table.parent[coset] != coset:
                break
            closed.extend(bytes(len(table.parent) - len(closed)))
            if closed[coset]:
                continue
            table.trace(coset, word)
            if table.defined - table.dead > limit or table.defined > _DEAD * limit:
                return None
            closed.extend(bytes(len(table.parent) - len(closed)))
            # u^k, which is 1 at a coset, is 1 at all that u takes it to: a cycle is traced once
            place = table.find(coset)
            while not closed[place]:
                closed[place] = 1
                for letter in word[:period]:
                    place = table.columns[letter][place]
        if table.parent[coset] == coset:
            for letter, column in enumerate(table.columns):
                if column[coset] < 0:
                    table.define(coset, letter)
            if table.defined - table.dead > limit:
                return None
        coset += 1
    return table.standard()[::2]


class _Table:
    """The images of cosets under generators (even letters) and their inverses (odd ones), -1 where not known yet."""

    def __init__(self, letters: int) -> None:
        self.columns: list[list[int]] = [[-1] for _ in range(letters)]
        self.parent = [0]  # a coset that turned out to be another one points towards it
        self.dead = 0

    @property
    def defined(self) -> int:
        return len(self.parent)

    def find(self, coset: int) -> int:
        parent = self.parent
        while parent[coset] != coset:
            parent[coset] = parent[parent[coset]]
            coset = parent[coset]
        return coset

    def define(self, coset: int, letter: int) -> int:
        new = len(self.parent)
        self.parent.append(new)
        for column in self.columns:
            column.append(-1)
        self.join(coset, letter, new)
        return new

    def join(self, coset: int, letter: int, image: int) -> None:
        self.columns[letter][coset] = image
        self.columns[letter ^ 1][image] = coset

    def trace(self, coset: int, word: list[int]) -> None:
        """Make a relator hold at a coset: from both ends as far as it is known, the rest by new cosets."""
        columns = self.columns
        front, back, i, j = coset, coset, 0, len(word) - 1
        while True:
            while i <= j and (image := columns[word[i]][front]) >= 0:
                front, i = image, i + 1
            while i <= j and (image := columns[word[j] ^ 1][back]) >= 0:
                back, j = image, j - 1
            if i > j:
                self.identify(front, back)
                return
            if i == j:
                self.join(front, word[i], back)
                return
            front, i = self.define(front, word[i]), i + 1

    def identify(self, a: int, b: int) -> None:
        """Two cosets are the same one, and so are their images."""
        same = [(a, b)]
        while same:
            a, b = sorted(map(self.find, same.pop()))
            if a == b:
                continue
            self.parent[b] = a
            self.dead += 1
            for letter, column in enumerate(self.columns):
                image = column[b]
                if image < 0:
                    continue
                column[b] = self.columns[letter ^ 1][image] = -1
                start, image = self.find(a), self.find(image)
                if column[start] >= 0:
                    same.append((column[start], image))
                elif self.columns[letter ^ 1][image] >= 0:
                    same.append((self.columns[letter ^ 1][image], start))
                else:
                    self.join(start, letter, image)

    def standard(self) -> list[Integers]:
        """The columns of a complete table, its live cosets numbered as they are met from the first one on."""
        order, number = [0], {0: 0}
        for coset in order:
            for column in self.columns:
                if column[coset] not in number:
                    number[column[coset]] = len(order)
                    order.append(column[coset])
        return [np.array([number[column[c]] for c in order], dtype=np.int64) for column in self.columns]


def _reduced(word: Word) -> list[int]:
    """The letters of a word, 2 k for generator k and 2 k + 1 for its inverse, cyclically reduced."""
    letters: list[int] = []
    for k, e in word:
        letter = 2 * k + (e < 0)
        if letters and letters[-1] == letter ^ 1:
            letters.pop()
        else:
            letters.append(letter)
    start, stop = 0, len(letters)
    while stop - start > 1 and letters[start] == letters[stop - 1] ^ 1:
        start, stop = start + 1, stop - 1
    return letters[start:stop]


def _period(word: list[int]) -> int:
    """The length of the shortest u with word = u^k."""
    n = len(word)
    return next(p for p in range(1, n + 1) if n % p == 0 and word[:p] * (n // p) == word)


def proof_of_infinity(count: int, relators: Sequence[Word]) -> str:
    """Why a presentation is of an infinite group, "" where this finds no reason.

    The group, or a subgroup of index 2, has an infinite abelianisation: with a homomorphism s to {1, -1}, the rank of the first
    homology with coefficients in Q, on which the group acts by s, is read off Fox's derivatives of the relators.

    Examples
    --------
    >>> from grouprep.groups.coset_enumeration import proof_of_infinity
    >>> proof_of_infinity(1, [])
    'its abelianisation has rank 1'
    >>> proof_of_infinity(2, [((0, 1),) * 2, ((1, 1),) * 2])
    'a subgroup of index 2 has an abelianisation of rank 1'

    References
    ----------
    R. H. Fox, Free differential calculus II, Ann. of Math. 59 (1954); K. S. Brown, Cohomology of Groups (1982), III.6.2 (Shapiro).
    """
    from flint import fmpz_mat

    letters = sum(map(len, relators))
    for signs in islice(product((1, -1), repeat=count), 10 * LETTERS // (letters + count)):
        if any(prod(signs[k] for k, _ in w) < 0 for w in relators):
            continue
        rows = []
        for word in relators:
            row, sign = [0] * count, 1
            for k, e in word:
                row[k] += sign if e > 0 else -sign * signs[k]
                sign *= signs[k]
            rows.append(row)
        rank = int(fmpz_mat(rows).rank()) if rows else 0
        free = count - rank - (-1 in signs)
        if free > 0:
            if -1 in signs:
                return f"a subgroup of index 2 has an abelianisation of rank {free}"
            return f"its abelianisation has rank {free}"
    return ""
