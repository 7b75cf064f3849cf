"""Weights of irreps with multiplicities, by Freudenthal's formula."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from grouprep.irreps.highest_weight.root_systems import RootDatum, Vector, pairing, plus

__all__ = ["dominant_multiplicities", "weight_multiplicities"]


@lru_cache(maxsize=1024)
def dominant_multiplicities(datum: RootDatum, top: Vector) -> dict[Vector, int]:
    """The dominant weights of the irrep with highest weight `top`, with multiplicities, from the top down.

    Examples
    --------
    >>> from grouprep.irreps.highest_weight.root_systems import simply_connected
    >>> dominant_multiplicities(simply_connected("A", 2), (1, 1))
    {(1, 1): 1, (0, 0): 2}

    References
    ----------
    R. V. Moody and J. Patera, Fast recursion formula for weight multiplicities, Bull. AMS 7 (1982), whose first step this is;
    Humphreys (1972), section 22.3 (Freudenthal).
    """
    roots = datum.positive_roots
    coroots = [h for _, h in roots]

    def form(v: Vector, w: Vector) -> int:  # invariant under the Weyl group, positive on the span of the roots
        return sum(pairing(v, h) * pairing(w, h) for h in coroots)

    found = {top}
    fresh = [top]
    while fresh:  # all dominant weights below: each is reached by subtracting positive roots through dominant ones
        w = fresh.pop()
        for a, _ in roots:
            v = plus(w, a, -1)
            if v not in found and datum.is_dominant(v):
                found.add(v)
                fresh.append(v)
    order = sorted(found, key=lambda w: (-datum.height(w), tuple(-x for x in w)))
    shifted = plus(datum.twice_rho, top, 2)
    size = form(shifted, shifted)
    out = {top: 1}
    for w in order[1:]:
        total = 0
        for a, _ in roots:
            v = plus(w, a)
            while multiplicity := out.get(datum.dominant(v)[0], 0):
                total += multiplicity * form(v, a)
                v = plus(v, a)
        centre = plus(datum.twice_rho, w, 2)
        out[w] = 8 * total // (size - form(centre, centre))  # the vectors are doubled
    return out


@lru_cache(maxsize=1024)
def weight_multiplicities(datum: RootDatum, top: Vector) -> Counter[Vector]:
    """All weights of the irrep with highest weight `top`, with multiplicities.

    Examples
    --------
    >>> from grouprep.irreps.highest_weight.root_systems import simply_connected
    >>> len(weight_multiplicities(simply_connected("G", 2), (1, 0)))
    7
    """
    return Counter(
        {v: multiplicity for w, multiplicity in dominant_multiplicities(datum, top).items() for v in datum.orbit(w)}
    )
