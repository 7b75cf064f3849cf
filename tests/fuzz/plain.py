"""Slow, plain arithmetic that the judgements rest on: closures by trying all products, matrices of 120 digits. Nothing of grouprep."""

import itertools
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = [
    "closure", "compose", "count_classes", "digits", "inverse", "is_zero", "rank", "round_key", "unimodular",
]  # fmt: skip

_BITS = 400
_ZERO = 1e-90


def compose(p: Sequence[int], q: Sequence[int]) -> tuple[int, ...]:
    """x -> p(q(x))."""
    return tuple(p[x] for x in q)


def inverse(p: Sequence[int]) -> tuple[int, ...]:
    out = [0] * len(p)
    for i, x in enumerate(p):
        out[x] = i
    return tuple(out)


def closure(
    generators: Sequence[Any],
    one: Any,
    multiply: Callable[[Any, Any], Any],
    key: Callable[[Any], Hashable],
    most: int = 2000,
):
    """All products of the generators, by their keys, in the order found; None if there are more than `most`."""
    found = {key(one): one}
    frontier = [one]
    while frontier:
        new = []
        for x, g in itertools.product(frontier, generators):
            y = multiply(g, x)
            if key(y) not in found:
                found[key(y)] = y
                new.append(y)
                if len(found) > most:
                    return None
        frontier = new
    return found


def count_classes(elements: Sequence[tuple[int, ...]], generators: Sequence[tuple[int, ...]]) -> int:
    """The number of conjugacy classes of permutations."""
    left, count = set(elements), 0
    while left:
        count += 1
        frontier = [left.pop()]
        while frontier:
            x = frontier.pop()
            for g in generators:
                y = compose(compose(g, x), inverse(g))
                if y in left:
                    left.remove(y)
                    frontier.append(y)
    return count


def round_key(M: np.ndarray) -> bytes:
    """A key of a well-scaled float matrix, the same for what differs by rounding."""
    return (np.round(M, 5) + 0.0).astype(complex).tobytes()


def unimodular(steps: Sequence[Sequence[int]], n: int) -> tuple[list[list[int]], list[list[int]]]:
    """The integer matrix of determinant 1 made by the steps "add c times row j to row i", and its inverse."""
    S = [[int(i == j) for j in range(n)] for i in range(n)]
    R = [row[:] for row in S]
    for i, j, c in steps:
        i, j = i % n, j % n
        if i != j:
            S[i] = [x + c * y for x, y in zip(S[i], S[j], strict=True)]
            for row in R:
                row[j] -= c * row[i]
    return S, R


@lru_cache(maxsize=100_000)
def _ball(x: Any) -> Any:
    import flint
    import sympy

    with flint.ctx.workprec(_BITS):
        re, im = sympy.N(x, 125).as_real_imag()
        return flint.acb(flint.arb(str(re)), flint.arb(str(im)))


def digits(M: Any) -> Any:
    """A sympy matrix, or rows of sympy numbers, as a matrix of 120 digits."""
    import flint

    rows = M.tolist() if hasattr(M, "tolist") else M
    with flint.ctx.workprec(_BITS):
        return flint.acb_mat([[_ball(x) for x in row] for row in rows])


def _size(M: Any) -> float:
    return max((float(abs(x).abs_upper()) for x in M.entries()), default=0.0)


def is_zero(M: Any, scale: float = 1.0) -> bool:
    """Whether all entries vanish to 90 digits, relative to a scale."""
    return _size(M) <= _ZERO * scale


def intertwines(B: Any, X: Any, A: Any) -> bool:
    """B X = X A, to 90 digits."""
    import flint

    with flint.ctx.workprec(_BITS):
        return is_zero(B * X - X * A, (1 + _size(X)) * (1 + _size(A) + _size(B)))


def rank(rows: Sequence[Sequence[Any]]) -> int:
    """The rank of rows of 120 digits, by elimination; what is below 1e-90 of the largest entry counts as zero."""
    import flint

    with flint.ctx.workprec(_BITS):
        M = [list(row) for row in rows]
        found = 0
        for column in range(len(M[0]) if M else 0):
            best = max(range(found, len(M)), key=lambda i: float(abs(M[i][column]).mid()), default=None)
            if best is None:
                break
            if float(abs(M[best][column]).mid()) <= _ZERO:
                continue
            M[found], M[best] = M[best], M[found]
            for i in range(found + 1, len(M)):
                factor = M[i][column] / M[found][column]
                M[i] = [x - factor * y for x, y in zip(M[i], M[found], strict=True)]
            found += 1
        return found
