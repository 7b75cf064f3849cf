"""Two commuting actions on one space, as a representation of the direct product of their groups."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from grouprep.errors import DimensionMismatch, GroupRepError, NotAHomomorphism, shown
from grouprep.groups.base import Generator, Group
from grouprep.groups.product import commute
from grouprep.linalg import Image
from grouprep.linalg import matrices as mat
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from grouprep.characters import ClassPoint, ClassValue

__all__ = ["Joint", "joint_of"]


class Joint(Representation):
    """(g, h) -> V(g) W(h) for representations V and W on one space that commute; made by `V.joint(W)`."""

    def __init__(self, V: Representation, W: Representation) -> None:
        self.parts = (V, W)

    @cached_property
    def group(self) -> Group:
        V, W = self.parts
        return V.group * W.group

    @property
    def dim(self) -> int:
        return self.parts[0].dim

    def _place(self, generator: Generator) -> tuple[Representation, Generator]:
        """The action that a generator of the product belongs to, and what it is called there."""
        V, W = self.parts
        first = len(V.group.factors)
        part, shift = (V, 0) if generator.path[0] < first else (W, first)
        if len(part.group.factors) == 1:
            return part, generator.outside()
        return part, replace(generator, path=(generator.path[0] - shift, *generator.path[1:]))

    def image(self, generator: Generator) -> Image:
        part, inner = self._place(generator)
        return part.image(inner)

    def float_image(self, generator: Generator) -> Image:
        part, inner = self._place(generator)
        return part.float_image(inner)

    def _components(self, g: Element) -> list[Element]:
        """The components of elements in the groups of V and of W."""
        start, out = 0, []
        for part in self.parts:
            numbers = range(start, start + len(part.group.factors))
            found = tuple(self.group.part(g, k) for k in numbers)
            out.append(found[0] if len(found) == 1 else part.group.check_element(found))
            start += len(numbers)
        return out

    def evaluate(self, g: Element) -> Array:
        a, b = (part.evaluate(x) for part, x in zip(self.parts, self._components(g), strict=True))
        product: Array = a @ b
        return product

    def exact_image(self, g: Element) -> Image:
        a, b = (part.exact_image(x) for part, x in zip(self.parts, self._components(g), strict=True))
        return mat.matmul(a, b)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return point.leaf(self, k)

    def _key(self) -> tuple[object, ...]:
        return self.parts

    def __str__(self) -> str:
        return f"joint({self.parts[0]}, {self.parts[1]})"


def joint_of(V: Representation, W: Representation) -> Joint:
    """See `Representation.joint`."""
    if not isinstance(W, Representation):
        raise GroupRepError(f"W must be a representation on the space of {V}, got {shown(W)}")
    if V.dim != W.dim:
        raise DimensionMismatch(
            f"{V} has dimension {V.dim} and {W} has dimension {W.dim}; joint actions share one space"
        )
    for a, x in V.images.items():
        for b, y in W.images.items():
            if not commute(x, y, f"{V}({a}) and {W}({b}) commute"):
                raise NotAHomomorphism(
                    f"{V}({a}) and {W}({b}) do not commute, so the direct product of {V.group} and {W.group} does not act"
                )
    return Joint(V, W)
