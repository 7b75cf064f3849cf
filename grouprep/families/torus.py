"""Tori: diagonal unitary matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouprep.families._common import checked_size, connected, matrix, unit_torus
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, numbered, register_family

if TYPE_CHECKING:
    from grouprep.irreps.family import Family

__all__ = ["Torus"]


def Torus(n: int) -> LieGroup:
    """The torus of diagonal unitary n x n matrices, n >= 2; for n = 1 it is `U(1)`.

    Its complex irreps are the characters diag(z) -> z_1^k_1 ... z_n^k_n, by the integers k.

    Raises
    ------
    GroupRepError
        If n is not an integer >= 2.

    Examples
    --------
    >>> Torus(2).irrep((1, -2), field="complex").dim
    1
    """
    n = checked_size(n, "Torus", 2, 64)
    return connected(f"Torus({n})", [matrix(n, {(k, k): "I"}) for k in range(n)], unit_torus(n, n, 1), ())


def _irreps(G: Group) -> Family | None:
    from grouprep.irreps.highest_weight.charts import torus
    from grouprep.irreps.highest_weight.family import HighestWeightFamily

    if not isinstance(G, LieGroup) or not 2 <= G.n <= 64 or len(G.algebra) != G.n or G != Torus(G.n):
        return None
    return HighestWeightFamily(G, torus(G))


register_family(
    GroupFamily(
        name="Torus",
        constructor=Torus,
        pattern=numbered("Torus"),
        example="Torus(2)",
        irreps=_irreps,
        irreps_of="Torus(n)",
    )
)
