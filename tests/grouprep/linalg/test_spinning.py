"""Vectors carried along orbits against the system of linear equations."""

import numpy as np
import pytest
from cases import cases

from grouprep import Alternating, Cyclic, Dihedral, GroupRepError
from grouprep.linalg import as_exact, as_float
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.linalg.nullspace import rank
from grouprep.linalg.sparse import stack_exact
from grouprep.linalg.spinning import prefers_spinning, spun_intertwiners
from projectors import Hom


@cases(
    "V, W",
    [
        (Dihedral(5).natural(), Dihedral(5).irrep("E2")),
        (2 * Dihedral(5).natural() + Dihedral(5).irrep("A2"), Dihedral(5).irrep("E1")),
        (Cyclic(9).natural(), Cyclic(9).irrep("E2")),
        (Cyclic(9).irrep(2, "complex") + Cyclic(9).natural(), Cyclic(9).irrep("E2")),
        (
            Alternating(4).natural(),
            Alternating(4).natural().change_basis([[1, 1, 0, 0], [0, 1, 2, 0], [0, 0, 1, 1], [1, 0, 0, 1]]),
        ),
    ],
)
def test_the_same_space(V, W):
    pairs = [(V.image(a), W.image(a)) for a in V.group.generator_names]
    rows, expected = spun_intertwiners(pairs), intertwiner_space((W.dim, V.dim), pairs).rows()
    assert rows.shape == expected.shape
    assert rank(stack_exact([rows, expected])) == rows.shape[0]
    for X in as_float(rows).reshape(-1, W.dim, V.dim):
        assert all(np.abs(as_float(b) @ X - X @ as_float(a)).max() <= 1e-13 for a, b in pairs)


def test_large_fields_take_it():
    """Degree 252: elimination took minutes."""
    G = Cyclic(127)
    H = Hom(G.natural(), G.irrep("E7"))
    assert prefers_spinning([(H.V.image(a), as_exact(H.W.image(a))) for a in G.generator_names])
    x = 2 * np.pi * 7 * np.arange(127) / 127
    wave = np.array([np.cos(x), np.sin(x)]) / np.sqrt(127)
    assert H.dim == 2
    assert np.abs(H.project(wave) - wave).max() <= 1e-14
    assert np.abs(H.project(np.ones((2, 127)))).max() <= 1e-14


@cases(
    "V, W, dim",
    [
        (Cyclic(997).natural(), Cyclic(997).irrep("E7"), 2),
        (Cyclic(997).irrep("E300"), Cyclic(997).natural(), 2),
        (Dihedral(499).regular(), Dihedral(499).irrep("E9"), 2),
        (Cyclic(127).natural() * Cyclic(127).irrep("E3"), Cyclic(127).irrep("E7"), 4),
        (*[(Cyclic(37) * Cyclic(31)).irreps()[-1]] * 2, 2),
    ],
)
def test_larger_ones_are_solved_in_floats(V, W, dim):
    """Exactly they would take from minutes to days; nothing is claimed to be exact."""
    H = Hom(V, W)
    X = H.basis().matrices
    assert H.dim == len(X) == dim
    assert not H.is_exact
    for a in V.group.generator_names:
        assert np.abs(as_float(W.image(a)) @ X - X @ as_float(V.image(a))).max() <= 1e-13
    assert "in floats" in H.solved_by.choice(V, W)
    with pytest.raises(GroupRepError, match="irreps, because"):
        H.exact_basis()
    if V.dim < 300:
        assert not H.certify().proved
