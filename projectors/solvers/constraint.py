"""Solver "constraint": the full linear system, exact (sparse or modular) or float, without orbits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grouprep.errors import UnsupportedGroup
from grouprep.linalg import as_float
from grouprep.linalg.intertwiners import ExactSpace, FloatSpace, Space, float_space
from grouprep.linalg.orbits import trivial_space
from grouprep.linalg.sparse import stack_exact
from grouprep.linalg.sylvester import exact_constraint
from grouprep.representations import Representation
from projectors.solvers.auto import generator_pairs

__all__ = ["solve_constraint", "solve_float", "solve_modular", "solve_sparse", "stacked_constraint"]


def stacked_constraint(V: Representation, W: Representation) -> Any:
    """The exact sparse matrix of X -> (rho_W(g) X - X rho_V(g))_g over all generators, columns row-major in X."""
    if V.domain is None or W.domain is None:
        raise UnsupportedGroup(
            f"exact solvers need exact generators; those of {V if V.domain is None else W} are float"
        )
    everything = trivial_space((W.dim, V.dim))
    return stack_exact([exact_constraint(everything, a, b) for a, b in generator_pairs(V, W)])


def _solve_exact(V: Representation, W: Representation, nullspace: Callable[[Any], Any]) -> ExactSpace:
    return ExactSpace((W.dim, V.dim), nullspace(stacked_constraint(V, W)))


def solve_sparse(V: Representation, W: Representation) -> ExactSpace:
    """By sparse rational or number-field elimination."""
    from grouprep.linalg.nullspace import sparse_nullspace

    return _solve_exact(V, W, sparse_nullspace)


def solve_modular(V: Representation, W: Representation) -> ExactSpace:
    """By elimination modulo primes, reconstructed and verified."""
    from grouprep.linalg.modular import modular_nullspace

    return _solve_exact(V, W, modular_nullspace)


def solve_float(V: Representation, W: Representation) -> FloatSpace:
    """By a singular value decomposition, with the rank from a gap relative to the generators' scale."""
    pairs = [(as_float(a), as_float(b)) for a, b in generator_pairs(V, W)]
    return float_space(trivial_space((W.dim, V.dim)), pairs)


def solve_constraint(V: Representation, W: Representation) -> Space:
    """Exactly if the generators are exact, sparse or modular by density; in floats otherwise."""
    if V.domain is None or W.domain is None:
        return solve_float(V, W)
    from grouprep.linalg.nullspace import nullspace

    return _solve_exact(V, W, nullspace)
