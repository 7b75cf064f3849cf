"""Exact matrices from float ones: rational numbers, their square roots, and cosines of rational angles."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.linalg import Image, as_float, as_image
from grouprep.typing import Array

if TYPE_CHECKING:
    from sympy import Expr

__all__ = ["recognise"]

_DENOMINATOR = 12  # of rational numbers and of squares
_TURN = 360  # of rational parts of a turn
_ROUNDINGS = 4  # an entry is off by at most this many roundings in its own precision


def recognise(matrix: Array, name: str) -> Image:
    """The exact matrix (n, n) whose entries are the simplest recognisable numbers within rounding of the given ones.

    Real and imaginary parts are tried as p / q with q <= 12, +- sqrt(p / q), and c cos(2 pi p / q) with q <= 360, c = 1 or 2.
    In single precision fewer than one number in 500 is close to one of these by chance; a finite group made from such
    matrices must also close, which chance does not give.

    Raises
    ------
    GroupRepError
        If an entry is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep.linalg.convert import to_sympy
    >>> to_sympy(recognise(np.sqrt(0.75) * np.eye(1, dtype=np.float32), "a"))
    Matrix([[sqrt(3)/2]])
    """
    array = np.asarray(matrix)
    if array.dtype.kind in "biu":
        array = array.astype(float)
    if not np.isfinite(array).all():
        raise GroupRepError(f"{name} has NaN or infinite entries")
    single = array.astype(np.complex64 if array.dtype.kind == "c" else np.float32)
    # emlp concatenates rounded single-precision matrices with double ones: what the values hold decides, not the dtype.
    eps = float(np.finfo(np.float32 if np.array_equal(single, array) else np.float64).eps)
    tolerance = _ROUNDINGS * eps * max(1.0, float(np.abs(array).max(initial=0)))
    found: dict[float, Expr | None] = {}

    def exact(x: float) -> Expr:
        if x not in found:
            found[x] = _number(x, tolerance)
        if found[x] is None:
            raise GroupRepError(
                f"{name} has the entry {x:.9g}, which is no p / q with q <= {_DENOMINATOR}, no square root of one and no cosine "
                f"of p / q turns with q <= {_TURN}; build the group with FiniteGroup.from_matrices or LieGroup.from_algebra"
            )
        return found[x]

    from sympy import I

    rows = [[exact(x.real) + I * exact(x.imag) for x in map(complex, row)] for row in array.tolist()]
    image = as_image(rows, name)
    error = float(np.abs(as_float(image) - array).max(initial=0))
    if error > 2 * tolerance:
        raise GroupRepError(f"{name}: the exact matrix differs by {error:.2e} from the given one")
    return image


def _number(x: float, tolerance: float) -> Expr | None:
    """The simplest exact number within the tolerance of x, or None."""
    from sympy import Rational, cos, pi, sqrt

    rational = Fraction(x).limit_denominator(_DENOMINATOR)
    if abs(float(rational) - x) <= tolerance:
        return Rational(rational.numerator, rational.denominator)
    square = Fraction(x * x).limit_denominator(_DENOMINATOR)
    if abs(math.sqrt(square) - abs(x)) <= tolerance:
        root = sqrt(Rational(square.numerator, square.denominator))
        return root if x > 0 else -root
    for factor in (1, 2):
        y, width = abs(x) / factor, tolerance / factor
        if y > 1:
            continue
        turn = _simplest(math.acos(min(1.0, y + width)) / (2 * math.pi), math.acos(y - width) / (2 * math.pi))
        if turn.denominator <= _TURN and abs(math.cos(2 * math.pi * turn) - y) <= 2 * width:
            value = factor * cos(2 * pi * Rational(turn.numerator, turn.denominator))
            return value if x > 0 else -value
    return None


def _simplest(low: float, high: float) -> Fraction:
    """The fraction with the smallest denominator in [low, high], 0 <= low <= high, by continued fractions."""
    return _simplest_between(Fraction(low), Fraction(high))


def _simplest_between(a: Fraction, b: Fraction) -> Fraction:
    whole = math.floor(a)
    if a == whole:
        return Fraction(whole)
    if whole + 1 <= b:
        return Fraction(whole + 1)
    return whole + 1 / _simplest_between(1 / (b - whole), 1 / (a - whole))
