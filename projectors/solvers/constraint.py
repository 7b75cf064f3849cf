"""Solver "constraint": the full linear system, without orbits; exact where the generators are, else in floats."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from grouprep.errors import UnsupportedGroup
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.orbits import trivial_space
from grouprep.linalg.spaces import ExactSpace, Space
from grouprep.linalg.sparse import stack_exact
from grouprep.linalg.sylvester import exact_constraint
from grouprep.representations import Representation
from projectors.solvers.base import Solver, generator_pairs, product_cost
from projectors.solvers.floats import Float

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Constraint", "ExactElimination", "stacked_constraint"]


def stacked_constraint(V: Representation, W: Representation) -> DomainMatrix:
    """The exact sparse matrix of X -> (rho_W(g) X - X rho_V(g))_g over all generators, columns row-major in X.

    Raises
    ------
    UnsupportedGroup
        If generators are float.
    """
    if (why := _float_generators(V, W)) is not None:
        raise UnsupportedGroup(why)
    everything = trivial_space((W.dim, V.dim))
    return stack_exact([exact_constraint(everything, a, b) for a, b in generator_pairs(V, W)])


def _float_generators(V: Representation, W: Representation) -> str | None:
    if V.domain is not None and W.domain is not None:
        return None
    return f"exact solvers need exact generators; those of {V if V.domain is None else W} are float"


@dataclass(frozen=True)
class ExactElimination(Solver):
    """Exact elimination of the stacked constraint. A subclass gives name, nullspace and cost."""

    def refusal(self, V: Representation, W: Representation) -> str | None:
        return _float_generators(V, W)

    def is_exact(self, V: Representation, W: Representation) -> bool:
        return True

    @abstractmethod
    def nullspace(self, matrix: DomainMatrix) -> DomainMatrix:
        """The nullspace of an exact matrix as rows."""

    def solve(self, V: Representation, W: Representation) -> Space:
        return ExactSpace((W.dim, V.dim), self.nullspace(stacked_constraint(V, W)))


@dataclass(frozen=True)
class Constraint(ExactElimination):
    """Exactly if the generators are exact, sparse or modular by density; in floats otherwise."""

    name: ClassVar[str] = "constraint"

    def refusal(self, V: Representation, W: Representation) -> str | None:
        return None

    def is_exact(self, V: Representation, W: Representation) -> bool:
        return _float_generators(V, W) is None

    def cost(self, V: Representation, W: Representation) -> float:
        return (
            Float().cost(V, W)
            if not self.is_exact(V, W)
            else V.dim * W.dim * product_cost(V, W, V.group.generator_names)
        )

    def nullspace(self, matrix: DomainMatrix) -> DomainMatrix:
        return nullspace(matrix)

    def solve(self, V: Representation, W: Representation) -> Space:
        return super().solve(V, W) if self.is_exact(V, W) else Float().solve(V, W)
