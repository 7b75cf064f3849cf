"""e3nn's irreps as ours: the same matrices for l <= 6, exactly ours on other axes, there and back; typing errors show where."""

import numpy as np
import pytest
import sympy
from cases import cases

o3 = pytest.importorskip("e3nn.o3")
import torch  # noqa: E402

from grouprep import SO, Dihedral, GroupRepError, O  # noqa: E402
from grouprep.errors import UnsupportedGroup  # noqa: E402
from grouprep.interop.e3nn import (  # noqa: E402
    change_of_basis_to_e3nn,
    representation_from_e3nn,
    representation_to_e3nn,
)
from grouprep.irreps.spherical_harmonics import spherical_harmonics  # noqa: E402

ROTATIONS = np.concatenate([SO(3).sample(3, np.random.default_rng(0)), -SO(3).sample(2, np.random.default_rng(1))])


@pytest.fixture(autouse=True)
def double_precision():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def theirs(irreps, R=ROTATIONS):
    return o3.Irreps(irreps).D_from_matrix(torch.tensor(R)).numpy()


@cases("l", range(7))
def test_every_degree(l):
    """e3nn's matrices, ours by the exact change of basis, and spherical harmonics."""
    S = np.array(change_of_basis_to_e3nn(l).evalf(30), dtype=float)
    assert np.abs(S @ S.T - np.eye(2 * l + 1)).max() < 1e-15 * (2 * l + 1)
    for parity in "eo":
        V, ours = representation_from_e3nn(f"{l}{parity}"), O(3).irrep(f"{l}{parity}")
        assert np.abs(V(ROTATIONS) - theirs(f"{l}{parity}")).max() < 1e-13
        assert np.abs(S @ ours(ROTATIONS) @ S.T - theirs(f"{l}{parity}")).max() < 1e-13
        assert V.rational()[0].domain is not None
    points = np.random.default_rng(2).normal(size=(4, 3))
    Y = o3.spherical_harmonics(l, torch.tensor(points), normalize=True, normalization="integral").numpy()
    assert np.abs(spherical_harmonics(l, points) @ S.T - Y).max() < 1e-13


def change_of_basis_is_exact():
    assert change_of_basis_to_e3nn(1) == sympy.Matrix([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    for l in (2, 6):
        S = change_of_basis_to_e3nn(l)
        assert (S * S.T).applyfunc(sympy.nsimplify) == sympy.eye(2 * l + 1)
        assert (S**3).applyfunc(sympy.radsimp).applyfunc(sympy.simplify) == sympy.eye(2 * l + 1)  # A^3 = 1


@cases("text", ["8x0e+2x1o", " 2 x 1o +0x4e+ 1e", "3x6e+2y+1y", "2x0o+0e+5x2e+1x0o"])
def test_sums(text):
    irreps = o3.Irreps(text)
    V = representation_from_e3nn(text)
    assert V == representation_from_e3nn(irreps)
    assert np.abs(V(ROTATIONS) - theirs(irreps)).max() < 1e-13
    back, S = representation_to_e3nn(V)
    assert np.array_equal(S, np.eye(V.dim))
    assert np.abs(theirs(back) - theirs(irreps)).max() == 0


def test_to_e3nn_and_refusals():
    change_of_basis_is_exact()
    refusals()
    G = O(3)
    for V, expected in (
        (2 * G.irrep("3e") + 2 * (G.defining() + G.irrep("2o")) + G.trivial(), "2x3e+1x1o+1x2o+1x1o+1x2o+1x0e"),
        (G.irrep("1o") + representation_from_e3nn("3x1o"), "4x1o"),
    ):
        text, S = representation_to_e3nn(V)
        assert text == expected
        assert np.abs(S @ V(ROTATIONS) @ S.T - theirs(text)).max() < 1e-13
    text, S = representation_to_e3nn(SO(3).irrep(2) + SO(3).defining())
    assert text == "1x2e+1x1e"
    rotations = ROTATIONS[:3]
    assert np.abs(S @ (SO(3).irrep(2) + SO(3).defining())(rotations) @ S.T - theirs(text, rotations)).max() < 1e-13
    assert representation_from_e3nn("1o", SO(3)) == representation_from_e3nn("1e", SO(3))


ERRORS = {
    "8x0e+2x1q": 9, "8x0e++1o": 6, "": 1, "1o+": 4, "2xx1o": 3, "8X0e": 2, "8x0e 1o": 6, "-1x0e": 1, "1o,2e": 3, "99999999999x0e": 1,
}  # fmt: skip


@cases("text", ERRORS)
def test_typing_errors_show_where(text):
    with pytest.raises(GroupRepError, match=f"at character {ERRORS[text]},") as caught:
        representation_from_e3nn(text)
    _message, line, pointer = str(caught.value).split("\n")
    assert line.strip() == text
    assert pointer.index("^") == 4 + ERRORS[text] - 1


def refusals():
    for irreps, group in ((3, None), ([(8, (0, 1))], None), ("0x1o", None), ("1o", Dihedral(4)), ("1o", 3)):
        with pytest.raises(GroupRepError):
            representation_from_e3nn(irreps, group)
    with pytest.raises(GroupRepError, match="decompose"):
        representation_to_e3nn(O(3).defining() ** 2)
    with pytest.raises(UnsupportedGroup):
        representation_to_e3nn(Dihedral(4).regular())
