"""Spins, chains and their sectors beside qutip and quimb; symmetric semidefinite programs with cvxpy."""

import numpy as np
import pytest
from cases import cases

from grouprep import SO, SU, Cyclic, Dihedral, DimensionMismatch, GroupRepError, Symmetric
from grouprep.interop.qutip import from_qutip, product_states, spin_basis, spin_operators, to_qutip
from grouprep.irreps.wigner import wigner_D
from projectors.interop.cvxpy import invariant_matrix
from projectors.interop.qutip import symmetry_sectors

SPINS = ("1/2", 1, 1.5, 3)


def raising(j):
    """J+ on |j m>, m descending: sqrt(j (j + 1) - m (m + 1))."""
    m = np.arange(j, -j - 1, -1)
    return np.diag(np.sqrt(j * (j + 1) - m[1:] * (m[1:] + 1)), 1)


@cases("j", SPINS)
def test_spin_operators(j):
    x, y, z = spin_operators(j)
    value = (len(x) - 1) / 2
    up = raising(value)
    for ours, theirs in ((x, (up + up.T) / 2), (y, (up - up.T) / 2j), (z, np.diag(np.arange(value, -value - 1, -1)))):
        assert np.allclose(ours, theirs, atol=1e-14)


@cases(
    "V",
    [
        SU(2).irrep(1.5, field="complex"),
        SU(2).defining(),
        SO(3).irrep(2),
        SO(3).irrep(2, field="complex"),
        SU(2).irrep(1),
    ],
    ids=str,
)
def test_from_our_basis_to_theirs(V):
    """B V(g) B* is exp(-i theta n.J) of their operators, for rotations about two axes."""
    B, J = spin_basis(V), spin_operators((V.dim - 1) / 2)
    spinor = spin_operators("1/2")
    for n in (np.array([0.6, 0, 0.8]), np.array([0, 0.28, -0.96])):
        theta = 1.1
        values, U = np.linalg.eigh(sum(a * X for a, X in zip(n, J, strict=True)))
        theirs = (U * np.exp(-1j * theta * values)) @ U.conj().T
        s = sum(a * X for a, X in zip(n, spinor, strict=True))
        g = np.cos(theta / 2) * np.eye(2) - 2j * np.sin(theta / 2) * s
        if V.group == SO(3):
            K = np.array([[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]])
            g = np.eye(3) + np.sin(theta) * K + (1 - np.cos(theta)) * K @ K
        assert np.allclose(B @ V(g) @ B.conj().T, theirs, atol=1e-12)
    assert np.allclose(wigner_D(1, np.eye(3)), np.eye(3))


def chain(n, field=0.0):
    """Heisenberg's ring of n spins 1/2, the first site slowest, with a field at the first."""
    S = spin_operators("1/2")

    def at(A, k):
        return np.kron(np.kron(np.eye(2**k), A), np.eye(2 ** (n - k - 1)))

    H = sum(at(A, k) @ at(A, (k + 1) % n) for A in S for k in range(n))
    return H + field * at(S[2], 0)


def spectrum(sectors):
    return np.sort(np.concatenate([np.repeat(s.energies, s.dim) for s in sectors]))


def test_sectors_of_a_ring():
    """The blocks hold the whole spectrum; C6 has 14, 9, 11, 10, 11, 9 necklaces of 6 spins by momentum."""
    H = chain(6)
    for V in (product_states(Cyclic(6)), product_states(Dihedral(6)), SU(2).irrep("1/2", field="complex") ** 6):
        assert np.allclose(spectrum(symmetry_sectors(H, V)), np.linalg.eigvalsh(H))
    V = product_states(Cyclic(6))
    sectors = symmetry_sectors(H, V)
    assert [len(s.block) for s in sectors] == [14, 9, 11, 10, 11, 9]
    T = V(Cyclic(6).generators[0])
    for k, s in enumerate(sectors):
        assert np.allclose(T @ s.isometry, np.exp(2j * np.pi * k / 6) * s.isometry)
        assert np.allclose(s.isometry.conj().T @ H @ s.isometry, s.block)
    assert [(s.label, s.dim, len(s.block)) for s in symmetry_sectors(chain(4), SU(2).irrep("1/2", field="complex") ** 4)] == [
        ("0", 1, 2), ("1", 3, 3), ("2", 5, 1),
    ]  # fmt: skip


def test_what_does_not_commute_is_refused():
    with pytest.raises(GroupRepError, match=r"does not commute with .* m descending"):
        symmetry_sectors(chain(4, field=0.1), product_states(Cyclic(4)))
    with pytest.raises(DimensionMismatch, match="A acts on dimension 16"):
        symmetry_sectors(chain(4), product_states(Cyclic(3)))
    with pytest.raises(GroupRepError, match="no operator"):
        from_qutip(np.ones(3))
    with pytest.raises(DimensionMismatch, match="product 4"):
        to_qutip(np.eye(3), dims=[2, 2])
    for V in (SO(3).defining(), Cyclic(3).natural()):
        with pytest.raises(GroupRepError, match=r"spin|irrep of SU"):
            spin_basis(V)
    with pytest.raises(GroupRepError, match="positive integer"):
        product_states(Cyclic(3), states=0)


