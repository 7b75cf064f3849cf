"""The irreps of a compact connected group that is a shipped one by other generators of its Lie algebra, such as Gell-Mann's of SU(3).

They are those of the shipped group, as functions of the element, with the same labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.groups.base import Generator, Group
from grouprep.groups.cartan import combination, coordinates, joint_spectrum
from grouprep.groups.lie import LieGroup
from grouprep.haar import classical_type
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.irreps.family import Images, Splitting
from grouprep.irreps.highest_weight.family import HighestWeightFamily
from grouprep.irreps.highest_weight.irreps import HighestWeightIrrep
from grouprep.irreps.highest_weight.products import constituents
from grouprep.irreps.highest_weight.root_systems import Vector
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg.matrices import equal, is_exact
from grouprep.linalg.sparse import matmul_exact, sparse_matrix, subtract_exact
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element, Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["RegeneratedFamily", "RegeneratedForm", "RegeneratedIrrep", "is_regenerated"]

_WIDEST = 10  # size of matrices whose Lie algebra is closed under brackets to recognise it: some seconds for SU(10)


def is_regenerated(G: Group, kind: str) -> bool:
    """Whether a connected group of matrices of size 3 to 10, given by exact generators, is "SU", "U", "SO" or "Sp" as it stands."""
    if not isinstance(G, LieGroup) or G.components or not G.is_exact or not 3 <= G.n <= _WIDEST:
        return False
    return classical_type(G) == kind


class RegeneratedFamily(HighestWeightFamily):
    """The irreps of a group from those of the same set of matrices with other generators.

    group : the group; known : the irreps of the shipped group.

    Examples
    --------
    >>> from grouprep import SO, LieGroup
    >>> turns = [[[0] * 4 for _ in range(4)] for _ in range(3)]
    >>> for k, m in enumerate(turns):
    ...     m[k][k + 1], m[k + 1][k] = -2, 2
    >>> G = LieGroup.from_algebra(turns)  # three of the six generators, twice as long
    >>> (G.defining() ** 2).multiplicities() == (SO(4).defining() ** 2).multiplicities()
    True
    """

    def __init__(self, group: LieGroup, known: HighestWeightFamily) -> None:
        super().__init__(group, known.chart)
        self.known = known

    @cached_property
    def coordinates(self) -> dict[Generator, tuple[list[Scalar], Domain]]:
        """The coordinates of the group's generators in those of the shipped group, exact and real, and their field."""
        standard = [as_exact(a) for a in self.known.group.algebra]
        generators = [a for a in self.group.generator_names if a.kind == "algebra"]
        found = (coordinates(standard, as_exact(m)) for m in self.group.algebra)
        return {a: x for a, x in zip(generators, found, strict=True) if x is not None}

    def combined(self, V: Representation, generator: Generator) -> Image:
        """The image of a generator of the group in a representation of the shipped one."""
        values = [V.image(a) for a in V.group.generator_names]
        row, field = self.coordinates[generator]
        if all(map(is_exact, values)):
            return combination([as_exact(m) for m in values], row, field)
        numbers = as_float(sparse_matrix({0: {k: c for k, c in enumerate(row) if c}}, (1, len(row)), field))[0]
        total: Array = np.tensordot(numbers, np.array([as_float(m) for m in values]), 1)
        return total

    def irrep_of(self, weight: Vector, over: Field) -> RegeneratedIrrep:
        return RegeneratedIrrep(self, self.known.irrep_of(weight, over))

    def own_point(self, point: ClassPoint) -> bool:
        return False

    @cached_property
    def _closure(self) -> tuple[list[tuple[int, int] | None], list[DomainMatrix], list[int]]:
        """How a basis of the Lie algebra arises, the basis, and which generators are in it."""
        origin, basis = self.group.structure_constants()
        numbers, used = [], 0
        algebra = [as_exact(a) for a in self.group.algebra]
        for source, element in zip(origin, basis, strict=True):
            if source is None:
                used = next(k for k in range(used, len(algebra)) if equal(algebra[k], element))
                numbers.append(used)
                used += 1
        return origin, basis, numbers

    def weights(self, V: Representation) -> Counter[Vector] | None:
        R = V.rational()[0]
        generators = [a for a in self.group.generator_names if a.kind == "algebra"]
        images = [R.image(a) for a in generators]
        if not all(map(is_exact, images)):
            return None
        origin, basis, numbers = self._closure
        given = iter(numbers)
        values: list[DomainMatrix] = []
        for source in origin:
            if source is None:
                values.append(as_exact(images[next(given)]))
            else:
                i, j = source
                x, y = values[i], values[j]
                values.append(subtract_exact(matmul_exact(x, y), matmul_exact(y, x)))
        torus = []
        for H in self.chart.torus:
            found = coordinates(basis, H)
            assert found is not None
            torus.append(combination(values, *found))
        return Counter({tuple(map(int, w)): m for (_, w), m in joint_spectrum(None, torus).items()})

    def count(self, V: Representation) -> list[tuple[Irrep, int]] | None:
        weights = self.weights(V)
        if weights is None:
            return None
        return [(self.irrep_of(w, "complex"), m) for w, m in constituents(self.chart.datum, weights).items()]

    def split(self, images: Images) -> Splitting:
        origin, basis, numbers = self._closure
        generators = [a for a in self.group.generator_names if a.kind == "algebra"]
        given = iter(numbers)
        values: list[Array] = []
        for source in origin:
            if source is None:
                values.append(np.asarray(as_float(images[generators[next(given)]])).astype(complex))
            else:
                a, b = (values[k] for k in source)
                values.append(a @ b - b @ a)
        flat = np.array([as_float(b).ravel() for b in basis]).T
        target = np.array([as_float(a).ravel() for a in self.known.group.algebra]).T
        table = np.linalg.lstsq(_real(flat), _real(target), rcond=None)[0]
        stack = np.tensordot(table.T, np.array(values), 1)
        names = [a for a in self.known.group.generator_names if a.kind == "algebra"]
        moved: Mapping[Generator, Image] = dict(zip(names, stack, strict=True))
        out: Splitting = []
        for I, X in self.known.split(moved):
            assert isinstance(I, HighestWeightIrrep)
            out.append((self.irrep_of(I.weight, "complex"), X))
        return out


