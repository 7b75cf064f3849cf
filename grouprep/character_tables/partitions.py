"""The characters of the symmetric groups by the rule of Murnaghan and Nakayama, one value at a time or a column at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import factorial, gcd, lcm, prod

import numpy as np

from grouprep.errors import GroupRepError, shown
from grouprep.groups.permutations import Perm

__all__ = [
    "Partition",
    "as_partition",
    "class_size",
    "conjugate_partition",
    "count_partitions",
    "cycle_type",
    "hook_degree",
    "partitions",
    "power_type",
    "standard_element",
    "symmetric_value",
    "type_order",
]

Partition = tuple[int, ...]
"""Positive integers, the largest first."""


def as_partition(parts: Sequence[int], name: str = "partition") -> Partition:
    """A weakly decreasing sequence of positive integers as a tuple.

    Raises
    ------
    GroupRepError
        If it is none.

    Examples
    --------
    >>> as_partition([3, 1])
    (3, 1)
    """
    try:
        found = tuple(int(k) for k in parts)
        fits = found == tuple(parts) and all(k > 0 for k in found) and found == tuple(sorted(found, reverse=True))
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise GroupRepError(f"{name} must be positive integers, the largest first, such as [3, 1]; got {shown(parts)}")
    return found


@lru_cache(maxsize=64)
def partitions(n: int) -> tuple[Partition, ...]:
    """The partitions of n, the lexicographically largest first.

    Examples
    --------
    >>> partitions(4)
    ((4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1))
    """

    def below(rest: int, most: int) -> list[Partition]:
        if not rest:
            return [()]
        return [(k, *tail) for k in range(min(rest, most), 0, -1) for tail in below(rest - k, k)]

    return tuple(below(n, n))


@lru_cache(maxsize=64)
def count_partitions(n: int) -> int:
    """The number of partitions of n.

    Examples
    --------
    >>> count_partitions(20)
    627
    """
    counts = [1] + [0] * n
    for k in range(1, n + 1):
        for m in range(k, n + 1):
            counts[m] += counts[m - k]
    return counts[n]


def class_size(cycles: Partition) -> int:
    """The number of permutations with a cycle type.

    Examples
    --------
    >>> class_size((2, 1, 1))
    6
    """
    centralizer: int = prod(k**m * factorial(m) for k, m in Counter(cycles).items())
    return factorial(sum(cycles)) // centralizer


def hook_degree(shape: Partition) -> int:
    """The dimension of the Specht module: n! over the product of the hook lengths.

    Examples
    --------
    >>> hook_degree((3, 1)), hook_degree((2, 2))
    (3, 2)

    References
    ----------
    J. S. Frame, G. de B. Robinson, R. M. Thrall, The hook graphs of the symmetric group, Canad. J. Math. 6 (1954), 316-324.
    """
    columns = conjugate_partition(shape)
    hooks = prod(shape[i] - j + columns[j] - i - 1 for i in range(len(shape)) for j in range(shape[i]))
    return factorial(sum(shape)) // hooks


def conjugate_partition(shape: Partition) -> Partition:
    """The lengths of the columns.

    Examples
    --------
    >>> conjugate_partition((3, 1))
    (2, 1, 1)
    """
    return tuple(sum(k > j for k in shape) for j in range(shape[0] if shape else 0))


def symmetric_value(shape: Partition, cycles: Partition) -> int:
    """The value of the irreducible character of a partition of n on the permutations of a cycle type.

    Examples
    --------
    >>> symmetric_value((3, 1), (2, 1, 1)), symmetric_value((5, 4, 3, 2, 1), (9, 5, 1))
    (1, 1)

    References
    ----------
    G. James, A. Kerber, The Representation Theory of the Symmetric Group, Addison-Wesley 1981, theorem 2.4.7.
    """
    beta = tuple(k + i for i, k in enumerate(reversed(shape)))  # first column hook lengths
    return _value(beta, tuple(sorted(cycles, reverse=True)))


@lru_cache(maxsize=1 << 18)
def _value(beta: tuple[int, ...], cycles: Partition) -> int:
    """By removing rim hooks: a hook of length k goes if b - k is free for a b in beta; its sign is that of the b's in between."""
    while beta and beta[0] == 0:  # an empty row
        beta = tuple(b - 1 for b in beta[1:])
    if not cycles or cycles[0] == 1:
        return _degree(beta)
    k, rest = cycles[0], cycles[1:]
    total, present = 0, set(beta)
    for place, b in enumerate(beta):
        if b >= k and b - k not in present:
            between = sum(1 for c in beta[:place] if c > b - k)
            left = tuple(sorted((*beta[:place], *beta[place + 1 :], b - k)))
            value = _value(left, rest)
            total += -value if between % 2 else value
    return total


@lru_cache(maxsize=1 << 16)
def _degree(beta: tuple[int, ...]) -> int:
    return hook_degree(tuple(b - i for i, b in enumerate(beta))[::-1]) if beta else 1


def cycle_type(p: Perm) -> Partition:
    """The lengths of the cycles of a permutation of 0..n-1.

    Examples
    --------
    >>> cycle_type(np.array([1, 2, 0, 3]))
    (3, 1)
    """
    rest, lengths = set(range(len(p))), []
    images = p.tolist()
    while rest:
        start = point = rest.pop()
        length = 1
        while images[point] != start:
            point = images[point]
            rest.discard(point)
            length += 1
        lengths.append(length)
    return tuple(sorted(lengths, reverse=True))


def standard_element(cycles: Partition) -> Perm:
    """The lexicographically smallest permutation with a cycle type: cycles of points in a row, the shortest first.

    Examples
    --------
    >>> standard_element((3, 1)).tolist()
    [0, 2, 3, 1]
    """
    images: list[int] = []
    for k in reversed(cycles):
        start = len(images)
        images += [*range(start + 1, start + k), start]
    return np.array(images, dtype=np.int64)


def power_type(cycles: Partition, k: int) -> Partition:
    """The cycle type of the k-th power.

    Examples
    --------
    >>> power_type((6, 1), 2)
    (3, 3, 1)
    """
    found = [m // gcd(m, k) for m in cycles for _ in range(gcd(m, k))]
    return tuple(sorted(found, reverse=True))


def type_order(cycles: Partition) -> int:
    """The order of the permutations with a cycle type.

    Examples
    --------
    >>> type_order((3, 2))
    6
    """
    return lcm(*cycles)
