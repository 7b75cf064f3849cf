"""Decompositions: known changes of basis, reproducibility across processes, and what is refused."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    GroupRepError,
    Homomorphism,
    LieGroup,
    Lorentz,
    NotUnitary,
    O,
    Quaternion,
    Representation,
    Symmetric,
    TooLarge,
    load_group,
)
from grouprep.representations.expression import parse_representation
from grouprep.testing.strategies import representations
from projectors import decompose
from projectors.testing import check_decompose

EPS = float(np.finfo(float).eps)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 12, 64])
def test_complex_regular_representation_of_a_cyclic_group_is_the_inverse_fft(n):
    """r e_x = e_(x+1), so the column of frequency k is exp(-2 pi i k x / n) / sqrt(n): U^-1 f = sqrt(n) ifft(f), in FFT order."""
    G = Cyclic(n)
    D = decompose(G.regular(), "complex")
    assert [I.label for I in D.irreps] == [str(k) for k in range(n)]
    x = np.arange(n)
    expected = np.exp(-2j * np.pi * ((x[:, None] * x) % n) / n) / np.sqrt(n)
    assert np.abs(D.change_of_basis - expected).max() <= 1e-15
    f = np.random.default_rng(n).standard_normal((4, n)) + 1j * np.random.default_rng(1).standard_normal((4, n))
    scale = np.abs(f).max() * n
    assert np.abs(f @ D.inverse.T - np.fft.ifft(f, norm="ortho")).max() <= 1e-15 * scale
    assert np.abs(f @ D.change_of_basis.T - np.fft.fft(f, norm="ortho")).max() <= 1e-15 * scale
    if n > 2:
        assert np.abs(f @ D.inverse.T - np.fft.fft(f, norm="ortho")).max() > 0.1


@pytest.mark.parametrize("n", [3, 5, 8])
def test_real_regular_representation_of_a_cyclic_group(n):
    """Columns cos(2 pi k x / n), sin(2 pi k x / n): r turns their plane by 2 pi k / n counterclockwise."""
    D = decompose(Cyclic(n).regular())
    x = np.arange(n)
    columns = [np.ones(n) / np.sqrt(n)] + ([(-1.0) ** x / np.sqrt(n)] if n % 2 == 0 else [])
    for k in range(1, (n + 1) // 2):
        columns += [np.cos(2 * np.pi * k * x / n) * np.sqrt(2 / n), np.sin(2 * np.pi * k * x / n) * np.sqrt(2 / n)]
    assert D.change_of_basis.dtype == float
    assert np.abs(D.change_of_basis - np.array(columns).T).max() <= 1e-15
    r = D.V.group.generators[0]
    start = 2 if n % 2 == 0 else 1
    c, s = np.cos(2 * np.pi / n), np.sin(2 * np.pi / n)
    assert D.blocks(r)[start : start + 2, start : start + 2] == pytest.approx(np.array([[c, -s], [s, c]]), abs=1e-15)


def test_corners_of_the_square():
    D = decompose(Dihedral(4).natural())
    h, q = 1 / 2, np.sqrt(1 / 2)
    expected = [[h, h, q, 0], [h, -h, 0, q], [h, h, -q, 0], [h, -h, 0, -q]]
    assert D.labels == {"A1": 1, "B1": 1, "E1": 1}
    assert D.change_of_basis == pytest.approx(np.array(expected), abs=1e-15)
    assert str(D) == "A1 + B1 + E1"
    assert D.slices == (slice(0, 1), slice(1, 2), slice(2, 4))
    assert "mathrm" in D._repr_latex_()


def test_copies_stand_in_the_order_of_the_summands():
    G = Dihedral(4)
    V = G.irrep("E1") + 2 * G.trivial() + G.irrep("E1") + G.irrep("A2")
    D = decompose(V)
    assert D.labels == {"A1": 2, "A2": 1, "E1": 2}
    assert np.flatnonzero(D.change_of_basis.T).tolist() == [2, 3 + 7, 6 + 14, 0 + 21, 1 + 28, 4 + 35, 5 + 42]
    assert D.representation.dim == V.dim


def test_vectors_and_tensors_of_rotations():
    D = decompose(SO(3).defining())
    assert D.labels == {"1": 1}
    # Real harmonics of degree 1 stand in the order y, z, x.
    assert np.abs(D.change_of_basis) == pytest.approx(np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]), abs=1e-15)
    D = decompose(SO(3).defining() ** 2)
    assert D.labels == {"0": 1, "1": 1, "2": 1}
    assert D.change_of_basis[:, 0] == pytest.approx(np.eye(3).ravel() / np.sqrt(3), abs=1e-15)
    antisymmetric = D.change_of_basis[:, 1:4].T.reshape(3, 3, 3)
    assert antisymmetric == pytest.approx(-antisymmetric.transpose(0, 2, 1), abs=1e-15)
    traceless = D.change_of_basis[:, 4:].T.reshape(5, 3, 3)
    assert np.trace(traceless, axis1=1, axis2=2) == pytest.approx(np.zeros(5), abs=1e-15)


DIGEST = """
import hashlib
from grouprep import *
from projectors import decompose
G, H = Dihedral(5), SO(3) * Cyclic(3)
h = hashlib.sha256()
for V in (G.regular() + 2 * G.natural(), H.defining()**2, SU(2).defining()**3, Cyclic(12).regular()):
    for field in ("real", "complex"):
        if field == "complex" or V.field == "real":
            D = decompose(V, field)
            h.update(repr(D.labels).encode() + D.change_of_basis.tobytes())
