"""Solvers: each on its own ground, the same answer by all, and refusals that say what to do."""

import numpy as np
import pytest

from grouprep import (
    SO,
    AmbiguousRank,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    LieGroup,
    Quaternion,
    Representation,
    Symmetric,
    TooLarge,
    UnsupportedGroup,
    load_group,
)
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.spaces import ExactSpace, FloatSpace, OrbitSpace
from projectors import Hom, commutant
from projectors.solvers import SOLVERS, register, solve
from projectors.solvers.averaging import reynolds_average
from projectors.solvers.constraint import stacked_constraint
from projectors.solvers.orbits import Orbits

SKEW = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})


def span(space):
    rows = space.array if isinstance(space, FloatSpace) else to_numpy(space.rows())
    q, _ = np.linalg.qr(rows.T)
    return q @ q.conj().T


def test_kinds_of_spaces():
    permutations, dense = Dihedral(4).natural(), SKEW.defining()
    assert isinstance(solve(permutations, permutations, "auto"), OrbitSpace)
    assert isinstance(solve(permutations, permutations, "constraint"), ExactSpace)
    assert isinstance(solve(dense, dense, "auto"), ExactSpace)
    assert isinstance(solve(dense, dense, "float"), FloatSpace)
    assert isinstance(solve(dense, dense, "averaging"), ExactSpace)


@pytest.mark.parametrize("solver", [s for s in SOLVERS if s not in ("auto", "orbits")])
@pytest.mark.parametrize(
    ("V", "W", "dim"),
    [
        (SKEW.defining() ** 2, SKEW.defining() ** 2, 3),
        (SKEW.regular(), SKEW.defining(), 2),
        (Quaternion().defining() ** 2, Quaternion().regular(), 4),
        (Dihedral(5).defining(), Dihedral(5).natural(), 1),
        (Cyclic(3).natural(), Cyclic(3).natural(), 3),
    ],
    ids=["skew-T2", "skew-regular", "Q8", "D5", "C3"],
)
def test_all_solvers_find_the_same_space(solver, V, W, dim):
    expected, found = solve(V, W, "auto"), solve(V, W, solver)
    assert found.dim == expected.dim == dim
    assert np.abs(span(found) - span(expected)).max() <= 1e-12


def test_sparse_and_modular_elimination_give_the_same_canonical_basis():
    V = SKEW.defining() ** 3
    a, b = solve(V, V, "sparse"), solve(V, V, "modular")
    assert np.array_equal(to_numpy(a.rows()), to_numpy(b.rows()))
    assert a.dim == 11  # the mean of chi^6 for chi = 2, 0, -1 on classes of 1, 3, 2 elements: (64 + 2) / 6


def test_refusals():
    with pytest.raises(UnsupportedGroup, match='solver="constraint"'):
        solve(SKEW.defining(), SKEW.defining(), "orbits")
    for V, W in ((SKEW.defining(), SKEW.regular()), (SKEW.regular(), SKEW.defining())):  # one of the two is monomial
        with pytest.raises(UnsupportedGroup, match="the generator a is none on"):
            solve(V, W, "orbits")
    with pytest.raises(UnsupportedGroup, match="infinite"):
        solve(SO(4).defining(), SO(4).defining(), "averaging")
    with pytest.raises(TooLarge, match="40,320 x 262,144"):
        solve(Symmetric(8).natural() ** 3, Symmetric(8).natural() ** 3, "averaging")
    floats = LieGroup.from_algebra([np.array([[0.0, -1.0], [1.0, 0.0]])]).defining()
    for solver in ("sparse", "modular"):
        with pytest.raises(UnsupportedGroup, match="exact"):
            solve(floats, floats, solver)
    assert isinstance(solve(floats, floats, "constraint"), FloatSpace)
    with pytest.raises(GroupRepError, match="averaging"):
        solve(floats, floats, "nonsense")


