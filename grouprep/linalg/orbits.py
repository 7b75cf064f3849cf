"""Intertwiners of monomial matrices: orbits of index pairs, weighted by roots of unity.

If A e_j = a_j e_{alpha(j)} and B e_i = b_i e_{beta(i)}, then X A = B X says
X[beta(i), alpha(j)] = b_i conj(a_j) X[i, j]: X is fixed on each orbit of the index pairs by one entry, and is zero on an
orbit in which some cycle multiplies an entry by something else than 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grouprep.linalg.graphs import graph
from grouprep.linalg.memory import require_memory
from grouprep.linalg.monomial import Monomial, common_modulus
from grouprep.linalg.spaces import OrbitSpace
from grouprep.typing import Integers

__all__ = ["solve_orbits"]


def trivial_space(shape: tuple[int, int]) -> OrbitSpace:
    """All (m, n) matrices: every index pair is its own orbit."""
    n = shape[0] * shape[1]
    return OrbitSpace(shape, n, np.arange(n), np.zeros(n, dtype=np.int64), 1)


def solve_orbits(shape: tuple[int, int], pairs: Sequence[tuple[Monomial, Monomial]]) -> OrbitSpace:
    """The space {X of the given shape (m, n): X A = B X for all pairs (A, B)} of monomial matrices, exactly.

    Parameters
    ----------
    shape : (m, n); every A is (n, n) and every B is (m, m).
    pairs : the pairs (A, B).

    Raises
    ------
    TooLarge
        If m * n index pairs do not fit into memory.

    Examples
    --------
    >>> from grouprep.linalg import Monomial
    >>> swap = Monomial([1, 0])
    >>> solve_orbits((2, 2), [(swap, swap)]).labels
    array([0, 1, 1, 0])

    References
    ----------
    D. G. Higman, Coherent configurations I, Geom. Dedicata 4 (1975), section 1 (orbitals).
    """
    count = shape[0] * shape[1]
    require_memory(count * (4 + 2 * len(pairs)), f"the orbits on {shape[0]} x {shape[1]} index pairs")
    if not pairs:
        return trivial_space(shape)
    modulus = common_modulus(*(m for pair in pairs for m in pair))
    targets, weights = zip(*(_edges(a, b, modulus) for a, b in pairs), strict=True)
    labels, first = _components(count, targets)
    if modulus == 1:
        return OrbitSpace(shape, len(first), labels, np.zeros(count, dtype=np.int64), 1)
    phase = _potentials(count, first, targets, weights, modulus)
    bad = np.zeros(len(first), dtype=bool)
    for target, weight in zip(targets, weights, strict=True):
        bad[labels[(phase[target] - phase - weight) % modulus != 0]] = True
    renumber = np.where(bad, -1, np.cumsum(~bad) - 1)
    labels = renumber[labels]
    return OrbitSpace(shape, int((~bad).sum()), labels, np.where(labels >= 0, phase, 0), modulus)


def _edges(a: Monomial, b: Monomial, modulus: int) -> tuple[Integers, Integers]:
    """Where each index pair goes, and the exponent it picks up on the way."""
    target = (b.perm[:, None] * len(a) + a.perm).ravel()
    return target, (b.exponents(modulus)[:, None] - a.exponents(modulus)).ravel() % modulus


def _components(count: int, targets: Sequence[Integers]) -> tuple[Integers, Integers]:
    """Component of every node, numbered by first occurrence, and the first node of each."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    nodes = np.arange(count, dtype=np.int32)
    indices = np.stack(targets, axis=1).astype(np.int32).ravel()
    pointer = np.arange(count + 1, dtype=np.int32) * len(targets)
    graph = csr_array((np.ones(len(indices), dtype=np.int32), indices, pointer), shape=(count, count))
    number, labels = connected_components(graph, directed=True, connection="weak")
    first = np.empty(number, dtype=np.int64)
    first[labels[::-1]] = nodes[::-1]  # the last assignment wins: the smallest node of each component
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(number)
    return rank[labels].astype(np.int64), first[order]


def _potentials(
    count: int, first: Integers, targets: Sequence[Integers], weights: Sequence[Integers], modulus: int
) -> Integers:
    """An exponent for every node: the weights summed along a path of a spanning tree from the component's first node."""
    from scipy.sparse.csgraph import breadth_first_order

    nodes = np.arange(count)
    tails = np.concatenate([np.tile(nodes, len(targets)), np.full(len(first), count)])
    heads = np.concatenate([*targets, first])
    _, parent = breadth_first_order(graph(count + 1, tails, heads), count, directed=False, return_predecessors=True)
    parent = parent[:count].astype(np.int64)
    root = parent == count
    parent[root] = nodes[root]
    phase, found = np.zeros(count, dtype=np.int64), root.copy()
    for target, weight in zip(targets, weights, strict=True):
        forward = ~found & (target[parent] == nodes)
        phase[forward] = weight[parent[forward]]
        found |= forward
        backward = ~found & (target == parent)
        phase[backward] = -weight[backward]
        found |= backward
    while not root[parent].all():
        phase = (phase + phase[parent]) % modulus
        parent = parent[parent]
    return phase % modulus
