"""Solver "float": the full linear system by a singular value decomposition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grouprep.linalg import as_float
from grouprep.linalg.intertwiners import float_space
from grouprep.linalg.orbits import trivial_space
from grouprep.linalg.spaces import FloatSpace
from grouprep.representations import Representation
from projectors.solvers.base import Solver, generator_pairs

__all__ = ["Float"]


@dataclass(frozen=True)
class Float(Solver):
    """By a singular value decomposition, with the rank from a gap relative to the generators' scale."""

    name: ClassVar[str] = "float"

    def refusal(self, V: Representation, W: Representation) -> str | None:
        return None

    def is_exact(self, V: Representation, W: Representation) -> bool:
        return False

    def cost(self, V: Representation, W: Representation) -> float:
        return float(20 * max(len(V.group.generator_names), 1) * (V.dim * W.dim) ** 3)

    def solve(self, V: Representation, W: Representation) -> FloatSpace:
        pairs = [(as_float(a), as_float(b)) for a, b in generator_pairs(V, W)]
        return float_space(trivial_space((W.dim, V.dim)), pairs)
