"""Solver "averaging" and the Reynolds average on compact groups, against exact elimination and the orthogonal projector."""

import numpy as np
import pytest

from grouprep import (
    SO,
    SU,
    AmbiguousRank,
    Cyclic,
    DimensionMismatch,
    GroupRepError,
    O,
    Sp,
    Symmetric,
    TooLarge,
    U,
    UnsupportedGroup,
)
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.spaces import ExactSpace, FloatSpace
from projectors import Hom
from projectors.solvers import averaging, solve
from projectors.solvers.averaging import averaging_terms, reynolds_average

EPS = np.finfo(float).eps
GROUPS = [SO(2), U(1), O(2), SO(3), O(3), SU(2), Sp(1), SO(3) * Cyclic(3), SU(2) * U(1), SO(2) * O(3)]
PAIRS = {
    "V, V": lambda V: (V, V),
    "V^2, V^2": lambda V: (V**2, V**2),
    "1, V^3": lambda V: (V.group.trivial(), V**3),
    "sym2, V^2": lambda V: (V.symmetric_power(2), V**2),
    "sym2*, sym2": lambda V: (V.symmetric_power(2).dual, V.symmetric_power(2)),
    "unitary sym2, sym2": lambda V: (V.symmetric_power(2).unitary()[0], V.symmetric_power(2)),
    "V + 1, V*": lambda V: (V + V.group.trivial(), V.dual),
}


def span(space):
    rows = space.array if isinstance(space, FloatSpace) else to_numpy(space.rows())
    q, _ = np.linalg.qr(rows.T)
    return q @ q.conj().T


CASES = [(G, pair) for G in GROUPS for pair in PAIRS if np.prod([V.dim for V in PAIRS[pair](G.defining())]) <= 300]


@pytest.mark.parametrize(("G", "pair"), CASES, ids=str)
def test_averaging_agrees_with_the_constraint(G, pair):
    V, W = PAIRS[pair](G.defining())
    found, expected = solve(V, W, "averaging"), solve(V, W, "constraint")
    assert isinstance(found, FloatSpace)
    assert found.dim == expected.dim == Hom(V, W).dim
    assert np.abs(span(found) - span(expected)).max() <= 64 * EPS * V.dim * W.dim
    assert np.abs(found.array @ found.array.conj().T - np.eye(found.dim)).max(initial=0) <= 8 * EPS * V.dim * W.dim

    rng = np.random.default_rng(0)
    T = rng.standard_normal((2, 3, W.dim, V.dim))
    mean = reynolds_average(V, W, T)
    assert mean.shape == T.shape
    assert mean.dtype == (complex if "complex" in (V.field, W.field) else float)
    size = np.abs(T).max() * V.dim * W.dim
    assert np.abs(mean - Hom(V, W).project(T)).max() <= 64 * EPS * size
    assert np.abs(mean - Hom(V, W, solver="averaging").project(T)).max() <= 64 * EPS * size


@pytest.mark.parametrize("G", GROUPS, ids=str)
def test_the_average_is_a_projector_that_commutes_with_the_group(G):
    V, W = G.defining().symmetric_power(2), G.defining() ** 2
    rng = np.random.default_rng(1)
    T = rng.standard_normal((W.dim, V.dim))
    P = reynolds_average(V, W, T)
    bound = 128 * EPS * V.dim * W.dim
    assert np.abs(reynolds_average(V, W, P) - P).max() <= bound
    g = G.sample(3, rng)
    moved = W(g) @ P @ np.linalg.inv(V(g))
    assert np.abs(moved - P).max() <= 4 * bound


