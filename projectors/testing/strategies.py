"""Hypothesis strategies: operators of a given shape or space, and pairs of representations. Needs hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from grouprep.groups import Group
from grouprep.testing.strategies import representations
from grouprep.typing import Array
from projectors.hom import Hom

__all__ = ["homs", "operators"]


@st.composite
def operators(
    draw: st.DrawFn,
    space: Hom | tuple[int, int],
    max_batch: int = 2,
    single: bool = True,
    magnitude: int = 4,
) -> Array:
    """Operators (..., dim W, dim V) for a space, or for a shape.

    Parameters
    ----------
    space : a Hom, or the shape (dim W, dim V).
    max_batch : the largest number of leading axes.
    single : whether float32 and complex64 are drawn too.
    magnitude : entries are drawn up to 10 ** magnitude, and zero matrices among them.

    Examples
    --------
    In a test file::

        @given(operators((2, 3)))
        def test_norms(T): ...
    """
    shape = space.shape if isinstance(space, Hom) else space
    batch = tuple(draw(st.lists(st.integers(1, 3), max_size=max_batch)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    T = rng.standard_normal((*batch, *shape)) * 10.0 ** draw(st.integers(-magnitude, magnitude))
    if draw(st.booleans()):
        T = T + 1j * rng.standard_normal(T.shape) * np.abs(T).max(initial=0.0)
    T = T * draw(st.sampled_from([1, 1, 1, 0]))
    if single and draw(st.booleans()):
        T = T.astype(np.complex64 if T.dtype.kind == "c" else np.float32)
    found: Array = T
    return found


@st.composite
def homs(draw: st.DrawFn, G: Group, max_dim: int = 8) -> Hom:
    """Spaces Hom(V, W) of representations of G of at most that dimension."""
    return Hom(draw(representations(G, max_dim)), draw(representations(G, max_dim)))
