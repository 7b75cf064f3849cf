"""A vector over a smaller field, where a linear character of a subgroup occurs twice in an irreducible character.

Let e be the idempotent of a subgroup H and its linear character mu that occurs twice in chi, both with values in a field K. On the
plane e V the elements x of e K[G] e that are adjoint to themselves, or to -x, and of trace 0 have x^2 = q(x), a quadratic form in at
most three variables over the real subfield K+ of K. If q(x) = delta s^2 with s in K+, then E = (1 + x / (sqrt(delta) s)) e / 2
projects on a line of e V, over K(sqrt(delta)), and is adjoint to itself. delta = 1 asks for a vector over K; for a character of type
H no such vector exists, and delta runs over negative numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.irreps.finite.characters import Characters, field_of
from grouprep.irreps.finite.seeds import Seed
from grouprep.irreps.finite.spun import Spun
from grouprep.linalg.fields import (
    coefficients,
    conductor,
    convert_number,
    cyclotomic_field,
    degree,
    element,
    is_real_field,
)
from grouprep.typing import Integers

if TYPE_CHECKING:
    from sympy import Domain

__all__ = ["descend", "root_of"]

_CLEAR = 1e-9  # in floats that choose: elements that look independent, values that look positive. What they lead to is verified
_WHOLE = 1e-6  # from an integer, of coordinates in floats; the square is verified exactly

Terms = dict[int, Cyclotomic]
"""An element of a group algebra, by the numbers of group elements."""

_BOUNDS = {
    1: 8,
    2: 2,
    3: 1,
    4: 1,
}  # of the coordinates of trials, by the degree of the real field: up to half a million trials


def descend(X: Characters, k: int, seed: Seed) -> Seed | None:
    """A seed for a character over its own field, or for type H over a quadratic extension of it; None if none is found.

    Parameters
    ----------
    X : the characters; k : the number of the character.
    seed : a subgroup and a linear character that occurs twice, with values in the field K of the character, for type H in a
        quadratic extension of it, which takes the place of K.

    References
    ----------
    R. Pierce, Associative Algebras, Springer 1982, sections 1.6 and 1.7 (quaternion algebras and their norm forms).
    """
    plane = Spun(X, k, seed)
    kind = int(X.indicators[k]) if is_real_field(seed.field) else 0
    elements = _traceless(plane, kind)
    if not elements:
        return None
    form = [[_trace(plane, x, y) * Fraction(1, 2) for y in elements] for x in elements]
    real = X.real_field(k)
    for root in _roots(real, kind, int(X.indicators[k])):
        found = _represented(form, root * root, real)
        if found is not None:
            weights, s = found
            scale = 1 / (root * s * 2)
            terms: Terms = {0: Cyclotomic(Fraction(1, 2))}
            for c, x in zip(weights, elements, strict=True):
                for g, y in x.items():
                    terms[g] = terms.get(g, Cyclotomic(0)) + c * y * scale
            kept = tuple((g, c) for g, c in sorted(terms.items()) if c)
            field = field_of(frozenset(X.found.values[k]) | {root}, seed.order)
            extension = seed.extension if root == Cyclotomic(1) else 2 * seed.extension
            return Seed(seed.members, seed.exponents, seed.modulus, field, extension, kept)
    return None


def _traceless(plane: Spun, indicator: int) -> list[Terms]:
    """Elements of trace 0 on the plane that span those adjoint to themselves over K+, for type H those adjoint to their negatives."""
    size = 2 if indicator > 0 else 3
    found: list[Terms] = []
    gram = np.zeros((0, 0))
    imaginary = _imaginary(plane)
    one = Cyclotomic(1)
    for g in plane.transversal.tolist():
        h = int(plane.E.inverse[g])
        trials: list[Terms] = []
        if indicator >= 0:
            trials.append({g: one, h: one} if g != h else {g: one})
        if g != h and indicator < 0:
            trials.append({g: one, h: -one})
        if g != h and indicator == 0:
            trials.append({g: imaginary, h: -imaginary})
        for x in trials:
            trace = sum((c * plane.coefficient(y) for y, c in x.items()), Cyclotomic(0))
            x = dict(x)
            x[0] = x.get(0, Cyclotomic(0)) - trace * Fraction(1, 2)
            larger = np.array([[complex(_trace(plane, a, b)).real for b in [*found, x]] for a in [*found, x]])
            scale = np.sqrt(np.abs(np.diagonal(larger)))
            if scale.min() > _CLEAR and np.abs(np.linalg.eigvalsh(larger / scale / scale[:, None])).min() > _CLEAR:
                found, gram = [*found, x], larger
            if len(found) == size:
                return found
    return found if len(gram) else []


def _imaginary(plane: Spun) -> Cyclotomic:
    """A purely imaginary number in the field of chi and mu; 0 if that is real."""
    root = Cyclotomic.sum_of_roots(plane.seed.order, {1: 1})
    return next((x - x.conjugate() for x in (*plane.X.found.values[plane.k], root) if not x.is_real), Cyclotomic(0))


def _trace(plane: Spun, x: Terms, y: Terms) -> Cyclotomic:
    """The trace of e x e y e on the representation."""
    total = Cyclotomic(0)
    for g, b in x.items():
        for h, c in y.items():
            if b and c:
                total = total + b * c * plane.second_coefficient(g, h)
    return total


def _roots(real: Domain, kind: int, indicator: int) -> Iterator[Cyclotomic]:
    """The square roots that are tried: 1 over complex fields; 1 and real ones for type R; imaginary ones for type H.

    Of the last those first whose extension of K+ is a listed field.
    """
    if kind >= 0:
        yield Cyclotomic(1)
        if indicator > 0 and kind > 0:
            yield from (root_of(d) for d in (2, 3, 5, 6, 7, 10, 11, 13))
        return
    f = degree(real)
    for n in range(3, 8 * f * f + 8):
        if 2 * f == degree(cyclotomic_field(n)) and f > 1 and n % 4 != 2:
            yield Cyclotomic.sum_of_roots(n, {1: 1, n - 1: -1})
    for d in (3, 1, 7, 2, 11, 15, 19, 5, 23, 6, 31, 35, 39, 10, 43, 47, 51, 13):
        yield root_of(-d)


@lru_cache(maxsize=64)
def root_of(d: int) -> Cyclotomic:
    """The principal square root of a squarefree integer."""
    n = abs(d) if d % 4 == 1 else 4 * abs(d)
    M = cyclotomic_field(n)
    return _number(element(f"sqrt({d})", M), M)


def _number(x: object, M: Domain) -> Cyclotomic:
    n = conductor(M)
    step = {k: Fraction(int(c.numerator), int(c.denominator)) for k, c in enumerate(coefficients(x, M)) if c}
    return Cyclotomic.sum_of_roots(n, step)


def _represented(
    form: list[list[Cyclotomic]], delta: Cyclotomic, real: Domain
) -> tuple[list[Cyclotomic], Cyclotomic] | None:
    """Weights c in K+ and s in K+, not 0, with sum of c_i c_j form_ij = delta s^2, the first of the small trials."""
    f, size = degree(real), len(form)
    if f not in _BOUNDS:
        return None
    inverse = 1 / delta
    scaled = [[x * inverse for x in row] for row in form]
    M = cyclotomic_field(conductor(real))
    unit = _number(convert_number(real.unit, real, M), M) if f > 1 else Cyclotomic(1)
    powers = [unit**a for a in range(f)]
    embeddings = _embeddings(unit, f)
    Q = np.array(
        [[[complex(x.galois(_prime_to(a, x.conductor))).real for x in row] for row in scaled] for a in embeddings]
    )
    B = np.array([[complex(p.galois(_prime_to(a, p.conductor))).real for p in powers] for a in embeddings])  # (f, f)
    bound = 2 * lcm(*(_denominator(x) for row in scaled for x in row))
    back = np.linalg.inv(B)
    trials = _trials(f * size, _BOUNDS[f])
    c = np.einsum("ea,tia->tei", B, trials.reshape(-1, size, f))
    q = np.einsum("tei,eij,tej->te", c, Q, c)
    for signs in product((1.0, -1.0), repeat=f - 1):
        roots = np.sqrt(np.maximum(q, 0)) * np.array([1.0, *signs])
        s = bound * roots @ back.T
        good = (q > _CLEAR).all(axis=1) & (np.abs(s - np.rint(s)) < _WHOLE * np.maximum(1, np.abs(s))).all(axis=1)
        for t in np.flatnonzero(good)[:20].tolist():
            weights = [_combined(row, powers) for row in trials[t].reshape(size, f).tolist()]
            root = _combined([Fraction(int(x), bound) for x in np.rint(s[t])], powers)
            value = Cyclotomic(0)
            for i in range(size):
                for j in range(size):
                    value = value + weights[i] * weights[j] * scaled[i][j]
            if root and value == root * root:
                return weights, root
    return None


def _combined(row: list[int] | list[Fraction], powers: list[Cyclotomic]) -> Cyclotomic:
    return sum((p * x for x, p in zip(row, powers, strict=True)), Cyclotomic(0))


def _denominator(x: Cyclotomic) -> int:
    return lcm(*(Fraction(c).denominator for c in x.coefficients))


def _embeddings(unit: Cyclotomic, f: int) -> list[int]:
    """Units modulo the conductor that give the embeddings of the field that a number generates."""
    found: dict[Cyclotomic, int] = {}
    for a in range(1, unit.conductor + 1):
        if np.gcd(a, unit.conductor) == 1:
            found.setdefault(unit.galois(a), a)
    assert len(found) == f
    return list(found.values())


def _prime_to(a: int, n: int) -> int:
    return a % n if n > 1 else 1


@lru_cache(maxsize=8)
def _trials(count: int, bound: int) -> Integers:
    """Integer vectors with entries up to a bound, the small ones first."""
    axis = np.arange(-bound, bound + 1)
    grid = np.stack(np.meshgrid(*[axis] * count, indexing="ij"), axis=-1).reshape(-1, count)
    return grid[np.argsort(np.abs(grid).sum(axis=1), kind="stable")]
