"""A representation with its basis vectors in another order, exact where it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import DimensionMismatch
from grouprep.groups.base import Group, Letter
from grouprep.linalg import Image, Monomial
from grouprep.linalg import matrices as mat
from grouprep.representations.base import Representation

__all__ = ["Reordered"]


class Reordered(Representation):
    """g -> P V(g) P^-1 for the permutation matrix P with P[order[j], j] = 1: basis vector j of V is number order[j] here.

    Parameters
    ----------
    V : a representation.
    order : the new number of each basis vector, (dim V,).

    Raises
    ------
    DimensionMismatch
        If order is not a permutation of 0, ..., dim V - 1.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> V = Cyclic(2).trivial() + Cyclic(2).natural()
    >>> Reordered(V, [2, 0, 1]).exact(Cyclic(2).generators[0])
    Matrix([
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, 1]])
    """

    def __init__(self, V: Representation, order: Sequence[int] | NDArray[np.int64]) -> None:
        self.V = V
        self.order = np.asarray(order)
        if self.order.shape != (V.dim,) or not np.array_equal(np.sort(self.order), np.arange(V.dim)):
            raise DimensionMismatch(f"order must be a permutation of 0, ..., {V.dim - 1}, got shape {self.order.shape}")
        self._change = Monomial(self.order)

    @property
    def group(self) -> Group:
        return self.V.group

    @property
    def dim(self) -> int:
        return self.V.dim

    def _moved(self, image: Image) -> Image:
        if isinstance(image, np.ndarray):
            inverse = np.argsort(self.order)
            values: NDArray[Any] = image[..., inverse[:, None], inverse]
            return values
        return mat.matmul(mat.matmul(self._change, image), self._change.inverse())

    def image(self, letter: Letter) -> Image:
        return self._moved(self.V.image(letter))

    def _evaluate(self, g: Any) -> NDArray[Any]:
        return np.asarray(self._moved(self.V._evaluate(g)))

    def exact_image(self, g: Any) -> Image:
        return self._moved(self.V.exact_image(g))

    def _form(self) -> Image | None:
        form = self.V.invariant_form
        return None if form is None else self._moved(form)

    def _trace(self, point: Any, k: int) -> Any:
        return self.V._trace(point, k)

    def _key(self) -> tuple[Any, ...]:
        return self.V, self.order.tobytes()

    def __str__(self) -> str:
        return f"reordered({self.V})"
