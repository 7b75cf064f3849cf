"""Names for types that the signatures of both packages share."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["AnyArray", "Array", "ArrayT", "Element", "Floats", "Integers", "Namespace", "Scalar"]

Array: TypeAlias = NDArray[Any]
"""A numpy array of real or complex numbers."""

Floats: TypeAlias = NDArray[np.float64]
"""A numpy array of real numbers in double precision."""

Integers: TypeAlias = NDArray[np.int64]
"""A numpy array of integers."""

AnyArray: TypeAlias = Any
"""An array of any library that follows the array API standard: numpy, torch, jax, ..."""

ArrayT = TypeVar("ArrayT")
"""An array of any library; a function that takes one and gives one gives the same kind back."""

Namespace: TypeAlias = Any
"""An array library as a namespace of the array API standard."""

Element: TypeAlias = Any
"""An element of a group: a permutation, a matrix, a tuple of these for products; leading axes are batch."""

Scalar: TypeAlias = Any
"""An exact number: an element of a sympy domain, or a sympy expression."""
