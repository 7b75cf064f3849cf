"""Coset enumeration (Todd-Coxeter), and proofs that a presentation is of an infinite group."""

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
_SCANS = 8_000  # letters of relators that are looked at, for each coset of the limit: 20 and its length for a relator


def enumerate_cosets(
    count: int, relators: Sequence[Word], limit: int, subgroup: Sequence[Word] = ()
) -> list[Integers] | None:
    """The right action H c -> H c x of `count` generators on the cosets of a subgroup H, (index,) each; None if it does not close.

    Over the trivial subgroup each relator is made to hold at each coset in turn, by new cosets (HLT), which is fast where relators are
    short. Where that does not close, and over other subgroups, cosets are defined one at a time and all that follows is drawn from each
    (Felsch).

    Parameters
    ----------
    count : the number of generators.
    relators : the words that equal 1.
    limit : ten times as many cosets are defined at most; over the trivial subgroup so many are alive at a time.
    subgroup : the words that generate H; coset 0 is H itself. Without any, the cosets are the elements of the group.

    Examples
    --------
    >>> from grouprep.groups.coset_enumeration import enumerate_cosets
    >>> enumerate_cosets(1, [((0, 1),) * 3], 100)
    [array([1, 2, 0])]
    >>> enumerate_cosets(1, [((0, 1),) * 6], 100, [((0, 1),) * 2])
    [array([1, 0])]

    References
    ----------
    Holt, Eick, O'Brien, Handbook of Computational Group Theory (2005), sections 5.2 (HLT) and 5.3 (Felsch).
    """
    involutions = {k for w in relators if len(w) == 2 for k, e in w[:1] if w[1] == (k, e)}
    words = [w for w in (_reduced(_letters(r, involutions)) for r in relators) if w]
    given = [w for w in (_letters(u, involutions) for u in subgroup) if w]
    for fill in (_felsch,) if given else (_hlt, _felsch):
        table = _Table(count, involutions)
        if fill(table, words, given, limit) and (given or len(table.parent) - table.dead <= limit):
            return table.standard()[::2]
    return None


def _hlt(table: _Table, words: list[list[int]], subgroup: list[list[int]], limit: int) -> bool:
    """Fill a table, relator by relator at each coset; whether it closes."""
    for word in subgroup:
        table.trace(0, word)
    periodic = [(w, _period(w), bytearray(1)) for w in words]
    coset = 0
    while coset < len(table.parent):
        for word, period, closed in periodic:
            if table.parent[coset] != coset:
                break
            closed.extend(bytes(len(table.parent) - len(closed)))
            if closed[coset]:
                continue
            table.trace(coset, word)
            if not table.has_room(limit):
                return False
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
            if not table.has_room(limit):
                return False
        coset += 1
    return True


def _felsch(table: _Table, words: list[list[int]], subgroup: list[list[int]], limit: int) -> bool:
    """Fill a table coset by coset, and draw what the relators say of each new entry; whether it closes."""
    # each turn of a relator, by its first letter: what an entry of the table takes part in
    turns = {tuple(w[k:] + w[:k]) for w in words for k in range(_period(w))}
    starting = [[list(t) for t in sorted(turns) if t[0] == letter] for letter in range(len(table.columns))]
    weights = [sum(20 + len(w) for w in starting[x]) for x in range(len(starting))]
    for word in subgroup:
        table.trace(0, word)
    table.news = [(c, letter) for letter, column in enumerate(table.columns) for c in range(len(column))]
    coset = scans = 0
    while True:
        while table.news:
            scans += weights[table.news[-1][1]]
            place, letter = table.news.pop()
            for start, first in ((place, letter), (table.columns[letter][place], letter ^ 1)):
                for word in starting[first if table.columns[first] is not table.columns[letter] else letter]:
                    if start < 0 or table.parent[start] != start:
                        break
                    table.scan(start, word)
        while coset < len(table.parent) and table.parent[coset] != coset:
            coset += 1
        if coset == len(table.parent):
            return True
        gap = next((letter for letter, column in enumerate(table.columns) if column[coset] < 0), None)
        if gap is None:
            coset += 1
            continue
        table.define(coset, gap)
        if len(table.parent) > _DEAD * limit or scans > _SCANS * limit:
            return False


class _Table:
    """The images of cosets under generators (even letters) and their inverses (odd ones), -1 where not known yet.

    A generator whose square is 1 has one column for both.
    """

    def __init__(self, count: int, involutions: set[int]) -> None:
        self.distinct: list[list[int]] = []
        self.columns: list[list[int]] = []
        for k in range(count):
            pair = [[-1]] if k in involutions else [[-1], [-1]]
            self.distinct += pair
            self.columns += [pair[0], pair[-1]]
        self.parent = [0]  # a coset that turned out to be another one points towards it
        self.dead = 0
        self.news: list[tuple[int, int]] | None = (
            None  # entries that nothing was drawn from yet, where that is asked for
        )

    def has_room(self, limit: int) -> bool:
        """Whether no more cosets than the limit are alive, nor ten times as many were defined."""
        return len(self.parent) - self.dead <= limit and len(self.parent) <= _DEAD * limit

    def find(self, coset: int) -> int:
        parent = self.parent
        while parent[coset] != coset:
            parent[coset] = parent[parent[coset]]
            coset = parent[coset]
        return coset

    def define(self, coset: int, letter: int) -> int:
        new = len(self.parent)
        self.parent.append(new)
        for column in self.distinct:
            column.append(-1)
        self.join(coset, letter, new)
        return new

    def join(self, coset: int, letter: int, image: int) -> None:
        self.columns[letter][coset] = image
        self.columns[letter ^ 1][image] = coset
        if self.news is not None:
            self.news.append((coset, letter))

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

    def scan(self, coset: int, word: list[int]) -> None:
        """What a relator says at a coset if it lacks one entry at most; nothing otherwise."""
        columns = self.columns
        front, i, j = coset, 0, len(word) - 1
        for letter in word:
            if (image := columns[letter][front]) < 0:
                break
            front = image
            i += 1
        else:
            if front != coset:
                self.identify(front, coset)
            return
        back = coset
        while j >= i and (image := columns[word[j] ^ 1][back]) >= 0:
            back, j = image, j - 1
        if j == i:
            self.join(front, word[i], back)
        elif j < i:
            self.identify(front, back)

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
            for column in self.distinct:
                if column[coset] not in number:
                    number[column[coset]] = len(order)
                    order.append(column[coset])
        return [np.array([number[column[c]] for c in order], dtype=np.int64) for column in self.columns]


def _letters(word: Word, involutions: set[int]) -> list[int]:
    """The letters of a word, 2 k for generator k and 2 k + 1 for its inverse, freely reduced; one for both if its square is 1."""
    letters: list[int] = []
    for k, e in word:
        letter = 2 * k + (e < 0 and k not in involutions)
        if letters and letters[-1] == (letter if k in involutions else letter ^ 1):
            letters.pop()
        else:
            letters.append(letter)
    return letters


def _reduced(letters: list[int]) -> list[int]:
    """A freely reduced word, cyclically reduced."""
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
