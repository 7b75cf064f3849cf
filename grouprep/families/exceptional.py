"""The compact group G2, the automorphisms of the octonions."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from grouprep.families._common import Entries, connected, matrix, no_size
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, register_family

if TYPE_CHECKING:
    from grouprep.irreps.family import Family

__all__ = ["G2"]


def G2(*size: object) -> LieGroup:
    """The compact group G2 in SO(7): rotations of the imaginary octonions that keep their product e_i e_(i+1) = e_(i+3), i mod 7.

    Its Lie algebra is that of the rotations a with sum a_ij = 0 over the three pairs with e_i e_j = e_k, for every k.

    Raises
    ------
    GroupRepError
        If a size is given.

    Examples
    --------
    >>> V = G2().defining()
    >>> V.exterior_power(2).multiplicities()
    {'(1, 0)': 1, '(0, 1)': 1}

    References
    ----------
    J. C. Baez, The octonions, Bull. AMS 39 (2002), sections 2.1 and 4.1; Fulton and Harris, Representation Theory, lecture 22.
    """
    no_size(size, "G2", "the only one of its name")
    return _g2()


@lru_cache(maxsize=1)
def _g2() -> LieGroup:
    # the pairs (i, j) with e_i e_j = e_k, one for each of the three lines through k
    from grouprep.irreps.highest_weight.root_systems import simply_connected

    lines = [(i, (i + 1) % 7, (i + 3) % 7) for i in range(7)]
    pairs: dict[int, list[tuple[int, int]]] = {k: [] for k in range(7)}
    for a, b, c in lines:
        pairs[c].append((a, b))
        pairs[a].append((b, c))
        pairs[b].append((c, a))
    generators: list[Entries] = []
    for k in range(7):
        for (i, j), (p, q) in zip(pairs[k], pairs[k][1:], strict=False):
            generators.append(matrix(7, {(j, i): 1, (i, j): -1, (q, p): -1, (p, q): 1}))
    # the coroots of the short and the long simple root, in the first two generators
    torus = ((-1, 1, *[0] * 12), (1, *[0] * 13))
    return connected("G2", generators, torus, ((1, a) for a, _ in simply_connected("G", 2).positive_roots))


def _irreps(G: Group) -> Family | None:
    from grouprep.irreps.highest_weight.charts import exceptional_g2
    from grouprep.irreps.highest_weight.family import HighestWeightFamily

    if not isinstance(G, LieGroup) or G.n != 7 or len(G.algebra) != 14 or G != G2():
        return None
    return HighestWeightFamily(G, exceptional_g2(G))


register_family(GroupFamily(name="G2", constructor=G2, irreps=_irreps))
