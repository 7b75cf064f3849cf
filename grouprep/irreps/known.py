"""Irreps of finite groups in closed form: a list of representations whose types and conjugates are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.groups.base import Generator, Group
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.irreps.family import Family, Images, Splitting, check_up_to
from grouprep.irreps.listed_family import split_among
from grouprep.irreps.real_form import RealForm
from grouprep.linalg import Image
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy import Matrix

__all__ = ["KnownFamily", "KnownIrrep", "Listed", "read_integers"]


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


class Listed(NamedTuple):
    """A complex irrep of a list.

    label : its label; V : unitary matrices, real ones for type R.
    type : "R", "C" or "H"; partner : for type C, the place in the list of the conjugate.
    structure : for type H, C (d, d) as in `Irrep.structure`.
    """

    label: str
    V: Representation
    type: Literal["R", "C", "H"] = "R"
    partner: int = -1
    structure: Array | None = None


class KnownFamily(Family):
    """All irreps of a finite group from a list of the complex ones, in canonical order; a subclass may read more labels.

    group : the group; listed : its complex irreps.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 13.2 (types and real forms).
    """

    def __init__(self, group: Group, listed: Sequence[Listed]) -> None:
        self.group, self.listed = group, tuple(listed)

    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        check_up_to(self.group, up_to, "label", infinite=False)
        if field == "complex":
            return [KnownIrrep(self, k, "complex") for k in range(len(self.listed))]
        return [self._real(k) for k, I in enumerate(self.listed) if I.type != "C" or k <= I.partner]

    def _real(self, number: int) -> Irrep:
        I = self.listed[number]
        if I.type == "R":
            return KnownIrrep(self, number, "real")
        first = min(number, I.partner) if I.type == "C" else number
        return RealForm(KnownIrrep(self, first, "complex"))

    def read(self, label: object) -> str | None:
        """The canonical text of a label, whether an irrep has it or not."""
        return label.strip() if isinstance(label, str) else None

    def find(self, label: object, field: Field) -> Irrep | None:
        text = self.read(label)
        number = next((k for k, I in enumerate(self.listed) if I.label == text), None)
        if number is None:
            return None
        return KnownIrrep(self, number, "complex") if field == "complex" else self._real(number)

    def labels(self, field: Field) -> str:
        shown = [I.label for I in self.irreps(field, None)]
        return ", ".join(shown if len(shown) <= 40 else [*shown[:36], "...", shown[-1]])

    def split(self, images: Images) -> Splitting:
        return split_among(self.irreps("complex", None), images)


class KnownIrrep(Irrep):
    """An irrep of a `KnownFamily`: complex, or real of type R with the same matrices.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> V = Symmetric(4).irrep((2, 1, 1))
    >>> V.label, V.dim, V.type
    ('[2,1,1]', 3, 'R')
    """

    def __init__(self, family: KnownFamily, number: int, over: Field) -> None:
        self.family, self.number, self.over = family, number, over
        self.label, self.V, self.type, self._partner, self._structure = family.listed[number]

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def dim(self) -> int:
        return self.V.dim

    @property
    def field(self) -> str:
        """Either "real" or "complex", the kind of the matrices."""
        return self.V.field

    @property
    def position(self) -> Position:
        return (self.number,)

    @property
    def structure(self) -> Array | None:
        if self.over == "real" or self.type == "C":
            return None
        return np.eye(self.dim) if self._structure is None else self._structure

    @property
    def conjugated(self) -> Irrep:
        return KnownIrrep(self.family, self._partner, self.over) if self.type == "C" else self

    @property
    def real_form(self) -> Irrep:
        if self.type == "R":
            return KnownIrrep(self.family, self.number, "real")
        return RealForm(self if self.type == "H" or self.number <= self._partner else self.conjugated)

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        return KnownIrrep(self.family, self.number, "complex"), np.eye(self.dim)

    # As the representation

    def image(self, generator: Generator) -> Image:
        return self.V.image(generator)

    def evaluate(self, g: Element) -> Array:
        return self.V.evaluate(g)

    def exact_image(self, g: Element) -> Image:
        return self.V.exact_image(g)

    def exact(self, g: Element) -> Matrix:
        return self.V.exact(g)

    def _rounded_at(self, g: Element) -> Array:
        return self.V._rounded_at(g)

    def _form(self) -> Image | None:
        return self.V._form()

    def rational(self) -> tuple[Representation, Array]:
        R, S = self.V.rational()
        return (self, S) if R is self.V else (R, S)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return self.V.character_at(point, k)
