"""How often each irrep occurs in a representation, counted by characters."""

from __future__ import annotations

from collections.abc import Iterator

from grouprep.characters import Laurent, class_points, class_values, integral
from grouprep.errors import AmbiguousRank, GroupRepError
from grouprep.irreps.base import Field, Irrep, read_field
from grouprep.irreps.catalogue import family_of
from grouprep.representations.base import Representation

__all__ = ["largest_weight", "multiplicities"]


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
