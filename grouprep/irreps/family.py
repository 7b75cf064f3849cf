"""What a family of groups knows of its irreps: their list, their labels, and how unitary matrices split into them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from difflib import SequenceMatcher
from math import inf
from numbers import Real
from typing import Literal

from grouprep.errors import GroupRepError
from grouprep.groups.base import Generator, Group
from grouprep.irreps.base import Field, Irrep
from grouprep.linalg import Image
from grouprep.linalg.pickling import Picklable
from grouprep.representations.base import Representation
from grouprep.typing import Array

__all__ = ["Angles", "Family", "Images", "Splitting", "check_up_to"]

Images = Mapping[Generator, Image]
"""Unitary matrices for the generators of a group: (n, n) complex arrays, or Monomial."""

Splitting = list[tuple[Irrep, Array]]
"""Complex irreps with isometric intertwiners X (m, n, d): X[a] rho(g) = V(g) X[a], X[a]* X[b] = 1 if a = b, else 0."""


Angles = Literal["plane", "space", "double cover"]


class Family(Picklable, ABC):
    """The irreps of one group; abstract. A subclass gives group, irreps, irrep, labels and split."""

    group: Group

    @property
    def angles(self) -> Angles | None:
        """Which angles run over the identity component: one of the plane, three of space, three of its double cover; or None."""
        return None

    @property
    def follows_characters(self) -> bool:
        """Whether the complex irreps are in the order of `irreducible_characters(group)`, labelled X1, X2, ...; a table needs none then."""
        return False

    @abstractmethod
    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        """The irreps in canonical order; for infinite groups those up to a frequency, spin or l."""

    @abstractmethod
    def find(self, label: object, field: Field) -> Irrep | None:
        """The irrep with a label (its canonical text, or a natural Python value), or None."""

    @abstractmethod
    def labels(self, field: Field) -> str:
        """The labels that exist, for an error message."""

    @abstractmethod
    def split(self, images: Images) -> Splitting:
        """Unitary matrices of a representation as a sum of complex irreps.

        Raises
        ------
        AmbiguousRank
            If eigenvalues are not those of a representation to rounding.
        """

    def count(self, V: Representation) -> list[tuple[Irrep, int]] | None:
        """The complex irreps in a representation with their multiplicities; None where each has to be tried."""
        return None

    def _key(self) -> tuple[object, ...]:
        return (self.group,)

    def irrep(self, label: object, field: Field) -> Irrep:
        """The irrep with a label.

        Raises
        ------
        GroupRepError
            If there is none; the message lists the labels, the nearest first.
        """
        found = self.find(label, field)
        if found is None:
            raise GroupRepError(
                f"label = {label!r:.60}: {self.group} has no such irrep over the {field} numbers; {self._nearest(label, field)}"
                f"its labels are {self.labels(field)}"
            )
        return found

    def _nearest(self, label: object, field: Field) -> str:
        """The labels of a finite group that a wrong one may have meant, nearest first, for a message."""
        known = [I.label for I in self.irreps(field, None)] if self.group.is_finite else []
        shares = {text: SequenceMatcher(None, str(label), text).ratio() for text in known}
        close = sorted((text for text in known if shares[text] >= _LIKE), key=lambda text: -shares[text])[:3]
        return f"nearest are {', '.join(close)}; " if close else ""


_LIKE = 0.5  # the share of characters that a label has in common with one that it may have meant


def check_up_to(group: Group, up_to: object, what: str, infinite: bool) -> int | None:
    """up_to as an integer, needed for infinite families and refused for finite ones.

    Raises
    ------
    GroupRepError
        If it is missing, superfluous, or no integer >= 0.
    """
    if not infinite:
        if up_to is not None:
            raise GroupRepError(f"up_to = {up_to!r}: {group} has finitely many irreps; leave up_to out")
        return None
    if up_to is None:
        raise GroupRepError(f"{group} has infinitely many irreps; give up_to, the largest {what}: irreps(up_to=3)")
    count = _count(up_to)
    if count is None:
        raise GroupRepError(f"up_to = {up_to!r} must be an integer >= 0, the largest {what}")
    return count


def _count(x: object) -> int | None:
    """x as an int if it is a natural number or 0, of whatever numeric type."""
    if not isinstance(x, Real) or isinstance(x, bool):
        return None
    return int(float(x)) if 0 <= float(x) < inf and float(x).is_integer() else None
