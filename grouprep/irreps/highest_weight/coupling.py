"""Clebsch-Gordan coefficients of compact connected groups: the isometries of an irrep into a tensor product of two, exactly.

Highest-weight vectors of the product are the kernel of the raising operators in one weight space; the rest follows by lowering.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.irreps.highest_weight.family import HighestWeightFamily
from grouprep.irreps.highest_weight.irreps import HighestWeightIrrep
from grouprep.irreps.highest_weight.modules import Module, extended
from grouprep.irreps.highest_weight.products import tensor_product
from grouprep.irreps.highest_weight.root_systems import Vector, plus
from grouprep.linalg.roots import rounded_root
from grouprep.typing import Array

if TYPE_CHECKING:
    from sympy import Array as ExactArray

__all__ = ["coupled_irreps", "coupling", "coupling_exact"]

Vectors = dict[int, Any]

Entries = dict[tuple[int, int, int, int], tuple[Fraction, Fraction]]
"""(copy, row of the first, row of the second, row of the third): the coefficient n sqrt(q)."""


def coupled_irreps(first: HighestWeightIrrep, second: HighestWeightIrrep) -> list[tuple[HighestWeightIrrep, int]]:
    """The irreps in the tensor product of two complex ones with their multiplicities, in canonical order; no matrices are made.

    Examples
    --------
    >>> from grouprep import SU
    >>> octet = SU(3).irrep((1, 1), field="complex")
    >>> [(I.dim, m) for I, m in coupled_irreps(octet, octet)]
    [(1, 1), (8, 2), (10, 1), (10, 1), (27, 1)]
    """
    family = _common_family(first, second)
    found = tensor_product(family.chart.datum, first.weight, second.weight)
    pairs = [(family.irrep_of(w, "complex"), m) for w, m in found.items()]
    return sorted(pairs, key=lambda pair: pair[0].position)


def coupling(first: HighestWeightIrrep, second: HighestWeightIrrep, third: HighestWeightIrrep) -> Array:
    """The isometries C[a] of the third irrep into the product of two: (first x second)(g) C[a] = C[a] third(g).

    Parameters
    ----------
    first, second, third : complex irreps of one compact connected group, in their unitary bases.

    Returns
    -------
    (m, dim first, dim second, dim third) float64, m the multiplicity; C[a]* C[b] is 1 if a = b, else 0. Every entry is the nearest
    float. Of the coefficients of the highest-weight vector, the first that is not 0 is positive.

    Raises
    ------
    GroupRepError
        If the third does not occur in the product, or irreps are real or of several groups.

    Examples
    --------
    >>> from grouprep import SU
    >>> quark, octet = (SU(3).irrep(l, field="complex") for l in ((1, 0), (1, 1)))
    >>> coupling(quark, quark.conjugated, octet).shape, coupling(octet, octet, octet).shape
    ((1, 3, 3, 8), (2, 8, 8, 8))

    References
    ----------
    J. J. de Swart, The octet model and its Clebsch-Gordan coefficients, Rev. Mod. Phys. 35 (1963); A. Alex et al., J. Math. Phys. 52,
    023507 (2011), for SU(n) by highest-weight vectors.
    """
    shape, entries = _table(first, second, third)
    out = np.zeros(shape)
    for place, (n, q) in entries.items():
        out[place] = rounded_root(n, q)
    return out


def coupling_exact(first: HighestWeightIrrep, second: HighestWeightIrrep, third: HighestWeightIrrep) -> ExactArray:
    """`coupling` exactly, as a sympy array of the same shape with entries n sqrt(q), n and q rational.

    Examples
    --------
    >>> from grouprep import SU
    >>> quark = SU(3).irrep((1, 0), field="complex")
    >>> coupling_exact(quark, quark, quark.conjugated)[0, 0, 1, 0]
    sqrt(2)/2

    References
    ----------
    As for `coupling`.
    """
    from sympy import ImmutableSparseNDimArray, Rational, sqrt

    shape, entries = _table(first, second, third)
    values = {
        int(np.ravel_multi_index(place, shape)): Rational(n.numerator, n.denominator)
        * sqrt(Rational(q.numerator, q.denominator))
        for place, (n, q) in entries.items()
    }
    return ImmutableSparseNDimArray(values, shape)


def _common_family(*irreps: HighestWeightIrrep) -> HighestWeightFamily:
    for k, I in enumerate(irreps):
        if not isinstance(I, HighestWeightIrrep) or type(I.family) is not HighestWeightFamily:
            raise GroupRepError(
                f"irrep {k + 1} = {I!r:.60} must be an irrep by highest weight of a compact connected group, such as SU(3); spins have "
                "clebsch_gordan, and every product decompose"
            )
        if I.over != "complex":
            raise GroupRepError(f'irrep {k + 1} = {I} is real; take complex ones: irrep(label, field="complex")')
        if I.group != irreps[0].group:
            raise GroupRepError(f"irrep {k + 1} = {I} is one of {I.group}, the first one of {irreps[0].group}")
    return irreps[0].family


def _table(
    first: HighestWeightIrrep, second: HighestWeightIrrep, third: HighestWeightIrrep
) -> tuple[tuple[int, int, int, int], Entries]:
    family = _common_family(first, second, third)
    found = tensor_product(family.chart.datum, first.weight, second.weight)
    if third.weight not in found:
        names = ", ".join(I.label for I, _ in coupled_irreps(first, second))
        raise GroupRepError(f"{third.label} does not occur in {first.label} x {second.label}, which holds {names:.300}")
    entries = _entries(family, first.weight, second.weight, third.weight)
    return (found[third.weight], first.dim, second.dim, third.dim), entries


@lru_cache(maxsize=64)
def _entries(family: HighestWeightFamily, first: Vector, second: Vector, third: Vector) -> Entries:
    (A, a), (B, b), (C, c) = (family.modules(w) for w in (first, second, third))
    d = B.dim
    lengths = [x * y for x in A.lengths for y in B.lengths]

    def lower(i: int, vector: Vectors) -> Vectors:
        return _step(A.lowering[i], B.lowering[i], vector, d)

    out: Entries = {}
    for copy, top in enumerate(_tops(family, A, B, C.weights[0], lengths)):
        norm = sum(x * x * lengths[k] for k, x in top.items())
        size = Fraction(int(norm.p), int(norm.q))
        for column, vector in enumerate(extended(C, top, lower)):
            for k, x in vector.items():
                i, j = divmod(k, d)
                square = a.squares[i] * b.squares[j] / (c.squares[column] * size)
                out[copy, i, j, column] = (Fraction(int(x.p), int(x.q)), square)
    return out


def _step(f: list[Vectors], g: list[Vectors], vector: Vectors, d: int) -> Vectors:
    """(f x 1 + 1 x g) v on pairs i d + j."""
    out: Vectors = {}
    for k, x in vector.items():
        i, j = divmod(k, d)
        for r, y in f[i].items():
            out[r * d + j] = out.get(r * d + j, 0) + x * y
        for r, y in g[j].items():
            out[i * d + r] = out.get(i * d + r, 0) + x * y
    return {k: x for k, x in out.items() if x}


def _tops(family: HighestWeightFamily, A: Module, B: Module, top: Vector, lengths: list[Any]) -> list[Vectors]:
    """Orthogonal highest-weight vectors of a weight in the product, from the reduced echelon form of all of them."""
    from flint import fmpq, fmpq_mat

    d = B.dim
    seconds: dict[Vector, list[int]] = {}
    for j, w in enumerate(B.weights):
        seconds.setdefault(w, []).append(j)
    pairs = [i * d + j for i, w in enumerate(A.weights) for j in seconds.get(plus(top, w, -1), ())]
    equations: dict[tuple[int, int], Vectors] = {}
    for i in range(len(A.lowering)):
        e, f = A.raising(i), B.raising(i)
        for column, k in enumerate(pairs):
            for r, x in _step(e, f, {k: fmpq(1)}, d).items():
                equations.setdefault((i, r), {})[column] = x
    system = fmpq_mat(max(len(equations), 1), len(pairs))
    for row, entries in enumerate(equations.values()):
        for column, x in entries.items():
            system[row, column] = x
    kernel = _echelon(_kernel(system))
    out: list[Vectors] = []
    for vector in kernel:
        v = {pairs[column]: x for column, x in vector.items()}
        for u in out:
            overlap = sum((x * u[k] * lengths[k] for k, x in v.items() if k in u), fmpq(0))
            if overlap:
                overlap /= sum(x * x * lengths[k] for k, x in u.items())
                for k, x in u.items():
                    v[k] = v.get(k, fmpq(0)) - overlap * x
        out.append({k: x for k, x in v.items() if x})
    return out


def _kernel(system: Any) -> Any:
    """The kernel of a rational matrix, as the rows of one."""
    from flint import fmpq_mat

    reduced, rank = system.rref()
    n = system.ncols()
    pivots = [next(j for j in range(n) if reduced[i, j]) for i in range(rank)]
    free = [j for j in range(n) if j not in set(pivots)]
    out = fmpq_mat(len(free), n)
    for row, j in enumerate(free):
        out[row, j] = 1
        for i, p in enumerate(pivots):
            out[row, p] = -reduced[i, j]
    return out


def _echelon(rows: Any) -> list[Vectors]:
    reduced, rank = rows.rref()
    return [{j: reduced[i, j] for j in range(rows.ncols()) if reduced[i, j]} for i in range(rank)]
