"""Representations in other coordinates, and the unitary form by the Cholesky factor of an invariant form."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, IllConditioned, NotUnitary
from grouprep.groups.base import Generator, Group
from grouprep.linalg import Image, Monomial, as_exact, as_float, as_image
from grouprep.linalg import matrices as mat
from grouprep.linalg.conditioning import factor, inverse_scaled, require_accuracy, scaled_condition
from grouprep.linalg.forms import invariant_form
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
        self.V, self.S = V, S
        self.inverse = inverse_scaled(S) if isinstance(S, np.ndarray) else mat.inverse(S)

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
        if self.group.is_finite and self.domain is not None:
            return self._round_exact(g)  # integers too: they may come from fractions in S
        values: Array = as_float(self.S) @ self.V.evaluate(g) @ as_float(self.inverse)
        return values

    def exact_image(self, g: Element) -> Image:
        return self._moved(self.V.exact_image(g))

    @cached_property
    def carries(self) -> bool:
        """Whether floats carry V's form to these coordinates and through a projector, whose error grows with its square."""
        try:
            condition = scaled_condition(as_float(self.inverse).T)
            require_accuracy(min(condition, 1e20) ** 4, self.dim, f"the change of basis of {self.V}")
        except GroupRepError:  # IllConditioned, or entries beyond the range of floats
            return False
        return True

    def _form(self) -> Image | None:
        """S^-* H S^-1 for a form H of V: V's own if floats carry it, else the one that makes this the average of the identity.

        S may be ill-conditioned though S V S^-1 is not: what commutes with V drops out.
        """
        form = self.V.gram if self.V.gram is not None else self.V.invariant_form
        if form is None:
            return None
        if self.V.gram is not None and not self.carries:
            if not mat.is_exact(self.S) or self.domain is None:
                return super()._form()
            form = invariant_form(*self.V.by_kind(), of=mat.matmul(mat.adjoint(self.S), self.S))
            assert form is not None  # V has a positive form, so it is completely reducible
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
    from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

    try:
        return ChangedBasis(V, image)
    except DMNonInvertibleMatrixError:
        raise GroupRepError("S is singular; a change of basis is invertible") from None
    except IllConditioned as error:
        raise IllConditioned(f"S: {error}; a change of basis is invertible") from None


def unitary_form(V: Representation) -> tuple[Representation, Array]:
    """See `Representation.unitary`."""
    form = V.gram
    if form is None:
        raise NotUnitary(f"{V} has no positive-definite invariant form, so no change of basis makes it unitary")
    if V.is_unitary:
        return V, np.eye(V.dim)
    if (
        isinstance(V, ChangedBasis) and V.carries and V.V.is_unitary
    ):  # the form has the condition of S squared, S has not
        return V.V, as_float(V.inverse)
    S, _, _ = factor(form, f"the invariant form of {V}")
    return ChangedBasis(V, S), S
