"""Point groups by their symbols."""

from __future__ import annotations

from grouprep.groups.base import Group
from grouprep.groups.registry import GroupFamily, register_family
from grouprep.point_groups.group import PointGroup
from grouprep.point_groups.irreps import PointFamily

__all__ = ["PointGroup"]


def _irreps(G: Group) -> PointFamily | None:
    return G.family if isinstance(G, PointGroup) else None


def _named(symbol: int | str) -> PointGroup:
    return PointGroup(str(symbol))


register_family(
    GroupFamily(
        name="PointGroup",
        constructor=_named,
        pattern=r"PointGroup\((.+)\)",
        example="PointGroup(Oh)",
        irreps=_irreps,
        irreps_of="PointGroup",
    )
)
