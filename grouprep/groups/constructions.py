"""Permutation generators from multiplication tables and from presentations."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.groups.base import Word
from grouprep.groups.permutations import Perm
from grouprep.groups.presentations import permutations_of_words
from grouprep.linalg.budget import COSETS, DEPTH, LETTERS, require
from grouprep.linalg.monomial import integers
from grouprep.typing import Integers

__all__ = ["parse_word", "permutations_of_presentation", "permutations_of_table"]


def permutations_of_table(table: Sequence[Sequence[int]]) -> tuple[list[Perm], list[str]]:
    """Left multiplications by a small generating set of the group with that table, and their names "x<number>".

    Raises
    ------
    GroupRepError
        If a row or column is not a permutation, no neutral element exists, or the product is not associative.

    References
    ----------
    Light's associativity test: Clifford and Preston, The Algebraic Theory of Semigroups I (1961), section 1.2.
    """
    t = integers(table, "table")
    n = len(t) if t.ndim else 0
    if t.shape != (n, n) or n == 0 or t.dtype.kind == "O":
        raise GroupRepError(f"table must be a square array of integers, got shape {t.shape}")
    numbers = np.arange(n)
    for axis, what in ((1, "row"), (0, "column")):
        wrong = np.flatnonzero((np.sort(t, axis=axis) != np.expand_dims(numbers, 1 - axis)).any(axis=axis))
        if len(wrong):
            raise GroupRepError(f"table is not a group: {what} {wrong[0]} is not a permutation of 0..{n - 1}")
    neutral = np.flatnonzero((t == numbers).all(axis=1))
    if not len(neutral) or not (t[:, neutral[0]] == numbers).all():
        raise GroupRepError("table is not a group: no element e has e x = x = x e for all x")
    generators = _generating_set(t, int(neutral[0]))
    for g in generators:
        pairs = np.argwhere(t[t[:, g]] != t[:, t[g]])
        if len(pairs):
            a, b = pairs[0]
            raise GroupRepError(f"table is not a group: ({a} {g}) {b} differs from {a} ({g} {b})")
    perms = [t[g].astype(np.int64) for g in generators]
    for p in perms:
        p.setflags(write=False)
    return perms, [f"x{g}" for g in generators]


def _generating_set(t: Integers, neutral: int) -> list[int]:
    generators: list[int] = []
    reached = {neutral}
    for candidate in range(len(t)):
        if candidate in reached:
            continue
        generators.append(candidate)
        frontier = list(reached)
        while frontier:
            new = {int(t[g, x]) for g in generators for x in frontier} | {
                int(t[x, g]) for g in generators for x in frontier
            }
            frontier = list(new - reached)
            reached |= new
    return generators or [neutral]


_TOKEN = re.compile(r"([A-Za-z_]\w*)|(?:\^|\*\*)\s*(-?\d+)|([()])|[*\s]|(?<!\d)1(?!\d)|(\d+|\S)")


def parse_word(text: str, names: Sequence[str]) -> Word:
    """A word such as "r^2 s r^-1 (r s)^3" as ((generator number, exponent +1 or -1), ...).

    Raises
    ------
    GroupRepError
        If the text is not a word in those names; the message shows it. TooLarge if it has more than 100,000 letters.
    """

    def refusal(what: str) -> GroupRepError:
        return GroupRepError(f'relator "{text:.80}": {what}; write a word such as "(r s)^2" in {", ".join(names)[:80]}')

    if not isinstance(text, str):
        raise GroupRepError(f"a relator must be text such as 'r^4', got {text!r:.60}")
    numbers = {name: k for k, name in enumerate(names)}
    open_words: list[list[tuple[int, int]]] = [[]]
    part: list[tuple[int, int]] | None = None  # the end of the word that an exponent raises
    for token in _TOKEN.finditer(text):
        name, exponent, bracket, other = token.groups()
        if name is not None:
            if name not in numbers:
                raise refusal(f'"{name:.40}" is not one of the generators')
            part = [(numbers[name], 1)]
            open_words[-1] += part
        elif exponent is not None:
            if part is None:
                raise refusal(f'the exponent "{token[0]:.40}" has nothing before it')
            power = int(exponent) if len(exponent) < 20 else 10**20
            require(abs(power) * len(part), LETTERS, f'relator "{text:.80}": the exponent makes its letters')
            del open_words[-1][len(open_words[-1]) - len(part) :]
            open_words[-1] += (part if power > 0 else [(k, -e) for k, e in reversed(part)]) * abs(power)
            part = None
        elif bracket == "(":
            require(len(open_words), DEPTH, f'relator "{text:.80}": parentheses stand inside each other, to the depth')
            open_words.append([])
            part = None
        elif bracket == ")":
            if len(open_words) == 1:
                raise refusal('unexpected ")"')
            part = open_words.pop()
            open_words[-1] += part
        elif other is not None:
            what = "needs an integer behind it" if other in ("^", "**") else "is not one of the generators"
            raise refusal(f'"{other:.40}" {what}')
        elif token[0] == "1":
            part = []
        require(len(open_words[-1]), LETTERS, f'relator "{text:.80}" has letters:')
    if len(open_words) > 1:
        raise refusal("a parenthesis is not closed")
    return tuple(open_words[0])


def permutations_of_presentation(
    names: list[str], relators: list[str], max_cosets: int = COSETS
) -> tuple[list[Perm], list[Word], int]:
    """The generators as permutations on which the group acts faithfully, the relators as words, and the order of the group.

    Raises
    ------
    UnsupportedGroup
        If coset enumeration does not close within max_cosets; the message says whether the group is proved to be infinite.
    TooLarge
        If the group is finite and acts on no max_cosets points that were found;
        if the relators are longer than 100,000 letters, all together than ten times as many.
    """
    if not names or len(set(names)) != len(names) or not all(re.fullmatch(r"[A-Za-z_]\w*", str(x)) for x in names):
        raise GroupRepError(f"generators = {names!r:.80} must be different names such as r, s, x1")
    words = [parse_word(text, names) for text in relators]
    require(sum(map(len, words)), 10 * LETTERS, "the relators have letters, all together:")
    text = f"<{', '.join(names)} | {', '.join(relators)}>"
    perms, order = permutations_of_words(len(names), words, text, max_cosets)
    return perms, words, order
