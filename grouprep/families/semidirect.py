"""Semidirect products; by name the Frobenius-like groups C_n : C_k of a cyclic group and automorphisms of it."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from grouprep.errors import GroupRepError
from grouprep.families._common import checked_size
from grouprep.families.cyclic import Cyclic
from grouprep.groups.base import Group
from grouprep.groups.registry import GroupFamily, register_family
from grouprep.groups.semidirect import SemidirectProduct

if TYPE_CHECKING:
    from grouprep.irreps.family import Family

__all__ = ["Metacyclic"]


def Metacyclic(n: int, k: int) -> SemidirectProduct:
    """The semidirect product C_n : C_k of order n k in which C_k acts faithfully: s r s^-1 = r^e, e the least number of order k mod n.

    Raises
    ------
    GroupRepError
        If no number has the order k modulo n.

    Examples
    --------
    >>> [Metacyclic(7, 3).order, Metacyclic(13, 4).order]
    [21, 52]
    """
    n, k = checked_size(n, "C_n:C_k", most=200_000), checked_size(k, "C_n:C_k", most=200_000)
    units = (e for e in range(1, n + 1) if gcd(e, n) == 1)
    e = next((e for e in units if _order(e, n) == k), None)
    if e is None:
        raise GroupRepError(
            f"C{n}:C{k}: no automorphism of C{n} has order {k}; SemidirectProduct(N, K, action) takes other actions"
        )
    N = Cyclic(n)
    power = N.identity()
    for _ in range(e):
        power = N.multiply(power, N.generators[0])
    return SemidirectProduct(N, Cyclic(k), [[power]])


def _order(e: int, n: int) -> int:
    """The order of e modulo n."""
    power, order = e % n, 1
    while power != 1 % n:
        power, order = power * e % n, order + 1
    return order


def _irreps(G: Group) -> Family | None:
    """Of semidirect products by an abelian group."""
    from grouprep.irreps.little_groups import semidirect_irreps

    return semidirect_irreps(G)


register_family(
    GroupFamily(
        name="Semidirect",
        constructor=Metacyclic,
        pattern=r"C(\d{1,6}):C(\d{1,6})",
        example="C7:C3",
        irreps=_irreps,
        irreps_of="semidirect products of an abelian group",
    )
)