def test_reynolds_average_at_a_known_value():
    V = Cyclic(2).natural()
    T = np.array([[1.0, 2.0], [3.0, 5.0]])
    assert np.array_equal(reynolds_average(V, V, T), [[3, 2.5], [2.5, 3]])
    assert reynolds_average(V, V, 1j * T).dtype == complex
    assert np.array_equal(reynolds_average(V, V, np.stack([T, 2 * T]))[1], [[6, 5], [5, 6]])


def test_stacked_constraint_is_the_kronecker_system():
    """B X - X A with X row-major: kron(B, 1) - kron(1, A^T)."""
    V, W = SKEW.defining(), SKEW.defining().dual
    system = to_numpy(stacked_constraint(V, W))
    from grouprep.linalg import as_float

    rows = []
    for generator in V.images:
        a, b = as_float(V.images[generator]), as_float(W.images[generator])
        rows.append(np.kron(b, np.eye(2)) - np.kron(np.eye(2), a.T))
    expected = np.concatenate(rows)
    assert (
        np.linalg.matrix_rank(system)
        == np.linalg.matrix_rank(expected)
        == np.linalg.matrix_rank(np.concatenate([system, expected]))
    )


def test_torsion_elements_do_not_change_the_answer():
    """auto solves by quarter turns first; the plain constraint must give the same for groups with components too."""
    from grouprep import O

    for G in (SO(3), O(3), SO(2), O(2), SO(4)):
        V = G.defining()
        for W in (V, V**2):
            a, b = solve(V**2, W, "auto"), solve(V**2, W, "sparse")
            assert a.dim == b.dim
            if a.dim:
                assert np.abs(span(a) - span(b)).max() <= 1e-12


@pytest.mark.parametrize(("name", "dim"), [("SO(20)", 3), ("SU(8)", 2), ("U(6)", 2), ("Sp(6)", 3)])
def test_tensor_squares_of_large_classical_groups(name, dim):
    """Brauer: 1, the flip and, with an invariant form, its projector. A few monomial elements imply the others, so few are held."""
    G = load_group(name)
    V = G.defining() ** 2
    space = solve(V, V)
    assert space.dim == dim
    n = G.defining().dim
    flip = np.eye(n * n).reshape(n, n, n, n).transpose(1, 0, 2, 3).ravel()
    q, _ = np.linalg.qr(to_numpy(space.rows()).T)
    for X in (np.eye(n * n).ravel(), flip):
        assert np.abs(q @ (q.conj().T @ X) - X).max() <= 1e-12
    assert len(G.torsion) < 4 * n


def test_too_many_index_pairs_are_named():
    V = SO(40).defining() ** 3
    with pytest.raises(TooLarge, match="GB"):
        solve(V, V)


def test_near_degenerate_floats_raise():
    A = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 0]])
    B = A + 1e-9 * np.array([[0.0, 0, -1], [0, 0, 0], [1, 0, 0]])
    H = commutant(LieGroup.from_algebra([A, B]).defining())
    for ask in (lambda: H.dim, H.basis, lambda: H.project(np.eye(3)), H.certify):
        with pytest.raises(AmbiguousRank):
            ask()


def test_the_pair_is_solved_once(monkeypatch):
    import projectors.hom

    calls = []

    def counting(V, W, solver):
        calls.append((V, W))
        return solve(V, W, solver)

    monkeypatch.setattr(projectors.hom, "solve", counting)
    G = Dihedral(4)
    H = Hom(5 * G.regular() + G.trivial() + 2 * G.regular(), 3 * G.defining() + G.trivial())
    _ = H.basis(), H.exact_basis(), H.certify(), H.dim
    assert len(calls) == len(set(calls)) == 4


# --- solvers as objects


