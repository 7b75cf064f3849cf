"""Graphs of numbered nodes, in the form that scipy's csgraph reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from grouprep.typing import Integers

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["components", "graph"]


def graph(count: int, tails: ArrayLike, heads: ArrayLike) -> csr_array:
    """The graph (count, count) with an edge from each tail to its head.

    Its indices have 32 bits whatever the lists have: given 64, csgraph of scipy 1.11 prints a notice and leaves its result unset.
    """
    from scipy.sparse import csr_array

    i, j = np.asarray(tails, dtype=np.int32), np.asarray(heads, dtype=np.int32)
    return csr_array((np.ones(len(i), dtype=np.int32), (i, j)), shape=(count, count))


def components(count: int, tails: ArrayLike, heads: ArrayLike) -> tuple[int, Integers]:
    """How many connected components the graph has, and the component (count,) of each node.

    Examples
    --------
    >>> from grouprep.linalg.graphs import components
    >>> number, labels = components(4, [0, 2], [3, 1])
    >>> number, bool(labels[0] == labels[3] != labels[1] == labels[2])
    (2, True)
    """
    from scipy.sparse.csgraph import connected_components

    number, labels = connected_components(graph(count, tails, heads), directed=False)
    return int(number), np.asarray(labels)
