"""The unitary form of a representation, by the Cholesky factor of an invariant form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import GroupRepError, NotUnitary
from grouprep.groups.base import Group, Letter
from grouprep.linalg import Image, Monomial, as_float
from grouprep.representations.base import Representation

__all__ = ["ChangedBasis", "unitary_form"]


class ChangedBasis(Representation):
    """U(g) = S V(g) S^-1 in floats, unitary because S* S is an invariant form of V."""

    def __init__(self, V: Representation, S: NDArray[Any]) -> None:
        self.V, self.S, self._inverse = V, S, np.linalg.inv(S)

    @property
    def group(self) -> Group:
        return self.V.group

    @property
    def dim(self) -> int:
        return self.V.dim

    def image(self, letter: Letter) -> Image:
        return self.S @ as_float(self.V.image(letter)) @ self._inverse

    def _evaluate(self, g: Any) -> NDArray[Any]:
        values: NDArray[Any] = self.S @ self.V._evaluate(g) @ self._inverse
        return values

    def exact_image(self, g: Any) -> Image:
        raise GroupRepError(f"{self} is a float representation; exact values are those of V itself")

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    def _trace(self, point: Any, k: int) -> Any:
        return self.V._trace(point, k)

    def _key(self) -> tuple[Any, ...]:
        return self.V, self.S.tobytes()

    def __str__(self) -> str:
        return f"unitary({self.V})"


def unitary_form(V: Representation) -> tuple[Representation, NDArray[Any]]:
    """See `Representation.unitary`."""
    form = V.gram
    if form is None:
        raise NotUnitary(f"{V} has no positive-definite invariant form, so no change of basis makes it unitary")
    if V.is_unitary:
        return V, np.eye(V.dim)
    S = np.linalg.cholesky(as_float(form)).conj().T
    return ChangedBasis(V, S), S
