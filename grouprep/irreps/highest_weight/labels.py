"""Names of irreps by highest weight: Dynkin labels in parentheses, partitions in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations_with_replacement, pairwise, product
from numbers import Integral
from typing import Any

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.irreps.highest_weight.root_systems import Vector
from grouprep.summary import Summary

__all__ = [
    "Labels",
    "OrthogonalLabels",
    "PartitionLabels",
    "SymplecticLabels",
    "TorusLabels",
    "UnitaryLabels",
    "read_integers",
]


def read_integers(label: object) -> tuple[Vector, bool | None] | None:
    """The integers of a label, and whether brackets say that they are a partition; None if they are no integers.

    Tuples are in parentheses and lists in brackets, as text is; a single integer is in neither.

    Examples
    --------
    >>> read_integers("(1, 0)"), read_integers([2, 1]), read_integers(3), read_integers("1.5")
    (((1, 0), False), ((2, 1), True), ((3,), None), None)
    """
    partition: bool | None = None
    values: Any = label
    if isinstance(label, str):
        found = re.fullmatch(r"\s*(?:\((.*)\)|\[(.*)\]|([^()\[\]]*))\s*", label)
        if found is None:
            return None
        inner = next(text for text in found.groups() if text is not None)
        partition = False if found[1] is not None else True if found[2] is not None else None
        values = [text for text in re.split(r"[\s,]+", inner) if text]
        if not all(re.fullmatch(r"[+-]?\d{1,6}", text) for text in values):
            return None
        return tuple(map(int, values)), partition
    if isinstance(label, tuple | list | np.ndarray):
        partition = isinstance(label, list)
        values = tuple(label)
    else:
        values = (label,)
    out = []
    for x in values:
        if isinstance(x, bool | np.bool_):
            return None
        if isinstance(x, Integral) or (isinstance(x, float) and x.is_integer()):
            out.append(int(x))
        else:
            return None
    return tuple(out), partition


class Labels(Summary):
    """Dynkin labels (a_1, ..., a_r), the coordinates of the weight; for SU(n) partitions [l_1, ..., l_n] too.

    count : how many labels there are.
    partitions : whether partitions of at most count + 1 rows name irreps as well.
    """

    def __init__(self, count: int, partitions: bool = True) -> None:
        self.count, self.partitions = count, partitions

    wanted = "Dynkin labels (a_1, ..., a_{0}), integers >= 0"

    def __str__(self) -> str:
        text = f"{self.count} {'Dynkin label' if self.count == 1 else 'Dynkin labels'}"
        return f"tuples of {text}, integers >= 0" + (f", or {self.partition_text}" if self.partitions else "")

    @property
    def partition_text(self) -> str:
        """What partitions look like."""
        return f"partitions [l_1, ..., l_{self.count + 1}] with l_1 >= l_2 >= ..."

    def read(self, label: object) -> Vector:
        """The highest weight that a label names.

        Raises
        ------
        GroupRepError
            If it names none: not integers, of the wrong length, not dominant, not a weight of the group.
        """
        found = read_integers(label)
        if found is None:
            raise GroupRepError("these are not integers")
        numbers, partition = found
        if partition and self.partitions:
            return self.from_partition(numbers)
        if len(numbers) != self.count:
            raise GroupRepError(f"there are {len(numbers)} labels, the rank is {self.count}")
        if min(numbers, default=0) < 0:
            raise GroupRepError("the weight is not dominant: a label is negative")
        return self.from_dynkin(numbers)

    def from_dynkin(self, numbers: Vector) -> Vector:
        """The weight with Dynkin labels."""
        return numbers

    def from_partition(self, rows: Vector) -> Vector:
        """The weight of a partition."""
        rows = checked_rows(rows, self.count + 1)
        return tuple(a - b for a, b in pairwise(rows))

    def write(self, w: Vector) -> str:
        """The label of a highest weight."""
        return f"({', '.join(map(str, self.dynkin(w)))}{',' if self.count == 1 else ''})"

    def dynkin(self, w: Vector) -> Vector:
        """The Dynkin labels of a weight."""
        return w

    def listed(self, up_to: int) -> Iterator[Vector]:
        """The highest weights of level at most up_to; here the level is the sum of the labels."""
        for total in range(up_to + 1):
            for cuts in combinations_with_replacement(range(self.count), total):
                yield self.from_dynkin(tuple(cuts.count(k) for k in range(self.count)))

    def level(self, w: Vector) -> int:
        """What up_to bounds."""
        return sum(self.dynkin(w))

    what = "sum of the labels"


def checked_rows(rows: Vector, most: int, signed_last: bool = False) -> Vector:
    """A partition with zeros up to a number of rows.

    Raises
    ------
    GroupRepError
        If there are more rows, or they increase, or are negative where they must not be.
    """
    rows = rows + (0,) * (most - len(rows))
    if len(rows) > most:
        raise GroupRepError(f"there are {len(rows)} rows, at most {most} are possible")
    sizes = (*rows[:-1], abs(rows[-1])) if signed_last else rows
    if any(a < b for a, b in pairwise(sizes)):
        raise GroupRepError("the weight is not dominant: the rows increase")
    if min(sizes, default=0) < 0:
        raise GroupRepError("a row is negative")
    return rows


class UnitaryLabels(Labels):
    """U(n): [l_1, ..., l_n], non-increasing integers, also negative; fewer rows are filled with 0."""

    what = "size of a row"

    def __str__(self) -> str:
        return f"[l_1, ..., l_{self.count}] with integers l_1 >= l_2 >= ..., also negative"

    def read(self, label: object) -> Vector:
        found = read_integers(label)
        if found is None:
            raise GroupRepError("these are not integers")
        rows = found[0]
        if len(rows) > self.count:
            raise GroupRepError(f"there are {len(rows)} rows, the rank is {self.count}")
        if len(rows) < self.count and min(rows, default=0) < 0:
            raise GroupRepError(f"there are {len(rows)} rows; with negative ones give all {self.count}")
        rows = rows + (0,) * (self.count - len(rows))
        if any(a < b for a, b in pairwise(rows)):
            raise GroupRepError("the weight is not dominant: the rows increase")
        return rows

    def write(self, w: Vector) -> str:
        return f"[{', '.join(map(str, w))}]"

    def listed(self, up_to: int) -> Iterator[Vector]:
        values = range(up_to, -up_to - 1, -1)
        yield from combinations_with_replacement(values, self.count)

    def level(self, w: Vector) -> int:
        return max(map(abs, w))


class TorusLabels(Labels):
    """Tori: integers, any."""

    what = "size of a coordinate"

    def __str__(self) -> str:
        return f"tuples of {self.count} integers"

    def read(self, label: object) -> Vector:
        found = read_integers(label)
        if found is None:
            raise GroupRepError("these are not integers")
        if len(found[0]) != self.count:
            raise GroupRepError(f"there are {len(found[0])} integers, the rank is {self.count}")
        return found[0]

    def listed(self, up_to: int) -> Iterator[Vector]:
        yield from product(range(up_to, -up_to - 1, -1), repeat=self.count)

    def level(self, w: Vector) -> int:
        return max(map(abs, w))


class SymplecticLabels(Labels):
    """Sp(n): Dynkin labels, the last of the long root, or partitions of at most n rows."""

    @property
    def partition_text(self) -> str:
        return f"partitions [l_1, ..., l_{self.count}] with l_1 >= l_2 >= ..."

    def from_dynkin(self, numbers: Vector) -> Vector:
        return tuple(sum(numbers[k:]) for k in range(self.count))

    def from_partition(self, rows: Vector) -> Vector:
        return checked_rows(rows, self.count)

    def dynkin(self, w: Vector) -> Vector:
        return tuple(a - b for a, b in zip(w, (*w[1:], 0), strict=True))


class OrthogonalLabels(Labels):
    """SO(n): Dynkin labels whose last ones (n odd: the last is even; n even: the last two have an even sum), or partitions.

    For n = 2 m the last of m rows may be negative.
    """

    what = "length of the first row"

    def __init__(self, n: int) -> None:
        super().__init__(n // 2)
        self.n = n

    def __str__(self) -> str:
        m = self.count
        even = f"a_{m} even" if self.n % 2 else f"a_{m - 1} + a_{m} even"
        return f"tuples of {m} Dynkin labels, integers >= 0, {even}, or {self.partition_text}"

    @property
    def partition_text(self) -> str:
        m = self.count
        last = "" if self.n % 2 else f" >= |l_{m}|"
        return f"partitions [l_1, ..., l_{m}] with l_1 >= l_2 >= ...{last}"

    def from_dynkin(self, numbers: Vector) -> Vector:
        *rest, a, b = (0, *numbers)
        if (b if self.n % 2 else a + b) % 2:
            raise GroupRepError(
                "this is a spin representation, of Spin(n) only: its weights do not lie in the lattice of SO(n), and a full turn "
                "is -1"
            )
        if self.n % 2:
            tail: Vector = (a + b // 2, b // 2)
        else:
            tail = ((a + b) // 2, (b - a) // 2)
        out = list(tail)
        for x in reversed(rest):
            out.insert(0, out[0] + x)
        return tuple(out[-self.count :])

    def from_partition(self, rows: Vector) -> Vector:
        return checked_rows(rows, self.count, self.n % 2 == 0)

    def dynkin(self, w: Vector) -> Vector:
        steps = [a - b for a, b in pairwise(w)]
        return (*steps, 2 * w[-1] if self.n % 2 else w[-2] + w[-1])

    def listed(self, up_to: int) -> Iterator[Vector]:
        for rows in combinations_with_replacement(range(up_to, -1, -1), self.count):
            yield rows
            if self.n % 2 == 0 and rows[-1]:
                yield (*rows[:-1], -rows[-1])

    def level(self, w: Vector) -> int:
        return w[0]


class PartitionLabels(Labels):
    """O(n): partitions whose first two columns have together at most n boxes."""

    what = "length of the first row"

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.n = n

    def __str__(self) -> str:
        return f"partitions [l_1, l_2, ...], l_1 >= l_2 >= ... >= 1, with at most {self.n} boxes in the first two columns together"

    def read(self, label: object) -> Vector:
        found = read_integers(label)
        if found is None:
            raise GroupRepError("these are not integers")
        rows = checked_rows(tuple(x for x in found[0] if x), self.n)
        columns = [sum(x > k for x in rows) for k in (0, 1)]
        if sum(columns) > self.n:
            raise GroupRepError(
                f"the first two columns have {columns[0]} + {columns[1]} boxes, at most {self.n} are possible"
            )
        return tuple(x for x in rows if x)

    def write(self, w: Vector) -> str:
        return f"[{', '.join(map(str, w or (0,)))}]"

    def listed(self, up_to: int) -> Iterator[Vector]:
        def grown(rows: Vector) -> Iterator[Vector]:
            yield rows
            for x in range(1, (rows[-1] if rows else up_to) + 1):
                longer = (*rows, x)
                if len(longer) + sum(y > 1 for y in longer) <= self.n:
                    yield from grown(longer)

        yield from grown(())

    def level(self, w: Vector) -> int:
        return w[0] if w else 0
