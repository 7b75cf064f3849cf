"""What norms say of themselves, and norms by name."""

from dataclasses import dataclass
from math import inf

import numpy as np
import pytest
from cases import cases

from grouprep import GroupRepError
from projectors.penalties import (
    Entrywise,
    Frobenius,
    Induced,
    KyFan,
    Mixed,
    Norm,
    Nuclear,
    Schatten,
    Spectral,
    registry,
)
from projectors.penalties.registry import norm_named, norm_names, register
from projectors.testing import NORMS

ALL = [*NORMS, Frobenius(squared=True), Schatten(2), Schatten(inf), KyFan(1), Mixed(2, 2), Mixed(2.0, 1), Entrywise(2)]


@pytest.fixture
def clean(monkeypatch):
    monkeypatch.setattr(registry, "_CLASSES", dict(registry._CLASSES))


@cases("norm", ALL, ids=repr)
def test_a_name_finds_its_norm(norm):
    assert norm_named(norm.name) == norm
    assert type(norm_named(norm.name)) is type(norm)


@cases("norm", ALL, ids=repr)
def test_a_norm_is_what_it_says(norm):
    """The Schatten exponent is that of the values, the power that of the norm, and both Euclidean ones say so."""
    A = np.random.default_rng(0).standard_normal((5, 4))
    s, base = np.linalg.svd(A, compute_uv=False), norm.as_norm()
    assert norm.value(A) == pytest.approx(base.value(A) ** norm.power, rel=1e-13)
    assert (norm.power == 1) == (norm == base)
    if norm.schatten is not None:
        assert norm.value(A) == pytest.approx(np.linalg.norm(s, norm.schatten), rel=1e-13)
        assert norm.unitarily_invariant
    assert norm.is_euclidean == np.isclose(float(base.value(A)), float(np.linalg.norm(A)), rtol=1e-13)
    assert bool(norm.follows) == isinstance(norm, KyFan)
    if norm.follows:
        assert norm.value(A) == pytest.approx(s[: norm.follows].sum(), rel=1e-13)


def test_names():
    plain = [name for name in norm_names() if "(" not in name and name != "sum"]  # "sum" is of an example of `register`
    assert plain == ["frobenius", "frobenius-squared", "spectral", "nuclear"]  # what the command line offers
    assert {"mixed(p,q)", "entrywise(p)", "induced(p)", "kyfan(k)", "schatten(p)"} <= set(norm_names())
    assert norm_named("mixed") == Mixed()
    assert norm_named("mixed(inf,1.5)") == Mixed(inf, 1.5)
    assert Induced(inf).name == "induced(inf)"
    assert Schatten(2.5).name == "schatten(2.5)"


@cases(
    "name",
    ["", "Frobenius", "max", "spectral(1)", "mixed(1,2,3)", "mixed(a)", "mixed(1", "nuclear-squared", "schatten()", "schatten(1,)"],
)  # fmt: skip
def test_refuses_unknown_names(name):
    with pytest.raises(GroupRepError, match=r"is unknown; there are frobenius, frobenius-squared, mixed\(p,q\)"):
        norm_named(name)


@cases("name", ["schatten(0.5)", "schatten(nan)", "kyfan(1.5)", "kyfan(0)", "induced(2)", "mixed(1,0)"])
def test_refuses_numbers_that_give_no_norm(name):
    with pytest.raises(GroupRepError, match="norm"):
        norm_named(name)


@cases("name", ["frobenious", "Frobenius", "frobenius squared"])
def test_a_name_that_is_nearly_right_gets_the_nearest(name):
    with pytest.raises(GroupRepError, match='did you mean "frobenius'):
        norm_named(name)


@cases("name", [5, None, Frobenius()])
def test_a_name_is_text(name):
    with pytest.raises(GroupRepError, match="must be a name"):
        norm_named(name)


def test_a_norm_needs_a_name_of_its_own(clean):
    @dataclass(frozen=True)
    class Sum(Norm):
        weight: float = 1

        def _value(self, xp, A):
            return Frobenius()._value(xp, A) + self.weight * Nuclear()._value(xp, A)

        def _subgradient(self, xp, A):
            return Frobenius()._subgradient(xp, A) + self.weight * Nuclear()._subgradient(xp, A)

    with pytest.raises(GroupRepError, match=r"Sum is a norm without a name; give it one with .*register"):
        _ = Sum().name
    for word in ("", "Sum", "a b", "mixed(1)", None):
        with pytest.raises(GroupRepError, match="Sum is a norm without a name"):
            register(word)(Sum)
    with pytest.raises(GroupRepError, match='"nuclear" is already the name of Nuclear; give Sum a name of its own'):
        register("nuclear")(Sum)
    assert register("added")(Sum) is Sum
    assert register("added")(Sum) is Sum  # a cell of a notebook that is run again
    assert Sum(3).name == "added(3)"
    assert norm_named("added(3)") == Sum(3)
    assert "added(weight)" in norm_names()


def test_a_subclass_does_not_inherit_a_name():
    class Other(Spectral):
        pass

    with pytest.raises(GroupRepError, match="Other is a norm without a name"):
        _ = Other().name
