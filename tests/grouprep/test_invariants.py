"""Molien series: published ones, and counts of them by characters."""

import json
from pathlib import Path

import pytest
import sympy
from cases import cases

from grouprep import (
    SO,
    SU,
    Alternating,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    Quaternion,
    Symmetric,
    UnsupportedGroup,
    molien_coefficients,
    molien_series,
)

t = sympy.Symbol("t")
ORACLES = json.loads((Path(__file__).parents[1] / "oracles" / "closed_forms.json").read_text(encoding="utf-8"))

CUBE = [
    [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
    [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
    [[-1, 0, 0], [0, -1, 0], [0, 0, -1]],
]
HALF = ["1/2", "-(1 + sqrt(5))/4", "(sqrt(5) - 1)/4"]
TURN = [HALF, ["(1 + sqrt(5))/4", "(sqrt(5) - 1)/4", "-1/2"], ["(sqrt(5) - 1)/4", "1/2", "(1 + sqrt(5))/4"]]
OH = FiniteGroup.from_matrices(CUBE, name="Oh")
ICOSAHEDRAL = FiniteGroup.from_matrices([[[-1, 0, 0], [0, -1, 0], [0, 0, 1]], CUBE[1], TURN], name="I")


def over(*degrees):
    return sympy.Mul(*(1 - t**d for d in degrees))


@cases(
    "V, expected",
    [
        (OH.defining(), 1 / over(2, 4, 6)),
        (ICOSAHEDRAL.defining(), (1 + t**15) / over(2, 6, 10)),  # Stanley (1979), p. 479
        (Symmetric(5).natural(), 1 / over(1, 2, 3, 4, 5)),
        (Alternating(4).natural(), (1 + t**6) / over(1, 2, 3, 4)),
        (Dihedral(7).defining(), 1 / over(2, 7)),
        (Cyclic(7).irrep("1", "complex"), 1 / over(7)),
        (Quaternion().defining(), (1 + t**6) / over(4, 4)),
        (Cyclic(1).trivial(), 1 / over(1)),
    ],
    ids=lambda case: str(case[0].group),
)
def test_published_series(V, expected):
    found = molien_series(V)
    assert sympy.cancel(found - expected) == 0
    assert str(found).count("(1 - t") >= 1


def test_octahedral_oracle():
    even = molien_coefficients(OH.defining(), 12)[::2]
    assert even == ORACLES["molien_oh"]["values"]


def test_series_count_what_characters_count():
    for V, W in (
        (Dihedral(5).defining(), Dihedral(5).irrep("E2")),
        (Quaternion().defining(), Quaternion().defining()),
        (Symmetric(4).natural(), Symmetric(4).natural()),
        (Cyclic(6).irrep("1", "complex"), Cyclic(6).irrep("4", "complex")),
    ):
        counted = [V.symmetric_power(d).character.inner(W.character) for d in range(6)]
        assert molien_coefficients(V, 5, W) == counted
        series = sympy.series(molien_series(V, W), t, 0, 6).removeO()
        assert [series.coeff(t, d) for d in range(6)] == counted


def test_compact_lie_groups():
    assert molien_coefficients(SU(2).irrep("1", "complex"), 5) == [1, 0, 1, 0, 1, 0]
    assert molien_coefficients(SO(3).defining(), 4, SO(3).defining()) == [0, 1, 0, 1, 0]
    with pytest.raises(UnsupportedGroup, match="molien_coefficients"):
        molien_series(SO(3).defining())


def test_refusals():
    with pytest.raises(DimensionMismatch, match="both must be of one group"):
        molien_series(Cyclic(3).natural(), Cyclic(4).natural())
    with pytest.raises(GroupRepError, match="V must be a representation"):
        molien_series("Oh")
    with pytest.raises(GroupRepError, match="up_to needs an integer"):
        molien_coefficients(Cyclic(3).natural(), -1)
