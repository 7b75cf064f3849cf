"""The irreps that a finite group takes from a known one that it is isomorphic to, whatever generates it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from grouprep.characters import ClassPoint, ClassValue, FinitePoint
from grouprep.groups.base import Generator, Group
from grouprep.groups.isomorphism import Isomorphism
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.irreps.family import Family, Images, Splitting
from grouprep.linalg import Image
from grouprep.representations.base import Representation
from grouprep.representations.pullback import Pullback
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy import Matrix

__all__ = ["PulledFamily", "PulledIrrep"]


class PulledFamily(Family):
    """The irreps of a group that is isomorphic to one with known irreps, with their labels.

    iso : the isomorphism; known : the irreps of its target.
    """

    def __init__(self, iso: Isomorphism, known: Family) -> None:
        self.group, self.iso, self.known = iso.f.source, iso, known

    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        return [PulledIrrep(self, I) for I in self.known.irreps(field, up_to)]

    def find(self, label: object, field: Field) -> Irrep | None:
        found = self.known.find(label, field)
        return None if found is None else PulledIrrep(self, found)

    def labels(self, field: Field) -> str:
        return self.known.labels(field)

    def split(self, images: Images) -> Splitting:
        extension = self.group.extend(images)
        names = self.known.group.generator_names
        moved = {a: extension.exact(x) for a, x in zip(names, self.iso.preimages, strict=True)}
        return [(PulledIrrep(self, I), X) for I, X in self.known.split(moved)]


class PulledIrrep(Irrep):
    """g -> I(f(g)) for an irrep I of another group and an isomorphism f to it.

    Examples
    --------
    >>> from grouprep import FiniteGroup
    >>> G = FiniteGroup.from_permutations(["(1 2)(3 4)", "(1 3)(2 4)", "(2 4)"])
    >>> [V.label for V in G.irreps()]
    ['A1', 'A2', 'B1', 'B2', 'E1']
    """

    def __init__(self, family: PulledFamily, I: Irrep) -> None:
        self.family, self.I, self.f = family, I, family.iso.f
        self.label, self.over, self.type = I.label, I.over, I.type

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def dim(self) -> int:
        return self.I.dim

    @property
    def field(self) -> str:
        """Either "real" or "complex", the kind of the matrices."""
        return self.I.field

    @property
    def position(self) -> Position:
        return self.I.position

    @property
    def structure(self) -> Array | None:
        return self.I.structure

    @property
    def conjugated(self) -> Irrep:
        return PulledIrrep(self.family, self.I.conjugated)

    @property
    def real_form(self) -> Irrep:
        return PulledIrrep(self.family, self.I.real_form)

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        rho, K = self.I.constituent
        return PulledIrrep(self.family, rho), K

    @cached_property
    def commutant(self) -> Array:
        return self.I.commutant

    # Values

    def image(self, generator: Generator) -> Image:
        return self.I.exact_image(self.f.generator_image(generator))

    def evaluate(self, g: Element) -> Array:
        return self.I.evaluate(self.f(g))

    def exact_image(self, g: Element) -> Image:
        return self.I.exact_image(self.f.exact(g))

    def exact(self, g: Element) -> Matrix:
        return self.I.exact(self.f.exact(self.group.read_element(g)))

    def _rounded_at(self, g: Element) -> Array:
        return self.I._rounded_at(self.f(g))

    def _form(self) -> Image | None:
        return self.I._form()

    def rational(self) -> tuple[Representation, Array]:
        R, S = self.I.rational()
        return (self, S) if R is self.I else (Pullback(self.f, R), S)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        assert isinstance(point, FinitePoint)
        return self.I.character_at(FinitePoint(self.f.target, self.f.exact(point.element), point.size), k)
