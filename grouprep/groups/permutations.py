"""Permutations as integer arrays: reading, cycles, Schreier-Sims through sympy, membership, uniform elements.

Conventions: p is an array with p[x] the image of x; the product p q is p[q], q first. sympy multiplies the other way round,
which changes neither the group that permutations generate, nor its order, orbits and stabilisers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, TooLarge, shown
from grouprep.linalg.budget import POINTS, require
from grouprep.linalg.monomial import Monomial, integers
from grouprep.linalg.orbits import solve_orbits
from grouprep.typing import Integers

if TYPE_CHECKING:
    from sympy.combinatorics import PermutationGroup

__all__ = [
    "Perm",
    "as_permutation",
    "counted_from_1",
    "cycle_string",
    "format_order",
    "invert",
    "parse_cycles",
    "sympy_group",
    "uniform_elements",
]

Perm = Integers


def as_permutation(images: object, name: str, degree: int | None = None) -> Perm:
    """A permutation of 0..n-1 from its list of images or, with a degree, from text in cycles of the points 1..degree.

    Raises
    ------
    GroupRepError
        If it is not a permutation; the message names it and the offending value.
    """
    if isinstance(images, str):
        return parse_cycles(images, degree, name)
    images = getattr(images, "array_form", images)  # of sympy's permutations
    try:
        values = integers(images, name)  # type: ignore[arg-type]
    except GroupRepError:
        values = np.zeros((), int)
    if values.ndim != 1 or values.dtype.kind == "O":
        raise GroupRepError(
            f'{name} must be a flat list of integers 0..n-1, or text in cycles such as "(1 2 3)", got {shown(images)}'
        )
    require(len(values), POINTS, f"{name} permutes points:")
    perm = values.astype(np.int64)
    if not np.array_equal(np.sort(perm), np.arange(len(perm))):
        raise GroupRepError(
            f"{name} = {perm.tolist()!r:.80} is not a permutation of 0..{len(perm) - 1}{counted_from_1(perm)}"
        )
    if degree is not None and len(perm) != degree:
        raise DimensionMismatch(f"{name} permutes {len(perm)} points, the others permute {degree}")
    perm.setflags(write=False)
    return perm


def counted_from_1(perm: Perm) -> str:
    """What a message adds where images (..., n) are a permutation of 1..n: the remedy; nothing otherwise."""
    if not np.array_equal(np.sort(perm, axis=-1), np.broadcast_to(np.arange(1, perm.shape[-1] + 1), perm.shape)):
        return ""
    first = perm.reshape(-1, perm.shape[-1])[0]
    cycles = cycle_string(first - 1)
    if cycles == "()":
        return f'; lists are images of points counted from 0; a cycle is text: "({" ".join(map(str, first))})"'
    return f'; lists count the points from 0: subtract 1, or write cycles, which count from 1: "{cycles}"'


def parse_cycles(text: str, degree: int | None, name: str = "permutation") -> Perm:
    """The permutation of 0..degree-1 written in cycles of 1-based points, such as "(1 2 3)(4,5)"; "()" is the identity."""
    if not re.fullmatch(r"\s*(\(\s*(\d+([\s,]+\d+)*)?\s*\)\s*)+", text):
        raise GroupRepError(f'{name} = "{text:.80}" is not in cycle notation; write for example "(1 2 3)(4 5)"')
    if any(len(x) > 12 for x in re.findall(r"\d+", text)):
        raise TooLarge(f'{name} = "{text:.80}" names a point with more than 12 digits')
    cycles = [[int(x) for x in re.findall(r"\d+", part)] for part in re.findall(r"\(([^)]*)\)", text)]
    points = [x for cycle in cycles for x in cycle]
    n = max(points, default=1) if degree is None else degree
    require(n, POINTS, f'{name} = "{text:.80}" moves the point')
    if len(set(points)) != len(points) or any(x < 1 or x > n for x in points):
        raise GroupRepError(
            f'{name} = "{text:.80}": each point must occur once and lie in 1..{n} (cycles count from 1)'
        )
    perm = np.arange(n, dtype=np.int64)
    for cycle in cycles:
        for x, y in zip(cycle, cycle[1:] + cycle[:1], strict=True):
            perm[x - 1] = y - 1
    perm.setflags(write=False)
    return perm


def cycle_string(perm: Perm) -> str:
    """The permutation in cycles of 1-based points, such as "(1 2 3)(4 5)".

    Examples
    --------
    >>> import numpy as np
    >>> cycle_string(np.array([1, 2, 0, 4, 3]))
    '(1 2 3)(4 5)'
    """
    seen, cycles = set(), []
    for start in range(len(perm)):
        cycle, x = [], start
        while x not in seen:
            seen.add(x)
            cycle.append(str(x + 1))
            x = int(perm[x])
        if len(cycle) > 1:
            cycles.append("(" + " ".join(cycle) + ")")
    return "".join(cycles) or "()"


def format_order(order: int) -> str:
    """An order with thousands separated, or as a power of ten where it is astronomical."""
    return f"{order:,}" if order.bit_length() < 200 else f"about 10^{int(order.bit_length() * 0.30103)}"


def invert(perm: Perm) -> Perm:
    """The inverse; leading axes are batch."""
    return np.argsort(perm, axis=-1)


def sympy_group(perms: Iterable[Perm]) -> PermutationGroup:
    """The group that permutations generate, as a sympy PermutationGroup (orders, stabilisers: Schreier-Sims)."""
    from sympy.combinatorics import Permutation, PermutationGroup

    return PermutationGroup([Permutation(p.tolist()) for p in perms])


def uniform_elements(group: PermutationGroup, n: int, rng: np.random.Generator) -> Perm:
    """n independent uniform elements, (n, degree): products of uniform coset representatives along the stabiliser chain."""
    out = np.tile(np.arange(group.degree), (n, 1))
    for transversal in reversed(group.basic_transversals):
        table = np.array([p.array_form for p in transversal.values()], dtype=np.int64)
        picks = table[rng.integers(len(table), size=n)]
        out = np.take_along_axis(picks, out, axis=1)
    return out


def orbits_of(perms: Sequence[Perm]) -> list[list[int]]:
    """The orbits on points, each sorted, in order of their smallest points."""
    space = solve_orbits((len(perms[0]), 1), [(Monomial.identity(1), Monomial(p)) for p in perms])
    return [np.flatnonzero(space.labels == k).tolist() for k in range(space.dim)]
