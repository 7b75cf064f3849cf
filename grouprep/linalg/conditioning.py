"""What a condition number costs: scaling that is free, factors of forms, and the refusal where floats keep too few digits.

`ACCURACY` and `IDEMPOTENT` are what is promised in double precision.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from grouprep.errors import IllConditioned
from grouprep.linalg.matrices import Image, as_float
from grouprep.typing import Array, Floats

__all__ = [
    "ACCURACY",
    "FormFactor",
    "factor",
    "inverse_scaled",
    "powers_of_two",
    "require_accuracy",
    "scaled_condition",
]

ACCURACY = 1e-6  # of orthonormal bases, unitary forms and decompositions
IDEMPOTENT = 1e-4  # of P(P(T)) = P(T), relative to P(T): what rounding T itself makes of a projector of norm 10^10


def require_accuracy(condition: float, n: int, what: str, accuracy: float = ACCURACY) -> None:
    """Raise IllConditioned if n eps times a condition number, a bound on the relative rounding error, exceeds the accuracy.

    Examples
    --------
    >>> from grouprep.linalg.conditioning import require_accuracy
    >>> require_accuracy(1e20, 4, "the projector")
    Traceback (most recent call last):
    ...
    grouprep.errors.IllConditioned: the projector has a condition number of at least 1e+20: floats leave an error of up to 9e+04, ...
    """
    error = n * float(np.finfo(float).eps) * condition
    if not error <= accuracy:
        raise IllConditioned(
            f"{what} has a condition number of at least {condition:.2g}: floats leave an error of up to {error:.1g}, more than the "
            f"{accuracy:.0e} that is promised; choose a better basis, or take what is exact: exact_basis(), decompose_exactly(V)"
        )


def powers_of_two(lengths: Floats) -> Floats:
    """The powers of two nearest to positive numbers, by which scaling rounds nothing; 1 for zeros."""
    _, exponents = np.frexp(lengths)
    return np.where(lengths > 0, np.ldexp(1.0, np.minimum(exponents, 1023)), 1.0)


def scaled_condition(U: Array) -> float:
    """The condition number of a matrix whose rows have been scaled by powers of two to about the same length."""
    if not np.all(np.isfinite(U)):
        return np.inf
    lengths = np.abs(U).max(axis=1, initial=0.0)
    return float(np.linalg.cond(U / powers_of_two(lengths)[:, None])) if len(U) else 1.0


def inverse_scaled(U: Array) -> Array:
    """The inverse of a matrix, its rows scaled first, which costs no digits.

    Raises
    ------
    IllConditioned
        If it is singular to rounding.
    """
    condition = scaled_condition(U)
    if not condition * len(U) * np.finfo(float).eps < 1:
        raise IllConditioned(f"a matrix is singular to rounding: it has the condition number {condition:.2g}")
    d = powers_of_two(np.abs(U).max(axis=1, initial=0.0))
    inverse: Array = np.linalg.inv(U / d[:, None]) / d
    return inverse


class FormFactor(NamedTuple):
    """H = S* S for a positive form H: S maps to coordinates in which the form is the identity.

    S : (n, n) upper triangular; inverse : of S; condition : of H, after its basis vectors have been scaled.
    """

    S: Array
    inverse: Array
    condition: float


def factor(form: Image, what: str) -> FormFactor:
    """The Cholesky factor of a positive form, its basis vectors scaled by powers of two to about the same length first.

    Raises
    ------
    IllConditioned
        If floats do not carry it.

    References
    ----------
    Higham, Accuracy and Stability of Numerical Algorithms (2002), 10.1 (Demmel: the error of Cholesky depends on the scaled H).
    """
    H = as_float(form)
    d = powers_of_two(np.sqrt(np.abs(np.diagonal(H))))
    scaled = H / d[:, None] / d
    values = np.linalg.eigvalsh(scaled)
    condition = float(values[-1] / max(values[0], np.finfo(float).eps * values[-1]))
    require_accuracy(condition, len(H), what)
    L = np.linalg.cholesky(scaled).conj().T
    return FormFactor(L * d, np.linalg.inv(L) / d[:, None], condition)
