"""Unitary matrices split into irreducible ones: against averages over the group, and against systems of linear equations."""

import numpy as np
import pytest
from cases import cases
from scipy.stats import ortho_group, unitary_group

from grouprep import SU, Alternating, AmbiguousRank, Cyclic, Dihedral, FiniteGroup, Quaternion, Symmetric, TooLarge
from grouprep.irreps.base import realify
from grouprep.linalg import Monomial, as_float
from grouprep.linalg.blocks import (
    block_residual,
    invariant_coordinates,
    isomorphism,
    known_blocks,
    matrix_sizes,
    unknown_blocks,
)
from grouprep.linalg.intertwiners import intertwiner_space

EPS = float(np.finfo(float).eps)
SEVEN = FiniteGroup.from_permutations(["(1 2 3 4 5 6 7)", "(2 3)(4 7)"], name="PSL(2,7)")


def images(V):
    return [V.float_image(a) for a in V.group.generator_names]


def turned(matrices, Q):
    return [Q @ as_float(m) @ Q.conj().T for m in matrices]


def columns(X):
    return X.transpose(1, 0, 2).reshape(X.shape[1], -1)


def assert_split(matrices, blocks):
    """Isometries side by side are unitary and intertwine; units commute, and there are as many as equations leave."""
    n = len(as_float(matrices[0]))
    U = np.concatenate([columns(b.isometries) for b in blocks], axis=1)
    assert np.abs(U.conj().T @ U - np.eye(n)).max() <= 20 * n * EPS
    sizes = matrix_sizes(matrices)
    for s, m in enumerate(matrices):
        found = block_residual(m, [([b.images[s]], b.isometries) for b in blocks])
        assert found <= 50 * n * EPS * sizes[s]
    for b in blocks:
        assert all(np.abs(u @ m - m @ u).max() <= 1e-12 for u in b.units for m in b.images)
        assert intertwiner_space((len(b.images[0]),) * 2, [(m, m) for m in b.images]).dim == len(b.units)


@cases(
    "V, real, expected",
    [
        (Alternating(5).regular(), True, [(1, 1, 1), (3, 3, 1), (3, 3, 1), (4, 4, 1), (5, 5, 1)]),
        (Symmetric(4).natural() ** 2, True, [(1, 2, 1), (2, 1, 1), (3, 1, 1), (3, 3, 1)]),
        (Cyclic(5).regular(), True, [(1, 1, 1), (2, 1, 2), (2, 1, 2)]),
        (Cyclic(5).regular(), False, [(1, 1, 1)] * 5),
        (Quaternion().regular(), True, [(1, 1, 1)] * 4 + [(4, 1, 4)]),
        (Quaternion().regular(), False, [(1, 1, 1)] * 4 + [(2, 2, 1)]),
        (Alternating(4).regular(), True, [(1, 1, 1), (2, 1, 2), (3, 3, 1)]),
        (SEVEN.natural() ** 2, True, [(1, 2, 1), (6, 4, 1), (7, 1, 1), (8, 2, 1)]),
        (SU(2).defining() ** 3, False, [(2, 2, 1), (4, 1, 1)]),
    ],
)
def test_what_is_found_without_knowing_irreps(V, real, expected):
    """(dimension, multiplicity, dimension of the commutant) of each, also in another basis, and the same bits twice."""
    given = images(V)
    Q = (ortho_group if real else unitary_group).rvs(V.dim, random_state=1)
    for matrices in (given, turned(given, Q)):
        blocks = unknown_blocks(matrices, real)
        found = [(b.isometries.shape[2], b.isometries.shape[0], len(b.units)) for b in blocks]
        assert sorted(found) == sorted(expected)
        assert [f[0] for f in found] == sorted(f[0] for f in found)
        assert_split(matrices, blocks)
        again = unknown_blocks(matrices, real)
        assert all(np.array_equal(a.isometries, b.isometries) for a, b in zip(blocks, again, strict=True))


def test_quaternions_over_the_reals_from_the_algebra_alone():
    """Three spins 1/2 as real matrices: 2 copies of H^1 = R^4 and one of H^2."""
    matrices = [realify(as_float(m)) for m in images(SU(2).defining() ** 3)]
    blocks = unknown_blocks(matrices, True)
    assert [(b.isometries.shape, b.units.shape) for b in blocks] == [((2, 16, 4), (4, 4, 4)), ((1, 16, 8), (4, 8, 8))]
    assert_split(matrices, blocks)
    for b in blocks:
        _, i, j, k = b.units
        assert np.abs(i @ j - k).max() <= 1e-14 or np.abs(i @ j + k).max() <= 1e-14


def test_known_irreps_against_averages_over_the_group():
    """The isotypic projectors are d / |G| sum_g conj(chi(g)) V(g), element by element; matrices are the irreps' own."""
    G = Alternating(5)
    known = unknown_blocks(images(G.regular()), False)
    V = (G.natural() ** 3).change_basis(ortho_group.rvs(125, random_state=2))
    found = known_blocks(images(V), [b.images for b in known])
    values = V(G.elements)
    for b, X in zip(known, found, strict=True):
        d = len(b.images[0])
        irrep = [np.eye(d)]
        for k, j in G.steps[1:]:
            irrep.append(b.images[k] @ irrep[j])
        characters = np.trace(np.array(irrep), axis1=1, axis2=2)
        P = d / G.order * np.tensordot(characters.conj(), values, 1)
        assert round(np.trace(P).real) == d * len(X)
        assert np.abs(columns(X) @ columns(X).conj().T - P).max() <= 1e-12
        for s, m in enumerate(images(V)):
            assert np.abs(m @ X - X @ b.images[s]).max() <= 50 * 125 * EPS


def test_orbits_are_solved_one_by_one():
    """Words of nine bits under rotation: necklaces of length 1, 3 and 9, each kind solved once."""
    states = np.arange(2**9)
    turn = Monomial(((states << 1) & 511) | (states >> 8))
    parts = invariant_coordinates([turn])
    assert sorted(set(map(len, parts))) == [1, 3, 9]
    assert len(parts) == 60
    found = known_blocks([turn], [[np.exp(2j * np.pi * k / 9) * np.eye(1)] for k in range(9)])
    assert [len(X) for X in found] == [60, 56, 56, 58, 56, 56, 58, 56, 56]
    U = np.concatenate([columns(X) for X in found], axis=1)
    assert np.abs(U.conj().T @ U - np.eye(512)).max() <= 1e-13


def test_isomorphism():
    blocks = unknown_blocks(images(Dihedral(5).regular()), False)
    one, other = [b.images for b in blocks if len(b.images[0]) == 2]
    Q = unitary_group.rvs(2, random_state=0)
    T = isomorphism(one, turned(one, Q))
    assert np.abs(T @ one[0] - Q @ one[0] @ Q.conj().T @ T).max() <= 1e-14
    assert isomorphism(one, other) is None
    assert isomorphism(one, [np.eye(1), np.eye(1)]) is None


def test_refusals():
    with pytest.raises(AmbiguousRank, match="not told apart into irreducible ones"):
        unknown_blocks([np.diag(np.exp([0, 4e-12j]))], False)
    with pytest.raises(TooLarge, match="the limit is"):
        unknown_blocks([Monomial.identity(5_000)], True)
