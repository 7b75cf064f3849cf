"""The Lorentz group O(1, 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouprep.families._common import matrix, no_size, rotations, sign_change
from grouprep.families.special_linear import SL2C
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, register_family

if TYPE_CHECKING:
    from grouprep.irreps.family import Family

__all__ = ["Lorentz"]


def Lorentz(*size: object) -> LieGroup:
    """The Lorentz group O(1, 3) in coordinates (t, x, y, z): rotations, boosts, parity and time reversal; not compact.

    Raises
    ------
    GroupRepError
        If a size is given.

    Examples
    --------
    >>> from projectors import Hom
    >>> V = Lorentz().defining()
    >>> Hom(V**2, V**2, inner="euclidean").dim
    3
    """
    no_size(size, "Lorentz", "O(1, 3); other signatures are LieGroup.from_algebra(generators, components)")
    boosts = [matrix(4, {(0, i): 1, (i, 0): 1}) for i in (1, 2, 3)]
    parity, reversal = sign_change(4, (1, 2, 3)), sign_change(4, [0])
    return LieGroup.from_algebra(rotations(4, start=1) + boosts, [parity, reversal], name="O(1,3)")


def _irreps(G: Group) -> Family | None:
    """Of O(1, 3): pairs of spins, joined by parity; those of SL(2, C) where their sum is a half-integer."""
    from grouprep.irreps.highest_weight.lorentz import LorentzFamily, SpinorFamily

    if not isinstance(G, LieGroup) or G.n != 4 or len(G.components) != 2 or G != Lorentz():
        return None
    return LorentzFamily(G, SpinorFamily(SL2C()))


register_family(
    GroupFamily(
        name="Lorentz",
        constructor=Lorentz,
        pattern=r"O\(1, ?3\)|Lorentz(?:\(\))?",
        example="O(1,3)",
        irreps=_irreps,
        irreps_of="O(1,3)",
        neighbours={"emlp": {"O13": Lorentz, "Lorentz": Lorentz}},
    )
)
