"""The irreps of O(n) by partitions: those of SO(n), extended by a reflection or joined in pairs.

The reflection r of the last axis fixes the chart's raising operators up to the swap of the last two (n even), or up to the sign
of the last (n odd). An irrep of SO(n) that it takes to itself has two extensions, which differ by the determinant; for n even
those with a last row l_m > 0 and with -l_m are joined.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import combinations

import numpy as np

from grouprep.characters import ClassPoint, ClassValue, Laurent, class_points, class_values, integral
from grouprep.errors import AmbiguousRank
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.irreps.family import Images, Splitting
from grouprep.irreps.highest_weight.family import HighestWeightFamily, Matrices
from grouprep.irreps.highest_weight.irreps import HighestWeightIrrep, RationalForm
from grouprep.irreps.highest_weight.matrices import Gaussian, Lengths, generator_matrices
from grouprep.irreps.highest_weight.modules import Columns, Diagram, Module, apply, extended, highest_weight_module
from grouprep.irreps.highest_weight.products import constituents
from grouprep.irreps.highest_weight.root_systems import Vector, weyl_dimension
from grouprep.irreps.highest_weight.splitting import split_weights
from grouprep.irreps.highest_weight.weights import weight_multiplicities
from grouprep.linalg import as_float
from grouprep.linalg.budget import require
from grouprep.representations.base import Representation
from grouprep.typing import Array

__all__ = ["OrthogonalFamily", "OrthogonalIrrep"]

_LARGEST = 2_000  # dimension of an irrep whose matrices are made


class OrthogonalIrrep(HighestWeightIrrep):
    """The irrep of O(n), n >= 4, of a partition: the traceless tensors of that symmetry.

    Examples
    --------
    >>> from grouprep import O
    >>> O(4).irrep([2]).dim, O(4).irrep([1, 1]).dim, O(4).irrep([1, 1, 1]).dim
    (9, 6, 4)

    References
    ----------
    H. Weyl, The Classical Groups (1946), V.7 (associated partitions); Goodman and Wallach, Symmetry, Representations, and
    Invariants (2009), 5.5.5.
    """

    family: OrthogonalFamily

    def __init__(self, family: OrthogonalFamily, weight: Vector, over: Field) -> None:
        self.family, self.weight, self.over = family, weight, over
        self.type = "R"
        self.label = family.chart.labels.write(weight)

    @cached_property
    def rows(self) -> Vector:
        """The highest weight of a constituent over SO(n): the shorter one of two associated partitions."""
        n = self.family.group.n
        m, p = n // 2, len(self.weight)
        rows = self.weight if 2 * p <= n else self.weight[: n - p]
        return rows + (0,) * (m - len(rows))

    @property
    def is_associated(self) -> bool:
        """Whether it is the determinant times the irrep of a shorter partition."""
        return 2 * len(self.weight) > self.family.group.n

    @property
    def is_pair(self) -> bool:
        """Whether it is the sum of two irreps of SO(n)."""
        return 2 * len(self.weight) == self.family.group.n

    @cached_property
    def dim(self) -> int:
        """Weyl's dimension, twice that for a pair."""
        return weyl_dimension(self.family.chart.datum, self.rows) * (2 if self.is_pair else 1)

    @property
    def position(self) -> Position:
        return self.family.chart.labels.level(self.weight), self.dim, tuple(-x for x in self.rows), self.is_associated

    @property
    def conjugated(self) -> HighestWeightIrrep:
        return self

    @cached_property
    def field(self) -> str:
        """Either "real" or "complex", the kind of the values; the one-dimensional irreps are real."""
        return "complex" if self.over == "complex" and self.dim > 1 else "real"

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        if not self.family.own_point(point):
            return point.leaf(RationalForm(self), k)
        weights = weight_multiplicities(self.family.chart.datum, self.rows)
        value = Laurent({(Fraction(0), w): m for w, m in weights.items()})
        if self.is_pair:
            value = value + Laurent({(Fraction(0), turned(w)): m for w, m in weights.items()})
        return value.adams(k)


def turned(w: Vector) -> Vector:
    """A weight after the reflection of the last axis, for even n."""
    return (*w[:-1], -w[-1])


