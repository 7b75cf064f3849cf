"""What an adversarial review of irreps and decompositions found: each was wrong once."""

import numpy as np
import pytest

from grouprep import SO, SU, O, Representation
from projectors import decompose

EPS = float(np.finfo(float).eps)


def assert_decomposed(V: Representation) -> None:
    """U unitary and V(g) U = U blocks(g), to 50 eps times the dimension."""
    D = decompose(V)
    U, g = D.change_of_basis, V.group.sample(2, np.random.default_rng(0))
    assert D.labels == V.multiplicities()
    assert np.linalg.norm(U.conj().T @ U - np.eye(V.dim), 2) <= 50 * EPS * V.dim
    assert np.linalg.norm(V(g) @ U - U @ D.blocks(g), 2, axis=(-2, -1)).max() <= 50 * EPS * V.dim


@pytest.mark.parametrize(
    "V",
    [
        SO(3).irrep(6) ** 2,
        SO(3).irrep(10) ** 2,
        SO(3).irrep(20) * SO(3).irrep(4),
        O(3).irrep("6e") * O(3).irrep("6o"),
        SU(2).irrep("15/2", field="complex") ** 2,
    ],
    ids=str,
)
def test_products_of_large_spins(V):
    """Lowering multiplied what rounding left of larger spins by binomial coefficients: 2.6e5 eps dim for 10 x 10."""
    assert_decomposed(V)
