"""Wreath products; by name those of a cyclic with a symmetric group, among them the hyperoctahedral groups C2 wr Sn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouprep.families._common import checked_size
from grouprep.families.cyclic import Cyclic
from grouprep.families.symmetric import Symmetric
from grouprep.groups.base import Group
from grouprep.groups.registry import GroupFamily, register_family
from grouprep.groups.semidirect import WreathProduct

if TYPE_CHECKING:
    from grouprep.irreps.family import Family

__all__ = ["GeneralizedSymmetric"]


def GeneralizedSymmetric(m: int, n: int) -> WreathProduct:
    """The wreath product C_m wr S_n of order m^n n!, monomial matrices of m-th roots of unity.

    Raises
    ------
    GroupRepError
        If m or n is no positive integer.

    Examples
    --------
    >>> GeneralizedSymmetric(2, 3).order
    48
    """
    return WreathProduct(Cyclic(checked_size(m, "C_m wr S_n")), Symmetric(checked_size(n, "C_m wr S_n", most=10_000)))


def _irreps(G: Group) -> Family | None:
    """Of wreath products."""
    from grouprep.irreps.little_groups import wreath_irreps

    return wreath_irreps(G)


register_family(
    GroupFamily(
        name="Wreath",
        constructor=GeneralizedSymmetric,
        pattern=r"C(\d{1,4}) ?wr ?S(\d{1,4})",
        example="C2 wr S4",
        irreps=_irreps,
        irreps_of="wreath products",
    )
)
