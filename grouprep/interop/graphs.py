"""Automorphism groups of graphs, networkx's, pynauty's or as matrices, acting on their nodes.

References
----------
B. D. McKay, A. Piperno, Practical graph isomorphism, II, J. Symbolic Computation 60 (2014), 94-112: colours are refined, a node is
individualised, and refined again. Here the search goes up the chain of stabilisers, and every generator is checked against the matrix.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from grouprep import FiniteGroup
from grouprep.errors import GroupRepError, TooLarge, shown
from grouprep.linalg.memory import require_memory
from grouprep.typing import Array, Integers

__all__ = ["automorphism_group"]

_VISITS = 20_000  # of the search: colourings that are refined


def automorphism_group(
    graph: object,
    colour: str | Iterable[object] | None = None,
    weight: str | None = None,
    name: str = "",
) -> FiniteGroup:
    """The permutations of a graph's nodes that keep edges, their directions and weights, and the nodes' colours.

    Parameters
    ----------
    graph : a graph of networkx, directed or not (of several edges between two nodes the sorted weights count); a `pynauty.Graph` with
        its colouring; or a matrix (n, n), numpy or scipy sparse, whose entry [i, j] is the weight of the edge from i to j, 0 for none.
    colour : the name of a node attribute of networkx that automorphisms keep, or a colour for each node in order.
    weight : the name of an edge attribute of networkx that automorphisms keep; by default edges are alike. Weights are compared exactly.
    name : how the group is printed.

    Returns
    -------
    A FiniteGroup of permutations of 0..n-1, where node k is `list(graph)[k]`, in networkx's order of insertion: `G.natural()` permutes
    the entries of an array over the nodes in this order. Generators are the same for the same graph in the same order.

    Raises
    ------
    GroupRepError
        If the object is no graph, or a colour or a weight is missing.
    TooLarge
        If the search would be too long: there are graphs (strongly regular ones, projective planes) that need a better program.
        Generators by pynauty come in as `FiniteGroup.from_permutations(pynauty.autgrp(graph)[0])`.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])
    >>> automorphism_group(square).order, automorphism_group(square, colour="abab").order
    (8, 4)
    """
    labels, colours = _read(graph, colour, weight)
    n = len(labels)
    require_memory(10 * labels.nbytes, f"the automorphisms of a graph of {n:,} nodes")
    found = _Search(labels, colours).generators()
    return FiniteGroup.from_permutations(found or [list(range(n))], name=name or f"Aut(graph of {n} nodes)")


# --- reading


def _read(graph: Any, colour: Any, weight: Any) -> tuple[Integers, Integers]:
    """The graph as a matrix (n, n) of numbers of kinds of edges, and the number of each node's colour."""
    given: list[object] | None = None
    if hasattr(graph, "adjacency_dict") and hasattr(graph, "vertex_coloring"):
        labels, given = _from_pynauty(graph)
    elif hasattr(graph, "nodes") and hasattr(graph, "edges") and hasattr(graph, "is_directed"):
        labels = _from_networkx(graph, weight)
    else:
        labels = _from_matrix(graph)
    if weight is not None and not hasattr(graph, "nodes"):
        raise GroupRepError(
            "weight is the name of an edge attribute of a networkx graph; a matrix holds the weights itself"
        )
    n = len(labels)
    if n == 0:
        raise GroupRepError("the graph has no nodes")
    if isinstance(colour, str) and hasattr(graph, "nodes"):
        missing = [v for v, data in graph.nodes(data=True) if colour not in data]
        if missing:
            raise GroupRepError(f"node {shown(missing[0])} has no attribute {colour!r:.40}; set it on every node")
        given = [data[colour] for _, data in graph.nodes(data=True)]
    elif colour is not None:
        if not isinstance(colour, Iterable):
            raise GroupRepError(
                f"colour must be the name of a node attribute or a list of {n} colours, got {shown(colour)}"
            )
        given = list(colour)
        if len(given) != n:
            raise GroupRepError(f"colour has {len(given)} entries, the graph has {n} nodes")
    return labels, np.zeros(n, dtype=np.int64) if given is None else _numbered(given)


def _numbered(values: list[Any]) -> Integers:
    """Equal values as equal numbers, in order of first occurrence."""
    number: dict[Hashable, int] = {}
    try:
        return np.array([number.setdefault(x, len(number)) for x in values], dtype=np.int64)
    except TypeError:
        return np.array([number.setdefault(repr(x), len(number)) for x in values], dtype=np.int64)


def _from_networkx(graph: Any, weight: str | None) -> Integers:
    nodes = {v: k for k, v in enumerate(graph.nodes)}
    require_memory(80 * len(nodes) ** 2, f"the automorphisms of a graph of {len(nodes):,} nodes")
    kinds: dict[tuple[int, int], list[object]] = {}
    for u, v, data in graph.edges(data=True):
        if weight is not None and weight not in data:
            raise GroupRepError(f"edge {shown((u, v))} has no attribute {weight!r:.40}; set it on every edge")
        value = None if weight is None else data[weight]
        i, j = nodes[u], nodes[v]
        kinds.setdefault((i, j), []).append(value)
        if not graph.is_directed() and i != j:
            kinds.setdefault((j, i), []).append(value)
    out = np.zeros((len(nodes), len(nodes)), dtype=np.int64)
    if kinds:
        numbers = _numbered([tuple(sorted(values, key=repr)) for values in kinds.values()])
        for (i, j), k in zip(kinds, numbers.tolist(), strict=True):
            out[i, j] = k + 1
    return out


