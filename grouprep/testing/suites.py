"""Test classes to subclass: all laws of a group, of a representation or of irreps as one pytest item each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from grouprep.groups import Group
from grouprep.irreps import Irrep
from grouprep.irreps.base import Field
from grouprep.representations import Representation
from grouprep.representations.expression import parse_representation
from grouprep.summary import Summary
from grouprep.testing.laws import Outcome, require_laws, run_laws

if TYPE_CHECKING:
    import pytest

__all__ = ["PROPERTY", "GroupLaws", "IrrepLaws", "LawSuite", "read"]

PROPERTY = "laws"
"""The user property of a test item that lists (subject, law, reason why it does not apply or "") for each law it ran."""

Record = Callable[[str, object], None]


@lru_cache(maxsize=256)
def _parsed(G: Group, text: str) -> Representation:
    return parse_representation(G, text)


def read(G: Group, representation: str | Representation) -> Representation:
    """The representation that an expression describes, made once, or the representation itself."""
    return _parsed(G, representation) if isinstance(representation, str) else representation


class LawSuite(Summary):
    """What the test classes share: the group, the random elements, and what becomes of the laws that an item has run."""

    seed: int = 0

    @property
    def group(self) -> Group:
        """The group; a subclass names it."""
        raise NotImplementedError(f"{type(self).__name__} names no group")

    @property
    def rng(self) -> np.random.Generator:
        """A new random generator."""
        return np.random.default_rng(self.seed)

    def run(self, subject: str, *arguments: object) -> list[Outcome]:
        """All laws of a subject, each with a new random generator."""
        return run_laws(subject, *arguments, rng=lambda: self.rng)

    def judge(self, outcomes: Iterable[Outcome], record: Record) -> None:
        """Record what held and what does not apply, as a property of the test item; raise what failed."""
        outcomes = list(outcomes)
        record(PROPERTY, [[o.subject, o.law, o.reason or ""] for o in outcomes if o.error is None])
        require_laws(outcomes)


class GroupLaws(LawSuite):
    """The laws of a group and of some of its representations; subclass it and pytest runs an item for each of them.

    A subclass gives

    group : the group (or a property that makes it).
    representations : expressions such as "defining^2", or representations, that the laws are run on.
    seed : of the random elements; 0 if not given.

    Examples
    --------
    In a test file::

        class TestMyGroup(GroupLaws):
            group = FiniteGroup.from_permutations([[1, 2, 0]], name="mine")
            representations = ["natural", "sym(2, natural)"]
    """

    representations: ClassVar[Sequence[str | Representation]] = ("trivial", "defining")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One item for each representation."""
        if "representation" in metafunc.fixturenames:
            metafunc.parametrize("representation", list(self.representations), ids=str)

    def resolve(self, representation: str | Representation) -> Representation:
        """The representation that an expression describes, made once."""
        return read(self.group, representation)

    def test_group(self, record_property: Record) -> None:
        self.judge(self.run("group", self.group), record_property)

    def test_representation(self, representation: str | Representation, record_property: Record) -> None:
        self.judge(self.run("representation", self.resolve(representation)), record_property)


@lru_cache(maxsize=256)
def _listed(G: Group, field: Field, up_to: int | None) -> tuple[Irrep, ...]:
    return tuple(G.irreps(field, up_to=up_to))


class IrrepLaws(LawSuite):
    """The laws of the irreps of a group over the real and the complex numbers; subclass it and pytest runs an item for each field.

    A subclass gives

    group : the group (or a property that makes it).
    up_to : for infinite groups, the largest frequency or spin; None for finite ones.
    seed : of the random elements; 0 if not given.

    Examples
    --------
    In a test file::

        class TestMyGroup(IrrepLaws):
            group = FiniteGroup.from_permutations([[1, 2, 0], [0, 2, 1]], name="mine")
    """

    up_to: int | None = None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One item for each ground field."""
        if "field" in metafunc.fixturenames:
            metafunc.parametrize("field", ["real", "complex"])

    def irreps(self, field: Field) -> tuple[Irrep, ...]:
        """The irreps over a field, made once."""
        return _listed(self.group, field, self.up_to)

    def test_irreps(self, field: Field, record_property: Record) -> None:
        irreps = self.irreps(field)
        outcomes = self.run("group with irreps", self.group, field, self.up_to) + self.run("list of irreps", irreps)
        self.judge(outcomes + [o for I in irreps for o in self.run("irrep", I)], record_property)
