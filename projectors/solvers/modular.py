"""Solver "modular": the full linear system modulo primes, reconstructed and verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from grouprep.linalg.modular import modular_nullspace
from grouprep.representations import Representation
from projectors.solvers.constraint import ExactElimination

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Modular"]


@dataclass(frozen=True)
class Modular(ExactElimination):
    """By elimination modulo primes, reconstructed and verified."""

    name: ClassVar[str] = "modular"

    def cost(self, V: Representation, W: Representation) -> float:
        return float(max(len(V.group.generator_names), 1) * (V.dim * W.dim) ** 3)

    def nullspace(self, matrix: DomainMatrix) -> DomainMatrix:
        return modular_nullspace(matrix)
