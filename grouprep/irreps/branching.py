"""Branching tables: how the irreps of a group split when they are restricted along a homomorphism."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grouprep.characters import class_points, class_values, integral
from grouprep.errors import AmbiguousRank, GroupRepError, UnsupportedGroup, shown
from grouprep.groups.base import Group
from grouprep.groups.homomorphism import Homomorphism
from grouprep.irreps.base import Field, Irrep, read_field
from grouprep.irreps.catalogue import family_of
from grouprep.irreps.multiplicities import multiplicities
from grouprep.markup import word_table
from grouprep.representations.base import Representation
from grouprep.typing import Integers

__all__ = ["BranchingTable", "branching_table"]


@dataclass(frozen=True, repr=False)
class BranchingTable:
    """The multiplicities of the irreps of H in those of G, restricted along f: H -> G.

    f : the homomorphism.
    field : "real" or "complex", what the irreps are irreducible over.
    rows : irreps of G; columns : irreps of H.
    multiplicities : (rows, columns) integers.

    Examples
    --------
    >>> from grouprep import Dihedral, Homomorphism
    >>> D6, D3 = Dihedral(6), Dihedral(3)
    >>> r, s = D6.generators
    >>> print(branching_table(Homomorphism(D3, D6, [r[r], s])))
    D6 -> D3 | A1 | A2 | E1
    A1       |  1 |  . |  .
    A2       |  . |  1 |  .
    B1       |  1 |  . |  .
    B2       |  . |  1 |  .
    E1       |  . |  . |  1
    E2       |  . |  . |  1
    """

    f: Homomorphism
    field: Field
    rows: tuple[Irrep, ...]
    columns: tuple[Irrep, ...]
    multiplicities: Integers

    def row(self, label: object) -> dict[str, int]:
        """What the irrep of G with a label splits into, by the labels of H.

        Raises
        ------
        GroupRepError
            If no row has that label.
        """
        for I, counts in zip(self.rows, self.multiplicities.tolist(), strict=True):
            if I.label == str(label):
                return {J.label: m for J, m in zip(self.columns, counts, strict=True) if m}
        raise GroupRepError(f"label = {shown(label)}: the rows are {', '.join(I.label for I in self.rows)}")

    def __repr__(self) -> str:
        return f"<branching table {self.f.target} -> {self.f.source}, {len(self.rows)} x {len(self.columns)}>"

    def _repr_html_(self) -> str:
        head = [f"{self.f.target} -> {self.f.source}", *(J.label for J in self.columns)]
        rows = [
            [I.label, *(m or "." for m in counts)]
            for I, counts in zip(self.rows, self.multiplicities.tolist(), strict=True)
        ]
        return word_table(head, rows, f"How the irreps of {self.f.target} split over {self.f.source}")

    def __str__(self) -> str:
        head = [f"{self.f.target} -> {self.f.source}", *(J.label for J in self.columns)]
        rows = [
            [I.label, *(str(m or ".") for m in counts)]
            for I, counts in zip(self.rows, self.multiplicities.tolist(), strict=True)
        ]
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        return "\n".join(
            " | ".join([r[0].ljust(widths[0]), *(x.rjust(w) for x, w in zip(r[1:], widths[1:], strict=True))])
            for r in [head, *rows]
        )


def branching_table(f: Homomorphism, field: str = "complex", up_to: int | None = None) -> BranchingTable:
    """How each irrep of G splits into irreps of H, restricted along f: H -> G.

    Parameters
    ----------
    f : the homomorphism, such as `Homomorphism.inclusion(H, G)`.
    field : what the irreps are irreducible over.
    up_to : for infinite G, the largest frequency, l or spin of the rows, as `G.irreps` takes it.

    Raises
    ------
    UnsupportedGroup
        If the irreps of one of the groups are not known.
    GroupRepError
        If f is no Homomorphism, or up_to is missing for an infinite G.

    Examples
    --------
    >>> from grouprep import SO, Homomorphism, O
    >>> table = branching_table(Homomorphism.inclusion(SO(2), O(2)), "real", up_to=2)
    >>> table.row("E2"), table.row("A2")
    ({'2': 1}, {'0': 1})

    References
    ----------
    Serre, Linear Representations of Finite Groups, 7.2; Fulton and Harris, Representation Theory, 25.3.
    """
    if not isinstance(f, Homomorphism):
        raise GroupRepError(f"f must be a Homomorphism such as Homomorphism.inclusion(H, G), got {shown(f)}")
    numbers = read_field(field)
    rows = family_of(f.target).irreps(numbers, up_to)
    restricted = [I.restrict(f) for I in rows]
    found = (
        _finite(f.source, restricted, numbers)
        if f.source.is_finite
        else [dict(multiplicities(V, numbers)) for V in restricted]
    )
    columns = family_of(f.source).irreps(numbers, None) if f.source.is_finite else _occurring(found)
    counts = np.array([[on.get(J, 0) for J in columns] for on in found], dtype=np.int64).reshape(
        len(rows), len(columns)
    )
    return BranchingTable(f, numbers, tuple(rows), tuple(columns), counts)


def _finite(H: Group, restricted: list[Representation], field: Field) -> list[dict[Irrep, int]]:
    """`multiplicities` of several representations of a finite group, whose irreps' characters are found once."""
    points = class_points(H)
    irreps = [(J, class_values(J, points)) for J in family_of(H).irreps(field, None)]
    out = []
    for V in restricted:
        values = class_values(V, points)
        counts = {J: integral(J, V, points, mine, values) for J, mine in irreps}
        if any(n % len(J.commutant) for J, n in counts.items()):
            raise UnsupportedGroup(f"the irreps known of {H} are not those over the {field} numbers")
        found = {J: n // len(J.commutant) for J, n in counts.items() if n}
        if sum(m * J.dim for J, m in found.items()) != V.dim:
            raise AmbiguousRank(f"the irreps of {H} account for {found} of the {V.dim} dimensions of {V}")
        out.append(found)
    return out


def _occurring(found: list[dict[Irrep, int]]) -> list[Irrep]:
    """The irreps that occur, in canonical order."""
    return sorted({J for on in found for J in on}, key=lambda J: J.position)
