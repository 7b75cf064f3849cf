"""Class functions of a finite group as objects: arithmetic, inner products, symmetrised powers, kernels, fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import factorial
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.cyclotomics import Cyclotomic, as_cyclotomic
from grouprep.character_tables.data import ConjugacyClass
from grouprep.character_tables.partitions import as_partition, class_size, partitions, symmetric_value
from grouprep.errors import DimensionMismatch, GroupRepError, nearest, shown
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.irreps.base import Type
from grouprep.linalg.fields import domain_of
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy import Domain, Expr

    from grouprep.character_tables.table import CharacterTable

__all__ = ["ClassFunction", "IrreducibleCharacter"]


class ClassFunction:
    """A function on the conjugacy classes of a finite group with exact values; made by `table.class_function(values)`.

    Sums, differences, products, and products with numbers are taken class by class; f * g of two characters is the character of
    the tensor product. Two are equal if their values on one group are.

    Attributes
    ----------
    table : the character table of the group.
    values : the exact values, on `table.classes`.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> table = Symmetric(4).character_table()
    >>> f = table.class_function([4, 0, 2, 0, 1])
    >>> f.decompose() == (f * f.trivial).decompose(), f.inner(f), f.degree
    (True, 2, 4)
    >>> f.symmetric_power(2) + f.exterior_power(2) == f * f
    True

    References
    ----------
    I. M. Isaacs, Character Theory of Finite Groups, Academic Press 1976, chapters 2 to 5.
    """

    def __init__(self, table: CharacterTable, values: Sequence[Cyclotomic]) -> None:
        """Keep values that are already checked; users call `table.class_function`."""
        self.table, self._given = table, tuple(values)

    @property
    def values(self) -> tuple[Cyclotomic, ...]:
        """The exact values, on `table.classes`."""
        return self._given

    @property
    def trivial(self) -> ClassFunction:
        """The function that is 1 everywhere."""
        return ClassFunction(self.table, [Cyclotomic(1)] * len(self.table.classes))

    def __call__(self, g: Element) -> Cyclotomic:
        """The value at an element of the group, in any form that `group.check_element` takes."""
        return self[self.table.class_of(g).number]

    def __getitem__(self, which: int | str) -> Cyclotomic:
        """The value on a class, by its number or name."""
        return self.values[self.table.class_named(which).number]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.table.classes)

    @property
    def degree(self) -> int | Fraction | Cyclotomic:
        """The value at the identity: for a character, the dimension."""
        return _number(self[0])

    # Arithmetic

    def _other(self, other: object) -> tuple[Cyclotomic, ...] | None:
        if isinstance(other, ClassFunction):
            if other.table.group != self.table.group:
                raise DimensionMismatch(
                    f"class functions of {self.table.group} and {other.table.group} do not combine; restrict or induce one"
                )
            return other.values
        try:
            return (as_cyclotomic(other, "factor"),) * len(self)
        except GroupRepError:
            return None

    def __add__(self, other: object) -> ClassFunction:
        values = self._other(other)
        if values is None:
            return NotImplemented
        return ClassFunction(self.table, [x + y for x, y in zip(self.values, values, strict=True)])

    __radd__ = __add__

    def __neg__(self) -> ClassFunction:
        return ClassFunction(self.table, [-x for x in self.values])

    def __sub__(self, other: object) -> ClassFunction:
        values = self._other(other)
        if values is None:
            return NotImplemented
        return ClassFunction(self.table, [x - y for x, y in zip(self.values, values, strict=True)])

    def __rsub__(self, other: object) -> ClassFunction:
        return -self + other

    def __mul__(self, other: object) -> ClassFunction:
        values = self._other(other)
        if values is None:
            return NotImplemented
        return ClassFunction(self.table, [x * y for x, y in zip(self.values, values, strict=True)])

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> ClassFunction:
        try:
            number = as_cyclotomic(other, "divisor")
        except GroupRepError:
            return NotImplemented
        return self * number.inverse()

    def __pow__(self, k: int) -> ClassFunction:
        """The k-th power class by class, k >= 0: of a character, that of the k-th tensor power."""
        if not isinstance(k, int) or k < 0:
            raise GroupRepError(f"k must be an integer >= 0, got {shown(k)}")
        return ClassFunction(self.table, [x**k for x in self.values])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClassFunction):
            return NotImplemented
        return self.table.group == other.table.group and self.values == other.values

    def __hash__(self) -> int:
        return hash(self.values)

    def conjugate(self) -> ClassFunction:
        """The complex conjugate: of a character, that of the dual."""
        return ClassFunction(self.table, [x.conjugate() for x in self.values])

    def galois(self, a: int) -> ClassFunction:
        """The function with values f(x^a): a character's image under zeta -> zeta^a, for a prime to the group's order."""
        return self.adams(a)

    # Inner products

    def inner(self, other: ClassFunction) -> int | Fraction | Cyclotomic:
        """The mean over the group of conj(f) g: for characters, dim Hom(V, W)."""
        values = self._other(other)
        if values is None:
            raise GroupRepError(f"inner takes a class function of {self.table.group}, got {shown(other)}")
        total = Cyclotomic(0)
        for c, x, y in zip(self.table.classes, self.values, values, strict=True):
            if x and y:
                total = total + c.size * (x.conjugate() * y)
        return _number(total * Fraction(1, self.table.group.order))

    @property
    def norm(self) -> int | Fraction | Cyclotomic:
        """The inner product with itself: 1 for irreducible characters."""
        return self.inner(self)

    @cached_property
    def multiplicities(self) -> dict[str, int | Fraction | Cyclotomic]:
        """The inner product with each irreducible character, by label; f is the sum of these multiples of them."""
        return {chi.label: chi.inner(self) for chi in self.table.irreducibles}

    def decompose(self) -> dict[str, int]:
        """How often each irreducible character occurs, by label; those that do not occur are left out.

        Raises
        ------
        GroupRepError
            If it is no character; the message gives the multiplicities that are no natural numbers.
        """
        found = self.multiplicities
        wrong = {label: m for label, m in found.items() if not isinstance(m, int) or m < 0}
        if wrong:
            listed = [f"{label}: {m}" for label, m in wrong.items()]
            more = f", and {len(listed) - 8} more" if len(listed) > 8 else ""
            raise GroupRepError(
                f"the class function {self} is no character of {self.table.group}: the irreps would occur {', '.join(listed[:8])}{more} "
                "times"
            )
        return {label: int(m) for label, m in found.items() if m}

    @property
    def is_character(self) -> bool:
        """Whether it is the character of a representation."""
        return all(isinstance(m, int) and m >= 0 for m in self.multiplicities.values()) and self.degree != 0

    @property
    def is_irreducible(self) -> bool:
        """Whether it is an irreducible character."""
        return self.norm == 1 and self.is_character

    # Powers

    def adams(self, k: int) -> ClassFunction:
        """The Adams operation x -> f(x^k)."""
        _integer(k, "k", None)
        return ClassFunction(self.table, [self.values[j] for j in self.table.power_map(k)])

    def symmetric_power(self, k: int) -> ClassFunction:
        """The character of the k-th symmetric power.

        Raises GroupRepError unless k is an integer >= 0.

        References
        ----------
        Newton's identity k h_k = sum_i p_i h_(k-i): I. G. Macdonald, Symmetric Functions and Hall Polynomials, I (2.11).
        """
        return self._power(k, 1)

    def exterior_power(self, k: int) -> ClassFunction:
        """The character of the k-th exterior power: k e_k = sum_i (-1)^(i-1) p_i e_(k-i).

        Raises GroupRepError unless k is an integer >= 0.
        """
        return self._power(k, -1)

    def _power(self, k: int, sign: int) -> ClassFunction:
        _integer(k, "k", 0)
        powers = [self.trivial]
        sums = [self.adams(i) * sign ** (i - 1) for i in range(1, k + 1)]
        for j in range(1, k + 1):
            total = sums[0] * powers[j - 1]
            for i in range(2, j + 1):
                total = total + sums[i - 1] * powers[j - i]
            powers.append(total / j)
        return powers[k]

    def symmetrization(self, partition: Sequence[int]) -> ClassFunction:
        """The character of the Schur functor of a partition: (k) the symmetric power, (1, ..., 1) the exterior power.

        Raises
        ------
        GroupRepError
            Unless partition is a weakly decreasing list of positive integers.

        Examples
        --------
        >>> from grouprep import Symmetric
        >>> f = Symmetric(4).character_table().class_function([3, -1, 1, -1, 0])
        >>> f**3 == f.symmetric_power(3) + f.exterior_power(3) + 2 * f.symmetrization([2, 1])
        True

        References
        ----------
        Macdonald, Symmetric Functions and Hall Polynomials, I (7.2) and appendix A.
        """
        shape = as_partition(partition)
        k = sum(shape)
        total = 0 * self.trivial
        adams = {i: self.adams(i) for i in range(1, k + 1)}
        for cycles in partitions(k):
            value = symmetric_value(shape, cycles)
            if value:
                product = self.trivial * (value * class_size(cycles))
                for i in cycles:
                    product = product * adams[i]
                total = total + product
        return total / factorial(k)

    # What a character tells

    def eigenvalues(self, which: int | str) -> tuple[int | Fraction | Cyclotomic, ...]:
        """How often exp(2 pi i j/n) is an eigenvalue of an element of a class, j = 0, ..., n - 1, n the order of the element."""
        c = self.table.class_named(which)
        n = c.order
        powers = [self.values[self.table.power_map(l)[c.number]] for l in range(n)]
        found = []
        for j in range(n):
            total = Cyclotomic(0)
            for l, x in enumerate(powers):
                total = total + x * Cyclotomic.sum_of_roots(n, {-j * l: 1})
            found.append(_number(total * Fraction(1, n)))
        return tuple(found)

    def determinant(self) -> ClassFunction:
        """The character of the determinant of the representation.

        Raises
        ------
        GroupRepError
            If the eigenvalues have multiplicities that are no integers: it is no difference of characters.
        """
        values = []
        for c in self.table.classes:
            counts = self.eigenvalues(c.number)
            if not all(isinstance(m, int) for m in counts):
                raise GroupRepError(
                    f"{self} has no determinant: on {c.name} its eigenvalues have multiplicities {counts}"
                )
            turns = sum(j * int(m) for j, m in enumerate(counts))
            values.append(Cyclotomic.sum_of_roots(c.order, {turns: 1}))
        return ClassFunction(self.table, values)

    @property
    def kernel(self) -> tuple[ConjugacyClass, ...]:
        """The classes of the elements that a character's representation maps to 1."""
        return tuple(c for c, x in zip(self.table.classes, self.values, strict=True) if x == self.values[0])

    @property
    def is_faithful(self) -> bool:
        """Whether only the identity is mapped to 1."""
        return len(self.kernel) == 1

    @property
    def centre(self) -> tuple[ConjugacyClass, ...]:
        """The classes of the elements that a character's representation maps to multiples of 1: where |f| = f(1)."""
        top = self.values[0] * self.values[0].conjugate()
        return tuple(c for c, x in zip(self.table.classes, self.values, strict=True) if x * x.conjugate() == top)

    @property
    def is_real(self) -> bool:
        """Whether all values are real."""
        return all(x.is_real for x in self.values)

    @property
    def is_rational(self) -> bool:
        """Whether all values are rational."""
        return all(x.is_rational for x in self.values)

    @cached_property
    def field(self) -> Domain:
        """The smallest field that holds the values: of sympy, QQ, Q(sqrt d), Q(2 cos 2pi/n) or Q(zeta_n)."""
        from sympy import QQ

        K = domain_of([x.to_sympy() for x in dict.fromkeys(self.values)])
        return QQ if K.is_ZZ else K

    @property
    def indicator(self) -> int | Fraction | Cyclotomic:
        """The mean of f(x^2): for an irreducible character the Frobenius-Schur indicator 1, 0 or -1."""
        return self.trivial.inner(self.adams(2))

    # Other groups

    def restrict(self, to: FiniteGroup | Homomorphism) -> ClassFunction:
        """The restriction to a subgroup, or along a homomorphism into this group.

        Raises
        ------
        GroupRepError
            If `to` is no subgroup of the group and no homomorphism into it.
        """
        table, fusion = self._fusion(to)
        return ClassFunction(table, [self.values[k] for k in fusion])

    def induce(self, to: FiniteGroup | Homomorphism) -> ClassFunction:
        """The function induced to a group that holds this one, or along an injective homomorphism from this group.

        f^G(x) = |C_G(x)| sum of f(y) / |C_H(y)| over the classes y of this group H that lie in the class of x.

        Raises
        ------
        GroupRepError
            If this group is no subgroup of `to`, or the homomorphism is not injective.
        """
        f = to if isinstance(to, Homomorphism) else None
        G = f.target if f is not None else to
        if not isinstance(G, FiniteGroup):
            raise GroupRepError(f"induce takes a finite group that holds {self.table.group}, got {shown(to)}")
        table = G.character_table()
        fusion = _fusion(self.table, table, f)
        if f is not None and fusion.count(0) > 1:
            raise GroupRepError(f"{f} is not injective; induction needs a subgroup")
        values = [Cyclotomic(0)] * len(table.classes)
        for c, k in zip(self.table.classes, fusion, strict=True):
            values[k] += self.values[c.number] * Fraction(table.classes[k].centralizer_order, c.centralizer_order)
        return ClassFunction(table, values)

    def _fusion(self, to: FiniteGroup | Homomorphism) -> tuple[CharacterTable, list[int]]:
        f = to if isinstance(to, Homomorphism) else None
        H = f.source if f is not None else to
        if not isinstance(H, FiniteGroup):
            raise GroupRepError(
                f"restrict takes a subgroup of {self.table.group} or a homomorphism into it, got {shown(to)}"
            )
        if f is not None and f.target != self.table.group:
            raise GroupRepError(f"restrict takes a homomorphism into {self.table.group}, got {f}")
        table = H.character_table()
        return table, _fusion(table, self.table, f)

    # Shown

    def to_numpy(self) -> Array:
        """The values, complex (classes,)."""
        return np.array([complex(x) for x in self.values])

    def to_sympy(self) -> list[Expr]:
        """The values in sympy."""
        return [x.to_sympy() for x in self.values]

    def __str__(self) -> str:
        shown = [str(x) for x in self.values[:12]]
        return f"[{', '.join(shown)}{', ...' if len(self.values) > 12 else ''}]"

    def __repr__(self) -> str:
        return f"ClassFunction({self.table.group}: {self})"