def _from_pynauty(graph: Any) -> tuple[Integers, list[object] | None]:
    n = int(graph.number_of_vertices)
    require_memory(80 * n**2, f"the automorphisms of a graph of {n:,} nodes")
    out = np.zeros((n, n), dtype=np.int64)
    for v, ends in graph.adjacency_dict.items():
        for w in ends:
            out[v, w] = 1
            if not graph.directed:
                out[w, v] = 1
    cells = graph.vertex_coloring
    if not cells:
        return out, None
    colours: list[object] = [len(cells)] * n
    for k, cell in enumerate(cells):
        for v in cell:
            colours[v] = k
    return out, colours


def _from_matrix(graph: Any) -> Integers:
    try:
        array: Array = np.asarray(graph.toarray() if hasattr(graph, "toarray") else graph)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.dtype.kind not in "biufc":
        raise GroupRepError(
            f"graph must be a graph of networkx or pynauty, or a square matrix of weights, got {shown(graph)}"
        )
    if not np.isfinite(array).all():
        raise GroupRepError("graph has NaN or infinite weights")
    numbers: Integers = np.unique(array, return_inverse=True)[1].reshape(array.shape).astype(np.int64)
    return numbers


# --- searching


class _Search:
    """Generators of the automorphisms of a matrix of labels with colours on the nodes."""

    def __init__(self, labels: Integers, colours: Integers) -> None:
        self.labels = labels
        both = labels * (int(labels.max(initial=0)) + 1) + labels.T  # an edge as it is seen from both ends
        self.both = np.unique(both, return_inverse=True)[1].reshape(labels.shape)
        self.colours = self.refined(colours * (int(labels.max(initial=0)) + 1) + np.diag(labels))
        self.visits = 0

    def refined(self, colours: Integers) -> Integers:
        """The coarsest colouring under the given one in which nodes of one colour see the same.

        Numbers of colours do not depend on the order of the nodes.
        """
        colours = np.unique(colours, return_inverse=True)[1].reshape(-1)
        count = int(colours.max()) + 1
        kinds = int(self.both.max()) + 1
        while True:
            seen = np.sort(self.both + kinds * colours[None, :], axis=1)
            rows = np.column_stack([colours, seen])
            new = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)
            found = int(new.max()) + 1
            if found == count:
                return colours
            colours, count = new, found

    def fixed(self, colours: Integers, v: int) -> Integers:
        """The colouring with a node made the only one of a new colour, refined."""
        self.visits += 1
        if self.visits > _VISITS:
            raise TooLarge(
                f"more than {_VISITS:,} steps of the search for automorphisms of this graph of {len(self.labels)} nodes; "
                "let pynauty find generators: FiniteGroup.from_permutations(pynauty.autgrp(graph)[0])"
            )
        new = 2 * colours + 1
        new[v] -= 1
        return self.refined(new)

    def generators(self) -> list[list[int]]:
        """A strong generating set: for each node of a base, images that its stabiliser's known elements do not reach."""
        chain = [self.colours]
        base: list[int] = []
        while (cell := _cell(chain[-1])) is not None:
            base.append(int(cell[0]))
            chain.append(self.fixed(chain[-1], base[-1]))
        found: list[Integers] = []
        for level in reversed(range(len(base))):
            v = base[level]
            for w in np.flatnonzero(chain[level] == chain[level][v]).tolist():
                # What was found further down fixes this level's base; so do those of this level.
                if w in _orbit(found, v):
                    continue
                perm = self.extend(chain, base, level, chain[level], w)
                if perm is not None:
                    found.append(perm)
        return [p.tolist() for p in found]

    def extend(self, chain: list[Integers], base: list[int], level: int, colours: Integers, w: int) -> Integers | None:
        """An automorphism that goes on from colours to the chain's, and sends the base's next node to w; None if there is none."""
        image = self.fixed(colours, w)
        target = chain[level + 1]
        if not np.array_equal(np.bincount(image, minlength=len(image)), np.bincount(target, minlength=len(image))):
            return None
        if level + 1 == len(base):
            perm = np.empty(len(image), dtype=np.int64)
            perm[np.argsort(target)] = np.argsort(image)
            return perm if np.array_equal(self.labels[np.ix_(perm, perm)], self.labels) else None
        following = target[base[level + 1]]
        for x in np.flatnonzero(image == following).tolist():
            perm_or_none = self.extend(chain, base, level + 1, image, x)
            if perm_or_none is not None:
                return perm_or_none
        return None


def _cell(colours: Integers) -> Integers | None:
    """The nodes of the first colour that several have."""
    several = np.flatnonzero(np.bincount(colours) > 1)
    return np.flatnonzero(colours == several[0]) if len(several) else None


def _orbit(perms: list[Integers], v: int) -> set[int]:
    out, waiting = {v}, [v]
    while waiting:
        x = waiting.pop()
        for p in perms:
            y = int(p[x])
            if y not in out:
                out.add(y)
                waiting.append(y)
    return out
