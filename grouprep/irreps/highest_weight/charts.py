"""What highest weights need to know of a group: root datum, raising operators as matrices, labels, and logarithms of elements."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from grouprep.groups.cartan import bracket, combination
from grouprep.groups.lie import LieGroup
from grouprep.irreps.highest_weight.labels import (
    Labels,
    OrthogonalLabels,
    PartitionLabels,
    SymplecticLabels,
    TorusLabels,
    UnitaryLabels,
)
from grouprep.irreps.highest_weight.logarithms import BRANCHES, PRINCIPAL, ROTATION, UNITARY, Branch
from grouprep.irreps.highest_weight.modules import Module, gelfand_tsetlin, highest_weight_module
from grouprep.irreps.highest_weight.root_systems import RootDatum, Vector, classical_datum, plus, simply_connected
from grouprep.linalg import as_exact
from grouprep.linalg.convert import to_domain_matrix
from grouprep.linalg.fields import conjugate, convert_matrix, cyclotomic_field
from grouprep.summary import Summary

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = [
    "Chart",
    "exceptional_g2",
    "full_orthogonal",
    "special_orthogonal",
    "special_unitary",
    "symplectic",
    "torus",
    "unitary",
]

Entries = Mapping[tuple[int, int], int | str]


@dataclass(frozen=True, eq=False, repr=False)
class Chart(Summary):
    """A compact connected group of matrices with its torus, root datum and root vectors.

    group : the group; its one Cartan component holds the torus, in whose coordinates weights are written.
    datum : roots and coroots in these coordinates.
    raising : the entries of the matrices of e_i, with f_i = e_i* and [e_i, f_i] the coroot.
    labels : how irreps are named.
    branch : how logarithms of elements are found.
    row : for the groups of type A, the top row of the patterns for a highest weight.
    """

    group: LieGroup
    datum: RootDatum
    raising: tuple[Entries, ...]
    labels: Labels
    branch: Branch
    row: Callable[[Vector], Vector] | None = None

    def module(self, w: Vector) -> Module:
        """The irreducible module with a highest weight, its weights in the torus's coordinates."""
        if self.row is None:
            return highest_weight_module(self.datum, w)
        found = gelfand_tsetlin(self.row(w))
        dual = self.datum.dual(w) == w
        tops = found.weights[0]
        weights = tuple(plus(w, self._difference(plus(v, tops, -1))) for v in found.weights)
        return Module(weights, found.lowering, found.lengths, found.conjugation if dual else None)

    def _difference(self, v: Vector) -> Vector:
        """A sum of roots, from the coordinates e_1, ..., e_n to those of the torus."""
        return v if len(v) == self.datum.rank else tuple(a - b for a, b in itertools.pairwise(v))

    def central_charge(self, w: Vector) -> int:
        """The power of a scalar z that z acts by: the scalars of U(n) act on irreps of SU(n) too, through the top row."""
        return 0 if self.row is None else sum(self.row(w))

    # The complexified Lie algebra, over Q(i)

    @cached_property
    def torus(self) -> list[DomainMatrix]:
        """H_1, ..., H_r over Q(i)."""
        from sympy import QQ

        assert self.group.cartan is not None
        K = cyclotomic_field(4)
        algebra = [as_exact(a) for a in self.group.algebra]
        found = []
        for vector in self.group.cartan[0].torus:
            used = [(a, QQ(c.numerator, c.denominator)) for a, c in zip(algebra, vector, strict=True) if c]
            found.append(convert_matrix(combination([a for a, _ in used], [c for _, c in used], QQ), K))
        return found

    @cached_property
    def recipes(self) -> list[tuple[int, int]]:
        """For every positive root (i, k): its root vector is [e_i, root vector k]; k = -1 for the simple root i."""
        datum = self.datum
        number = {a: k for k, (a, _) in enumerate(datum.positive_roots)}
        out = []
        for k, (a, _) in enumerate(datum.positive_roots):
            if k < len(datum.simple_roots):
                out.append((datum.simple_roots.index(a), -1))
            else:
                below = ((i, number.get(plus(a, s, -1))) for i, s in enumerate(datum.simple_roots))
                out.append(next((i, j) for i, j in below if j is not None))
        return out

    @cached_property
    def root_vectors(self) -> tuple[list[DomainMatrix], list[DomainMatrix]]:
        """The matrices of the positive and the negative root vectors over Q(i)."""
        K, n = cyclotomic_field(4), self.group.n
        simple = [
            convert_matrix(to_domain_matrix([[m.get((i, j), 0) for j in range(n)] for i in range(n)]), K)
            for m in self.raising
        ]
        up: list[DomainMatrix] = []
        down: list[DomainMatrix] = []
        for i, k in self.recipes:
            e, f = simple[i], conjugate(simple[i]).transpose()
            up.append(e if k < 0 else bracket(e, up[k]))
            down.append(f if k < 0 else bracket(f, down[k]))
        return up, down


