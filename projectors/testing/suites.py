"""A test class to subclass: the laws of Hom(V, W) and its penalties as one pytest test each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from grouprep.groups import Group
from grouprep.representations import Representation
from grouprep.representations.expression import parse_representation
from projectors.decompose import Decomposition, decompose
from projectors.hom import Hom
from projectors.testing import decomposition_laws, hom_laws, penalty_laws

__all__ = ["DecompositionLaws", "HomLaws"]


Given = tuple[Representation, ...] | None


@lru_cache(maxsize=256)
def _made(G: Group, V: str | Representation, W: str | Representation, inner: str, irreps: Given = None) -> Hom:
    return Hom(_read(G, V), _read(G, W), inner=inner, irreps=irreps)


def _read(G: Group, V: str | Representation) -> Representation:
    return parse_representation(G, V) if isinstance(V, str) else V


class HomLaws:
    """The laws of spaces Hom(V, W) of one group; subclass it and pytest runs one test for each.

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

    group: Any
    pairs: ClassVar[Sequence[tuple[str | Representation, str | Representation]]] = (("defining", "defining"),)
    inner: str = "invariant"
    seed: int = 0

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """One test for each pair."""
        if "pair" in metafunc.fixturenames:
            metafunc.parametrize("pair", list(self.pairs), ids=lambda pair: f"{pair[0]}->{pair[1]}")

    @property
    def rng(self) -> np.random.Generator:
        """A new random generator."""
        return np.random.default_rng(self.seed)

    def hom(self, pair: Any) -> Hom:
        """The space of a pair, made once."""
        return _made(self.group, pair[0], pair[1], self.inner)

    def test_equivariance(self, pair: Any) -> None:
        hom_laws.check_equivariance(self.hom(pair), self.rng)

    def test_basis(self, pair: Any) -> None:
        hom_laws.check_basis(self.hom(pair), self.rng)

    def test_exact_basis(self, pair: Any) -> None:
        hom_laws.check_exact_basis(self.hom(pair), self.rng)

    def test_dimension(self, pair: Any) -> None:
        hom_laws.check_dimension(self.hom(pair), self.rng)

    def test_projector(self, pair: Any) -> None:
        hom_laws.check_projector(self.hom(pair), self.rng)

    def test_change_of_basis(self, pair: Any) -> None:
        hom_laws.check_change_of_basis(self.hom(pair), self.rng)

    def test_reynolds(self, pair: Any) -> None:
        hom_laws.check_reynolds(self.hom(pair), self.rng)

    def test_adjoint(self, pair: Any) -> None:
        hom_laws.check_adjoint(self.hom(pair), self.rng)

    def test_solvers(self, pair: Any) -> None:
        hom_laws.check_solvers(self.hom(pair), self.rng)

    def test_certificate(self, pair: Any) -> None:
        hom_laws.check_certificate(self.hom(pair), self.rng)

    def test_copies(self, pair: Any) -> None:
        hom_laws.check_hom_copies(self.hom(pair), self.rng)

    def test_penalty(self, pair: Any) -> None:
        penalty_laws.check_penalty(self.hom(pair), self.rng)

    def test_spectral_penalty(self, pair: Any) -> None:
        penalty_laws.check_spectral_penalty(self.hom(pair), self.rng)

    def test_mean_defect(self, pair: Any) -> None:
        penalty_laws.check_mean_defect(self.hom(pair), self.rng)

    def test_defect_bounds(self, pair: Any) -> None:
        penalty_laws.check_defect_bounds(self.hom(pair), self.rng)


class DecompositionLaws:
    """The laws of decompositions into irreps and of the spectral frame; subclass it and pytest runs one test for each.

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

    group: Any
    representations: ClassVar[Sequence[str | Representation]] = ("defining",)
    pairs: ClassVar[Sequence[tuple[str | Representation, str | Representation]]] = (("defining", "defining"),)
    fields: ClassVar[Sequence[str]] = ("real", "complex")
    irreps: Given = None
    seed: int = 0

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """One test for each representation, and for each pair."""
        if "representation" in metafunc.fixturenames:
            metafunc.parametrize("representation", list(self.representations), ids=str)
        if "pair" in metafunc.fixturenames:
            metafunc.parametrize("pair", list(self.pairs), ids=lambda pair: f"{pair[0]}->{pair[1]}")

    @property
    def rng(self) -> np.random.Generator:
        """A new random generator."""
        return np.random.default_rng(self.seed)

    def decompositions(self, representation: str | Representation) -> list[Decomposition]:
        """Over the fields; complex representations over the complex numbers alone."""
        V = _read(self.group, representation)
        fields = [field for field in self.fields if field == "complex" or V.field == "real"]
        return [decompose(V, field, self.irreps) for field in fields]

    def hom(self, pair: Any) -> Hom:
        """The space of a pair, made once."""
        return _made(self.group, pair[0], pair[1], "invariant", self.irreps)

    def test_decomposition(self, representation: str | Representation) -> None:
        for D in self.decompositions(representation):
            decomposition_laws.check_decomposition(D, self.rng)

    def test_multiplicities(self, representation: str | Representation) -> None:
        for D in self.decompositions(representation):
            decomposition_laws.check_multiplicities(D, self.rng)

    def test_reproducible(self, representation: str | Representation) -> None:
        for D in self.decompositions(representation):
            decomposition_laws.check_reproducible(D, self.rng, self.irreps)

    def test_copies(self, representation: str | Representation) -> None:
        for D in self.decompositions(representation):
            decomposition_laws.check_decomposition_copies(D, self.rng)

    def test_gauge(self, representation: str | Representation) -> None:
        for D in self.decompositions(representation):
            decomposition_laws.check_gauge(D, self.rng, self.irreps)

    def test_exact(self, representation: str | Representation) -> None:
        for D in self.decompositions(representation):
            decomposition_laws.check_exact_decomposition(D, self.rng)

    def test_frame(self, pair: Any) -> None:
        decomposition_laws.check_frame(self.hom(pair), self.rng)

    def test_spectral_norms(self, pair: Any) -> None:
        decomposition_laws.check_spectral_norms(self.hom(pair), self.rng)

    def test_mean_spectral_defect(self, pair: Any) -> None:
        decomposition_laws.check_mean_spectral_defect(self.hom(pair), self.rng)

    def test_schur_solver(self, pair: Any) -> None:
        decomposition_laws.check_schur_solver(self.hom(pair), self.rng)
