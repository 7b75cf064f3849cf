"""`PointGroup`: a finite group of rotations and reflections of space, by its symbol."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from grouprep.groups.finite import FiniteGroup
from grouprep.point_groups.irreps import PointFamily
from grouprep.point_groups.motions import Motion, float_matrices, motions_of
from grouprep.point_groups.symbols import Symbol, read_symbol
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element, Integers

__all__ = ["PointGroup"]


class PointGroup(FiniteGroup):
    """A point group, by its Schoenflies or Hermann-Mauguin symbol."""

    def __init__(self, symbol: str) -> None:
        self.symbol: Symbol = read_symbol(symbol)
        self.motions = motions_of(self.symbol)
        if self.symbol.double:
            perms, matrices = self.motions.regular(), None
        else:
            perms, matrices = self.motions.action()
        super().__init__(
            perms,
            name=f"PointGroup({self.symbol.text})",
            labels=list(self.motions.generators),
            matrices=matrices,
            relators=self.motions.relators or None,
        )

    def key(self) -> tuple[object, ...]:
        return (self.symbol,)

    @property
    def schoenflies(self) -> str:
        """The Schoenflies symbol, with a star for double groups."""
        return self.symbol.schoenflies + "*" * self.symbol.double

    @cached_property
    def generator_motions(self) -> list[Motion]:
        """The generators as motions of space."""
        return list(self.motions.generators.values())

    @cached_property
    def _motions(self) -> list[Motion]:
        found = [self.motions.one]
        for k, j in self.steps[1:]:
            found.append(self.motions.multiply(self.generator_motions[k], found[j]))
        return found

    def motion(self, g: Element) -> Motion:
        """An element as a motion of space."""
        return self._motions[int(self.index(g))]

    @cached_property
    def _numbers(self) -> dict[Motion, int]:
        return {x: k for k, x in enumerate(self._motions)}

    @cached_property
    def quaternions(self) -> Array:
        """(order, 4): the unit quaternion (w, x, y, z) of the proper part of each of `elements`."""
        return np.array([self.motions.quaternion(x) for x in self._motions])

    @cached_property
    def parities(self) -> Integers:
        """(order,): 1 for the elements with the inversion as a factor, else 0."""
        return np.array([self.motions.parity(x) for x in self._motions], dtype=np.int64)

    @cached_property
    def rotations(self) -> Array:
        """(order, 3, 3): the matrix of each of `elements`, rounded."""
        return float_matrices(self.quaternions, self.parities)

    @cached_property
    def family(self) -> PointFamily:
        """The irreps."""
        return PointFamily(self)

    @cached_property
    def _named_classes(self) -> list[tuple[str, Integers]]:
        plain = super().conjugacy_classes
        of = {int(k): members for members in plain for k in members}
        out: list[tuple[str, Integers]] = []
        for name, x in self.motions.named:
            first = of[self._numbers[x]]
            out.append((name, first))
            if self.symbol.double:
                second = of[self._numbers[self.motions.multiply(self.motions.turned, x)]]
                if second is not first:
                    out.append(("R" if name == "E" else f"R{name}", second))
        assert len(out) == len(plain)
        return out

    @cached_property
    def conjugacy_classes(self) -> tuple[Integers, ...]:
        """The conjugacy classes as arrays of element numbers, in the order of the published character tables."""
        return tuple(members for _, members in self._named_classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the conjugacy classes."""
        return tuple(f"{len(members)}{name}" if len(members) > 1 else name for name, members in self._named_classes)
