"""`PointGroup`: a finite group of rotations and reflections of space, by its symbol."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, lru_cache, reduce
from operator import add, mul

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.groups.finite import FiniteGroup
from grouprep.point_groups.correlation import Correlation, correlate
from grouprep.point_groups.irreps import PointFamily
from grouprep.point_groups.motions import Motion, float_matrices, motions_of
from grouprep.point_groups.reduction import Reduction, read_reduction, read_spin, reduce_spin, reduce_values
from grouprep.point_groups.selection import Transition, transition
from grouprep.point_groups.symbols import Symbol, read_symbol
from grouprep.point_groups.tables import PointGroupTable
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element, Integers

__all__ = ["PointGroup"]


class PointGroup(FiniteGroup):
    """A point group: rotations and reflections of space, in the axes of the published tables; or the double group of one.

    symbol : Schoenflies or Hermann-Mauguin: one of the 32 crystallographic groups, I, I_h, or C_n, C_nv, C_nh, D_n, D_nd, D_nh,
        S_2n of any n: "Oh", "m-3m", "D3h", "C_{5v}", "S8". A star behind it asks for the double group: "O*".

    The main axis is z, a C2' axis lies along x, a sigma_v is the plane xz. The cubic groups have their two-fold or four-fold axes
    along x, y, z and a three-fold one along (1, 1, 1); the icosahedral ones two-fold axes along x, y, z and five-fold ones in the
    plane xz, the first along (golden ratio^-1, 0, 1). The settings 312, 3m1, -31m and -4m2 are turned about z against these; every
    other Hermann-Mauguin symbol is a name of the Schoenflies group.

    `defining()` is the action on (x, y, z), dimension 3; of double groups the spin 1/2.

    Raises
    ------
    GroupRepError
        If the symbol is none; the message has the nearest ones.

    Examples
    --------
    >>> from grouprep import PointGroup
    >>> G = PointGroup("Td")
    >>> [I.label for I in G.irreps()], G.class_names
    (['A1', 'A2', 'E', 'T1', 'T2'], ('E', '8C3', '3C2', '6S4', '6sigma_d'))
    >>> print(G.branch(4), "and", PointGroup("O").branch("5/2"))
    A1 + E + T1 + T2 and E5/2 + G3/2

    References
    ----------
    R. S. Mulliken, J. Chem. Phys. 23 (1955) 1997; S. L. Altmann and P. Herzig, Point-Group Theory Tables (1994); F. A. Cotton,
    Chemical Applications of Group Theory (1990), appendix IIA (the order of classes and irreps).
    """

    def __init__(self, symbol: str) -> None:
        self.symbol: Symbol = read_symbol(symbol)
        self.motions = motions_of(self.symbol)
        if self.symbol.double:
            perms, matrices = self.motions.regular(), None
        else:
            perms, matrices = self.motions.action()
        super().__init__(
            perms,
            name=f"PointGroup({self.symbol.text})",
            labels=list(self.motions.generators),
            matrices=matrices,
            relators=self.motions.relators or None,
        )

    def __repr__(self) -> str:
        return f"PointGroup({self.symbol.text!r})"

    def key(self) -> tuple[object, ...]:
        return (self.symbol,)

    @property
    def schoenflies(self) -> str:
        """The Schoenflies symbol, with a star for double groups."""
        return self.symbol.schoenflies + "*" * self.symbol.double

    @property
    def hermann_mauguin(self) -> str:
        """The Hermann-Mauguin symbol, with a star for double groups."""
        return self.symbol.hermann_mauguin + "*" * self.symbol.double

    def double(self) -> PointGroup:
        """The double group, of twice the order: its irreps are those of this group and those of half-integer spin.

        The rotation by 2 pi is called R; the square of a reflection is R.
        """
        return self if self.symbol.double else _family_of(replace(self.symbol, double=True)).points

    def defining(self) -> Representation:
        """The action on (x, y, z); of double groups the spin 1/2, complex, (2, 2) or where it is a sum the sum."""
        return self.spin("1/2") if self.symbol.double else super().defining()

    @cached_property
    def generator_motions(self) -> list[Motion]:
        """The generators as motions of space."""
        return list(self.motions.generators.values())

    @cached_property
    def _motions(self) -> list[Motion]:
        found = [self.motions.one]
        for k, j in self.steps[1:]:
            found.append(self.motions.multiply(self.generator_motions[k], found[j]))
        return found

    def motion(self, g: Element) -> Motion:
        """An element as a motion of space."""
        return self._motions[int(self.index(g))]

    def motion_number(self, number: int) -> Motion:
        """An element of the list, by its number, as a motion of space."""
        return self._motions[number]

    @cached_property
    def _numbers(self) -> dict[Motion, int]:
        return {x: k for k, x in enumerate(self._motions)}

    @cached_property
    def quaternions(self) -> Array:
        """(order, 4): the unit quaternion (w, x, y, z) of the proper part of each of `elements`."""
        return np.array([self.motions.quaternion(x) for x in self._motions])

    @cached_property
    def parities(self) -> Integers:
        """(order,): 1 for the elements with the inversion as a factor, else 0."""
        return np.array([self.motions.parity(x) for x in self._motions], dtype=np.int64)

    @cached_property
    def rotations(self) -> Array:
        """(order, 3, 3): the matrix of each of `elements`, rounded."""
        return float_matrices(self.quaternions, self.parities)

    @property
    def family(self) -> PointFamily:
        """The irreps, shared by equal groups."""
        return _family_of(self.symbol)

    @cached_property
    def _named_classes(self) -> list[tuple[str, Integers]]:
        # Not as an attribute, which would keep its order as the group's.
        plain = vars(FiniteGroup)["conjugacy_classes"].func(self)
        of = {int(k): members for members in plain for k in members}
        out: list[tuple[str, Integers]] = []
        for name, x in self.motions.named:
            first = of[self._numbers[x]]
            out.append((name, first))
            if self.symbol.double:
                second = of[self._numbers[self.motions.multiply(self.motions.turned, x)]]
                if second is not first:
                    out.append(("R" if name == "E" else f"R{name}", second))
        assert len(out) == len(plain)
        return out

    @cached_property
    def conjugacy_classes(self) -> tuple[Integers, ...]:
        """The conjugacy classes as arrays of element numbers, in the order of the published character tables."""
        return tuple(members for _, members in self._named_classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the conjugacy classes."""
        return tuple(f"{len(members)}{name}" if len(members) > 1 else name for name, members in self._named_classes)

    def character_table(self) -> PointGroupTable:
        """The character table with named classes, and the functions that belong to each irrep.

        Examples
        --------
        >>> from grouprep import PointGroup
        >>> print(PointGroup("C2v").character_table())
        C2v | E | C2 | sigma_v(xz) | sigma_v'(yz) | linear, rotations | quadratic
        A1  | 1 |  1 |           1 |            1 | z                 | x^2, y^2, z^2
        A2  | 1 |  1 |          -1 |           -1 | Rz                | xy
        B1  | 1 | -1 |           1 |           -1 | x, Ry             | xz
        B2  | 1 | -1 |          -1 |            1 | y, Rx             | yz
        """
        return PointGroupTable.of(self)

    def branch(self, l: object, parity: int | None = None) -> Reduction:
        """The irreps in the spherical harmonics of degree l, or in a spin j.

        Parameters
        ----------
        l : the degree 0, 1, 2, ..., or half-integer: a number, a Fraction or text "3/2".
        parity : what the inversion is, 1 or -1; by default (-1)^l, and 1 for half-integers.

        Returns
        -------
        A sum of irreps, real ones for integers; complex ones of the double group for half-integers.

        Raises
        ------
        GroupRepError
            If l is no angular momentum, or parity is neither 1 nor -1.

        Examples
        --------
        >>> from grouprep import PointGroup
        >>> print(PointGroup("Oh").branch(2), "|", PointGroup("C2v").branch(1), "|", PointGroup("D3").branch("3/2"))
        Eg + T2g | A1 + B1 + B2 | E1/2 + 1E3/2 + 2E3/2
        """
        j = read_spin(l)
        if parity not in (None, 1, -1):
            raise GroupRepError(f"parity must be 1 or -1, what the inversion is, got {parity!r:.40}")
        half = j.denominator == 2
        sign = parity if parity is not None else 1 if half or j % 2 == 0 else -1
        if half and not self.symbol.double:
            return self.double().branch(j, sign)
        return reduce_spin(self, j, sign, "complex" if half else "real")

    def product(self, *labels: object) -> Reduction:
        """The direct product of irreps, by their labels, as a sum of irreps.

        Examples
        --------
        >>> from grouprep import PointGroup
        >>> print(PointGroup("Td").product("T1", "T2"), "|", PointGroup("D4").product("E", "E"))
        A2 + E + T1 + T2 | A1 + A2 + B1 + B2
        """
        if not labels:
            raise GroupRepError('product needs labels of irreps, such as product("E", "T2")')
        parts = [read_reduction(self, label, f"labels[{k}]") for k, label in enumerate(labels)]
        return reduce(mul, parts)

    def symmetric_square(self, label: object) -> Reduction:
        """The symmetric part of the square of an irrep, or of a sum of irreps.

        Examples
        --------
        >>> from grouprep import PointGroup
        >>> G = PointGroup("Oh")
        >>> print(G.symmetric_square("T1u"), "|", G.antisymmetric_square("T1u"))
        A1g + Eg + T2g | T1g
        """
        return self._square(label, 1)

    def antisymmetric_square(self, label: object) -> Reduction:
        """The antisymmetric part of the square of an irrep, or of a sum of irreps."""
        return self._square(label, -1)

    def _square(self, label: object, sign: int) -> Reduction:
        V = read_reduction(self, label, "label")
        of = np.zeros(self.order, dtype=np.int64)
        for k, members in enumerate(self.conjugacy_classes):
            of[members] = k
        first = self.elements[[members[0] for members in self.conjugacy_classes]]
        squares = of[self.index(self.multiply(first, first))]
        return reduce_values(self, (V.character**2 + sign * V.character[squares]) / 2, V.field)

    def allowed(self, initial: object, operator: object, final: object) -> Transition:
        """Whether symmetry allows an operator to take a state of one irrep to one of another.

        Parameters
        ----------
        initial, final : labels, or sums of irreps.
        operator : "dipole", "magnetic", "quadrupole", "raman", or the label of an irrep or a sum of irreps.

        Returns
        -------
        A `Transition`: true where it is allowed, with the irreps and components through which.

        Examples
        --------
        >>> from grouprep import PointGroup
        >>> G = PointGroup("C2v")
        >>> print(G.allowed("A1", "dipole", "B1"), "|", G.allowed("A1", "dipole", "A2"))
        allowed through B1 (x) | forbidden
        """
        return transition(self, initial, operator, final)

    def correlation(self, subgroup: object, z: object = None, x: object = None) -> Correlation:
        """How each irrep splits over a subgroup.

        Parameters
        ----------
        subgroup : a point group, or its symbol.
        z, x : the directions of the subgroup's axes z and x in the axes of this group, three numbers each; one may be left out.
            Without both: this group's axes if the subgroup lies in it so, otherwise the first others along axes of its elements.

        Raises
        ------
        GroupRepError
            If it is no subgroup, in these axes or in any.

        Examples
        --------
        >>> from grouprep import PointGroup
        >>> print(PointGroup("Oh").correlation("D4h")["T2g"], PointGroup("Oh").correlation("D3d", z=(1, 1, 1))["T2g"])
        B2g + Eg A1g + Eg
        """
        H = subgroup if isinstance(subgroup, PointGroup) else PointGroup(subgroup)  # type: ignore[arg-type]
        if self.symbol.double and not H.symbol.double:
            H = H.double()
        return correlate(self, H, z, x)

    def spin(self, j: object) -> Representation:
        """The spin j of a double group, or the vector l = 1 in its parity, as a sum of the irreps in it."""
        parts = self.branch(j)
        whole = [n * I if n > 1 else I for I, n in zip(parts.irreps, parts.values(), strict=True)]
        return reduce(add, whole)


@lru_cache(maxsize=128)
def _family_of(symbol: Symbol) -> PointFamily:
    return PointFamily(PointGroup(symbol.text))
