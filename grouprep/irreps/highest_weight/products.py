"""Characters as sums of irreducible ones: tensor products, symmetric and exterior powers, by highest weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

from grouprep.errors import AmbiguousRank
from grouprep.irreps.highest_weight.root_systems import RootDatum, Vector, plus, weyl_dimension
from grouprep.irreps.highest_weight.weights import weight_multiplicities

__all__ = ["constituents", "exterior_power", "symmetric_power", "tensor_product"]


def constituents(datum: RootDatum, weights: Mapping[Vector, int], top: Vector | None = None) -> dict[Vector, int]:
    """The highest weights in a representation with given weights, times the irrep with highest weight `top`, with multiplicities.

    Each weight w of the first factor counts as the irrep of highest weight top + w, straightened: reflected to the dominant
    chamber about -rho, with a sign, or 0 if it lies on a wall.

    Raises
    ------
    AmbiguousRank
        If the weights are not those of a representation.

    Examples
    --------
    >>> from grouprep.irreps.highest_weight.root_systems import simply_connected
    >>> constituents(simply_connected("A", 1), {(2,): 1, (0,): 2, (-2,): 1})
    {(2,): 1, (0,): 1}

    References
    ----------
    R. Brauer (1937) and A. U. Klimyk (1968); Humphreys (1972), exercise 24.9; for top = 0 Weyl's character formula.
    """
    total: Counter[Vector] = Counter()
    rho = datum.twice_rho
    for w, multiplicity in weights.items():
        v = plus(rho, w if top is None else plus(w, top), 2)
        v, sign = datum.dominant(v)
        if min(datum.labels(v), default=1) > 0:
            total[tuple((x - y) // 2 for x, y in zip(v, rho, strict=True))] += sign * multiplicity
    size = sum(weights.values()) * (1 if top is None else weyl_dimension(datum, top))
    if min(total.values(), default=0) < 0 or size != sum(m * weyl_dimension(datum, w) for w, m in total.items() if m):
        raise AmbiguousRank("the weights are not those of a representation")
    found = [w for w, m in total.items() if m]
    return {w: total[w] for w in sorted(found, key=lambda w: (-datum.height(w), tuple(-x for x in w)))}


def tensor_product(datum: RootDatum, first: Vector, second: Vector) -> dict[Vector, int]:
    """The highest weights in the tensor product of two irreps, with multiplicities, highest first.

    Examples
    --------
    >>> from grouprep.irreps.highest_weight.root_systems import simply_connected
    >>> tensor_product(simply_connected("A", 2), (1, 1), (1, 1))
    {(2, 2): 1, (3, 0): 1, (0, 3): 1, (1, 1): 2, (0, 0): 1}

    References
    ----------
    Humphreys (1972), exercise 24.9 (Brauer-Klimyk).
    """
    small, large = sorted((first, second), key=lambda w: datum.height(w))
    return constituents(datum, weight_multiplicities(datum, small), large)


def symmetric_power(datum: RootDatum, top: Vector, k: int) -> dict[Vector, int]:
    """The highest weights in the k-th symmetric power of an irrep, with multiplicities.

    Examples
    --------
    >>> from grouprep.irreps.highest_weight.root_systems import simply_connected
    >>> symmetric_power(simply_connected("G", 2), (1, 0), 2)
    {(2, 0): 1, (0, 0): 1}
    """
    return constituents(datum, _power(weight_multiplicities(datum, top), k, datum.rank, 1))


def exterior_power(datum: RootDatum, top: Vector, k: int) -> dict[Vector, int]:
    """The highest weights in the k-th exterior power of an irrep, with multiplicities; none beyond its dimension.

    Examples
    --------
    >>> from grouprep.irreps.highest_weight.root_systems import simply_connected
    >>> exterior_power(simply_connected("G", 2), (1, 0), 2)
    {(0, 1): 1, (1, 0): 1}
    """
    return constituents(datum, _power(weight_multiplicities(datum, top), k, datum.rank, -1))


def _power(weights: Mapping[Vector, int], k: int, rank: int, sign: int) -> dict[Vector, int]:
    """The weights of a power by Newton's identities, j h_j = sum_i (+-1)^(i - 1) p_i h_(j - i)."""
    powers: list[dict[Vector, Fraction]] = [{(0,) * rank: Fraction(1)}]
    for j in range(1, k + 1):
        total: dict[Vector, Fraction] = {}
        for i in range(1, j + 1):
            factor = Fraction(sign ** (i - 1), j)
            for w, m in weights.items():
                for v, c in powers[j - i].items():
                    u = plus(v, w, i)
                    total[u] = total.get(u, Fraction(0)) + factor * m * c
        powers.append({w: c for w, c in total.items() if c})
    return {w: int(c) for w, c in powers[k].items()}
