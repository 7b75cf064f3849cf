"""Characters: exact on conjugacy classes of finite groups, as Laurent polynomials on maximal tori of Lie groups.

A class point is where a character is evaluated: a conjugacy class of a finite group, a connected component of a Lie group
(whose value is a Laurent polynomial on a torus), or a tuple of these for a product. `inner` integrates over all of them.
"""

from __future__ import annotations

import cmath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from itertools import product
from typing import Protocol, TypeAlias

import numpy as np

from grouprep.errors import AmbiguousRank, GroupRepError, UnsupportedGroup, shown
from grouprep.groups.base import Group
from grouprep.groups.cartan import CartanComponent, combination, joint_spectrum
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg.sparse import sparse_matrix, trace_exact
from grouprep.representations.base import Representation
from grouprep.representations.basic import NaturalRepresentation, RegularRepresentation
from grouprep.representations.pullback import Pullback
from grouprep.summary import Summary
from grouprep.typing import Array, Element, Integers, Scalar

__all__ = [
    "Character",
    "ClassPoint",
    "ClassValue",
    "FinitePoint",
    "Laurent",
    "class_points",
    "class_values",
    "count_intertwiners",
    "has_characters",
    "inner",
    "integral",
]

CLASS_LIMIT = 20_000  # elements of a finite group whose classes are computed on the way to a dimension

ROOT_LIMIT = 25  # positive roots: Weyl's density has |W| terms, 3,840 for SO(11) and 46,080 for SO(13)

Monomials: TypeAlias = Mapping[tuple[Fraction, tuple[int, ...]], Scalar]

ClassValue: TypeAlias = Scalar
"""The value of a character at a class point: an int, Fraction or complex number, or a Laurent polynomial."""


class Laurent(Summary):
    """A sum of c exp(2 pi i s) z^w: terms[(s, w)] = c with s a fraction mod 1 and w an integer vector."""

    __slots__ = ("rank", "terms")

    def __init__(self, terms: Monomials, rank: int | None = None) -> None:
        """Keep the non-zero terms; rank, the number of variables, is read off them if it is not given."""
        self.rank = len(next(iter(terms))[1]) if rank is None else rank
        self.terms = {k: c for k, c in terms.items() if c}

    @classmethod
    def constant(cls, c: Scalar, rank: int) -> Laurent:
        """The constant polynomial in `rank` variables."""
        return cls({(Fraction(0), (0,) * rank): c})

    def __add__(self, other: Scalar) -> Laurent:
        out = dict(self.terms)
        for key, c in self._lift(other).terms.items():
            out[key] = out.get(key, 0) + c
        return Laurent(out, self.rank)

    __radd__ = __add__

    def __mul__(self, other: Scalar) -> Laurent:
        if not isinstance(other, Laurent):
            return Laurent({k: c * other for k, c in self.terms.items()}, self.rank)
        out: dict[tuple[Fraction, tuple[int, ...]], Scalar] = {}
        for (s, w), c in self.terms.items():
            for (t, v), d in other.terms.items():
                key = ((s + t) % 1, tuple(x + y for x, y in zip(w, v, strict=True)))
                out[key] = out.get(key, 0) + c * d
        return Laurent(out, self.rank)

    __rmul__ = __mul__

    def __truediv__(self, n: int) -> Laurent:
        return Laurent(
            {k: c / n if isinstance(c, complex) else Fraction(c) / n for k, c in self.terms.items()}, self.rank
        )

    def _lift(self, other: Scalar) -> Laurent:
        return other if isinstance(other, Laurent) else Laurent.constant(other, self.rank)

    def conjugate(self) -> Laurent:
        """The complex conjugate on the torus |z| = 1."""
        return Laurent({(-s % 1, tuple(-x for x in w)): c.conjugate() for (s, w), c in self.terms.items()}, self.rank)

    def adams(self, k: int) -> Laurent:
        """The sum of the k-th powers of the monomials."""
        out: dict[tuple[Fraction, tuple[int, ...]], Scalar] = {}
        for (s, w), c in self.terms.items():
            key = ((s * k) % 1, tuple(k * x for x in w))
            out[key] = out.get(key, 0) + c
        return Laurent(out, self.rank)

    def embed(self, before: int, after: int) -> Laurent:
        """The same polynomial with further variables before and after its own."""
        terms = {(s, (0,) * before + w + (0,) * after): c for (s, w), c in self.terms.items()}
        return Laurent(terms, before + self.rank + after)

    def constant_term(self) -> Scalar:
        """The sum of the terms with w = 0: an exact number if all phases are 0 and 1/2, else complex."""
        total: Scalar = 0
        for (s, w), c in self.terms.items():
            if not any(w):
                total += (
                    c if s == 0 else -c if s == Fraction(1, 2) else complex(c) * cmath.exp(2j * cmath.pi * float(s))
                )
        return total

    def constant_term_with(self, other: Laurent) -> Scalar:
        """The constant term of the product with another polynomial, without its other terms."""
        opposite: dict[tuple[int, ...], list[tuple[Fraction, Scalar]]] = {}
        for (t, v), d in other.terms.items():
            opposite.setdefault(tuple(-x for x in v), []).append((t, d))
        origin = (0,) * self.rank
        out: dict[tuple[Fraction, tuple[int, ...]], Scalar] = {}
        for (s, w), c in self.terms.items():
            for t, d in opposite.get(w, ()):
                key = ((s + t) % 1, origin)
                out[key] = out.get(key, 0) + c * d
        return Laurent(out, self.rank).constant_term()


