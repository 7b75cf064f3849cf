"""The solvers of rho_W(g) X = X rho_V(g) for one pair of summands, and the choice between them."""

from __future__ import annotations

from collections.abc import Callable

from grouprep.errors import GroupRepError
from grouprep.linalg.intertwiners import Space
from grouprep.linalg.memory import require_memory
from grouprep.representations import Representation
from projectors.solvers.auto import solve_auto
from projectors.solvers.averaging import solve_averaging
from projectors.solvers.constraint import solve_constraint, solve_float, solve_modular, solve_sparse
from projectors.solvers.orbits import solve_by_orbits
from projectors.solvers.schur import solve_schur

__all__ = ["SOLVERS", "solve"]

SOLVERS: dict[str, Callable[[Representation, Representation], Space]] = {
    "auto": solve_auto,
    "orbits": solve_by_orbits,
    "schur": solve_schur,
    "constraint": solve_constraint,
    "sparse": solve_sparse,
    "modular": solve_modular,
    "float": solve_float,
    "averaging": solve_averaging,
}


def solve(V: Representation, W: Representation, solver: str) -> Space:
    """The space of intertwiners from V to W, matrices (dim W, dim V), by the named solver.

    Raises
    ------
    GroupRepError
        If the solver is unknown (those that exist are listed), or cannot treat these representations.
    """
    if solver not in SOLVERS:
        raise GroupRepError(f'solver = "{solver}" is unknown; choose one of {", ".join(SOLVERS)}')
    require_memory(4 * V.dim * W.dim, f"Hom({V}, {W}) with {V.dim:,} x {W.dim:,} unknowns")
    return SOLVERS[solver](V, W)
