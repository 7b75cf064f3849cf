"""The orthogonal groups O(n), rotations and reflections; their identity components are the SO(n)."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

from grouprep.families._common import checked_size, plane_torus, rotations, sign_change, so_roots, symplectic_roots
from grouprep.families.special_orthogonal import SO
from grouprep.groups.base import Group
from grouprep.groups.lie import CartanComponent, LieGroup
from grouprep.groups.registry import GroupFamily, numbered, register_family

if TYPE_CHECKING:
    from grouprep.irreps.family import Family

__all__ = ["O"]


def O(n: int) -> LieGroup:  # noqa: E743
    """The orthogonal group O(n), n >= 2: SO(n) and the reflection of the first axis.

    Raises
    ------
    GroupRepError
        If n is not an integer >= 2.

    Examples
    --------
    >>> from projectors import Hom
    >>> V = O(3).defining()
    >>> Hom(V**2, V**2).dim
    3

    References
    ----------
    Characters on the component of determinant -1: H. Weyl, The Classical Groups, chapter VII.9 (O(2m) meets Sp(2m - 2)).
    """
    n = checked_size(n, "O", 2, 64)
    G = LieGroup.from_algebra(rotations(n), [sign_change(n, [0])], name=f"O({n})")
    rank = (n - 1) // 2
    odd = n % 2 == 1
    other = so_roots(rank, odd=True, shifted=True) if odd else symplectic_roots(rank)
    cartan = [
        CartanComponent(None, plane_torus(n, 0), tuple(so_roots(n // 2, odd))),
        CartanComponent(0, plane_torus(n, 1), tuple(other)),
    ]
    return LieGroup(G.algebra, G.components, name=G.name, cartan=cartan)


def _irreps(G: Group) -> Family | None:
    """Of O(n): frequencies for n = 2, spins for n = 3, by whatever generators, else partitions."""
    from grouprep.irreps.highest_weight.charts import full_orthogonal
    from grouprep.irreps.highest_weight.orthogonal import OrthogonalFamily
    from grouprep.irreps.plane import PlaneFamily
    from grouprep.irreps.plane_elements import CirclePlaneElements
    from grouprep.irreps.spin import SpinFamily
    from grouprep.irreps.spin_generators import is_spin_group

    if not isinstance(G, LieGroup):
        return None
    if is_spin_group(G, "O(3)"):
        return SpinFamily(G, "O(3)")
    if not 2 <= G.n <= 64 or G.n == 3 or len(G.components) != 1 or len(G.algebra) != comb(G.n, 2) or G != O(G.n):
        return None
    return PlaneFamily(CirclePlaneElements(G)) if G.n == 2 else OrthogonalFamily(G, full_orthogonal(SO(G.n)))


register_family(
    GroupFamily(
        name="O",
        constructor=O,
        pattern=numbered("O"),
        example="O(3)",
        irreps=_irreps,
        irreps_of="O(n)",
        neighbours={"emlp": {"O": O}},
    )
)
