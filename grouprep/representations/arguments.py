"""Checking what methods of representations are given: counts, one common group."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.groups.base import Group

if TYPE_CHECKING:
    from grouprep.representations.base import Representation

__all__ = ["checked_count", "same_group"]


def checked_count(k: object, what: str, least: int) -> int:
    """k as an integer of at least `least`; GroupRepError otherwise."""
    if isinstance(k, bool) or not isinstance(k, Integral) or int(k) < least:
        raise GroupRepError(f"{what} needs an integer >= {least}, got {k!r}")
    return int(k)


def same_group(representations: Sequence[Representation], what: str) -> Group:
    """The common group, or DimensionMismatch."""
    groups = [V.group for V in representations]
    for H in groups[1:]:
        if H != groups[0]:
            raise DimensionMismatch(
                f"{what} joins representations of {groups[0]} and of {H}; pull both back to their product, "
                "(G * K).pullback(0, V)"
            )
    return groups[0]