def test_sites_move_as_the_group_says():
    """(0 1 2) on |abc>: what was at site 0 is at site 1."""
    G = Symmetric(3)
    V = product_states(G, states=3)
    for g in G.elements:
        for digits in ((0, 1, 2), (2, 0, 0), (1, 1, 2)):
            moved = [0, 0, 0]
            for k, s in enumerate(digits):
                moved[g[k]] = s
            assert V(g)[np.ravel_multi_index(moved, (3, 3, 3)), np.ravel_multi_index(digits, (3, 3, 3))] == 1


def test_qutip():
    qutip = pytest.importorskip("qutip", reason="qutip is not installed")
    for j in (0.5, 1, 1.5):
        assert all(np.allclose(ours, qutip.jmat(j, x).full()) for ours, x in zip(spin_operators(j), "xyz", strict=True))
    S = [qutip.jmat(0.5, x) for x in "xyz"]

    def at(A, k):
        return qutip.tensor([A if i == k else qutip.qeye(2) for i in range(4)])

    H = sum(at(A, k) * at(A, (k + 1) % 4) for A in S for k in range(4))
    assert np.allclose(from_qutip(H), chain(4))
    assert np.allclose(spectrum(symmetry_sectors(H, product_states(Dihedral(4)))), H.eigenenergies())
    assert to_qutip(chain(4), dims=[2] * 4) == H
    with pytest.raises(GroupRepError, match="is a ket"):
        from_qutip(qutip.basis(2, 0))


def test_quimb():
    quimb = pytest.importorskip("quimb", reason="quimb is not installed")
    assert all(np.allclose(ours, quimb.spin_operator(x, 1)) for ours, x in zip(spin_operators(1), "xyz", strict=True))
    H = quimb.ham_heis(6, cyclic=True, sparse=True)
    assert np.allclose(spectrum(symmetry_sectors(H, product_states(Dihedral(6)))), np.linalg.eigvalsh(chain(6)))


def theta(cvxpy, graph):
    from grouprep.interop.graphs import automorphism_group

    X = invariant_matrix(automorphism_group(graph).natural())
    edges = tuple(np.array(graph.edges).T)
    problem = cvxpy.Problem(
        cvxpy.Maximize(cvxpy.sum(X.matrix)), [cvxpy.trace(X.matrix) == 1, X.matrix[edges] == 0, *X.psd]
    )
    return problem.solve(), X


def test_lovasz_theta():
    """Petersen 4, the pentagon sqrt 5, Kneser's K(7, 3) binomial(6, 2): Lovasz, IEEE Trans. Inf. Theory 25 (1979) 1-7."""
    cvxpy = pytest.importorskip("cvxpy", reason="cvxpy is not installed")
    nx = pytest.importorskip("networkx")
    for graph, value, variables, sizes in (
        (nx.petersen_graph(), 4, 3, [1, 1, 1]),
        (nx.cycle_graph(5), 5**0.5, 3, [1, 1, 1]),
        (nx.kneser_graph(7, 3), 15, 4, [1, 1, 1, 1]),
    ):
        graph = nx.convert_node_labels_to_integers(graph)
        found, X = theta(cvxpy, graph)
        assert abs(found - value) < 1e-5
        assert len(X.basis) == variables
        assert [b.shape[0] for b in X.blocks.values()] == sizes


def test_blocks_have_the_eigenvalues_of_the_matrix():
    """Also where irreps are of complex type, occur twice, or the representation is complex."""
    pytest.importorskip("cvxpy", reason="cvxpy is not installed")
    spin = SU(2).irrep("1/2", field="complex")
    for V, variables in (
        (2 * Cyclic(5).natural(), 11),
        (2 * Symmetric(3).regular(), 15),
        (2 * (spin * spin * spin), 16 + 4),
    ):
        X = invariant_matrix(V)
        for seed in (0, 1):
            X.variable.value = np.random.default_rng(seed).normal(size=len(X.basis))
            M = X.matrix.value
            assert np.allclose(M, M.conj().T)
            blocks = np.concatenate([np.linalg.eigvalsh(b.value) for b in X.blocks.values()])
            assert np.allclose(np.unique(blocks.round(9)), np.unique(np.linalg.eigvalsh(M).round(9)))
        assert len(X.basis) == variables or V.group != Cyclic(5)
    with pytest.raises(GroupRepError, match="unitary representation"):
        invariant_matrix(3)
