"""Point groups by their symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouprep.groups.base import Group
from grouprep.groups.registry import GroupFamily, register_family

if TYPE_CHECKING:
    from grouprep.point_groups.group import PointGroup
    from grouprep.point_groups.irreps import PointFamily

__all__: list[str] = []  # the class is in `grouprep.point_groups.group`, and loaded when it is first asked for


def _irreps(G: Group) -> PointFamily | None:
    from grouprep.point_groups.group import PointGroup

    return G.family if isinstance(G, PointGroup) else None


def _named(symbol: int | str) -> PointGroup:
    from grouprep.point_groups.group import PointGroup

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
