"""The registry of laws and its suites: each law once, all of them run, failures named, what does not apply counted."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from grouprep import Dihedral, GroupRepError
from grouprep.testing import (
    GROUP_LAWS,
    IRREP_LAWS,
    REPRESENTATION_LAWS,
    DoesNotApply,
    GroupLaws,
    LawsFailed,
    check_group,
    law,
    laws,
)
from grouprep.testing.bounds import require, require_close, require_equal, require_raises
from grouprep.testing.laws import Outcome, require_laws, run_laws
from grouprep.testing.summary import table
from projectors.testing import DECOMPOSITION_LAWS, HOM_LAWS, SPECTRAL_LAWS

ROOT = Path(__file__).resolve().parents[3]
FRESH = (f"subject {n}" for n in itertools.count())


def run(subject, *arguments):
    return run_laws(subject, *arguments, rng=lambda: np.random.default_rng(0))


def test_every_check_of_a_module_of_laws_is_registered():
    registered = {*GROUP_LAWS, *REPRESENTATION_LAWS, *IRREP_LAWS, *HOM_LAWS, *DECOMPOSITION_LAWS, *SPECTRAL_LAWS}
    registered |= {
        *laws("homomorphism"),
        *laws("pair of subgroups"),
        *laws("list of irreps"),
        *laws("group with irreps"),
        *laws("norm"),
    }
    entries = {
        "check_group",
        "check_representation",
        "check_irrep",
        "check_irreps",
        "check_group_homomorphism",
        "check_subgroups",
    }
    entries |= {"check_hom", "check_decompose", "check_spectral", "check_norm"}
    modules = [m for name, m in sys.modules.items() if name.startswith(("grouprep.testing", "projectors.testing"))]
    found = {f for m in modules for name, f in vars(m).items() if name.startswith("check_") and name not in entries}
    assert found == registered
    assert all(f.__doc__ for f in registered)


def test_a_law_is_registered_once():
    subject = next(FRESH)

    @law(subject)
    def check_size(x, rng):
        require(x > 0, "not positive")

    with pytest.raises(GroupRepError, match=f'"size" of a {subject} is registered twice'):
        law(subject)(check_size)
    assert laws(subject) == (check_size,)


def test_a_failure_is_named_and_the_other_laws_still_run():
    subject = next(FRESH)

    @law(subject)
    def check_first(x, rng):
        require_equal(x, 2, "x is 2")

    @law(subject)
    def check_second(x, rng):
        raise ZeroDivisionError("x - 1")

    @law(subject)
    def check_third(x, rng):
        require(x == 1, "x is 1")

    @law(subject)
    def check_fourth(x, rng):
        return DoesNotApply("x is odd")

    outcomes = run(subject, 1)
    assert [(o.law, o.held, o.reason) for o in outcomes] == [
        ("first", False, None), ("second", False, None), ("third", True, None), ("fourth", False, "x is odd")
    ]  # fmt: skip
    with pytest.raises(AssertionError) as found:
        require_laws(outcomes)
    message = str(found.value)
    assert f'the law "first" of a {subject} fails: x is 2: 1 is not 2' in message
    assert f'the law "second" of a {subject} fails: ZeroDivisionError: x - 1' in message
    assert "third" not in message
    assert isinstance(found.value, LawsFailed)
    assert [type(error) for error in found.value.exceptions] == [AssertionError, ZeroDivisionError]
    assert isinstance(found.value.subgroup(ZeroDivisionError), LawsFailed)


def test_a_law_that_compares_nothing_has_not_held():
    subject = next(FRESH)

    @law(subject)
    def check_nothing(x, rng):
        for _ in ():
            require(False, "never asked")

    with pytest.raises(AssertionError, match=r'"nothing".*compares nothing'):
        require_laws(run(subject, 1))


def test_an_item_to_which_no_law_applies_fails():
    with pytest.raises(AssertionError, match=r"no law applies \(words: the group is infinite\)"):
        require_laws([Outcome("group", "words", reason="the group is infinite")])
    with pytest.raises(AssertionError, match="no law applies"):
        require_laws([])
    require_laws([Outcome("group", "words", reason="the group is infinite"), Outcome("group", "axioms")])


def test_every_comparison_counts_and_can_fail():
    subject = next(FRESH)
    comparisons = {
        "condition": lambda good: require(good, "condition"),
        "equal": lambda good: require_equal(1, 1 if good else 2, "equal"),
        "close": lambda good: require_close(np.eye(2), np.eye(2) * (1 if good else 2), 1e-9, "close"),
        "number": lambda good: require_close(1.0, 1.0 if good else np.nan, 1e-9, "number"),
        "shape": lambda good: require_close(np.eye(2), np.eye(2 if good else 3), np.inf, "shape"),
        "refusal": lambda good: require_raises(ValueError, lambda: int("x" if good else "1"), "refusal"),
    }
    for name, compare in comparisons.items():

        def check(good, rng, compare=compare):
            compare(good)

        check.__name__ = f"check_{name}"
        law(subject)(check)
    require_laws(run(subject, True))
    with pytest.raises(LawsFailed) as found:
        require_laws(run(subject, False))
    assert [o.error is None for o in run(subject, False)] == [False] * len(comparisons)
    assert all(f'"{name}"' in str(found.value) for name in comparisons)


class Skewed(Dihedral(3).__class__):
    """A group whose elements are listed in another order than `index` says."""

    @property
    def order(self):
        return super().order + 1


def test_a_wrong_group_is_found_out():
    """All its laws are run; the message names each that fails."""
    G = Dihedral(3)
    wrong = Skewed.__new__(Skewed)
    wrong.__dict__.update(G.__dict__)
    with pytest.raises(AssertionError, match='the law "order" of a group fails'):
        check_group(wrong)


def test_the_property_that_an_item_records():
    class Laws(GroupLaws):
        group = Dihedral(3)

    recorded = {}
    Laws().test_group(recorded.__setitem__)
    Laws().test_representation("defining", recorded.__setitem__)
    assert ["representation", "homomorphism", ""] in recorded["laws"]
    with pytest.raises(NotImplementedError, match="GroupLaws names no group"):
        GroupLaws().test_group(recorded.__setitem__)


def test_the_table():
    entries = [
        ("group", "axioms", ""),
        ("group", "words", "infinite"),
        ("group", "words", "infinite"),
        ("group", "words", "large"),
    ]
    assert table(entries) == [
        "group",
        "  axioms                  1 held",
        "  words                  never held, 3 did not apply: infinite (2); large (1)",
    ]


SUITE = """
from grouprep import Cyclic, SO
from grouprep.testing import GroupLaws

class TestCyclic(GroupLaws):
    group = Cyclic(3)

class TestRotations(GroupLaws):
    group = property(lambda self: SO(2))
    representations = ["defining"]
"""


@pytest.mark.slow
def test_the_summary_counts_over_several_processes(tmp_path):
    """A user's suite, with the plugin, on two workers."""
    (tmp_path / "test_mine.py").write_text(SUITE, encoding="utf-8")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["grouprep.testing.summary"]\n', encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", str(tmp_path)]
    found = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "5 passed" in found.stdout
    assert "  axioms                  2 held\n" in found.stdout
    assert "  words                   1 held, 1 did not apply: the group is infinite (1)\n" in found.stdout
    assert "  homomorphism            3 held\n" in found.stdout
