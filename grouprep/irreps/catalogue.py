"""Which group has which family of irreps, and the doorways `G.irreps()` and `G.irrep(label)`."""

from __future__ import annotations

from functools import lru_cache

from grouprep.errors import UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.groups.registry import GroupFamily, families
from grouprep.irreps.base import Irrep, read_field
from grouprep.irreps.family import Family
from grouprep.irreps.product import ProductFamily

__all__ = ["family_of", "find_family", "irrep", "irreps"]


def find_family(G: Group) -> Family | None:
    """The irreps that are known of G: what the families of groups say, those registered last first; else found from characters.

    None for infinite groups of no family, and for finite ones whose elements are too many to go through.
    """
    return _find_family(G, families())


@lru_cache(maxsize=256)
def _find_family(G: Group, known: tuple[GroupFamily, ...]) -> Family | None:
    if len(G.factors) > 1:
        found = [_find_family(F, known) for F in G.factors]
        parts = [F for F in found if F is not None]
        return ProductFamily(G, parts) if len(parts) == len(found) else None
    answers = (F.irreps(G) for F in reversed(known) if F.irreps is not None)
    family = next((found for found in answers if found is not None), None)
    if family is None and G.is_finite:
        from grouprep.irreps.finite import GeneralFamily, general_family

        family = general_family(G) if GeneralFamily.reaches(G) else None
    return family


def family_of(G: Group) -> Family:
    """The irreps that are known of G.

    Raises
    ------
    UnsupportedGroup
        If none are.
    """
    found = find_family(G)
    if found is None:
        from grouprep.irreps.finite import GENERAL_ORDER

        known = ", ".join(F.irreps_of for F in families() if F.irreps is not None)
        raise UnsupportedGroup(
            f"the irreps of {G} are not known; known are those of {known}, of finite groups with up to {GENERAL_ORDER:,} elements, and "
            "of direct products of these. Give irreps of your own: decompose(V, irreps=[...])"
        )
    return found


def irreps(G: Group, field: str = "real", up_to: int | None = None) -> list[Irrep]:
    """See `Group.irreps`."""
    return family_of(G).irreps(read_field(field), up_to)


def irrep(G: Group, label: object, field: str = "real") -> Irrep:
    """See `Group.irrep`."""
    return family_of(G).irrep(label, read_field(field))
