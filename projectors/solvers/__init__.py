"""The solvers of rho_W(g) X = X rho_V(g) for one pair (V, W), an object and a file each, and the registry of them."""

from projectors.solvers.base import Solver
from projectors.solvers.registry import SOLVERS, register, solve, solver_named

__all__ = ["SOLVERS", "Solver", "register", "solve", "solver_named"]
