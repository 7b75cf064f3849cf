"""Matrix norms with the facts that penalties need: invariance, and the constants that bound the defect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frobenius", "Norm", "Spectral"]


class Norm(ABC):
    """A matrix norm, or a power of one; immutable.

    A subclass gives `value` and `lower_constant`. Both shipped norms are unitarily invariant: N(U A V) = N(A).
    """

    @abstractmethod
    def value(self, A: NDArray[Any]) -> Any:
        """The norm of matrices (..., m, n) -> (...)."""

    @abstractmethod
    def as_norm(self) -> Norm:
        """The norm itself, where this is a power of one."""

    @property
    @abstractmethod
    def lower_constant(self) -> float:
        """c with c N(T - P(T)) <= sup_g N(rho_W(g) T - T rho_V(g)) for unitary representations."""


@dataclass(frozen=True)
class Frobenius(Norm):
    """The Frobenius norm (sum |a_ij|^2)^(1/2), or its square.

    Parameters
    ----------
    squared : whether to give the square.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.penalties import Frobenius
    >>> float(Frobenius().value(np.array([[3.0, 4.0]]))), float(Frobenius(squared=True).value(np.array([[3.0, 4.0]])))
    (5.0, 25.0)

    References
    ----------
    Golub and Van Loan, Matrix Computations, 2.3.1.
    """

    squared: bool = False

    def value(self, A: NDArray[Any]) -> Any:
        size = np.abs(A).max(axis=(-2, -1), keepdims=True, initial=0)
        scale = np.where(size > 0, size, 1)
        norm = np.sqrt((np.abs(A / scale) ** 2).sum(axis=(-2, -1))) * scale[..., 0, 0]
        return norm**2 if self.squared else norm

    def as_norm(self) -> Frobenius:
        return Frobenius()

    @property
    def lower_constant(self) -> float:
        """sqrt(2): the mean of ||rho T - T rho||^2 over the group is 2 ||T - P(T)||^2."""
        return sqrt(2)


@dataclass(frozen=True)
class Spectral(Norm):
    """The spectral norm, the largest singular value.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.penalties import Spectral
    >>> float(Spectral().value(np.diag([1.0, -3.0])))
    3.0

    References
    ----------
    Golub and Van Loan, Matrix Computations, 2.3.3.
    """

    def value(self, A: NDArray[Any]) -> Any:
        if 0 in A.shape[-2:]:
            return np.zeros(A.shape[:-2])
        return np.linalg.norm(A, 2, axis=(-2, -1))

    def as_norm(self) -> Spectral:
        return self

    @property
    def lower_constant(self) -> float:
        """1: T - P(T) is the mean of rho^-1 (rho T - T rho)."""
        return 1.0
