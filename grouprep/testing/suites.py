"""Test classes to subclass: the laws of groups and representations as one pytest test each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from grouprep.groups import FiniteGroup, Group
from grouprep.irreps import Irrep
from grouprep.representations import Representation
from grouprep.representations.expression import parse_representation
from grouprep.testing import algebra_laws, group_laws, irrep_laws, representation_laws

__all__ = ["GroupLaws", "IrrepLaws"]


@lru_cache(maxsize=256)
def _parsed(G: Group, text: str) -> Representation:
    return parse_representation(G, text)


class GroupLaws:
    """The laws of a group and of some of its representations; subclass it and pytest runs one test for each.

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

    group: Any
    representations: ClassVar[Sequence[str | Representation]] = ("trivial", "defining")
    seed: int = 0

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """One test for each representation."""
        if "representation" in metafunc.fixturenames:
            metafunc.parametrize("representation", list(self.representations), ids=str)

    @property
    def rng(self) -> np.random.Generator:
        """A new random generator."""
        return np.random.default_rng(self.seed)

    def resolve(self, representation: str | Representation) -> Representation:
        """The representation that an expression describes, made once."""
        return _parsed(self.group, representation) if isinstance(representation, str) else representation

    def test_axioms(self) -> None:
        group_laws.check_axioms(self.group, self.rng)

    def test_order(self) -> None:
        group_laws.check_order(self.group, self.rng)

    def test_conjugacy_classes(self) -> None:
        group_laws.check_conjugacy_classes(self.group, self.rng)

    def test_words(self) -> None:
        group_laws.check_words(self.group, self.rng)

    def test_relations(self) -> None:
        group_laws.check_relations(self.group, self.rng)

    def test_sampling(self) -> None:
        group_laws.check_sampling(self.group, self.rng)

    def test_data(self) -> None:
        group_laws.check_group_data(self.group, self.rng)

    def test_copies(self) -> None:
        group_laws.check_copies(self.group, self.rng)

    def test_homomorphism(self, representation: str | Representation) -> None:
        representation_laws.check_homomorphism(self.resolve(representation), self.rng)

    def test_images(self, representation: str | Representation) -> None:
        representation_laws.check_images(self.resolve(representation), self.rng)

    def test_exact(self, representation: str | Representation) -> None:
        representation_laws.check_exact(self.resolve(representation), self.rng)

    def test_dual(self, representation: str | Representation) -> None:
        representation_laws.check_dual(self.resolve(representation), self.rng)

    def test_form(self, representation: str | Representation) -> None:
        representation_laws.check_form(self.resolve(representation), self.rng)

    def test_unitary(self, representation: str | Representation) -> None:
        representation_laws.check_unitary(self.resolve(representation), self.rng)

    def test_differential(self, representation: str | Representation) -> None:
        representation_laws.check_differential(self.resolve(representation), self.rng)

    def test_character(self, representation: str | Representation) -> None:
        representation_laws.check_character(self.resolve(representation), self.rng)

    def test_sums(self, representation: str | Representation) -> None:
        algebra_laws.check_sums(self.resolve(representation), self.rng)

    def test_products(self, representation: str | Representation) -> None:
        algebra_laws.check_products(self.resolve(representation), self.rng)

    def test_powers(self, representation: str | Representation) -> None:
        algebra_laws.check_powers(self.resolve(representation), self.rng)

    def test_square(self, representation: str | Representation) -> None:
        algebra_laws.check_square(self.resolve(representation), self.rng)

    def test_restriction(self, representation: str | Representation) -> None:
        algebra_laws.check_restriction(self.resolve(representation), self.rng)

    def test_representation_data(self, representation: str | Representation) -> None:
        representation_laws.check_representation_data(self.resolve(representation), self.rng)

    def test_representation_copies(self, representation: str | Representation) -> None:
        representation_laws.check_representation_copies(self.resolve(representation), self.rng)


@lru_cache(maxsize=256)
def _listed(G: Group, field: str, up_to: Any) -> tuple[Irrep, ...]:
    return tuple(G.irreps(field, up_to=up_to))


class IrrepLaws:
    """The laws of the irreps of a group over the real and the complex numbers; subclass it and pytest runs a test for each.

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

    group: Any
    up_to: Any = None
    seed: int = 0

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """One test for each ground field."""
        if "field" in metafunc.fixturenames:
            metafunc.parametrize("field", ["real", "complex"])

    @property
    def rng(self) -> np.random.Generator:
        """A new random generator."""
        return np.random.default_rng(self.seed)

    def irreps(self, field: str) -> tuple[Irrep, ...]:
        """The irreps over a field, made once."""
        return _listed(self.group, field, self.up_to)

    def test_labels(self, field: str) -> None:
        irrep_laws.check_labels(self.group, field, self.up_to)

    def test_orthogonality(self, field: str) -> None:
        irrep_laws.check_orthogonality(self.irreps(field), self.rng)

    def test_coefficients(self, field: str) -> None:
        irrep_laws.check_coefficients(self.irreps(field), self.rng)

    def test_completeness(self) -> None:
        if isinstance(self.group, FiniteGroup):
            irrep_laws.check_completeness(self.group)

    def test_unitary_homomorphism(self, field: str) -> None:
        self._each(irrep_laws.check_unitary_homomorphism, field)

    def test_irreducible(self, field: str) -> None:
        self._each(irrep_laws.check_irreducible, field)

    def test_indicator(self, field: str) -> None:
        self._each(irrep_laws.check_indicator, field)

    def test_commutant(self, field: str) -> None:
        self._each(irrep_laws.check_commutant, field)

    def test_structure(self, field: str) -> None:
        self._each(irrep_laws.check_structure, field)

    def test_constituent(self, field: str) -> None:
        self._each(irrep_laws.check_constituent, field)

    def test_conjugated(self, field: str) -> None:
        self._each(irrep_laws.check_conjugated, field)

    def test_rational(self, field: str) -> None:
        self._each(irrep_laws.check_rational, field)

    def test_copies(self, field: str) -> None:
        self._each(irrep_laws.check_irrep_copies, field)

    def test_images(self, field: str) -> None:
        self._each(representation_laws.check_images, field)

    def test_exact(self, field: str) -> None:
        self._each(representation_laws.check_exact, field)

    def test_differential(self, field: str) -> None:
        self._each(representation_laws.check_differential, field)

    def _each(self, law: Any, field: str) -> None:
        for I in self.irreps(field):
            law(I, self.rng)