class OrthogonalFamily(HighestWeightFamily):
    """The irreps of O(n), n >= 4.

    group : O(n); chart : that of SO(n), with the same generators, and `PartitionLabels`.
    """

    def irrep_of(self, weight: Vector, over: Field) -> OrthogonalIrrep:
        return _irrep(self, weight, over)

    def of_rows(self, rows: Vector, associated: bool) -> OrthogonalIrrep:
        """The complex irrep from the highest weight of SO(n), and whether it is the associated one."""
        short = tuple(abs(x) for x in rows if x)
        n = self.group.n
        return self.irrep_of((*short, *[1] * (n - 2 * len(short))) if associated else short, "complex")

    def own_point(self, point: ClassPoint) -> bool:
        component = getattr(point, "component", None)
        return component is not None and (component,) == self.chart.group.cartan

    # Matrices

    @property
    def diagram(self) -> Diagram | None:
        """How the reflection of the last axis acts on weights and simple roots, for even n."""
        m = self.group.n // 2
        return None if self.group.n % 2 else Diagram(turned, (*range(m - 2), m - 1, m - 2))

    def modules(self, weight: Vector) -> tuple[Module, Lengths]:
        return _module(self, self.irrep_of(weight, "complex").rows)

    def made_module(self, rows: Vector) -> Module:
        """The module over SO(n); its conjugation is one of O(n) on the pair where it is none of SO(n) alone."""
        datum = self.chart.datum
        return highest_weight_module(datum, rows, self.diagram if datum.dual(rows) != rows else None)

    def made_matrices(self, weight: Vector) -> Matrices:
        """The exact matrices of an irrep.

        Raises
        ------
        TooLarge
            If the dimension is beyond 2,000.
        """
        I = self.irrep_of(weight, "complex")
        require(
            I.dim, _LARGEST, f"{I} of {self.group} has dimension", "its character is known, its matrices are not made"
        )
        module, _ = self.modules(weight)
        algebra = [a for a in self.group.generator_names if a.kind == "algebra"]
        reflection = next(a for a in self.group.generator_names if a.kind == "element")
        images = generator_matrices(self.expansion, self.chart, module, len(algebra))
        n = self.group.n
        axes = list(combinations(range(n), 2))
        half_turn = _half_turn(images[axes.index((0, n - 1))], max(I.rows))  # about the first and the last axis
        if not I.is_pair:
            T = _reflection(self, module)
            if I.is_associated:
                T = [{r: -x for r, x in c.items()} for c in T]
            found = dict(zip(algebra, images, strict=True))
            found[reflection] = _real([apply(half_turn, c) for c in T])
            return Matrices(found, module.lengths, module.conjugation)
        d = module.dim
        pairs = [_direct_sum(A, -1 if n - 1 in plane else 1) for A, plane in zip(images, axes, strict=True)]
        found = dict(zip(algebra, pairs, strict=True))
        shifted = [{d + r: x for r, x in c.items()} for c in half_turn]
        found[reflection] = _real(shifted + half_turn)
        assert module.conjugation is not None
        partner, signs = module.conjugation
        kept = self.chart.datum.dual(I.rows) == I.rows  # else the conjugation leads from one to the other
        first = tuple(p + (0 if kept else d) for p in partner)
        second = tuple(p + (d if kept else 0) for p in partner)
        return Matrices(found, module.lengths * 2, (first + second, signs * 2))

    # Values

    def evaluate(self, V: HighestWeightIrrep, g: Array) -> Array:
        flat = g.reshape(-1, *g.shape[-2:])
        generator = next(a for a in self.group.generator_names if a.kind == "element")
        r, R = as_float(self.group.generator_element(generator)), np.asarray(as_float(V.image(generator)))
        values = [self._value(V, x) if np.linalg.det(x) > 0 else R @ self._value(V, r @ x) for x in flat]
        return np.array(values).reshape(*g.shape[:-2], V.dim, V.dim)

    # Counting

    def count(self, V: Representation) -> list[tuple[Irrep, int]] | None:
        points = class_points(self.group)
        values = class_values(V, points)
        identity = values[0]
        assert isinstance(identity, Laurent)
        found = constituents(self.chart.datum, {w: int(m) for (_, w), m in identity.terms.items()})
        out: list[tuple[Irrep, int]] = []
        for rows, multiplicity in found.items():
            if self.group.n % 2 == 0 and rows[-1]:
                if rows[-1] > 0:
                    if found.get(turned(rows)) != multiplicity:
                        raise AmbiguousRank(f"the weights of {V} are not those of a representation of {self.group}")
                    out.append((self.of_rows(rows, False), multiplicity))
                continue
            I = self.of_rows(rows, False)
            first = integral(I, V, points, class_values(I, points), values)
            out += [(J, m) for J, m in ((I, first), (self.of_rows(rows, True), multiplicity - first)) if m]
        return out

    def split(self, images: Images) -> Splitting:
        algebra = [a for a in self.group.generator_names if a.kind == "algebra"]
        stack = np.array([as_float(images[a]) for a in algebra]).astype(complex)
        n = self.group.n
        reflection = as_float(images[next(a for a in images if a.kind == "element")])
        X = stack[list(combinations(range(n), 2)).index((0, n - 1))]
        values, U = np.linalg.eigh(-0.5j * (X - X.conj().T))
        last = (U * np.exp(1j * np.pi * np.rint(values))) @ U.conj().T @ reflection  # the image of the last reflection
        out: Splitting = []
        for rows, found in split_weights(_Connected(self), stack):
            if n % 2 == 0 and rows[-1]:
                if rows[-1] > 0:
                    out.append((self.of_rows(rows, False), np.concatenate([found, last @ found], axis=2)))
                continue
            tops = found[:, :, 0]
            signs, basis = np.linalg.eigh(_hermitian(tops.conj() @ last @ tops.T))
            for associated in (False, True):
                chosen = basis[:, (signs < 0) == associated]
                if chosen.shape[1]:
                    out.append((self.of_rows(rows, associated), np.einsum("ab,anj->bnj", chosen, found)))
        return sorted(out, key=lambda pair: pair[0].position)