class ClassPoint(Protocol):
    """Where a character is evaluated: a conjugacy class, the torus of a component, or one of these in each factor."""

    @property
    def rank(self) -> int:
        """The number of variables of the characters there."""

    @property
    def weight(self) -> Fraction:
        """The Haar measure of the class or component."""

    def density(self) -> ClassValue:
        """What is multiplied to a class function before its constant term is taken."""
        return 1

    def leaf(self, V: Representation, k: int) -> ClassValue:
        """The character of a representation that is not made from others, at the k-th power."""

    def pulled_back(self, V: Pullback, k: int) -> ClassValue:
        """The character of a pullback at the k-th power."""
        return self.leaf(V, k)


@dataclass(frozen=True, eq=False, repr=False)
class FinitePoint(Summary, ClassPoint):
    """A conjugacy class of a finite group, by a representative and its powers."""

    group: Group
    element: Integers
    size: int
    rank: int = 0

    @property
    def weight(self) -> Fraction:
        return Fraction(self.size, int(self.group.order))

    def part(self, factor: int) -> FinitePoint:
        """The class in a factor of a direct product that the representative lies over, of size 1."""
        return FinitePoint(self.group.factors[factor], self.group.part(self.element, factor), 1)

    def power(self, k: int) -> Integers:
        """The k-th power of the representative."""
        return reduce(lambda x, _: self.element[x], range(k), np.arange(len(self.element)))

    def leaf(self, V: Representation, k: int) -> ClassValue:
        g = self.power(k)
        if isinstance(V, RegularRepresentation):
            return self.group.order if np.array_equal(g, np.arange(len(g))) else 0
        if isinstance(V, NaturalRepresentation):
            return int((g == np.arange(len(g))).sum())
        try:
            image = V.exact_image(g)
        except ValueError:
            return complex(np.trace(V.evaluate(g)))
        if isinstance(image, np.ndarray):
            return complex(np.trace(image))
        return _trace_value(image)


def _trace_value(image: Image) -> Scalar:
    """The trace as an int where it is one, else as a float or complex number rounded once."""
    if isinstance(image, Monomial) and image.is_real:
        fixed = image.perm == np.arange(len(image))
        return int((1 - 2 * (image.phase[fixed] != 0)).sum())
    exact = as_exact(image)
    trace = trace_exact(exact)
    if exact.domain.is_ZZ:
        return int(trace)
    value = as_float(sparse_matrix({0: {0: trace}} if trace else {}, (1, 1), exact.domain))[0, 0]
    return int(value.real) if value == int(value.real) and exact.domain.is_QQ else complex(value)


