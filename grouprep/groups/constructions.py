"""Permutation generators from multiplication tables and from presentations."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups.base import Word
from grouprep.groups.permutations import Perm, invert
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
    try:
        t = np.asarray(table)
    except ValueError:
        raise GroupRepError("table has rows of different lengths; a square table n x n is needed") from None
    n = len(t)
    if t.ndim != 2 or t.shape != (n, n) or n == 0 or t.dtype.kind not in "iu":
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


def parse_word(text: str, names: Sequence[str]) -> Word:
    """A word such as "r^2 s r^-1 (r s)^3" as ((generator number, exponent +1 or -1), ...).

    Raises
    ------
    GroupRepError
        If the text is not a word in those names; the message shows it.
    """
    tokens = re.findall(r"[A-Za-z_]\w*|\^\s*-?\d+|\*\*\s*-?\d+|[()*]|\d+|\S", text)
    word, rest = _parse_product(tokens, list(names), text)
    if rest:
        raise GroupRepError(
            f'relator "{text}": unexpected "{rest[0]}"; write a word such as "(r s)^2" in {list(names)}'
        )
    return tuple(word)


def _parse_product(tokens: list[str], names: list[str], text: str) -> tuple[list[tuple[int, int]], list[str]]:
    word: list[tuple[int, int]] = []
    while tokens and tokens[0] != ")":
        token, tokens = tokens[0], tokens[1:]
        if token == "*":
            continue
        if token == "(":
            part, tokens = _parse_product(tokens, names, text)
            if not tokens:
                raise GroupRepError(f'relator "{text}": a parenthesis is not closed')
            tokens = tokens[1:]
        elif token in names:
            part = [(names.index(token), 1)]
        elif token == "1":
            part = []
        else:
            raise GroupRepError(f'relator "{text}": "{token}" is not one of the generators {names}')
        if tokens and tokens[0] in ("^", "**"):
            raise GroupRepError(f'relator "{text}": an exponent is an integer, as in {token}^-2')
        if tokens and re.match(r"\^|\*\*", tokens[0]):
            exponent = int(re.sub(r"[\^*\s]", "", tokens[0]))
            if abs(exponent) * max(len(part), 1) > 100_000:
                raise GroupRepError(f'relator "{text}": the exponent {exponent} makes the word too long')
            tokens = tokens[1:]
            if exponent < 0:
                part = [(k, -e) for k, e in reversed(part)]
            part = part * abs(exponent)
        word += part
    return word, tokens


def permutations_of_presentation(
    names: list[str], relators: list[str], max_cosets: int
) -> tuple[list[Perm], list[Word]]:
    """The generators as permutations of the elements (left multiplication), and the relators as words.

    Raises
    ------
    UnsupportedGroup
        If coset enumeration does not close within max_cosets.

    References
    ----------
    Holt, Eick, O'Brien, Handbook of Computational Group Theory (2005), chapter 5 (Todd-Coxeter).
    """
    from sympy.combinatorics.coset_table import coset_enumeration_r
    from sympy.combinatorics.fp_groups import FpGroup
    from sympy.combinatorics.free_groups import free_group

    if not names or len(set(names)) != len(names) or not all(re.fullmatch(r"[A-Za-z_]\w*", x) for x in names):
        raise GroupRepError(f"generators = {names!r} must be different names such as r, s, x1")
    words = [parse_word(text, names) for text in relators]
    free = free_group(", ".join(names))
    symbols = free[1:]
    as_relators = []
    for word in words:
        element = free[0].identity
        for k, e in word:
            element = element * symbols[k] ** e
        if not element.is_identity:
            as_relators.append(element)
    try:
        table = coset_enumeration_r(FpGroup(free[0], as_relators), [], max_cosets=max_cosets)
    except ValueError:
        raise UnsupportedGroup(
            f"the presentation <{', '.join(names)} | {', '.join(relators)}> did not close within {max_cosets:,} cosets: "
            "the group is infinite or larger; add relators or raise max_cosets"
        ) from None
    table.compress()
    table.standardize()
    # The table acts on right cosets from the right, c -> c x; x -> (c -> c x^-1) is the action from the left.
    perms = [
        invert(np.array([row[table.A_dict[symbols[k]]] for row in table.table], dtype=np.int64))
        for k in range(len(names))
    ]
    for p in perms:
        p.setflags(write=False)
    return perms, words