def test_solvers_say_what_they_are():
    assert list(SOLVERS) == ["auto", "orbits", "schur", "constraint", "sparse", "modular", "float", "averaging"]
    permutations, dense = Cyclic(3).natural(), SKEW.defining()
    assert {s.name for s in SOLVERS.values() if not s.applies(dense, dense)} == {"orbits"}
    assert {s.name for s in SOLVERS.values() if not s.is_exact(permutations, permutations)} == {"float", "schur"}
    rotations = SO(3).defining()
    assert not SOLVERS["averaging"].is_exact(rotations, rotations)
    assert SOLVERS["averaging"].applies(rotations, rotations)
    assert not SOLVERS["averaging"].applies(SO(4).defining(), SO(4).defining())
    small, large = Symmetric(3).natural(), Symmetric(3).natural() ** 2
    assert all(0 < s.cost(small, small) < s.cost(large, large) for s in SOLVERS.values())
    assert SOLVERS["orbits"].cost(large, large) == min(s.cost(large, large) for s in SOLVERS.values())


@pytest.fixture
def registry(monkeypatch):
    """The registry of solvers, put back afterwards."""
    known = dict(SOLVERS)
    yield
    SOLVERS.clear()
    SOLVERS.update(known)


class Everything(Orbits):
    """A solver that claims all pairs, but solves only what orbits solve."""

    name = "everything"
    wrong_shape = False

    def refusal(self, V, W):
        return None

    def solve(self, V, W):
        if (why := super().refusal(V, W)) is not None:
            raise UnsupportedGroup(why)
        return super().solve(*((V, V) if self.wrong_shape else (V, W)))


def test_a_solver_of_ones_own(registry):
    register(Everything())
    V = Symmetric(4).natural()
    assert Hom(V, V, solver="everything").dim == 2
    assert Hom(V, V, solver="everything").certify().proved
    with pytest.raises(GroupRepError, match='a solver named "everything" is registered already'):
        register(Everything())
    with pytest.raises(GroupRepError, match="no solver with a name"):
        register(type("Nameless", (Everything,), {"name": ""})())


def test_a_solver_that_claims_what_it_cannot_solve(registry):
    register(Everything())
    with pytest.raises(
        UnsupportedGroup, match=r'solver "everything" claims to solve Hom\(.*\), but cannot: .*monomial'
    ):
        commutant(SKEW.defining(), solver="everything").basis()
    other = type("Wrong", (Everything,), {"name": "wrong", "wrong_shape": True})
    register(other())
    with pytest.raises(DimensionMismatch, match=r"gives matrices \(4, 4\), not \(1, 4\)"):
        Hom(Symmetric(4).natural(), Symmetric(4).trivial(), solver="wrong").basis()


# --- rational forms, and irreps that are given


def test_what_is_carried_back_from_rational_forms():
    """The commutant of a float irrep is the multiples of 1; its rational form is isomorphic, not equal: S is not orthogonal."""
    V = SO(3).irrep(5)
    A, S = V.rational()
    assert V.domain is None
    assert A.domain is not None
    assert np.abs(S.T @ S - np.eye(11)).max() > 0.1
    assert np.allclose(Hom(V, V).basis()[0] * 11**0.5, np.eye(11), rtol=0, atol=1e-13)
    (X,) = Hom(A, V).basis()
    X = X / X[0, 0] * S[0, 0]
    assert np.allclose(X, S, rtol=0, atol=1e-12 * np.abs(S).max())


def test_pairs_with_one_rational_form_are_counted_together():
    V = SO(3).irrep(5)
    H = commutant(V + V.rational()[0])
    certificate = H.certify()
    assert (len(H.pairs), H.dim, certificate.dim, certificate.proved) == (4, 4, 4, True)


def test_schur_with_irreps_of_ones_own():
    G = Quaternion()
    signs = [
        G.trivial(),
        *(Representation(G, images={"i": [[a]], "j": [[b]]}) for a, b in ((1, -1), (-1, 1), (-1, -1))),
    ]
    W = 2 * G.defining()
    found = Hom(W, W, solver="schur", irreps=[*signs, G.defining()])
    assert (found.dim, len(found.basis()), found.certify().dim) == (4, 4, 4)
    assert len(Hom(W, W, solver="schur").basis()) == 4