print(h.hexdigest())
"""


@pytest.mark.slow
def test_bit_for_bit_in_fresh_processes():
    """Whatever the order of hashes, the same bits."""
    found = set()
    for seed in ("0", "1", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True, env=environment
        )
        found.add(run.stdout)
    assert len(found) == 1


def test_gauge_does_not_depend_on_the_basis_that_was_found():
    """V.change_basis(Q).change_basis(Q*) is V up to rounding, and its change of basis too, copies and phases included."""
    from scipy.stats import ortho_group

    V = Dihedral(4).regular()
    Q = ortho_group.rvs(V.dim, random_state=0)
    back = V.change_basis(Q).change_basis(Q.T)
    assert (
        np.abs(decompose(back).change_of_basis - decompose(V).change_of_basis).max() <= 50 * V.dim * np.finfo(float).eps
    )


def test_refusals():
    with pytest.raises(
        GroupRepError, match='field = "real": defining is complex; decompose it over the complex numbers'
    ):
        decompose(Quaternion().defining(), "real")
    with pytest.raises(GroupRepError, match=r"field = .quaternions. is unknown"):
        decompose(Dihedral(3).natural(), "quaternions")
    with pytest.raises(GroupRepError, match="V must be a Representation"):
        decompose(Dihedral(3))
    with pytest.raises(NotUnitary, match="no invariant positive-definite form"):
        decompose(Lorentz().defining())


def test_large_sums_share_their_summands():
    G = Dihedral(4)
    V = 64 * (G.regular() + G.natural())
    D = decompose(V)
    assert D.labels == {"A1": 128, "A2": 64, "B1": 128, "B2": 64, "E1": 192}
    assert len(D.parts) == 2
    g = G.elements[5]
    U = D.change_of_basis
    assert np.abs(V(g) @ U - U @ D.blocks(g)).max() <= 50 * np.finfo(float).eps * 12


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.sampled_from([Cyclic(6), Dihedral(3), Dihedral(4), SO(2), O(2), SO(3), SU(2), Cyclic(3) * Cyclic(2)]), st.data()
)
def test_random_representations(G, data):
    check_decompose(data.draw(representations(G, max_dim=12)), None if data.draw(st.booleans()) else "complex")


def test_names_of_given_irreps_are_those_of_the_call():
    """Representations that differ in name alone are equal, and results are cached: the labels must not be an earlier call's."""
    G = Symmetric(2)

    def named(*names):
        return [Representation(G, images=[[[x]], [[x]]], name=name) for name, x in zip(names, (1, -1), strict=True)]

    for names in (("even", "odd"), ("plus", "minus")):
        assert tuple(decompose(G.natural(), irreps=named(*names)).labels) == names


def assert_decomposed(V: Representation) -> None:
    """U unitary and V(g) U = U blocks(g), to 50 eps times the dimension."""
    D = decompose(V)
    S, g = D.change_of_basis, V.group.sample(2, np.random.default_rng(0))
    assert D.labels == V.multiplicities()
    assert np.linalg.norm(S.conj().T @ S - np.eye(V.dim), 2) <= 50 * EPS * V.dim
    assert np.linalg.norm(V(g) @ S - S @ D.blocks(g), 2, axis=(-2, -1)).max() <= 50 * EPS * V.dim


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


