"""Test classes to subclass: all laws of Hom(V, W), of a decomposition or of a spectral frame as one pytest item each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from grouprep.groups import Group
from grouprep.irreps.base import Field
from grouprep.representations import Representation
from grouprep.testing.suites import LawSuite, Record, read
from projectors.decompose import Decomposition, decompose
from projectors.hom import Hom

if TYPE_CHECKING:
    import pytest

__all__ = ["DecompositionLaws", "HomLaws"]


Given = tuple[Representation, ...] | None
Pair = tuple[str | Representation, str | Representation]


@lru_cache(maxsize=256)
def _made(G: Group, V: str | Representation, W: str | Representation, inner: str, irreps: Given = None) -> Hom:
    return Hom(read(G, V), read(G, W), inner=inner, irreps=irreps)


class HomLaws(LawSuite):
    """The laws of spaces Hom(V, W) of one group; subclass it and pytest runs an item for each.

    A subclass gives

    group : the group (or a property that makes it).
    pairs : pairs (V, W) of expressions such as "defining^2", or of representations.
    inner : "invariant", or "euclidean" for groups without invariant positive forms.
    seed : of the random operators and elements.

    Examples
    --------
    In a test file::

        class TestMyGroup(HomLaws):
            group = FiniteGroup.from_permutations([[1, 2, 0]], name="mine")
            pairs = [("natural", "natural"), ("natural", "sym(2, natural)")]
    """

    pairs: ClassVar[Sequence[Pair]] = (("defining", "defining"),)
    inner: str = "invariant"

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One item for each pair."""
        if "pair" in metafunc.fixturenames:
            metafunc.parametrize("pair", list(self.pairs), ids=lambda pair: f"{pair[0]}->{pair[1]}")

    def hom(self, pair: Pair) -> Hom:
        """The space of a pair, made once."""
        return _made(self.group, pair[0], pair[1], self.inner)

    def test_hom(self, pair: Pair, record_property: Record) -> None:
        self.judge(self.run("space of equivariant maps", self.hom(pair)), record_property)


class DecompositionLaws(LawSuite):
    """The laws of decompositions into irreps and of the spectral frame; subclass it and pytest runs an item for each.

    A subclass gives

    group : the group (or a property that makes it).
    representations : expressions such as "defining^2", or representations; real ones are decomposed over both fields.
    pairs : pairs (V, W) of these, whose spectral frame is checked.
    fields : the ground fields to decompose over, "real" for real representations only.
    irreps : unitary irreps over the one field given, for groups whose irreps are not known.
    seed : of the random operators and elements.

    Examples
    --------
    In a test file::

        class TestMyGroup(DecompositionLaws):
            group = FiniteGroup.from_permutations([[1, 2, 0]], name="mine")
            representations = ["natural", "sym(2, natural)"]
            pairs = [("natural", "natural^2")]
    """

    representations: ClassVar[Sequence[str | Representation]] = ("defining",)
    pairs: ClassVar[Sequence[Pair]] = (("defining", "defining"),)
    fields: ClassVar[Sequence[Field]] = ("real", "complex")
    irreps: Given = None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One item for each representation, and for each pair."""
        if "representation" in metafunc.fixturenames:
            metafunc.parametrize("representation", list(self.representations), ids=str)
        if "pair" in metafunc.fixturenames:
            metafunc.parametrize("pair", list(self.pairs), ids=lambda pair: f"{pair[0]}->{pair[1]}")

    def decompositions(self, representation: str | Representation) -> list[Decomposition]:
        """Over the fields; complex representations over the complex numbers alone."""
        V = read(self.group, representation)
        fields = [field for field in self.fields if field == "complex" or V.field == "real"]
        return [decompose(V, field, self.irreps) for field in fields]

    def hom(self, pair: Pair) -> Hom:
        """The space of a pair, made once."""
        return _made(self.group, pair[0], pair[1], "invariant", self.irreps)

    def test_decomposition(self, representation: str | Representation, record_property: Record) -> None:
        found = self.decompositions(representation)
        self.judge([o for D in found for o in self.run("decomposition", D, self.irreps)], record_property)

    def test_spectral_frame(self, pair: Pair, record_property: Record) -> None:
        self.judge(self.run("spectral frame", self.hom(pair)), record_property)
