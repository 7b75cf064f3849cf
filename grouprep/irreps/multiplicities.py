"""How often each irrep occurs in a representation, counted by characters; and character tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grouprep.characters import Laurent, class_points, class_values, integral
from grouprep.errors import AmbiguousRank, GroupRepError, UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.groups.permutations import cycle_string
from grouprep.irreps.base import Field, Irrep, read_field
from grouprep.irreps.catalogue import family_of
from grouprep.representations.base import Representation
from grouprep.typing import Array

__all__ = ["CharacterTable", "largest_weight", "multiplicities"]


def largest_weight(V: Representation) -> int:
    """The largest size of a coordinate of a weight of V: no constituent has a larger frequency or l, or twice its spin."""
    top = 0
    for value in class_values(V, class_points(V.group)):
        if isinstance(value, Laurent):
            top = max([top, *(abs(x) for _, w in value.terms for x in w)])
    return top


def multiplicities(V: Representation, field: str | None = None) -> list[tuple[Irrep, int]]:
    """The irreps that occur in V, in canonical order, with their multiplicities.

    Raises
    ------
    UnsupportedGroup
        If the irreps of the group, or the character of V, are not known.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 2.3; over the reals 13.2 (a real irrep counts dim End(I) times).
    """
    field = read_field(V.field if field is None else field)
    if field == "real" and V.field == "complex":
        raise GroupRepError(
            f'field = "real": {V} is complex; its irreps are those over the complex numbers, field="complex"'
        )
    family = family_of(V.group)
    counted = family.count(V)
    if counted is not None:
        return _over(counted, field)
    found: list[tuple[Irrep, int]] = []
    dimension = 0
    points = class_points(V.group)
    values = class_values(V, points)
    for I in _candidates(V, field):
        count = integral(I, V, points, class_values(I, points), values)
        if count % len(I.commutant):
            raise AmbiguousRank(f"Hom({I}, {V}) has dimension {count}, no multiple of {len(I.commutant)}")
        if count:
            found.append((I, count // len(I.commutant)))
            dimension += found[-1][1] * I.dim
        if dimension == V.dim:
            return found
    raise AmbiguousRank(f"the irreps of {family.group} account for {dimension} of the {V.dim} dimensions of {V}")


def _over(counted: list[tuple[Irrep, int]], field: Field) -> list[tuple[Irrep, int]]:
    """Multiplicities of complex irreps as those of irreps over a field, in canonical order."""
    if field == "complex":
        return sorted(counted, key=lambda pair: pair[0].position)
    found = {I.real_form: m // 2 if I.type == "H" else m for I, m in counted}  # type C: a pair of equal multiplicities
    return sorted(found.items(), key=lambda pair: pair[0].position)


def _candidates(V: Representation, field: Field) -> Iterator[Irrep]:
    G = V.group
    family = family_of(G)
    yield from family.irreps(field, None if G.is_finite else largest_weight(V))


@dataclass(frozen=True)
class CharacterTable:
    """The values of the complex irreps' characters on the conjugacy classes of a finite group.

    irreps : the complex irreps, in canonical order.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> print(Dihedral(3).character_table())
    D3 | 1 x () | 2 x (1 2 3) | 3 x (2 3)
    A1 |      1 |           1 |         1
    A2 |      1 |           1 |        -1
    E1 |      2 |          -1 |         0
    """

    group: Group
    irreps: tuple[Irrep, ...]

    @cached_property
    def values(self) -> Array:
        """(irreps, classes) complex; classes as in `group.conjugacy_classes`."""
        return np.array([I.character.values for I in self.irreps])

    @cached_property
    def class_sizes(self) -> Array:
        """(classes,) integers."""
        return np.array([len(c) for c in self.group.conjugacy_classes])

    def __str__(self) -> str:
        classes = self.group.conjugacy_classes
        head = [str(self.group), *(f"{len(c)} x {cycle_string(self.group.elements[c[0]]) or '()'}" for c in classes)]
        rows = [head] + [[I.label, *map(_text, row)] for I, row in zip(self.irreps, self.values, strict=True)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            " | ".join([r[0].ljust(widths[0]), *(x.rjust(w) for x, w in zip(r[1:], widths[1:], strict=True))])
            for r in rows
        )
        return "\n".join(lines)


def _text(z: complex) -> str:
    re, im = (f"{x:.4g}" for x in (round(z.real, 12) + 0.0, round(z.imag, 12) + 0.0))
    return re if im == "0" else f"{im}i" if re == "0" else f"{re}{'' if im.startswith('-') else '+'}{im}i"


def character_table(G: Group) -> CharacterTable:
    """See `FiniteGroup.character_table`."""
    if not G.is_finite:
        raise UnsupportedGroup(f"{G} is infinite and has no finite character table; see V.character.weights()")
    return CharacterTable(G, tuple(family_of(G).irreps("complex", None)))
