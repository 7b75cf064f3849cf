"""An irrep by highest weight: unitary, over the complex or the real numbers, with its rational form."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.characters import ClassPoint, ClassValue, Laurent
from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.irreps.base import Field, Irrep, Position, quaternion_units, realification_isometry
from grouprep.irreps.highest_weight.elements import value_at
from grouprep.irreps.highest_weight.matrices import Gaussian, Lengths, real_form, real_lengths, realified
from grouprep.irreps.highest_weight.root_systems import Vector, weyl_dimension
from grouprep.irreps.highest_weight.weights import weight_multiplicities
from grouprep.irreps.real_form import real_basis
from grouprep.linalg import Image, Monomial, as_exact, as_image
from grouprep.linalg.matrices import equal, is_exact
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from grouprep.irreps.highest_weight.family import HighestWeightFamily

__all__ = ["HighestWeightIrrep", "RationalForm"]


class HighestWeightIrrep(Irrep):
    """The irrep of a compact connected group with a highest weight, in an orthonormal basis of weight vectors.

    Over the real numbers: type R in the basis of combinations that the conjugation fixes, types C and H as the realification.

    family : the irreps of the group.
    weight : the highest weight, in the coordinates of the group's torus.
    over : "real" or "complex".

    Examples
    --------
    >>> from grouprep import SU
    >>> V = SU(3).irrep((1, 1))
    >>> V.dim, V.type, (V * V).multiplicities()
    (8, 'R', {'(0, 0)': 1, '(1, 1)': 2, '(3, 0)': 1, '(2, 2)': 1})

    References
    ----------
    Brocker and tom Dieck (1985), VI; Humphreys, Introduction to Lie Algebras and Representation Theory (1972), sections 20 to 24.
    """

    def __init__(self, family: HighestWeightFamily, weight: Vector, over: Field) -> None:
        self.family, self.weight, self.over = family, weight, over
        datum = family.chart.datum
        self.type = {1: "R", 0: "C", -1: "H"}[datum.indicator(weight)]  # type: ignore[assignment]
        self.label = family.chart.labels.write(weight)

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def form(self) -> str:
        """How the basis arises: "complex", "real" (type R), or "realified"."""
        return "complex" if self.over == "complex" else "real" if self.type == "R" else "realified"

    @cached_property
    def dim(self) -> int:
        """Weyl's dimension, doubled for a realification."""
        return weyl_dimension(self.family.chart.datum, self.weight) * (2 if self.form == "realified" else 1)

    @cached_property
    def field(self) -> str:
        """Either "real" or "complex", the kind of the values; the trivial irrep is real."""
        return "complex" if self.over == "complex" and any(self.weight) else "real"

    @property
    def position(self) -> Position:
        labels, datum = self.family.chart.labels, self.family.chart.datum
        return labels.level(self.weight), weyl_dimension(datum, self.weight), tuple(-x for x in self.weight)

    @property
    def structure(self) -> Array | None:
        conjugation = self.family.matrices(self.weight).conjugation
        if self.over == "real" or conjugation is None:
            return None
        C = np.zeros((self.dim, self.dim))
        C[list(conjugation[0]), range(self.dim)] = conjugation[1]
        return C

    @property
    def conjugated(self) -> HighestWeightIrrep:
        return self if self.over == "real" else self._with(self.family.chart.datum.dual(self.weight), self.over)

    @property
    def real_form(self) -> HighestWeightIrrep:
        if self.over == "real":
            return self
        first = min(self, self.conjugated, key=lambda I: I.position)
        return self._with(first.weight, "real")

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        if self.over == "complex":
            return self, np.eye(self.dim)
        rho = self._with(self.weight, "complex")
        if self.type != "R":
            return rho, realification_isometry(rho.dim)
        structure = rho.structure
        assert structure is not None
        return rho, real_basis(structure)

    def _with(self, weight: Vector, over: Field) -> HighestWeightIrrep:
        return self.family.irrep_of(weight, over)

    def _real_commutant(self) -> Array:
        return quaternion_units(self.dim // 2, self._with(self.weight, "complex").structure)

    # Generators

    @cached_property
    def lengths(self) -> Lengths:
        """The squares of the lengths of the rational form's basis."""
        found = self.family.matrices(self.weight)
        if self.form == "real":
            assert found.conjugation is not None
            return Lengths(real_lengths(found.lengths, found.conjugation))
        return Lengths(found.lengths * 2 if self.form == "realified" else found.lengths)

    def rational_matrix(self, generator: Generator) -> Gaussian:
        """The matrix of a generator in the rational form."""
        found = self.family.matrices(self.weight)
        matrix = found.of(generator)
        if self.form == "complex":
            return matrix
        if self.form == "realified":
            return realified(matrix)
        assert found.conjugation is not None
        return real_form(matrix, found.conjugation)

    def image(self, generator: Generator) -> Image:
        """The matrix of a generator: exact while its number field has a degree of at most 16, else the nearest floats."""
        exact = self.lengths.exact(self.rational_matrix(generator).exact())
        if exact is None:
            return self.float_image(generator)
        return as_image(exact) if generator.kind == "element" else exact

    def float_image(self, generator: Generator) -> Array | Monomial:
        return self.rational_matrix(generator).floats(self.lengths)

    # Values

    @cached_property
    def stack(self) -> Array:
        """The floats of the generators of the Lie algebra, (generators, dim, dim)."""
        algebra = [a for a in self.group.generator_names if a.kind == "algebra"]
        return np.array([self.rational_matrix(a).floats(self.lengths) for a in algebra])

    def evaluate(self, g: Element) -> Array:
        return self.family.evaluate(self, np.asarray(g))

    def exact_image(self, g: Element) -> Image:
        """rho(g) exactly, for an exact matrix g of the group.

        Raises
        ------
        GroupRepError
            If g is not exact or no element, or if the square roots of the unitary basis need a field of degree beyond 16:
            `rational` has none.
        """
        value = self.rational()[0].exact_image(g)
        if isinstance(value, Monomial) and value == Monomial.identity(self.dim):
            return value
        exact = self.lengths.exact(as_exact(value))
        if exact is None:
            raise UnsupportedGroup(
                f"the unitary matrices of {self} have square roots whose field is too large; V.rational() gives R, S with "
                "V(g) = S R(g) S^-1 and R exact"
            )
        return as_image(exact)

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    @cached_property
    def invariant_form(self) -> Image | None:
        """The identity."""
        return Monomial.identity(self.dim)

    def rational(self) -> tuple[Representation, Array]:
        """(R, S): the form over Q (real) or Q(i) (complex) and the diagonal S with V(g) = S R(g) S^-1.

        Examples
        --------
        >>> from grouprep import SU
        >>> R, S = SU(3).irrep((1, 1)).rational()
        >>> R.domain, R.gram == R.invariant_form
        (QQ, True)
        """
        return RationalForm(self), np.diag(self.lengths.roots)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        found = self.family.own_point(point)
        if not found:
            return point.leaf(RationalForm(self), k)
        weights = weight_multiplicities(self.family.chart.datum, self.weight)
        value = Laurent({(Fraction(0), w): m for w, m in weights.items()}).adams(k)
        return value + value.conjugate() if self.form == "realified" else value

    def _key(self) -> tuple[object, ...]:
        return self.label, self.over


class RationalForm(Representation):
    """The form over Q or Q(i) of an irrep by highest weight, V(g) = S R(g) S^-1 with S diagonal.

    Made by `HighestWeightIrrep.rational`.
    """

    def __init__(self, V: HighestWeightIrrep) -> None:
        self.V = V

    @property
    def group(self) -> Group:
        return self.V.group

    @property
    def dim(self) -> int:
        return self.V.dim

    @property
    def field(self) -> str:
        """Either "real" or "complex"."""
        return self.V.field

    def image(self, generator: Generator) -> Image:
        exact = self.V.rational_matrix(generator).exact()
        return as_image(exact) if generator.kind == "element" else exact

    def evaluate(self, g: Element) -> Array:
        roots = self.V.lengths.roots
        values: Array = self.V.evaluate(g) * (roots / roots[:, None])
        return values

    def exact_image(self, g: Element) -> Image:
        """R(g) exactly, for an exact matrix g of the group.

        Raises
        ------
        GroupRepError
            If g is not exact, or no element.
        """
        image = as_image(g, "g")
        if not is_exact(image):
            raise GroupRepError(f"g must be exact: {self} at floats is V(g)")
        if image.shape != (self.group.n,) * 2:  # type: ignore[attr-defined]
            raise GroupRepError(f"g must have shape {(self.group.n,) * 2}, got {image.shape}")  # type: ignore[attr-defined]
        for a in self.group.generator_names:
            if a.kind == "element" and equal(image, self.group.generator_element(a)):
                return self.image(a)
        return as_image(value_at(self.V, as_exact(image)))

    def _form(self) -> Image | None:
        return self.V.lengths.gram() if self.V.is_unitary else super()._form()

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return self.V.character_at(point, k) if self.V.family.own_point(point) else point.leaf(self, k)

    def _key(self) -> tuple[object, ...]:
        return (self.V,)

    def __str__(self) -> str:
        return f"rational({self.V})"
