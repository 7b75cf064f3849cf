"""Sums of irreps of a point group, counted by characters; spherical harmonics and spins as such sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from numbers import Rational, Real
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import AmbiguousRank, GroupRepError, shown
from grouprep.irreps.base import Field, Irrep
from grouprep.irreps.plane_elements import nearest_cosine
from grouprep.typing import Array

if TYPE_CHECKING:
    from grouprep.point_groups.group import PointGroup

__all__ = ["Reduction", "read_reduction", "read_spin", "reduce_spin", "reduce_values"]

_EPS = float(np.finfo(float).eps)
_ROUNDINGS = (
    32  # of one term of a sum over classes: two characters of four rounded factors each, a product, the sum; doubled
)


class Reduction(Mapping[str, int]):
    """A representation up to isomorphism: how often each irrep occurs, by label, in the order of the character table.

    Prints as "A1 + 2 E"; a mapping from the labels that occur to their multiplicities. R + S is the direct sum, R * S the
    product, R - S what is left of R without S.

    group : the point group. counts : multiplicities by label. field : of the irreps; "real" ones have one label E where complex
        ones have 1E and 2E.

    Examples
    --------
    >>> from grouprep import PointGroup
    >>> f = PointGroup("Oh").branch(3)
    >>> print(f)
    A2u + T1u + T2u
    >>> f["T1u"], f.dim
    (1, 7)
    """

    def __init__(self, group: PointGroup, counts: Mapping[str, int], field: Field = "real") -> None:
        order = [I.label for I in group.family.irreps(field, None)]
        self.group, self.field = group, field
        self._counts = {label: int(counts[label]) for label in order if counts.get(label)}

    def __getitem__(self, label: str) -> int:
        if label in self._counts:
            return self._counts[label]
        self.group.irrep(label, field=self.field)  # an error unless it is a label
        return 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def __contains__(self, label: object) -> bool:
        return label in self._counts

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Reduction):
            return (self.group, self.over_complex()._counts) == (other.group, other.over_complex()._counts)
        return self._counts == other if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def irreps(self) -> list[Irrep]:
        """The irreps that occur, once each."""
        return [self.group.irrep(label, field=self.field) for label in self._counts]

    @property
    def dim(self) -> int:
        """The dimension."""
        return sum(I.dim * n for I, n in zip(self.irreps, self._counts.values(), strict=True))

    @cached_property
    def character(self) -> Array:
        """(classes,): the values on the group's classes."""
        total: Array = np.zeros(len(self.group.conjugacy_classes), dtype=complex)
        values = self.group.family.characters
        for label, n in self.over_complex().items():
            total = total + n * values[label]
        return total

    def over_complex(self) -> Reduction:
        """The same sum by complex irreps: 1E and 2E for each E that is a pair, 2 E1/2 for a quaternionic one."""
        if self.field == "complex":
            return self
        counts: dict[str, int] = {}
        for I, n in zip(self.irreps, self._counts.values(), strict=True):
            rho = I.constituent[0]
            for label in (rho.label,) if I.type == "R" else (rho.label, rho.conjugated.label):
                counts[label] = counts.get(label, 0) + n
        return Reduction(self.group, counts, "complex")

    def _check(self, other: object) -> Reduction:
        if not isinstance(other, Reduction) or other.group != self.group:
            raise GroupRepError(f"{shown(str(other))} is no sum of irreps of {self.group}")
        return other

    def __add__(self, other: Reduction) -> Reduction:
        other = self._check(other)
        if other.field != self.field:
            return self.over_complex() + other.over_complex()
        counts = {k: self._counts.get(k, 0) + other._counts.get(k, 0) for k in {**self._counts, **other._counts}}
        return Reduction(self.group, counts, self.field)

    def __sub__(self, other: Reduction) -> Reduction:
        other = self._check(other)
        if other.field != self.field:
            return self.over_complex() - other.over_complex()
        for label, n in other.items():
            if self._counts.get(label, 0) < n:
                raise GroupRepError(f"{n} {label} cannot be taken from {self}")
        return Reduction(self.group, {k: n - other._counts.get(k, 0) for k, n in self._counts.items()}, self.field)

    def __mul__(self, other: Reduction) -> Reduction:
        other = self._check(other)
        field: Field = "complex" if "complex" in (self.field, other.field) else "real"
        return reduce_values(self.group, self.character * other.character, field)

    def __str__(self) -> str:
        return " + ".join(f"{n} {label}" if n > 1 else label for label, n in self._counts.items()) or "0"

    def __repr__(self) -> str:
        return f"<{self} of {self.group}>"