class _Connected(HighestWeightFamily):
    """SO(n) with the modules that O(n) takes, so that both split into the same bases."""

    def __init__(self, family: OrthogonalFamily) -> None:
        super().__init__(family.group, family.chart)
        self.family = family

    def modules(self, weight: Vector) -> tuple[Module, Lengths]:
        return _module(self.family, weight)


@lru_cache(maxsize=4096)
def _irrep(family: OrthogonalFamily, weight: Vector, over: Field) -> OrthogonalIrrep:
    return OrthogonalIrrep(family, weight, over)


@lru_cache(maxsize=256)
def _module(family: OrthogonalFamily, rows: Vector) -> tuple[Module, Lengths]:
    module = family.made_module(rows)
    return module, Lengths(module.lengths)


def _hermitian(a: Array) -> Array:
    return (a + a.conj().T) / 2


def _real(columns: Columns) -> Gaussian:
    return Gaussian(columns, [{} for _ in columns])


def _direct_sum(A: Gaussian, sign: int) -> Gaussian:
    """A + sign A."""
    d = A.dim
    parts = [part + [{d + r: sign * x for r, x in c.items()} for c in part] for part in (A.re, A.im)]
    return Gaussian(parts[0], parts[1])


def _half_turn(B: Gaussian, top: int) -> Columns:
    """exp(pi B) for B, real or imaginary, with eigenvalues i k, |k| <= top: the polynomial p in -B^2 with p(k^2) = (-1)^k."""
    from flint import fmpq

    part, sign = (B.im, 1) if any(B.im) else (B.re, -1)
    nodes = [k * k for k in range(top + 1)]
    table = [fmpq((-1) ** k) for k in range(top + 1)]  # divided differences
    for step in range(1, top + 1):
        for k in range(top, step - 1, -1):
            table[k] = (table[k] - table[k - 1]) / (nodes[k] - nodes[k - step])
    out: Columns = []
    for b in range(B.dim):
        vector = {b: table[top]}
        for k in range(top - 1, -1, -1):  # Horner: (M - k^2) v + c
            square = apply(part, apply(part, vector))
            moved = {r: sign * x for r, x in square.items()}
            for r, x in vector.items():
                moved[r] = moved.get(r, fmpq(0)) - nodes[k] * x
            moved[b] = moved.get(b, fmpq(0)) + table[k]
            vector = {r: x for r, x in moved.items() if x}
        out.append({r: x for r, x in vector.items() if x})
    return out


def _reflection(family: OrthogonalFamily, module: Module) -> Columns:
    """The reflection of the last axis on an irrep of SO(n) that it keeps; the highest-weight vector is fixed."""
    from flint import fmpq

    top, diagram = module.weights[0], family.diagram
    if diagram is None:
        return [{b: fmpq((-1) ** (sum(top) - sum(w)))} for b, w in enumerate(module.weights)]
    simple = diagram.simple
    return extended(module, {0: fmpq(1)}, lambda i, v: apply(module.lowering[simple[i]], v))
