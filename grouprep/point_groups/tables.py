"""The character table of a point group as chemists print it: classes by name, and the functions that span each irrep."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.data import ConjugacyClass, ListedData
from grouprep.character_tables.table import CharacterTable, matched_rows
from grouprep.point_groups.functions import linear_functions, quadratic_functions, vector_components
from grouprep.typing import Array

if TYPE_CHECKING:
    from grouprep.point_groups.group import PointGroup

__all__ = ["PointGroupTable"]


@dataclass(frozen=True, eq=False)
class SymmetryClass(ConjugacyClass):
    """A conjugacy class of a point group with the name that chemists print, such as 2C3; `name` is C3."""

    title: str

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True, eq=False)
class PointGroupData(ListedData):
    """The characters of a point group on its named classes."""

    group: PointGroup

    @cached_property
    def classes(self) -> tuple[ConjugacyClass, ...]:
        named = zip(super().classes, self.group.class_names, strict=True)
        return tuple(SymmetryClass(**(vars(c) | {"name": t.removeprefix(str(c.size)), "title": t})) for c, t in named)


class PointGroupTable(CharacterTable):
    """A character table with the names of the classes and the columns of linear and quadratic functions.

    Examples
    --------
    >>> from grouprep import PointGroup
    >>> print(PointGroup("C3v").character_table())
    C3v | E | 2C3 | 3sigma_v | linear, rotations | quadratic
    A1  | 1 |   1 |        1 | z                 | x^2+y^2, z^2
    A2  | 1 |   1 |       -1 | Rz                |
    E   | 2 |  -1 |        0 | (x, y), (Rx, Ry)  | (x^2-y^2, xy), (xz, yz)
    """

    group: PointGroup

    @classmethod
    def of(cls, group: PointGroup) -> PointGroupTable:
        """The table of a point group."""
        data = PointGroupData(group)
        return cls(data, *matched_rows(group.family, data))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the columns, such as "8C3"."""
        return self.group.class_names

    @cached_property
    def values(self) -> Array:
        """(irreps, classes) complex; classes as in `class_names`."""
        found = self.group.family.characters
        return np.array([found[I.label] for I in self.irreps])

    @cached_property
    def linear(self) -> tuple[str, ...]:
        """For each row, which of x, y, z and of the rotations Rx, Ry, Rz belong to it; partners in parentheses."""
        return self._by_row(linear_functions(self.group))

    @cached_property
    def quadratic(self) -> tuple[str, ...]:
        """For each row, which quadratic functions belong to it; partners in parentheses."""
        return self._by_row(quadratic_functions(self.group))

    def _by_row(self, functions: dict[str, tuple[tuple[str, ...], ...]]) -> tuple[str, ...]:
        return tuple(vector_components(functions[I.real_form.label]) for I in self.irreps)

    def __str__(self) -> str:
        head = [self.group.schoenflies, *self.class_names, "linear, rotations", "quadratic"]
        rows = [head]
        for I, row, x, xx in zip(self.irreps, self.values, self.linear, self.quadratic, strict=True):
            rows.append([I.label, *map(_text, row), x, xx])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        last = len(widths) - 2
        lines = (
            " | ".join(
                x.rjust(w) if 0 < k < last else x.ljust(w) for k, (x, w) in enumerate(zip(r, widths, strict=True))
            )
            for r in rows
        )
        return "\n".join(line.rstrip() for line in lines)


def _text(z: complex) -> str:
    re, im = (f"{x:.4g}" for x in (round(z.real, 12) + 0.0, round(z.imag, 12) + 0.0))
    return re if im == "0" else f"{im}i" if re == "0" else f"{re}{'' if im.startswith('-') else '+'}{im}i"