class IrreducibleCharacter(ClassFunction):
    """An irreducible character: a row of a character table.

    Attributes
    ----------
    label : its name, the irrep's where the group's family has one.
    degree : the dimension.
    indicator : the Frobenius-Schur indicator: 1, 0, -1 for the types R, C, H.
    """

    def __init__(self, table: CharacterTable, number: int, label: str) -> None:
        """The row with a number in `table.data`."""
        self.table, self._number, self.label = table, number, label

    @cached_property
    def _row(self) -> tuple[Cyclotomic, ...]:
        return tuple(self.table.data.value(self._number, k) for k in range(len(self)))

    @property
    def values(self) -> tuple[Cyclotomic, ...]:
        return self._row

    def __getitem__(self, which: int | str) -> Cyclotomic:
        return self.table.data.value(self._number, self.table.class_named(which).number)

    @property
    def degree(self) -> int:
        """The dimension of the irrep."""
        return int(self.table.data.degrees[self._number])

    @property
    def indicator(self) -> int:
        """The Frobenius-Schur indicator: 1, 0, -1 for the types R, C, H."""
        return self.table.data.indicator(self._number)

    @property
    def type(self) -> Type:
        """R, C or H: real, complex or quaternionic."""
        types: dict[int, Type] = {1: "R", 0: "C", -1: "H"}
        return types[self.indicator]

    def __repr__(self) -> str:
        return f"IrreducibleCharacter({self.label}: {self})"


