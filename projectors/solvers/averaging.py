"""Solver "averaging": the image of the Reynolds operator, the mean of rho_W(g) X rho_V(g)^-1 over a listed finite group."""

from __future__ import annotations

from typing import Any

import numpy as np

from grouprep.errors import TooLarge, UnsupportedGroup
from grouprep.groups import FiniteGroup
from grouprep.linalg import as_exact, as_float
from grouprep.linalg import matrices as mat
from grouprep.linalg.intertwiners import ExactSpace, FloatSpace, Space
from grouprep.linalg.sparse import add_exact, identity_exact, subtract_exact
from grouprep.representations import Representation

__all__ = ["reynolds_average", "solve_averaging"]

_LIMIT = 50_000_000  # group elements times unknowns


def _check(V: Representation, W: Representation) -> FiniteGroup:
    G = V.group
    if not isinstance(G, FiniteGroup):
        raise UnsupportedGroup(f'solver "averaging" lists the group; {G} is infinite: use solver="constraint"')
    if G.order * V.dim * W.dim > _LIMIT:
        raise TooLarge(
            f"averaging takes {G.order:,} x {V.dim * W.dim:,} terms, at most {_LIMIT:,} are done; use orbits or constraint"
        )
    return G


def reynolds_average(V: Representation, W: Representation, T: Any) -> Any:
    """The mean of rho_W(g) T rho_V(g)^-1 over all elements, element by element: slow and independent of every basis.

    Parameters
    ----------
    V, W : representations of a listed finite group.
    T : (..., dim W, dim V) floats.
    """
    G = _check(V, W)
    total = np.zeros(np.shape(T), dtype=complex)
    for g in G.elements:
        total = total + W(g) @ T @ np.linalg.inv(V(g))
    total = total / G.order
    return total if np.iscomplexobj(T) or "complex" in (V.field, W.field) else total.real


def solve_averaging(V: Representation, W: Representation) -> Space:
    """The fixed space of the average of kron(rho_W(g), rho_V(g)^-T)."""
    G = _check(V, W)
    exact = V.domain is not None and W.domain is not None
    total: Any = None
    for g in G.elements:
        pair = mat.kron(W.exact_image(g), mat.transpose(mat.inverse(V.exact_image(g))))
        term = as_exact(pair) if exact else as_float(pair)
        total = term if total is None else (add_exact(total, term) if exact else total + term)
    if not exact:
        return _float_fixed_space(total / G.order, (W.dim, V.dim))
    from grouprep.linalg.nullspace import nullspace

    scaled = identity_exact(W.dim * V.dim, total.domain) * total.domain.convert(G.order)
    return ExactSpace((W.dim, V.dim), nullspace(subtract_exact(total, scaled)))


def _float_fixed_space(average: Any, shape: tuple[int, int]) -> FloatSpace:
    from grouprep.linalg.floats import float_nullspace

    found = float_nullspace(average - np.eye(len(average)), scale=1.0)
    return FloatSpace(shape, found.basis.T, found.gap)