@dataclass(frozen=True)
class _LiePoint(ClassPoint):
    """A connected component of a Lie group, with the torus that its class functions live on."""

    group: Group
    component: CartanComponent

    @property
    def rank(self) -> int:
        return len(self.component.torus)

    @property
    def weight(self) -> Fraction:
        assert self.group.cartan is not None
        return Fraction(1, len(self.group.cartan))

    def density(self) -> Laurent:
        """The product of 1 - sign z^root over positive roots: what Weyl's formula leaves after symmetrising."""
        one = Laurent.constant(1, self.rank)
        return reduce(
            lambda total, root: total * (one + Laurent({(Fraction(0), root[1]): -root[0]})),
            self.component.roots,
            one,
        )

    def leaf(self, V: Representation, k: int) -> Laurent:
        from sympy import QQ

        V = V.rational()[0]  # of the same character, over the smallest field known
        generators = [a for a in self.group.generator_names if a.kind == "algebra"]
        torus = []
        for vector in self.component.torus:
            used = [(as_exact(V.image(a)), c) for a, c in zip(generators, vector, strict=True) if c]
            torus.append(combination([x for x, _ in used], [QQ(c.numerator, c.denominator) for _, c in used], QQ))
        h = None
        if self.component.component is not None:
            h = V.image(
                next(
                    a for a in self.group.generator_names if a.kind == "element" and a.index == self.component.component
                )
            )
        spectrum = joint_spectrum(h, torus)
        terms_: dict[tuple[Fraction, tuple[int, ...]], int] = {}
        for (s, weights), m in spectrum.items():
            terms_[s, tuple(int(w) for w in weights)] = m
        return Laurent(terms_).adams(k)

    def pulled_back(self, V: Pullback, k: int) -> Laurent:
        return self.leaf(V, k)


@dataclass(frozen=True)
class _ProductPoint(ClassPoint):
    """One point in each factor of a product."""

    points: tuple[ClassPoint, ...]

    @property
    def rank(self) -> int:
        return sum(p.rank for p in self.points)

    @property
    def weight(self) -> Fraction:
        weight: Fraction = reduce(lambda x, y: x * y, (p.weight for p in self.points))
        return weight

    def _place(self, factor: int, value: ClassValue) -> ClassValue:
        if not isinstance(value, Laurent):
            return value
        before = sum(p.rank for p in self.points[:factor])
        return value.embed(before, self.rank - before - self.points[factor].rank)

    def density(self) -> ClassValue:
        return reduce(lambda x, y: x * y, (self._place(i, p.density()) for i, p in enumerate(self.points)))

    def leaf(self, V: Representation, k: int) -> ClassValue:
        raise UnsupportedGroup(
            f"the character of {V} of a product is not known; pull back representations of its factors"
        )

    def pulled_back(self, V: Pullback, k: int) -> ClassValue:
        factor = V.f.factor
        if factor is None:
            return self.leaf(V, k)
        return self._place(factor, V.V.character_at(self.points[factor], k))


def class_points(G: Group) -> list[ClassPoint]:
    """What the characters of a group are functions of: its conjugacy classes, or the tori of its components."""
    if len(G.parts) > 1:
        return [_ProductPoint(points) for points in product(*map(class_points, G.parts))]
    if G.is_finite:
        return [FinitePoint(G, G.elements[members[0]], len(members)) for members in G.conjugacy_classes]
    if G.cartan is not None:
        return [_LiePoint(G, component) for component in G.cartan]
    raise UnsupportedGroup(f"no character integral is known for {G}")


def has_characters(G: Group) -> bool:
    """Whether dimensions can be counted by characters at little cost: small finite, classical compact, products of these."""
    if len(G.parts) > 1:
        return all(map(has_characters, G.parts))
    if G.is_finite:
        return G.order <= CLASS_LIMIT and G.order * len(G.identity()) <= 1_000 * CLASS_LIMIT
    return G.cartan is not None and max(len(c.roots) for c in G.cartan) <= ROOT_LIMIT


