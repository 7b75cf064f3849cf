"""Which group has which family of irreps, and the doorways `G.irreps()` and `G.irrep(label)`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.irreps.base import Irrep
from grouprep.irreps.family import Family
from grouprep.irreps.plane import PlaneFamily
from grouprep.irreps.plane_elements import plane_elements_of
from grouprep.irreps.product import ProductFamily
from grouprep.irreps.spin import spin_group
from grouprep.irreps.spin_family import SpinFamily

__all__ = ["checked_field", "family_of", "find_family", "irrep", "irreps"]


@lru_cache(maxsize=256)
def find_family(G: Group) -> Family | None:
    """The irreps that are known of G, or None."""
    if len(G.factors) > 1:
        families = [find_family(F) for F in G.factors]
        known = [F for F in families if F is not None]
        return ProductFamily(G, known) if len(known) == len(families) else None
    if isinstance(G, LieGroup) and spin_group(G) is not None:
        return SpinFamily(G)
    turns = plane_elements_of(G)
    return None if turns is None else PlaneFamily(turns)


def family_of(G: Group) -> Family:
    """The irreps that are known of G.

    Raises
    ------
    UnsupportedGroup
        If none are.
    """
    found = find_family(G)
    if found is None:
        raise UnsupportedGroup(
            f"the irreps of {G} are not known; known are those of Cyclic, Dihedral, SO(2), O(2), U(1), SO(3), O(3), SU(2), of "
            "groups generated like cyclic and dihedral ones, and of direct products of these. Give irreps of your own: "
            "decompose(V, irreps=[...])"
        )
    return found


def checked_field(field: Any) -> Any:
    """A ground field as it is.

    Raises
    ------
    GroupRepError
        Unless it is "real" or "complex".
    """
    if field not in ("real", "complex"):
        raise GroupRepError(f'field = {field!r:.40} is unknown; choose "real" or "complex"')
    return field


def irreps(G: Group, field: str = "real", up_to: int | None = None) -> list[Irrep]:
    """See `Group.irreps`."""
    return family_of(G).irreps(checked_field(field), up_to)


def irrep(G: Group, label: Any, field: str = "real") -> Irrep:
    """See `Group.irrep`."""
    return family_of(G).irrep(label, checked_field(field))
