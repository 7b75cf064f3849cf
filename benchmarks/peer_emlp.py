"""One case with emlp, in a process of its own: python benchmarks/peer_emlp.py CASE.

emlp has no regular representations: they are groups given by permutations, in whichever of emlp's two forms (lazy,
dense) and with whichever generators emlp was fastest.
"""

from __future__ import annotations

import sys
from typing import Any

import emlp
import emlp.groups
import emlp.reps
import jax
import jax.numpy as jnp
import numpy as np
import worker
from cases import Case, Generators, case, elements, generators, largest_residual, orthonormality_error, regular
from emlp.reps.linear_operators import LazyPerm


class Permutations(emlp.groups.Group):  # type: ignore[misc]
    """A group given by permutations of a basis."""

    def __init__(self, name: str, operators: Any) -> None:
        self.discrete_generators = operators
        super().__init__(name)


def base_generators(c: Case) -> Generators:
    """The generators that the residual is taken over, in the basis that emlp's group acts on."""
    found = generators(c.group, c.n)
    return regular(elements(c.group, c.n), found) if c.space == "regular" else found


def solve(c: Case) -> np.ndarray[Any, Any]:
    """emlp's orthonormal basis as an array (dim W * dim V, r)."""
    V = emlp.reps.V
    if c.group == "SO":
        G = emlp.groups.SO(c.n)
    elif c.group == "O13":
        G = emlp.groups.Lorentz()
    elif c.group == "Z":
        G = emlp.groups.Z(c.n)
    elif c.group == "Z2^":
        G = Permutations(c.name, np.stack([np.eye(len(g))[np.argsort(g)] for g in base_generators(c).elements]))
    elif c.space == "regular":
        G = Permutations(c.name, [LazyPerm(np.argsort(g)) for g in base_generators(c).elements])
    else:
        G = emlp.groups.S(c.n)
    rep = (V**c.domain >> V**c.codomain)(G) if c.domain else (V**c.codomain)(G)
    return np.asarray(rep.equivariant_basis())


def main(name: str) -> None:
    """Measure one case."""
    c = case(name)
    jax.block_until_ready(jnp.zeros(1))  # jax starts its backend
    clock = worker.Clock()
    Q = solve(c)
    times, peak = clock.read(), worker.peak_megabytes()
    base = base_generators(c)
    V, W = base.power(c.domain), base.power(c.codomain)
    m, n = (len((space.elements or space.algebra)[0]) for space in (W, V))
    basis = Q.T.reshape(-1, m, n)
    worker.answer(
        {
            **times,
            "peak_mb": peak,
            "dimension": len(basis),
            "residual": largest_residual(basis, V, W),
            "orthonormality": orthonormality_error(basis),
        }
    )


if __name__ == "__main__":
    main(sys.argv[1])
