"""Representations in other coordinates, and the unitary form by the Cholesky factor of an invariant form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, NotUnitary
from grouprep.groups.base import Generator, Group
from grouprep.linalg import Image, Monomial, as_exact, as_float, as_image
from grouprep.linalg import matrices as mat
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from grouprep.characters import ClassPoint, ClassValue

__all__ = ["ChangedBasis", "changed_basis", "unitary_form"]


class ChangedBasis(Representation):
    """U(g) = S V(g) S^-1: V in other coordinates, exact where V and S are.

    V : the representation; S : (dim, dim) float array or exact matrix, invertible. Made by `V.change_basis(S)`.
    """

    def __init__(self, V: Representation, S: Image) -> None:
        self.V, self.S, self.inverse = V, S, mat.inverse(S)

    @property
    def group(self) -> Group:
        return self.V.group

    @property
    def dim(self) -> int:
        return self.V.dim

    def image(self, generator: Generator) -> Image:
        value = self._moved((self.V.image if mat.is_exact(self.S) else self.V.float_image)(generator))
        return as_exact(value) if generator.kind == "algebra" and mat.is_exact(value) else value

    def _moved(self, value: Image) -> Image:
        moved = mat.matmul(mat.matmul(self.S, value), self.inverse)
        if isinstance(moved, np.ndarray | Monomial):
            return moved
        return Monomial.from_domain_matrix(moved) or moved

    def evaluate(self, g: Element) -> Array:
        values: Array = as_float(self.S) @ self.V.evaluate(g) @ as_float(self.inverse)
        return values

    def exact_image(self, g: Element) -> Image:
        return self._moved(self.V.exact_image(g))

    def _form(self) -> Image | None:
        """S^-* H S^-1 for an invariant form H of V."""
        form = self.V.gram if self.V.gram is not None else self.V.invariant_form
        if form is None:
            return None
        star = mat.adjoint(self.inverse)
        return mat.matmul(mat.matmul(star, form), self.inverse)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return self.V.character_at(point, k)

    def _key(self) -> tuple[object, ...]:
        return self.V, mat.matrix_key(self.S)

    def __str__(self) -> str:
        return f"basis({self.V})"


def changed_basis(V: Representation, S: object) -> ChangedBasis:
    """See `Representation.change_basis`."""
    image = as_image(S, "S")
    if mat.size(image) != V.dim:
        raise DimensionMismatch(f"S is {mat.size(image)} x {mat.size(image)}; {V} has dimension {V.dim}")
    if isinstance(image, np.ndarray):
        if np.linalg.cond(image) * np.finfo(float).eps * V.dim > 1:
            raise GroupRepError("S is singular to rounding; a change of basis is invertible")
    else:
        from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

        try:
            return ChangedBasis(V, image)
        except DMNonInvertibleMatrixError:
            raise GroupRepError("S is singular; a change of basis is invertible") from None
    return ChangedBasis(V, image)


def unitary_form(V: Representation) -> tuple[Representation, Array]:
    """See `Representation.unitary`."""
    form = V.gram
    if form is None:
        raise NotUnitary(f"{V} has no positive-definite invariant form, so no change of basis makes it unitary")
    if V.is_unitary:
        return V, np.eye(V.dim)
    if isinstance(V, ChangedBasis) and V.V.is_unitary:  # the form has the condition of S squared, S itself does not
        return V.V, as_float(V.inverse)
    S = np.linalg.cholesky(as_float(form)).conj().T
    return ChangedBasis(V, S), S
