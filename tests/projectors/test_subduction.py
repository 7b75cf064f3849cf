"""Bases adapted to chains of subgroups."""

import numpy as np
import pytest

from grouprep import DimensionMismatch, GroupRepError, Homomorphism, Symmetric
from projectors import subduce

S4 = Symmetric(4)
S3, S2 = S4.subgroup(["(1 2 3)", "(1 2)"]), S4.subgroup(["(1 2)"])
CHAIN = Homomorphism.inclusion(S3, S4), Homomorphism.inclusion(S2, S3)


def test_a_basis_is_adapted_to_the_whole_chain():
    V = S4.natural() ** 2
    found = subduce(V, *CHAIN)
    U = found.change_of_basis
    assert np.allclose(U.T @ U, np.eye(16), atol=1e-13)
    assert len(found.labels) == 16
    last = U.T @ V(S2.generators[0]) @ U  # irreps of S2 are numbers: 1 for A, -1 for B
    assert np.allclose(last, np.diag([1.0 if path[1] == "A" else -1.0 for path in found.labels]), atol=1e-13)
    for g in S3.generators:  # nothing leads from one irrep of S3 to another
        moved = U.T @ V(g) @ U
        for a, row in zip(found.labels, moved, strict=True):
            assert all(abs(x) < 1e-13 for b, x in zip(found.labels, row, strict=True) if a[0] != b[0])
    again = subduce(V, *CHAIN)
    assert np.array_equal(again.change_of_basis, U)


def test_chains_that_do_not_meet():
    with pytest.raises(DimensionMismatch, match=r"maps\[1\] leads into S4"):
        subduce(S4.natural(), CHAIN[0], CHAIN[0])
    with pytest.raises(GroupRepError, match="needs a homomorphism"):
        subduce(S4.natural())
    with pytest.raises(GroupRepError, match=r"maps\[0\] must be a Homomorphism"):
        subduce(S4.natural(), "S3")
