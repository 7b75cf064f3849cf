"""The group SL(2, C), the double cover of the identity component of the Lorentz group."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from grouprep.families._common import Entries, matrix, no_size
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, register_family

if TYPE_CHECKING:
    from grouprep.irreps.family import Family

__all__ = ["SL2C"]


def SL2C(*size: object) -> LieGroup:
    """The group SL(2, C) as a real Lie group, by i sigma_k / 2 (the generators of `SU(2)`) and sigma_k / 2, k = 3, 2, 1; not compact.

    Its irreps (j1, j2) are pairs of spins; (1/2, 0) is the defining one, (0, 1/2) its conjugate, (1/2, 1/2) the vectors of space-time.

    Raises
    ------
    GroupRepError
        If a size is given.

    Examples
    --------
    >>> V = SL2C().irrep(("1/2", 0), field="complex")
    >>> (V * V.conjugate).multiplicities()
    {'(1/2, 1/2)': 1}

    References
    ----------
    W.-K. Tung, Group Theory in Physics (1985), 10.1.
    """
    no_size(size, "SL2C", "SL(2, C); other groups are LieGroup.from_algebra(generators, components)")
    return _sl2c()


@lru_cache(maxsize=1)
def _sl2c() -> LieGroup:
    rotations: list[Entries] = [
        matrix(2, {(0, 0): "I/2", (1, 1): "-I/2"}),
        matrix(2, {(0, 1): "1/2", (1, 0): "-1/2"}),
        matrix(2, {(0, 1): "I/2", (1, 0): "I/2"}),
    ]
    boosts: list[Entries] = [
        matrix(2, {(0, 0): "1/2", (1, 1): "-1/2"}),
        matrix(2, {(0, 1): "-I/2", (1, 0): "I/2"}),
        matrix(2, {(0, 1): "1/2", (1, 0): "1/2"}),
    ]
    return LieGroup.from_algebra(rotations + boosts, name="SL(2,C)")


def _irreps(G: Group) -> Family | None:
    from grouprep.irreps.highest_weight.lorentz import SpinorFamily

    return SpinorFamily(G) if isinstance(G, LieGroup) and G.n == 2 and G == SL2C() else None


register_family(
    GroupFamily(
        name="SL2C",
        constructor=SL2C,
        pattern=r"SL\(2, ?C\)|SL2C(?:\(\))?",
        example="SL(2,C)",
        irreps=_irreps,
        irreps_of="SL(2,C)",
    )
)