def _fusion(small: CharacterTable, large: CharacterTable, f: Homomorphism | None) -> list[int]:
    """The class of the larger group that each class of the smaller one lies in, or is mapped to."""
    images = [c.representative if f is None else f(c.representative) for c in small.classes]
    try:
        return [large.class_of(x).number for x in images]
    except GroupRepError as error:
        raise GroupRepError(f"{small.group} is no subgroup of {large.group}: {error}") from None


def _number(x: Cyclotomic) -> int | Fraction | Cyclotomic:
    return x.coefficients[0] if x.is_rational else x


def _integer(k: object, name: str, least: int | None) -> None:
    if not isinstance(k, Integral) or isinstance(k, bool) or (least is not None and k < least):
        raise GroupRepError(f"{name} must be an integer{'' if least is None else f' >= {least}'}, got {shown(k)}")


def as_values(table: CharacterTable, values: object) -> list[Cyclotomic]:
    """Values on the classes: a list with one for each class, or a mapping by the names of the classes; exact numbers.

    Raises
    ------
    DimensionMismatch
        If there are too few or too many.
    GroupRepError
        If one is no exact number of a cyclotomic field, or a class is unknown.
    """
    names = [c.name for c in table.classes]
    if isinstance(values, Mapping):
        unknown = [name for name in values if name not in names]
        if unknown:
            raise GroupRepError(f"values has no class {unknown[0]!r:.40}: {nearest(unknown[0], names)}")
        if len(values) != len(names):
            missing = [name for name in names if name not in values]
            raise DimensionMismatch(
                f"values must give a number for each class of {table.group}; {', '.join(missing[:8])} are missing"
            )
        values = [values[name] for name in names]
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise GroupRepError(
            f"values must be a list of numbers, one for each class of {table.group}, got {shown(values)}"
        )
    found = list(values)
    if len(found) != len(names):
        raise DimensionMismatch(
            f"values has {len(found)} numbers and {table.group} has {len(names)} classes: {', '.join(names[:12])}"
            + (", ..." if len(names) > 12 else "")
        )
    return [as_cyclotomic(x, f"values[{k}]") for k, x in enumerate(found)]
