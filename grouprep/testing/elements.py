"""Elements of any group as the laws need them: random ones, single ones out of a stack, comparison, exponentials."""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm

from grouprep.errors import UnsupportedGroup
from grouprep.groups import Group, LieGroup
from grouprep.linalg import as_float
from grouprep.testing.bounds import gamma, norm
from grouprep.typing import Element, Floats

__all__ = ["draw", "exponential", "same_elements", "take"]


def draw(G: Group, n: int, rng: np.random.Generator) -> Element:
    """n random elements stacked along a leading axis: Haar distributed where a sampler is known, else just random.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Lorentz
    >>> draw(Lorentz(), 5, np.random.default_rng(0)).shape
    (5, 4, 4)
    """
    if len(G.factors) > 1 and not G.is_finite:
        return tuple(draw(H, n, rng) for H in G.factors)
    try:
        return G.sample(n, rng)
    except UnsupportedGroup:
        if not isinstance(G, LieGroup):
            raise
        return G.random(n, rng)


def take(g: Element, k: int | slice) -> Element:
    """The k-th element (or a slice) of a stack of elements, which may be a tuple of stacks."""
    return tuple(take(x, k) for x in g) if isinstance(g, tuple) else g[k]


def same_elements(G: Group, g: Element, h: Element, steps: int = 1) -> bool:
    """Whether two elements, or two stacks of them, are equal: exactly for finite groups, to rounding for matrices.

    steps : how many products and inverses of matrices the two came from.
    """
    if G.is_finite:
        return bool(np.array_equal(np.asarray(g), np.broadcast_to(h, np.shape(g))))
    if len(G.factors) > 1:
        return all(same_elements(H, x, y, steps) for H, x, y in zip(G.factors, g, h, strict=True))
    x, y = np.asarray(g), np.asarray(h)
    size = max(norm(x), norm(y), 1.0)
    return norm(x - y) <= gamma((steps + 1) * x.shape[-1]) * size ** (steps + 1)


def exponential(G: Group, coefficients: Floats) -> Element:
    """exp(sum c_k A_k) for the algebra generators of G, as an element."""
    if G.is_finite:
        return G.identity()
    if isinstance(G, LieGroup):
        return expm(np.tensordot(coefficients, np.array([as_float(a) for a in G.algebra]), 1))
    parts, start = [], 0
    for H in G.factors:
        count = sum(a.kind == "algebra" for a in H.generator_names)
        parts.append(exponential(H, coefficients[start : start + count]))
        start += count
    return tuple(parts)