def _real(columns: Array) -> Array:
    return np.concatenate([columns.real, columns.imag])


class RegeneratedIrrep(HighestWeightIrrep):
    """The irrep of a shipped group on the same matrices with other generators."""

    family: RegeneratedFamily

    def __init__(self, family: RegeneratedFamily, I: HighestWeightIrrep) -> None:
        super().__init__(family, I.weight, I.over)
        self.I = I

    @property
    def position(self) -> Position:
        return self.I.position

    @property
    def structure(self) -> Array | None:
        return self.I.structure

    def _real_commutant(self) -> Array:
        return self.I.commutant

    def image(self, generator: Generator) -> Image:
        return self.family.combined(self.I, generator)

    def float_image(self, generator: Generator) -> Array | Monomial:
        return as_float(self.image(generator))

    def evaluate(self, g: Element) -> Array:
        return self.I.evaluate(g)

    def exact_image(self, g: Element) -> Image:
        return self.I.exact_image(g)

    def rational(self) -> tuple[Representation, Array]:
        R, S = self.I.rational()
        return RegeneratedForm(self.family, R), S

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return point.leaf(self.rational()[0], k)


class RegeneratedForm(Representation):
    """A representation of a shipped group on the same matrices with other generators.

    family : knows both groups; V : the representation of the shipped one.
    """

    def __init__(self, family: RegeneratedFamily, V: Representation) -> None:
        self.family, self.V = family, V

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def dim(self) -> int:
        return self.V.dim

    def image(self, generator: Generator) -> Image:
        return self.family.combined(self.V, generator)

    def evaluate(self, g: Element) -> Array:
        return self.V.evaluate(g)

    def exact_image(self, g: Element) -> Image:
        return self.V.exact_image(g)

    def _form(self) -> Image | None:
        return self.V.gram

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return point.leaf(self, k)

    def _key(self) -> tuple[object, ...]:
        return (self.V,)

    def __str__(self) -> str:
        return str(self.V)
