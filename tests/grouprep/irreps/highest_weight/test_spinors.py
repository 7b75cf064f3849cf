"""The finite-dimensional irreps of SL(2, C) and O(1, 3)."""

import numpy as np
import pytest
from cases import cases

from grouprep import SL2C, GroupRepError, Lorentz, NotUnitary, load_group
from grouprep.irreps.highest_weight.lorentz import spinor_matrix
from grouprep.linalg import as_float
from projectors import decompose

EPS = float(np.finfo(float).eps)
SPINS = [(0.5, 0), (0, 0.5), (0.5, 0.5), (1, 0), (1, 0.5)]
LORENTZ = [(0, 0, -1, 1), (0.5, 0.5), (1, 0), (1, 1), (0.5, 0.5, 1, -1), (1, 0, 1, -1), (1.5, 0.5)]


@cases("G, label", [(SL2C(), l) for l in SPINS] + [(Lorentz(), l) for l in LORENTZ])
def test_representations(G, label):
    """Exact images are proved; values multiply, and agree with exponentials, parity and time reversal; the real form is isomorphic."""
    from scipy.linalg import expm

    rng = np.random.default_rng(0)
    g, h = G.random(3, rng), G.random(3, rng)
    for field in ("complex", "real"):
        V = G.irrep(label, field)
        G.prove_homomorphism(V.rational()[0].images)
        x, y, z = V(g), V(h), V(g @ h)
        assert np.abs(z - x @ y).max() <= 200 * EPS * V.dim * np.abs(x).max() * np.abs(y).max()
        for a in G.generator_names:
            m = as_float(V.image(a))
            if a.kind == "algebra":
                element, expected = expm(0.3 * as_float(G.defining().image(a))), expm(0.3 * m)
            else:
                element, expected = as_float(G.generator_element(a)), m
            assert V(element) == pytest.approx(expected, abs=1e-13)
        rho, K = V.constituent
        assert np.abs(x @ K - K @ rho(g)).max() <= 200 * EPS * V.dim * np.abs(x).max()
        assert V.is_unitary == (V.dim == 1)
        assert V.conjugated.conjugated == V
        assert G.irrep(V.label, field) == V


def test_vectors_are_the_defining_representation():
    """(1/2, 1/2) has the trace of the matrix itself, on all four components."""
    G = Lorentz()
    g = G.random(12, np.random.default_rng(1))
    assert np.trace(G.irrep((0.5, 0.5))(g), axis1=1, axis2=2) == pytest.approx(np.trace(g, axis1=1, axis2=2), rel=1e-12)


def test_tensors():
    """V^2 = scalars + traceless symmetric ones + two-forms; three-forms are axial vectors, four-forms change under both reflections."""
    V = Lorentz().defining()
    assert (V**2).multiplicities() == {"(0, 0)": 1, "(1, 0)": 1, "(1, 1)": 1}
    assert V.exterior_power(3).multiplicities() == {"(1/2, 1/2, -, -)": 1}
    assert V.exterior_power(4).multiplicities() == {"(0, 0, -, -)": 1}
    assert (V**3).multiplicities() == {"(1/2, 1/2)": 3, "(1/2, 1/2, -, -)": 1, "(3/2, 1/2)": 2, "(3/2, 3/2)": 1}
    time = Lorentz().irrep((0, 0, 1, -1))
    assert (V * time).multiplicities() == {"(1/2, 1/2, +, -)": 1}
    weyl = SL2C().irrep((0.5, 0), "complex")
    assert (weyl * weyl.conjugate).multiplicities() == {"(1/2, 1/2)": 1}
    assert (weyl**2).multiplicities() == {"(0, 0)": 1, "(1, 0)": 1}


def test_half_integer_sums_belong_to_the_cover():
    V = Lorentz().irrep((1 / 2, 0), "complex")
    assert (V.group, V.dim) == (SL2C(), 2)
    assert Lorentz().irrep((1 / 2, 0)) == SL2C().irrep("(1/2, 0)")
    assert load_group("SL(2,C)") == SL2C()


def test_spinors_of_lorentz_matrices():
    """Rotations by pi and boosts, where one of the four formulas vanishes."""
    pauli = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    elements = [np.diag([1.0, -1, -1, 1]), np.diag([1.0, 1, -1, -1])]
    elements += list(Lorentz().exp(np.random.default_rng(0).standard_normal((5, 6))))
    for x in elements:
        s = spinor_matrix(x)
        moved = np.array([[np.trace(q @ s @ p @ s.conj().T).real / 2 for p in pauli] for q in pauli])
        assert moved == pytest.approx(x, abs=1e-12 * np.abs(x).max())


REFUSED = [
    (Lorentz(), (1,), "two spins"),
    (Lorentz(), (1, -1), "j2 must be"),
    (Lorentz(), (1, 1, 2, 1), "must be 1 or -1"),
    (SL2C(), "Weyl", "pair of spins"),
    (SL2C(), (0.25, 0), "j1 must be"),
    (SL2C(), 1, "pair of spins"),
]


@cases("G, label, message", REFUSED)
def test_labels_that_name_nothing(G, label, message):
    with pytest.raises(GroupRepError, match=message):
        G.irrep(label)


def test_other_refusals():
    with pytest.raises(NotUnitary):
        decompose(Lorentz().defining())
    with pytest.raises(GroupRepError, match="not an element"):
        Lorentz().irrep((1, 1))(2 * np.eye(4))
    with pytest.raises(GroupRepError, match="determinant"):
        SL2C().irrep((1, 0))(2 * np.eye(2))
    with pytest.raises(GroupRepError, match="no size"):
        SL2C(3)
