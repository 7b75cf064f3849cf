"""The solvers by name: what `Hom`, `explain`, the command line and the tests read."""

from __future__ import annotations

from grouprep.errors import DimensionMismatch, GroupRepError, UnsupportedGroup, nearest, shown
from grouprep.linalg.memory import require_memory
from grouprep.linalg.spaces import Space
from grouprep.representations import Representation
from projectors.solvers.auto import Auto
from projectors.solvers.averaging import Averaging
from projectors.solvers.base import Solver
from projectors.solvers.constraint import Constraint
from projectors.solvers.floats import Float
from projectors.solvers.modular import Modular
from projectors.solvers.orbits import Orbits
from projectors.solvers.schur import Schur
from projectors.solvers.sparse import Sparse

__all__ = ["SOLVERS", "register", "solve", "solver_named"]

SOLVERS: dict[str, Solver] = {}


def register(solver: Solver) -> None:
    """Make a solver known by its name.

    Raises
    ------
    GroupRepError
        If it has no name, or another solver has it.
    """
    name = getattr(solver, "name", "")
    if not isinstance(solver, Solver) or not name:
        raise GroupRepError(f"{solver!r:.60} is no solver with a name; subclass projectors.solvers.Solver and set name")
    if name in SOLVERS:
        raise GroupRepError(f'a solver named "{name}" is registered already: {type(SOLVERS[name]).__qualname__}')
    SOLVERS[name] = solver


for _solver in (Auto(), Orbits(), Schur(), Constraint(), Sparse(), Modular(), Float(), Averaging()):
    register(_solver)


def solver_named(name: str) -> Solver:
    """The solver with a name.

    Raises
    ------
    GroupRepError
        If there is none; those that exist are listed.
    """
    if not isinstance(name, str) or name not in SOLVERS:
        raise GroupRepError(f"solver = {shown(name)} is unknown; {nearest(name, SOLVERS)}")
    return SOLVERS[name]


def solve(V: Representation, W: Representation, solver: str | Solver = "auto") -> Space:
    """The space of intertwiners from V to W, matrices (dim W, dim V), by a solver.

    Parameters
    ----------
    V, W : representations of one group.
    solver : its name, or the solver itself.

    Raises
    ------
    UnsupportedGroup
        If the solver does not apply to the pair.
    GroupRepError
        If the solver is unknown, or claims a pair that it cannot solve.
    TooLarge
        If the unknowns do not fit into memory.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> V = Cyclic(5).natural()
    >>> solve(V, V, "orbits").dim
    5
    """
    found = solver_named(solver) if isinstance(solver, str) else solver
    require_memory(4 * V.dim * W.dim, f"Hom({V}, {W}) with {V.dim:,} x {W.dim:,} unknowns")
    if (why := found.refusal(V, W)) is not None:
        raise UnsupportedGroup(why)
    try:
        space = found.solve(V, W)
    except UnsupportedGroup as error:
        raise UnsupportedGroup(f'solver "{found.name}" claims to solve Hom({V}, {W}), but cannot: {error}') from error
    if tuple(space.shape) != (W.dim, V.dim):
        raise DimensionMismatch(
            f'solver "{found.name}" claims to solve Hom({V}, {W}) and gives matrices {tuple(space.shape)}, not {(W.dim, V.dim)}'
        )
    return space
