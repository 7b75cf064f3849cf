"""What a solver is: which pairs (V, W) it can solve, how exactly, at what cost, and the solution."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from grouprep.groups import Generator
from grouprep.linalg import Image
from grouprep.linalg.spaces import Space
from grouprep.representations import Representation

__all__ = ["Pair", "Solver", "generator_pairs", "product_cost"]

Pair = tuple[Representation, Representation]


@dataclass(frozen=True)
class Solver(ABC):
    """A way to find the intertwiners of one pair of summands; immutable. A subclass gives name, refusal, is_exact, cost and solve.

    name : what `Hom(V, W, solver=name)` calls it; needs_summands : whether sums are split first, and each distinct pair solved once.
    """

    name: ClassVar[str]
    needs_summands: ClassVar[bool] = True

    @abstractmethod
    def refusal(self, V: Representation, W: Representation) -> str | None:
        """Why this solver cannot treat the pair, with the remedy; None if it can."""

    @abstractmethod
    def is_exact(self, V: Representation, W: Representation) -> bool:
        """Whether the basis it finds is exact."""

    @abstractmethod
    def cost(self, V: Representation, W: Representation) -> float:
        """A model of the work: multiplications, to an order of magnitude."""

    @abstractmethod
    def solve(self, V: Representation, W: Representation) -> Space:
        """The space of intertwiners, matrices (dim W, dim V), of a pair that it applies to."""

    def carries(self, V: Representation, W: Representation) -> bool:
        """Whether the basis it finds is exact although V or W has float images, because it is exact up to square roots."""
        return False

    def applies(self, V: Representation, W: Representation) -> bool:
        """Whether it can treat the pair."""
        return self.refusal(V, W) is None

    def choice(self, V: Representation, W: Representation) -> str:
        """What it does with the pair and why, for `Hom.explain`."""
        return f'solver "{self.name}", as asked for'

    def with_irreps(self, irreps: Sequence[Representation] | None) -> Solver:
        """The solver for groups whose irreps are given by the user; the same one where it needs none."""
        return self

    def provable(self, V: Representation, W: Representation, space: Space) -> tuple[Pair, Space]:
        """The pair whose solution is proved, and the solution: another, exact pair where the answer was carried over from it."""
        return (V, W), space


def generator_pairs(V: Representation, W: Representation) -> list[tuple[Image, Image]]:
    """The matrices of every generator on V and on W."""
    return [(V.images[a], W.images[a]) for a in V.group.generator_names]


def product_cost(V: Representation, W: Representation, generators: Sequence[Generator]) -> float:
    """The products of forming rho_W(a) X - X rho_V(a) for a dense X and every generator a."""
    return float(max(len(generators), 1) * V.dim * W.dim * (V.dim + W.dim))
