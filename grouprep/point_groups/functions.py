"""The last columns of a character table: which irreps x, y, z, the rotations and the quadratic functions belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from grouprep.typing import Array

if TYPE_CHECKING:
    from grouprep.point_groups.group import PointGroup

__all__ = ["linear_functions", "quadratic_functions", "vector_components"]

_TOLERANCE = float(
    np.sqrt(np.finfo(float).eps)
)  # a projector leaves a function alone, or changes it by a number of order 1


def _diagonal(*entries: float) -> Array:
    return np.diag(np.array(entries, dtype=float))


def _off(i: int, j: int) -> Array:
    B = np.zeros((3, 3))
    B[i, j] = B[j, i] = 1.0
    return B


_QUADRATIC = {
    "x^2": _diagonal(1, 0, 0),
    "y^2": _diagonal(0, 1, 0),
    "x^2+y^2": _diagonal(1, 1, 0),
    "z^2": _diagonal(0, 0, 1),
    "x^2+y^2+z^2": _diagonal(1, 1, 1),
    "2z^2-x^2-y^2": _diagonal(-1, -1, 2),
    "x^2-y^2": _diagonal(1, -1, 0),
    "xy": _off(0, 1),
    "xz": _off(0, 2),
    "yz": _off(1, 2),
}

Action = Callable[[Array], Array]
"""A function as an array (...) -> what each element of the group makes of it, (order, ...)."""


def projectors(G: PointGroup) -> dict[str, Array]:
    """For each real irrep d chi(g) / |G| by element: the weights of the projector on its isotypic component, (order,)."""
    of = np.zeros(G.order, dtype=np.int64)
    for k, members in enumerate(G.conjugacy_classes):
        of[members] = k
    out = {}
    for I in G.irreps():
        rho = I.constituent[0]
        chi = G.family.characters[rho.label]
        weights = (chi if I.type != "C" else chi + chi.conj()).real * rho.dim
        out[I.label] = weights[of] / G.order
    return out


def _columns(G: PointGroup, functions: dict[str, Array], action: Action) -> dict[str, tuple[tuple[str, ...], ...]]:
    """By label, sets of functions that span an invariant space each, independent of each other."""
    moved = {name: action(f) for name, f in functions.items()}
    out = {}
    for label, weights in projectors(G).items():
        inside = [
            name
            for name, f in functions.items()
            if np.abs(np.tensordot(weights, moved[name], 1) - f).max() <= _TOLERANCE
        ]
        chosen: list[str] = []
        for name in inside:
            rows = np.array([functions[k].ravel() for k in (*chosen, name)])
            if np.linalg.matrix_rank(rows, tol=_TOLERANCE) == len(rows):
                chosen.append(name)
        groups: list[tuple[str, ...]] = []
        while chosen:
            orbit = moved[chosen[0]].reshape(G.order, -1)
            dimension = int(np.linalg.matrix_rank(orbit, tol=_TOLERANCE))
            together = tuple(
                name
                for name in chosen
                if np.linalg.matrix_rank(np.vstack([orbit, functions[name].ravel()]), tol=_TOLERANCE) == dimension
            )
            groups.append(together)
            chosen = [name for name in chosen if name not in together]
        out[label] = tuple(groups)
    return out


def linear_functions(G: PointGroup) -> dict[str, tuple[tuple[str, ...], ...]]:
    """By label of real irreps: z, (x, y), ... and the rotations Rz, (Rx, Ry), ..., partners together."""
    R = G.rotations
    axes = dict(zip(("z", "x", "y"), np.eye(3)[[2, 0, 1]], strict=True))
    first = _columns(G, axes, lambda f: R @ f)
    signs = np.where(G.parities, -1.0, 1.0)[:, None]
    second = _columns(G, {f"R{k}": v for k, v in axes.items()}, lambda f: signs * (R @ f))
    return {label: first[label] + second[label] for label in first}


def quadratic_functions(G: PointGroup) -> dict[str, tuple[tuple[str, ...], ...]]:
    """By label of real irreps: x^2+y^2, z^2, (xz, yz), ..., partners together."""
    R = G.rotations
    return _columns(G, _QUADRATIC, lambda B: R @ B @ R.transpose(0, 2, 1))


def vector_components(groups: tuple[tuple[str, ...], ...]) -> str:
    """Sets of functions as text, "z, (x, y)".

    Examples
    --------
    >>> vector_components((("z",), ("x", "y")))
    'z, (x, y)'
    """
    return ", ".join(f"({', '.join(g)})" if len(g) > 1 else g[0] for g in groups)