def reduce_values(G: PointGroup, values: Array, field: Field = "real") -> Reduction:
    """The irreps in a representation with given values of the character on the classes, each rounded.

    Parameters
    ----------
    values : (classes,).

    Raises
    ------
    GroupRepError
        If these are no values of a character, up to their rounding.
    """
    sizes = np.array([len(c) for c in G.conjugacy_classes])
    counts: dict[str, int] = {}
    for I, chi in _constituents(G, field):
        terms = sizes * chi.conj() * values
        count = complex(terms.sum()) / G.order
        nearest = round(count.real)
        bound = _ROUNDINGS * len(sizes) * _EPS * float(np.abs(terms).sum()) / G.order
        if bound >= 0.25:
            raise AmbiguousRank(f"how often {I} occurs is not told by floats")
        if abs(count - nearest) > bound or nearest < 0:
            raise GroupRepError(f"these values are no character of {G}: {I} would occur {count:.6g} times")
        counts[I.label] = nearest
    return Reduction(G, counts, field)


def _constituents(G: PointGroup, field: Field) -> list[tuple[Irrep, Array]]:
    """The irreps of a field with the character of one complex constituent of each."""
    values = G.family.characters
    return [(I, values[I.constituent[0].label]) for I in G.family.irreps(field, None)]


def read_reduction(G: PointGroup, what: object, name: str) -> Reduction:
    """A label, an irrep or a sum of irreps as a sum of irreps of G.

    Raises
    ------
    GroupRepError
        If it is none; the message lists the labels.
    """
    if isinstance(what, Reduction):
        if what.group != G:
            raise GroupRepError(f"{name} = {what} is a sum of irreps of {what.group}, not of {G}")
        return what
    label = getattr(what, "label", what)
    if not isinstance(label, str):
        raise GroupRepError(f"{name} must be the label of an irrep of {G}, or a sum of irreps of it, got {shown(what)}")
    family = G.family
    fields: tuple[Field, ...] = ("real", "complex")
    for field in fields:
        found = family.find(label, field)
        if found is not None and (field == "complex" or found.type != "H"):
            return Reduction(G, {found.label: 1}, field)
    raise GroupRepError(f"{name} = {label!r:.60}: {G} has no such irrep; its labels are {family.labels('complex')}")


# --- spins


def read_spin(j: object) -> Fraction:
    """An angular momentum 0, 1/2, 1, ...: an integer, a half-integer as a number, a Fraction or text such as "3/2".

    Raises
    ------
    GroupRepError
        If it is none.
    """
    spin = None
    if isinstance(j, str):
        try:
            spin = Fraction(j.strip()[:40])
        except (ValueError, ZeroDivisionError):
            spin = None
    elif isinstance(j, Rational) and not isinstance(j, bool):
        spin = Fraction(int(j.numerator), int(j.denominator))
    elif isinstance(j, Real) and not isinstance(j, bool) and np.isfinite(float(j)):
        spin = Fraction(float(j))
    if spin is None or spin < 0 or spin.denominator not in (1, 2):
        raise GroupRepError(
            f'j must be an angular momentum 0, 1/2, 1, 3/2, ..., as a number or text "3/2", got {shown(j)}'
        )
    return spin


def spin_values(G: PointGroup, j: Fraction, parity: int) -> list[int | float]:
    """The character of spin j on the classes, times the parity where the inversion is a factor; sin((2 j + 1) r) / sin r of half
    the angle r, exact integers at the identity and the inversion, others rounded.
    """
    size = int(2 * j + 1)
    out: list[int | float] = []
    for members in G.conjugacy_classes:
        x = G.motion_number(int(members[0]))
        r = G.motions.turn(x) % 2
        sign = parity if G.motions.parity(x) else 1
        if r.denominator == 1:
            out.append(sign * size * (-1 if r == 1 and size % 2 == 0 else 1))
        else:
            out.append(sign * _sine(r * size) / _sine(r))
    return out


def _sine(r: Fraction) -> float:
    """sin(pi r), rounded once."""
    p, q = r.numerator, r.denominator
    return nearest_cosine((2 * p - q) % (4 * q), 4 * q)


def reduce_spin(G: PointGroup, j: Fraction, parity: int, field: Field) -> Reduction:
    """The irreps in spin j: the classes of the identity and the inversion in integers of any size, the others in floats."""
    values = spin_values(G, j, parity)
    sizes = [len(c) for c in G.conjugacy_classes]
    counts: dict[str, int] = {}
    for I, chi in _constituents(G, field):
        whole, rest, scale = 0, 0j, 0.0
        for n, x, v in zip(sizes, chi.tolist(), values, strict=True):
            if isinstance(v, int):
                whole += n * round(x.real) * v
            else:
                rest += n * x.conjugate() * v
                scale += n * abs(x) * abs(v)
        nearest = round(rest.real)
        error = _ROUNDINGS * len(sizes) * _EPS * scale
        if error >= 0.25 or abs(rest - nearest) > error or (whole + nearest) % G.order:
            raise AmbiguousRank(f"how often {I} of {G} occurs in spin {j} is not told by floats")
        counts[I.label] = (whole + nearest) // G.order
    return Reduction(G, counts, field)