def test_large_cyclic_groups_are_evaluated_without_number_fields():
    """One element took two minutes, V.multiplicities() hours: exact arithmetic in a field of degree 996."""
    V = Cyclic(997).natural()
    D, g = decompose(V), V.group.generators[0]
    S = D.change_of_basis
    assert np.abs(V(g) @ S - S @ D.blocks(g)).max() < 50 * EPS
    assert Dihedral(200).natural().multiplicities() == decompose(Dihedral(200).natural()).labels


@pytest.mark.parametrize("V", [O(3).defining() ** 2, Dihedral(4).regular(), SO(2).irrep(1) + SO(2).irrep(2)], ids=str)
def test_skew_bases_cost_their_condition_once(V):
    """The Cholesky factor of the form, and U* H for the inverse, had the condition squared: 5e-10 at 1e4, 4e-3 at 2e7."""
    rng, n, condition = np.random.default_rng(0), V.dim, 1e3
    A, B = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    S = A @ np.diag(np.geomspace(1, condition, n)) @ B
    skew = V.change_basis(S)
    D, g = decompose(skew), V.group.sample(3, rng)
    X = np.linalg.solve(S, D.change_of_basis)
    bound = 50 * EPS * n * condition
    assert np.abs(V(g) @ X - X @ D.blocks(g)).max() <= bound
    assert np.abs(D.inverse @ D.change_of_basis - np.eye(n)).max() <= bound


@pytest.mark.slow
def test_irreps_of_groups_with_other_generators_by_restriction():
    """Restriction of spins beyond l = 3, whose images are floats, failed for algebra generators that are combinations."""
    x = [[0, 0, 0], [0, 0, -1], [0, 1, 0]]
    y = [["0", 0, "4/5"], [0, 0, "3/5"], ["-4/5", "-3/5", 0]]
    z = [[0, -1, 0], [1, 0, 0], [0, 0, 0]]
    G = LieGroup.from_algebra([x, y, z], name="rotations")
    f = Homomorphism.inclusion(G, SO(3))
    spins = [SO(3).irrep(l).restrict(f) for l in range(6)]
    V = spins[1] ** 2 * spins[3]
    D, g = decompose(V, irreps=[*spins, SO(3).irrep(6).restrict(f)]), G.sample(2, np.random.default_rng(0))
    assert D.multiplicities == decompose(SO(3).irrep(1) ** 2 * SO(3).irrep(3)).multiplicities
    S = D.change_of_basis
    assert np.abs(V(g) @ S - S @ D.blocks(g)).max() <= 50 * EPS * V.dim


@pytest.mark.parametrize(
    ("group", "text", "number"),
    [
        ("SU(2)", "defining^99", r"about 10\^\d+ dimensions, would take 10\^\d+ GB"),
        ("C2xC2", "sym(99, natural)", "171,700 dimensions"),
        ("S3", "sym(199, natural)", "20,100 dimensions, would take"),
        ("C2", "(trivial + natural)^40", "GB"),
        ("C2", "1000000000 * (trivial + natural)", "2,000,000,000; the limit is 1,000,000"),
        ("C2", "1000000000 * natural", "1,000,000,000; the limit is 1,000,000"),
    ],
)
def test_what_is_too_large_is_known_before_any_matrix_is_built(group, text, number):
    V = parse_representation(load_group(group), text)
    with pytest.raises(TooLarge, match=number):
        decompose(V)
    assert "images" not in V.__dict__


@pytest.mark.parametrize(
    ("group", "text", "count"),
    [
        ("SU(2)", "sym(40, defining)", 1),
        ("D5", "sym(20, irrep(E1))", 13),
        ("SO(3)", "sym(8, defining)", 5),
        ("S3", "sym(20, natural)", 154),
    ],
)
def test_high_powers(group, text, count):
    """Sym^k(C^2) of SU(2) is irreducible; Sym^k of a plane has frequencies k, k - 2, ...; Sym^8(R^3) is 8 + 6 + 4 + 2 + 0."""
    V = parse_representation(load_group(group), text)
    D = decompose(V)
    assert sum(D.multiplicities) == count
    assert np.abs(D.inverse @ D.change_of_basis - np.eye(V.dim)).max() < 1e-12
