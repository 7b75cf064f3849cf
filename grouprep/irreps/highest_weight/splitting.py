"""Unitary matrices of a compact connected group split into irreps by highest weights."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import AmbiguousRank
from grouprep.irreps.highest_weight.products import constituents
from grouprep.irreps.highest_weight.root_systems import Vector, plus
from grouprep.typing import Array

if TYPE_CHECKING:
    from grouprep.irreps.highest_weight.family import HighestWeightFamily

__all__ = ["lowered", "split_weights", "weight_spaces"]

_FAR = 0.25  # how far from an integer an eigenvalue of the torus may be: half of what separates two of them


def split_weights(family: HighestWeightFamily, stack: Array) -> list[tuple[Vector, Array]]:
    """Highest weights with isometric intertwiners (m, n, d).

    stack : (generators, n, n), the matrices of the group's generators of the Lie algebra, anti-Hermitian.

    Highest-weight vectors are the joint kernel of the raising operators in a weight space; how many there are is known from the
    weights. What the irrep's basis vectors are in terms of lowered ones is a least-squares problem in the irrep.
    """
    torus, raising = operators(family, stack)
    spaces = weight_spaces(torus)
    datum = family.chart.datum
    found = constituents(datum, Counter({w: B.shape[1] for w, B in spaces.items()}))
    out = []
    for w, multiplicity in found.items():
        B = spaces[w]
        steps = [
            spaces[v].conj().T @ (e @ B)
            for e, a in zip(raising, datum.simple_roots, strict=True)
            if (v := plus(w, a)) in spaces
        ]
        kernel = np.eye(B.shape[1])[:, :multiplicity]
        if steps:
            kernel = np.linalg.svd(np.concatenate(steps))[2][B.shape[1] - multiplicity :].conj().T
        out.append((w, lowered(family, w, B @ kernel, raising, spaces)))
    return out


def operators(family: HighestWeightFamily, stack: Array) -> tuple[Array, list[Array]]:
    """The Hermitian matrices of the torus and the raising operators, from those of the generators."""
    chart, expansion = family.chart, family.expansion
    r, roots = chart.datum.rank, len(chart.datum.positive_roots)
    # generators in torus and root vectors; the inverse has the latter in the former
    table = np.zeros((len(stack), r + 2 * roots), dtype=complex)
    for start, terms in ((0, expansion.torus), (r, expansion.up), (r + roots, expansion.down)):
        for k, j, (re, im) in terms:
            table[k, start + j] = float(re) + 1j * float(im)
    inverse = np.linalg.pinv(table)
    numbers = [k for k, _ in enumerate(chart.datum.simple_roots)]
    torus = np.array([-1j * np.tensordot(inverse[j], stack, 1) for j in range(r)])
    raising = [np.tensordot(inverse[r + k], stack, 1) for k in numbers]
    return torus, raising


def weight_spaces(torus: Array) -> dict[Vector, Array]:
    """Orthonormal bases (n, m) of the joint eigenspaces of commuting Hermitian matrices with integer eigenvalues.

    Raises
    ------
    AmbiguousRank
        If an eigenvalue is far from an integer.
    """
    spaces: dict[Vector, Array] = {(): np.eye(torus.shape[-1], dtype=complex)}
    for H in torus:
        finer: dict[Vector, Array] = {}
        for w, B in spaces.items():
            part = B.conj().T @ H @ B
            values, vectors = np.linalg.eigh((part + part.conj().T) / 2)
            whole = np.rint(values).astype(int)
            if np.abs(values - whole).max(initial=0.0) > _FAR:
                raise AmbiguousRank(
                    f"the torus has an eigenvalue {values[np.abs(values - whole).argmax()]:.6g}, no integer: the matrices are no "
                    "representation of the group, or not unitary"
                )
            for x in np.unique(whole):
                finer[(*w, int(x))] = B @ vectors[:, whole == x]
        spaces = finer
    return spaces


def lowered(
    family: HighestWeightFamily, weight: Vector, tops: Array, raising: list[Array], spaces: dict[Vector, Array]
) -> Array:
    """The isometries (m, n, d) that take the irrep's first basis vector to each of the columns of `tops` (n, m)."""
    module, lengths = family.modules(weight)
    datum = family.chart.datum
    lowering = [lengths.scaled(f) for f in module.lowering]
    places: dict[Vector, list[int]] = {}
    for b, w in enumerate(module.weights):
        places.setdefault(w, []).append(b)
    X = np.zeros((tops.shape[1], len(tops), module.dim), dtype=complex)
    X[:, :, 0] = tops.T
    for w, rows in places.items():
        if w == weight:
            continue
        above = [(i, places[v]) for i, a in enumerate(datum.simple_roots) if (v := plus(w, a)) in places]
        F = np.concatenate([lowering[i][np.ix_(rows, columns)] for i, columns in above], axis=1)
        made = np.concatenate([raising[i].conj().T @ X[:, :, columns] for i, columns in above], axis=2)
        B = spaces[w]
        X[:, :, rows] = B @ (B.conj().T @ (made @ np.linalg.pinv(F)))
    return X
