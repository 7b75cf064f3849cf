"""Partitions, standard tableaux, and the characters of the symmetric groups: combinatorics, without matrices."""

from __future__ import annotations

from functools import lru_cache
from math import factorial, prod
from typing import TypeAlias

import numpy as np

from grouprep.errors import GroupRepError, shown
from grouprep.typing import Integers

__all__ = [
    "Partition",
    "conjugate_partition",
    "cycle_type",
    "dimension",
    "partitions",
    "read_integers",
    "read_partition",
    "standard_tableaux",
    "symmetric_character",
]

Partition: TypeAlias = tuple[int, ...]
"""Positive integers that do not increase."""


@lru_cache(maxsize=256)
def partitions(n: int) -> tuple[Partition, ...]:
    """The partitions of n, from (n) to (1, ..., 1), lexicographically decreasing.

    Examples
    --------
    >>> partitions(4)
    ((4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1))
    """

    def parts(rest: int, most: int) -> list[Partition]:
        if rest == 0:
            return [()]
        return [(k, *tail) for k in range(min(rest, most), 0, -1) for tail in parts(rest - k, k)]

    return tuple(parts(n, n))


def read_partition(label: object) -> Partition | None:
    """A partition from a sequence of integers, or from text such as "[3,1]", "3, 1" and "(3, 1)"; None if it is none.

    Examples
    --------
    >>> read_partition("[3,1]"), read_partition((2, 2)), read_partition([1, 2])
    ((3, 1), (2, 2), None)
    """
    found = read_integers(label)
    if not found:
        return None
    return found if found[-1] > 0 and list(found) == sorted(found, reverse=True) else None


def read_integers(label: object) -> tuple[int, ...] | None:
    """Integers >= 0 from a sequence of them, or from text such as "[3,1]", "3, 1" and "(3, 1)"; None if it is neither.

    Examples
    --------
    >>> read_integers("(0, 2)"), read_integers([1]), read_integers("E1"), read_integers(3)
    ((0, 2), (1,), None, None)
    """
    if isinstance(label, str):
        text = label.strip()
        text = text[1:-1] if text[:1] + text[-1:] in ("[]", "()") else text
        words = [word.strip() for word in text.split(",")]
        words = words[:-1] if len(words) > 1 and not words[-1] else words
        good = all(word.isascii() and word.isdigit() and len(word) < 10 for word in words)
        return tuple(map(int, words)) if good else None
    if not isinstance(label, list | tuple):
        return None
    if not all(isinstance(k, int | np.integer) and not isinstance(k, bool) for k in label):
        return None
    return tuple(map(int, label))


def conjugate_partition(shape: Partition) -> Partition:
    """The partition whose rows are the columns of another one.

    Examples
    --------
    >>> conjugate_partition((3, 1))
    (2, 1, 1)
    """
    return tuple(sum(row > k for row in shape) for k in range(shape[0]))


def dimension(shape: Partition) -> int:
    """The number of standard tableaux of a shape: n! over the product of the hook lengths.

    References
    ----------
    J. S. Frame, G. de B. Robinson, R. M. Thrall, The hook graphs of the symmetric group, Canad. J. Math. 6 (1954) 316.
    """
    columns = conjugate_partition(shape)
    hooks = prod(row - j + columns[j] - i - 1 for i, row in enumerate(shape) for j in range(row))
    return factorial(sum(shape)) // hooks


def standard_tableaux(shape: Partition) -> list[Partition]:
    """The standard tableaux of a shape, each as the rows that 1, 2, ..., n stand in; lexicographic, the one filled by rows first.

    Examples
    --------
    >>> standard_tableaux((2, 1))
    [(0, 0, 1), (0, 1, 0)]
    """
    n, found = sum(shape), list[Partition]()
    stack: list[tuple[Partition, Partition]] = [((), (0,) * len(shape))]
    while stack:
        rows, filled = stack.pop()
        if len(rows) == n:
            found.append(rows)
            continue
        for i in reversed(range(len(shape))):
            if filled[i] < shape[i] and (i == 0 or filled[i] < filled[i - 1]):
                stack.append(((*rows, i), (*filled[:i], filled[i] + 1, *filled[i + 1 :])))
    return found


def cycle_type(g: Integers) -> Partition:
    """The lengths of the cycles of a permutation (n,), not increasing.

    Examples
    --------
    >>> cycle_type(np.array([1, 2, 0, 3]))
    (3, 1)
    """
    images, lengths = np.asarray(g).tolist(), list[int]()
    seen = [False] * len(images)
    for start in range(len(images)):
        length, x = 0, start
        while not seen[x]:
            seen[x], length, x = True, length + 1, images[x]
        if length:
            lengths.append(length)
    return tuple(sorted(lengths, reverse=True))


@lru_cache(maxsize=65536)
def symmetric_character(shape: Partition, cycles: Partition) -> int:
    """The character of the irrep of S_n of a shape at the permutations with given cycle lengths.

    Raises
    ------
    GroupRepError
        If the two are partitions of different numbers.

    Examples
    --------
    >>> [symmetric_character((3, 1), cycles) for cycles in partitions(4)]
    [-1, 0, -1, 1, 3]

    References
    ----------
    The rule of Murnaghan and Nakayama: James and Kerber, The Representation Theory of the Symmetric Group (1981), 2.4.7. Removing
    a rim hook of length k lowers one of the numbers shape[i] + (rows below i) by k; its leg is how many others that one passes.
    """
    if sum(shape) != sum(cycles):
        raise GroupRepError(f"cycles = {shown(cycles)} and shape = {shown(shape)} must be partitions of one number")
    if not cycles:
        return 1
    length, rest = cycles[0], cycles[1:]
    beads = [row + len(shape) - 1 - i for i, row in enumerate(shape)]
    total = 0
    for i, bead in enumerate(beads):
        moved = bead - length
        if moved < 0 or moved in beads:
            continue
        leg = sum(moved < other < bead for other in beads)
        new = sorted([*beads[:i], moved, *beads[i + 1 :]], reverse=True)
        smaller = tuple(row for row in (b - len(new) + 1 + k for k, b in enumerate(new)) if row)
        total += (-1) ** leg * symmetric_character(smaller, rest)
    return total