def inner(V: Representation, W: Representation) -> int:
    """dim Hom_G(V, W) = the integral of conj(chi_V) chi_W over the group, an exact integer.

    Integer and Laurent characters are summed exactly; others in floats, whose error bound must decide the integer.

    Raises
    ------
    UnsupportedGroup
        If the group's classes are unknown or too many.
    AmbiguousRank
        If rounding could change the integer.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 2.3; Brocker and tom Dieck (1985), IV.1.11 (Weyl's formula).
    """
    points = class_points(V.group)
    a = class_values(V, points)
    return integral(V, W, points, a, a if W == V else class_values(W, points))


def class_values(V: Representation, points: Sequence[ClassPoint]) -> list[ClassValue]:
    """The character of V at class points."""
    return [V.character_at(point, 1) for point in points]


def integral(
    V: Representation, W: Representation, points: Sequence[ClassPoint], a: Sequence[ClassValue], b: Sequence[ClassValue]
) -> int:
    """`inner` from the characters' values at the class points, computed before."""
    total: ClassValue = 0
    for point, x, y in zip(points, a, b, strict=True):
        value, density = x.conjugate() * y, point.density()
        if isinstance(value, Laurent) and isinstance(density, Laurent):
            value = value.constant_term_with(density)
        else:
            value = value * density
            value = value.constant_term() if isinstance(value, Laurent) else value
        total += complex(value) * float(point.weight) if isinstance(value, complex) else value * point.weight
    if not isinstance(total, complex):
        if Fraction(total).denominator != 1:
            raise AmbiguousRank(f"the character count of Hom({V}, {W}) is {total}, not an integer")
        return int(total)
    nearest = round(total.real)
    # Each character value of size <= dim is a sum and product of at most dim correctly rounded traces.
    error = 16 * np.finfo(float).eps * (V.dim + W.dim + len(points)) * V.dim * W.dim
    if error > 0.25 or abs(total - nearest) > error + 0.25:
        raise AmbiguousRank(f"the character count of Hom({V}, {W}) is {total:.6g} with an error of up to {error:.1g}")
    return nearest


def count_intertwiners(V: Representation, W: Representation) -> int | None:
    """`inner`, or None where the characters are not known at little cost."""
    if not has_characters(V.group):
        return None
    try:
        return inner(V, W)
    except UnsupportedGroup:
        return None


class Character(Summary):
    """The character of a representation: callable on elements; `values` on the classes of a finite group.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> V = Symmetric(3).defining()
    >>> V.character.values.real, V.character.inner(V.character)
    (array([3., 0., 1.]), 2)
    """

    def __init__(self, V: Representation) -> None:
        self.representation = V

    def __call__(self, g: Element = None) -> Array:
        """The trace of V(g), leading axes of g are batch."""
        traces: Array = np.trace(self.representation(g), axis1=-2, axis2=-1)
        return traces

    @cached_property
    def values(self) -> Array:
        """The values on `group.conjugacy_classes`, complex (classes,)."""
        G = self.representation.group
        if not G.is_finite:
            raise UnsupportedGroup(f"{G} has infinitely many classes; use weights()")
        return np.array(list(map(complex, class_values(self.representation, class_points(G)))))

    def weights(self) -> list[Laurent]:
        """For a compact Lie group, the character on each component's torus as a Laurent polynomial."""
        points = class_points(self.representation.group)
        values = class_values(self.representation, points)
        return [
            v if isinstance(v, Laurent) else Laurent.constant(v, p.rank) for v, p in zip(values, points, strict=True)
        ]

    def inner(self, other: Character) -> int:
        """The dimension of the intertwiners from this representation to the other, both given by their characters."""
        if not isinstance(other, Character):
            raise GroupRepError(f"inner takes a character, such as W.character, got {shown(other)}")
        return inner(self.representation, other.representation)