def special_unitary(G: LieGroup) -> Chart:
    """SU(n): coordinates are Dynkin labels."""
    n = G.n
    return Chart(G, simply_connected("A", n - 1), _steps(n), Labels(n - 1), UNITARY, _partition)


def _partition(w: Vector) -> Vector:
    """The partition with given Dynkin labels, its last row 0."""
    return tuple(sum(w[k:]) for k in range(len(w) + 1))


def unitary(G: LieGroup) -> Chart:
    """U(n): coordinates are those of the diagonal matrices."""
    return Chart(G, classical_datum("A", G.n), _steps(G.n), UnitaryLabels(G.n), UNITARY, tuple)


def _steps(n: int) -> tuple[Entries, ...]:
    return tuple({(k, k + 1): 1} for k in range(n - 1))


def symplectic(G: LieGroup) -> Chart:
    """Sp(n): coordinates are those of the diagonal matrices."""
    n = G.n // 2
    steps: list[Entries] = [{(k, k + 1): 1, (n + k + 1, n + k): -1} for k in range(n - 1)]
    return Chart(G, classical_datum("C", n), (*steps, {(n - 1, 2 * n - 1): 1}), SymplecticLabels(n), PRINCIPAL)


def special_orthogonal(G: LieGroup) -> Chart:
    """SO(n), n >= 3: coordinates are the frequencies in the planes (0, 1), (2, 3), ...; u_k = e_2k - i e_(2k+1) has weight e_k."""
    n = G.n
    m = n // 2
    datum = classical_datum("B" if n % 2 else "D", m)
    raising: list[Entries] = [_turn(k, k + 1, False) for k in range(m - 1)]
    if n % 2:
        a, b, c = n - 3, n - 2, n - 1
        raising.append({(a, c): 1, (b, c): "-I", (c, a): -1, (c, b): "I"})
    else:
        raising.append(_turn(m - 2, m - 1, True))
    return Chart(G, datum, tuple(raising), OrthogonalLabels(n), ROTATION)


def full_orthogonal(G: LieGroup) -> Chart:
    """The same for SO(n), with the partitions that label the irreps of O(n)."""
    return replace(special_orthogonal(G), labels=PartitionLabels(G.n))


def _turn(j: int, k: int, both: bool) -> Entries:
    """|u_j><u_k| - |conj u_k><conj u_j| for unit vectors; both: with conj(u_k) for u_k."""
    out: dict[tuple[int, int], complex] = {}
    u = {2 * j: 1, 2 * j + 1: -1j}
    v = {2 * k: 1, 2 * k + 1: 1j if both else -1j}
    for a, x in u.items():
        for b, y in v.items():
            z = x * complex(y).conjugate() / 2
            out[a, b] = out.get((a, b), 0) + z
            out[b, a] = out.get((b, a), 0) - z
    return {place: _text(z) for place, z in out.items() if z}


def _text(z: complex) -> str:
    """A Gaussian number with halves as text."""
    return f"{int(2 * z.real)}/2 + {int(2 * z.imag)}*I/2"


def exceptional_g2(G: LieGroup) -> Chart:
    """G2 in SO(7), from the generators of `grouprep.G2`: coordinates are Dynkin labels, the first root is the short one."""
    generators = [as_exact(a) for a in G.algebra]

    def combined(parts: Mapping[int, complex]) -> Entries:
        out: dict[tuple[int, int], complex] = {}
        for k, z in parts.items():
            for i, line in enumerate(generators[k].to_Matrix().tolist()):
                for j, x in enumerate(line):
                    out[i, j] = out.get((i, j), 0) + z * int(x)
        return {place: _text(z) for place, z in out.items() if z}

    short, long = combined({8: 0.5, 9: 1, 10: -0.5j, 11: 0.5j}), combined({4: 0.5, 12: 0.5j})
    return Chart(G, simply_connected("G", 2), (short, long), Labels(2, partitions=False), BRANCHES)


def torus(G: LieGroup) -> Chart:
    """Diagonal unitary matrices: no roots."""
    return Chart(G, RootDatum(G.n, (), ()), (), TorusLabels(G.n), UNITARY)
