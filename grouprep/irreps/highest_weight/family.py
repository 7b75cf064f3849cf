"""The irreps of a compact connected group by highest weight: listed, found by label, counted, split off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

import numpy as np

from grouprep.characters import ClassPoint, Laurent, class_points, class_values
from grouprep.errors import GroupRepError
from grouprep.groups.base import Generator
from grouprep.groups.lie import LieGroup
from grouprep.irreps.base import Field, Irrep
from grouprep.irreps.family import Family, Images, Splitting, check_up_to
from grouprep.irreps.highest_weight.charts import Chart
from grouprep.irreps.highest_weight.irreps import HighestWeightIrrep
from grouprep.irreps.highest_weight.logarithms import factors
from grouprep.irreps.highest_weight.matrices import Expansion, Gaussian, Lengths, generator_matrices
from grouprep.irreps.highest_weight.modules import Module
from grouprep.irreps.highest_weight.products import constituents
from grouprep.irreps.highest_weight.root_systems import Vector, weyl_dimension
from grouprep.irreps.highest_weight.splitting import split_weights
from grouprep.linalg import as_float
from grouprep.linalg.budget import require
from grouprep.representations.base import Representation
from grouprep.summary import Summary
from grouprep.typing import Array

__all__ = ["HighestWeightFamily", "Matrices"]

_MOST = 20_000  # irreps in one list

_LARGEST = 2_000  # dimension of an irrep whose matrices are made: dense floats of 32 MB for each generator


@dataclass(frozen=True, eq=False, repr=False)
class Matrices(Summary):
    """A module of a group: the matrices of its generators, the lengths of its basis vectors, and the conjugation."""

    images: dict[Generator, Gaussian]
    lengths: tuple[object, ...]
    conjugation: tuple[tuple[int, ...], tuple[int, ...]] | None

    def of(self, generator: Generator) -> Gaussian:
        """The matrix of a generator in the rational form."""
        return self.images[generator]


class HighestWeightFamily(Family):
    """The irreps of a compact connected group of matrices.

    group : the group, by exact generators of its Lie algebra.
    chart : torus, roots and labels of it; its own group may have other generators.

    References
    ----------
    Brocker and tom Dieck, Representations of Compact Lie Groups (1985), VI.
    """

    def __init__(self, group: LieGroup, chart: Chart) -> None:
        self.group: LieGroup = group
        self.chart = chart

    def irreps(self, field: Field, up_to: object) -> list[Irrep]:
        bound = check_up_to(self.group, up_to, self.chart.labels.what, infinite=True)
        assert bound is not None
        weights = list(islice(self.chart.labels.listed(bound), _MOST + 1))
        require(len(weights), _MOST, f"the irreps of {self.group} up to {bound} are at least", "give a smaller up_to")
        found = sorted((self.irrep_of(w, "complex") for w in weights), key=lambda I: I.position)
        return list(found) if field == "complex" else list(dict.fromkeys(I.real_form for I in found))

    def irrep(self, label: object, field: Field) -> Irrep:
        try:
            found = self.irrep_of(self.chart.labels.read(label), "complex")
        except GroupRepError as error:
            raise GroupRepError(f"label = {label!r:.60}: {error}; {self._described(field)}") from None
        return found if field == "complex" else found.real_form

    def find(self, label: object, field: Field) -> Irrep | None:
        try:
            return self.irrep(label, field)
        except GroupRepError:
            return None

    def labels(self, field: Field) -> str:
        few = [self.irrep_of(w, "complex") for w in islice(self.chart.labels.listed(1), 600)]
        first = dict.fromkeys(
            (I if field == "complex" else I.real_form).label for I in sorted(few, key=lambda I: I.position)
        )
        return f"{', '.join(list(first)[:4])}, ...: {self.chart.labels}"

    def _described(self, field: Field) -> str:
        return f"the irreps of {self.group} over the {field} numbers are {self.labels(field)}"

    def irrep_of(self, weight: Vector, over: Field) -> HighestWeightIrrep:
        """The irrep with a highest weight in the coordinates of the torus."""
        return _irrep(self, weight, over)

    def matrices(self, weight: Vector) -> Matrices:
        """The exact matrices of an irrep, remembered."""
        return _matrices(self, weight)

    @cached_property
    def expansion(self) -> Expansion:
        """The group's generators in the chart's root vectors."""
        return Expansion(self.group, self.chart)

    def modules(self, weight: Vector) -> tuple[Module, Lengths]:
        """The module of an irrep and the lengths of its basis vectors, remembered."""
        return _module(self.chart, weight)

    def made_matrices(self, weight: Vector) -> Matrices:
        """The exact matrices of an irrep.

        Raises
        ------
        TooLarge
            If the dimension is beyond 2,000.
        """
        dim = weyl_dimension(self.chart.datum, weight)
        what = f"irrep({self.chart.labels.write(weight)}) of {self.group} has dimension"
        require(dim, _LARGEST, what, "its character and its products are known, its matrices are not made")
        module, _ = self.modules(weight)
        algebra = [a for a in self.group.generator_names if a.kind == "algebra"]
        found = generator_matrices(self.expansion, self.chart, module, len(algebra))
        return Matrices(dict(zip(algebra, found, strict=True)), module.lengths, module.conjugation)

    # Values

    @cached_property
    def _algebra(self) -> Array:
        """The generators of the algebra, and for SU(n) the scalar i, by which logarithms may differ from it."""
        stack: Array = np.array([as_float(a) for a in self.group.algebra]).astype(complex)
        return np.concatenate([stack, 1j * np.eye(self.group.n)[None]]) if self._is_special else stack

    @property
    def _is_special(self) -> bool:
        return self.chart.row is not None and self.chart.datum.rank < self.group.n

    def evaluate(self, V: HighestWeightIrrep, g: Array) -> Array:
        """V(g) for elements (..., n, n)."""
        values = [self._value(V, x) for x in g.reshape(-1, *g.shape[-2:])]
        return np.array(values).reshape(*g.shape[:-2], V.dim, V.dim)

    def _value(self, V: HighestWeightIrrep, g: Array) -> Array:
        X, E, S = factors(g, self.chart.branch, self._algebra, str(self.group))
        count = len(V.stack)
        phase = 0.0
        if self._is_special:
            phase = X[count] + E[count] + (0 if S is None else S[count])
            if abs(np.exp(1j * phase * self.group.n) - 1) > 1e-5:
                raise GroupRepError(f"g is not an element of {self.group}: its determinant is not 1")
        value = exponential(V, X[:count]) @ (np.eye(V.dim) + np.tensordot(E[:count], V.stack, 1))
        if S is not None:
            value = value @ exponential(V, S[:count])
        if self._is_special:
            value = scalar(V, value, phase * self.chart.central_charge(V.weight))
        return value if V.field == "complex" else np.asarray(value.real)

    # Counting

    def own_point(self, point: ClassPoint) -> bool:
        """Whether a class point is the torus that weights are written in."""
        component = getattr(point, "component", None)
        return component is not None and self.group == self.chart.group and (component,) == self.chart.group.cartan

    def count(self, V: Representation) -> list[tuple[Irrep, int]] | None:
        weights = self.weights(V)
        if weights is None:
            return None
        found = constituents(self.chart.datum, weights)
        return [(self.irrep_of(w, "complex"), m) for w, m in found.items()]

    def weights(self, V: Representation) -> Counter[Vector] | None:
        """The weights of a representation; None where the torus of the group is another one."""
        points = class_points(self.group)
        if not self.own_point(points[0]):
            return None
        value = class_values(V, points[:1])[0]
        assert isinstance(value, Laurent)
        return Counter({w: int(m) for (_, w), m in value.terms.items()})

    def split(self, images: Images) -> Splitting:
        algebra = [a for a in self.group.generator_names if a.kind == "algebra"]
        stack = np.array([as_float(images[a]) for a in algebra]).astype(complex)
        found = split_weights(self, stack)
        return sorted([(self.irrep_of(w, "complex"), X) for w, X in found], key=lambda pair: pair[0].position)

    def _key(self) -> tuple[object, ...]:
        return (self.group,)


@lru_cache(maxsize=4096)
def _irrep(family: HighestWeightFamily, weight: Vector, over: Field) -> HighestWeightIrrep:
    return HighestWeightIrrep(family, weight, over)


@lru_cache(maxsize=256)
def _module(chart: Chart, weight: Vector) -> tuple[Module, Lengths]:
    module = chart.module(weight)
    return module, Lengths(module.lengths)


@lru_cache(maxsize=128)
def _matrices(family: HighestWeightFamily, weight: Vector) -> Matrices:
    return family.made_matrices(weight)


def exponential(V: HighestWeightIrrep, coefficients: Iterable[float]) -> Array:
    """exp of an element of the Lie algebra in V, which is anti-Hermitian: by its eigenvectors."""
    X = np.tensordot(np.asarray(coefficients), V.stack, 1)
    values, U = np.linalg.eigh(-0.5j * (X - X.conj().T))
    out: Array = (U * np.exp(1j * values)) @ U.conj().T
    return out


def scalar(V: HighestWeightIrrep, value: Array, phase: float) -> Array:
    """exp(i phase), a scalar of the complex irrep, times a value in V's form."""
    if V.form == "realified":
        d = V.dim // 2
        turned = np.concatenate([-value[d:], value[:d]])
        return np.asarray(np.cos(phase) * value + np.sin(phase) * turned)
    return np.asarray(np.exp(1j * phase) * value)