@pytest.mark.parametrize(
    ("G", "V", "W"),
    [
        (SO(2), (1, 2, 0), (2, 0, 1)),
        (O(2), ("A1", "E1", "E2"), ("E2", "A2", "E1")),
        (SO(3), (0, 1, 2), (2, 1, 1)),
        (O(3), ("1o", "1e", "2e"), ("1o", "2e", "0o")),
        (SU(2), ("1/2", 1), (1, "1/2")),
        (SO(3) * Cyclic(3), ((1, "E1"), (0, "A")), ((1, "E1"), (1, "A"))),
    ],
    ids=lambda x: str(x) if not isinstance(x, tuple) else "",
)
@pytest.mark.parametrize("field", ["real", "complex"])
def test_averaging_agrees_with_schur_on_irreps(G, V, W, field):
    """Commutants of real irreps of complex and quaternionic type have two and four dimensions."""
    if field == "complex" and not isinstance(V[-1], int | str):
        V, W = ((1, 1), (0, 0)), ((1, 1), (1, 0))
    V, W = (sum((G.irrep(x, field) for x in labels[1:]), G.irrep(labels[0], field)) for labels in (V, W))
    found, expected = solve(V, W, "averaging"), Hom(V, W, solver="schur")
    assert found.dim == expected.dim == len(expected.basis())
    X = expected.basis().matrices.reshape(found.dim, -1)
    assert np.abs(span(found) - X.T @ X.conj()).max() <= 64 * EPS * V.dim * W.dim
    T = np.random.default_rng(6).standard_normal((W.dim, V.dim))
    assert np.abs(reynolds_average(V, W, T) - expected.project(T)).max() <= 64 * EPS * V.dim * W.dim * np.abs(T).max()


def test_a_lower_degree_is_wrong():
    """The degree that V and W determine is needed: with one less the average is another operator."""
    from grouprep.quadrature import haar_quadrature

    V = SO(3).defining()
    T = np.random.default_rng(2).standard_normal((3, 3))
    for degree, right in ((2, True), (1, False)):
        rule = haar_quadrature(SO(3), degree)
        g = V(rule.nodes)
        mean = np.einsum("k,kij,jl,kml->im", rule.weights, g, T, g)
        assert (np.abs(mean - np.eye(3) * np.trace(T) / 3).max() <= 32 * EPS) == right


def test_chunks_do_not_change_the_average(monkeypatch):
    V = SU(2).defining() ** 2
    T = np.random.default_rng(3).standard_normal((2, 4, 4))
    whole, space = reynolds_average(V, V, T), solve(V, V, "averaging")
    monkeypatch.setattr(averaging, "_CHUNK", 100)
    assert np.abs(reynolds_average(V, V, T) - whole).max() <= 64 * EPS
    assert np.abs(span(solve(V, V, "averaging")) - span(space)).max() <= 256 * EPS


def test_finite_groups_stay_exact():
    V = Symmetric(3).natural()
    assert isinstance(solve(V, V, "averaging"), ExactSpace)
    assert averaging_terms(V, V) == 6
    assert averaging_terms(SO(3).defining(), SO(3).defining()) == 18
    floats = Cyclic(3).defining().symmetric_power(2).unitary()[0]
    space = solve(floats, floats, "averaging")
    assert isinstance(space, FloatSpace)
    assert space.dim == 3


def test_hom_with_the_averaging_solver():
    V = SO(3).defining()
    H = Hom(V**2, V**2, solver="averaging")
    assert not H.is_exact
    assert H.dim == len(H.basis()) == 3
    with pytest.raises(GroupRepError, match="float solver"):
        H.exact_basis()
    certificate = H.certify()
    assert certificate.dim == 3
    assert Hom(Symmetric(3).natural(), Symmetric(3).natural(), solver="averaging").is_exact


def test_a_high_power():
    """dim Hom(1, V^5) = 6 for SO(3), 243 unknowns."""
    V = SO(3).defining()
    W = V**5
    T = np.random.default_rng(4).standard_normal((W.dim, 1))
    P = reynolds_average(SO(3).trivial(), W, T)
    assert np.abs(reynolds_average(SO(3).trivial(), W, P) - P).max() <= 64 * EPS * W.dim
    assert len(Hom(SO(3).trivial(), W, solver="averaging").basis()) == 6


def test_refusals():
    V = SO(3).defining()
    with pytest.raises(DimensionMismatch, match="operator from V to W"):
        reynolds_average(V, V**2, np.eye(3))
    for G in (SO(4), SU(3)):
        with pytest.raises(UnsupportedGroup, match='solver="constraint"'):
            reynolds_average(G.defining(), G.defining(), np.eye(G.n))
    with pytest.raises(TooLarge, match="products"):
        solve(V**4, V**4, "averaging")
    with pytest.raises(TooLarge, match="terms"):
        reynolds_average(V**6, V**6, np.eye(729))


def test_images_that_are_no_representation_are_found_out(monkeypatch):
    """A rule of too small a degree gives an average that is no projector."""
    V = SO(3).defining() ** 2
    monkeypatch.setattr(averaging, "_degree", lambda V, W: 2)
    with pytest.raises(AmbiguousRank):
        solve(V, V, "averaging")
