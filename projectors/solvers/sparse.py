"""Solver "sparse": the full linear system by sparse elimination over the rationals or a number field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from grouprep.linalg.nullspace import sparse_nullspace
from grouprep.representations import Representation
from projectors.solvers.base import product_cost
from projectors.solvers.constraint import ExactElimination

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Sparse"]


@dataclass(frozen=True)
class Sparse(ExactElimination):
    """By sparse rational or number-field elimination."""

    name: ClassVar[str] = "sparse"

    def cost(self, V: Representation, W: Representation) -> float:
        return V.dim * W.dim * product_cost(V, W, V.group.generator_names)

    def nullspace(self, matrix: DomainMatrix) -> DomainMatrix:
        return sparse_nullspace(matrix)
