"""A vector over a field of the least degree: an eigenvector of a small element of the group algebra.

Let x be in Z[G], with the characteristic polynomial f over K = Q(chi) on the irrep V, and let alpha be a simple root of f, of degree m
over K. Then E = f(x) / ((x - alpha) f'(alpha)) projects on a line of V, over L = K(alpha), and so does E E* / tr(E E*), which is adjoint
to itself. There are such x wherever the Schur index is m. Those with few terms are tried: combinations of g + g^-1 and of g - g^-1,
whose eigenvalues are real and imaginary, and products (1 + h^a) (1 + h^b) ... g, whose squares are norms of cyclotomic units.

Trials are picked by floats; the root, that it is simple, and the degree of its field are verified exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, islice, product
from math import gcd, lcm

import numpy as np

from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.irreps.finite.characters import Characters, field_of
from grouprep.irreps.finite.descent import root_of
from grouprep.irreps.finite.elements import Elements
from grouprep.irreps.finite.seeds import Seed
from grouprep.irreps.finite.spun import Spun
from grouprep.linalg.fields import is_real_field
from grouprep.typing import Array, Integers

__all__ = ["eigenline"]

_ORDER = 1_000  # of a group whose group algebra is searched
_DIM = 6  # of an irrep
_TRIALS = 8_000
_BATCH = 1_000
_FACTORS = 12  # of a trial
_NOISE = 1e-6  # of an integer in floats; what it picks is verified
_SQUARES = (1, -1, 2, -2, 3, -3, 5, -5, 6, -6, 7, -7, 10, -10, 11, -11, 13, -13, 15, -15)

Trial = dict[int, int]
"""An element of Z[G], by the numbers of group elements."""


def eigenline(X: Characters, k: int, known: Seed, most: int) -> Seed | None:
    """A seed over a field of at most a degree over that of the character, real for type R; None if none is found.

    Parameters
    ----------
    X : the characters; k : the number of the character.
    known : a seed over a larger field.
    most : a multiple of the Schur index; searched for up to 2.
    """
    d = int(X.degrees[k])
    if len(X.E) > _ORDER or most > 2 or not (d == 2 or (d <= _DIM and X.degree(k) == 1)):
        return None
    search = _Search(X, k, known)
    trials = islice(
        _cyclotomic(X) if X.conjugated[k] != k else _symmetric(X, -1 if X.indicators[k] < 0 else 1), _TRIALS
    )
    while batch := list(islice(trials, _BATCH)):
        for trial in search.promising(batch, most):
            seed = search.seed(trial, most)
            if seed is not None:
                return seed
    return None


def _symmetric(X: Characters, sign: int) -> Iterator[Trial]:
    """Sums of up to four g + sign g^-1 with signs, in a fixed order."""
    E = X.E
    parts: list[Trial] = []
    for g in range(1, len(E)):
        h = int(E.inverse[g])
        if g < h:
            parts.append({g: 1, h: sign})
        elif g == h and sign > 0:
            parts.append({g: 1})
    for count in (1, 2, 3, 4):
        for chosen in combinations(parts, count):
            for signs in product((1, -1), repeat=count - 1):
                yield {g: s * c for s, x in zip((1, *signs), chosen, strict=True) for g, c in x.items()}


def _cyclotomic(X: Characters) -> Iterator[Trial]:
    """Products of factors 1 + h^a times g, for an element h of the largest order, whose powers g normalises or not.

    First those with a in an orbit of a cyclic group of units modulo the order of h, up to the unit by which g moves h: their
    squares are norms to a smaller field. Then those with two and three factors.
    """
    E = X.E
    n = int(E.orders.max())
    h = int(np.argmax(E.orders == n))
    powers = E.cyclic(h)
    exponent = {int(x): a for a, x in enumerate(powers)}
    outside = E.transversal(np.sort(powers))[1:].tolist()
    units = [a for a in range(1, n) if gcd(a, n) == 1]
    seen: set[tuple[int, ...]] = set()
    for g in outside:
        moved = exponent.get(int(E.conjugates(h, g)), 1)
        for u in units:
            for a in range(1, n):
                orbit: list[int] = []
                b = a
                while b not in orbit:
                    orbit.append(b)
                    b = b * u % n
                kept = tuple(sorted({min(b, b * moved % n) for b in orbit}))
                if len(kept) <= _FACTORS and (g, *kept) not in seen:
                    seen.add((g, *kept))
                    yield _times(E, powers, kept, g)
    for count in (2, 3):
        for exponents in combinations(range(1, n), count):
            for g in outside:
                yield _times(E, powers, exponents, g)


def _times(E: Elements, powers: Integers, exponents: tuple[int, ...], g: int) -> Trial:
    """The product of 1 + h^a over some a, times g."""
    n = len(powers)
    row = np.zeros(n, dtype=np.int64)
    row[0] = 1
    for a in exponents:
        row = row + np.roll(row, a)
    places = np.flatnonzero(row)
    return dict(zip(E.product(powers[places], g).tolist(), row[places].tolist(), strict=True))


class _Search:
    """Characteristic polynomials of elements of the group algebra on an irrep and its Galois conjugates."""

    def __init__(self, X: Characters, k: int, known: Seed) -> None:
        self.X, self.k, self.d = X, k, int(X.degrees[k])
        self.conductor = lcm(*(x.conductor for x in X.found.values[k]))
        self.units = [a for a in range(1, self.conductor + 1) if gcd(a, self.conductor) == 1]
        lifted = [next(b for b in X.units.tolist() if (b - a) % self.conductor == 0) for a in self.units]
        of_unit = dict(zip(X.units.tolist(), X.galois[:, k].tolist(), strict=True))
        conjugates = {of_unit[b]: b for b in reversed(lifted)}  # each with its first unit
        order = list(dict.fromkeys(of_unit[b] for b in lifted))  # chi itself first
        everything = np.arange(len(X.E))
        self.matrices = [Spun(X, n, known.conjugate(conjugates[n])).floats(everything) for n in order]
        self.embedding = np.array([order.index(of_unit[b]) for b in lifted])
        powers = np.outer(self.units, np.arange(len(self.units)))
        self.coordinates = np.linalg.inv(np.exp(2j * np.pi * powers / self.conductor))

    def promising(self, batch: list[Trial], most: int) -> Iterator[Trial]:
        """Trials that may have an eigenvalue of a degree over K that is allowed."""
        traces = np.zeros((len(batch), len(self.matrices), self.d), dtype=complex)
        for e, V in enumerate(self.matrices):
            x = np.zeros((len(batch), self.d, self.d), dtype=complex)
            for t, trial in enumerate(batch):
                x[t] = np.tensordot(np.array(list(trial.values())), V[list(trial)], 1)
            power = x
            for j in range(self.d):
                traces[:, e, j] = np.trace(power, axis1=1, axis2=2)
                power = power @ x
        if self.d == 2 and most == 1:
            q = 2 * traces[:, :, 1] - traces[:, :, 0] ** 2
        elif (
            self.d == 4 and self.X.indicators[self.k] < 0
        ):  # t^4 - p/2 t^2 + p^2/8 - r/4, p and r the traces of x^2, x^4
            q = traces[:, :, 3] - traces[:, :, 1] ** 2 / 4
        else:
            yield from batch
            return
        for t in np.flatnonzero((np.abs(q) > _NOISE).all(axis=1)).tolist():
            if self._root(q[t]) is not None:
                yield batch[t]

    def _root(self, q: Array) -> list[int] | None:
        """Coordinates in 1, z, z^2, ..., z = exp(2 pi i/n), of an integer of K whose squares have the conjugates q."""
        roots = np.sqrt(q)
        norm = float(np.prod(np.abs(roots)))
        if abs(norm - np.rint(norm)) > _NOISE * max(1.0, norm):
            return None
        for signs in _signs(len(q)):
            s = self.coordinates @ (roots * signs)[self.embedding]
            whole = np.rint(s.real)
            if np.abs(s - whole).max() < _NOISE:
                return [int(c) for c in whole]
        return None

    def square_root(self, x: Cyclotomic) -> Cyclotomic | None:
        """A square root in K of an element of K, verified."""
        scale = lcm(*(Fraction(c).denominator for c in x.coefficients))
        q = np.zeros(len(self.matrices), dtype=complex)
        for a, e in zip(self.units, self.embedding.tolist(), strict=True):
            q[e] = complex((x * scale**2).galois(a % x.conductor if x.conductor > 1 else 1))
        row = self._root(q)
        if row is None:
            return None
        root = Cyclotomic.sum_of_roots(self.conductor, {j: Fraction(c, scale) for j, c in enumerate(row) if c})
        return root if root * root == x else None

    # Exactly

    def polynomial(self, powers: list[Integers]) -> list[Cyclotomic]:
        """The characteristic polynomial of x on V, its leading coefficient first, of x, x^2, ..., x^d by Newton's identities."""
        values = self.X.found.values[self.k]
        traces = []
        for x in powers:
            often = np.bincount(self.X.class_of, weights=x, minlength=len(values))
            traces.append(sum((v * int(c) for v, c in zip(values, often, strict=True) if c), Cyclotomic(0)))
        found = [Cyclotomic(1)]
        for j in range(1, self.d + 1):
            total = sum((found[i] * traces[j - i - 1] for i in range(j)), Cyclotomic(0))
            found.append(total * Fraction(-1, j))
        return found

    def powers(self, trial: Trial) -> list[Integers]:
        """x, x^2, ..., x^d as integer vectors over the elements."""
        E, n = self.X.E, len(self.X.E)
        moves = {g: E.product(g, np.arange(n)) for g in trial}
        x = np.zeros(n, dtype=np.int64)
        for g, c in trial.items():
            x[g] += c
        found = [x]
        while len(found) < self.d:
            total = np.zeros(n, dtype=np.int64)
            for g, c in trial.items():
                total[moves[g]] += c * found[-1]
            found.append(total)
        return found

    def seed(self, trial: Trial, most: int) -> Seed | None:
        """The seed by an eigenvalue of a trial, if it has one that is simple and of a degree that is allowed."""
        powers = self.powers(trial)
        f = self.polynomial(powers)
        found = self._eigenvalue(f, most)
        if found is None:
            return None
        alpha, size = found
        quotient = [Cyclotomic(1)]  # f / (t - alpha)
        for c in f[1:-1]:
            quotient.append(c + alpha * quotient[-1])
        slope = Cyclotomic(0)
        for c in quotient:
            slope = slope * alpha + c
        if not slope:
            return None
        E, one = self.X.E, np.zeros(len(self.X.E), dtype=np.int64)
        one[0] = 1
        weights = [Cyclotomic(0)] * len(E)
        for c, x in zip(reversed(quotient), [one, *powers], strict=False):
            for g in np.flatnonzero(x).tolist():
                weights[g] = weights[g] + c * int(x[g])
        scale = 1 / slope
        weights = [w * scale for w in weights]
        if not _is_normal(E, trial):
            weights = self._orthogonal(weights)
        chi = frozenset(self.X.found.values[self.k])
        field = field_of(chi | set(weights), 1)
        if self.X.indicators[self.k] > 0 and not is_real_field(field):
            return None
        terms = tuple((g, w) for g, w in enumerate(weights) if w)
        return Seed(np.array([0]), np.array([0]), 1, field, size, terms)

    def _orthogonal(self, weights: list[Cyclotomic]) -> list[Cyclotomic]:
        """E E* / tr(E E*)."""
        E, n = self.X.E, len(self.X.E)
        total = [Cyclotomic(0)] * n
        for g, w in enumerate(weights):
            if w:
                moved = E.product(g, E.inverse).tolist()
                for h, v in enumerate(weights):
                    if v:
                        total[moved[h]] = total[moved[h]] + w * v.conjugate()
        values = self.X.found.values[self.k]
        trace = sum((values[int(self.X.class_of[g])] * w for g, w in enumerate(total) if w), Cyclotomic(0))
        scale = 1 / trace
        return [w * scale for w in total]

    def _eigenvalue(self, f: list[Cyclotomic], most: int) -> tuple[Cyclotomic, int] | None:
        """A root of a polynomial, of least degree over K, and that degree."""
        for factor in self._factors(f, most):
            if len(factor) == 2:
                return -factor[1], 1
            b, c = factor[1] * Fraction(1, 2), factor[2]
            square = b * b - c
            for delta in _SQUARES:
                s = self.square_root(square * Fraction(1, delta))
                if s is not None:
                    return s * root_of(delta) - b, 2
        return None

    def _factors(self, f: list[Cyclotomic], most: int) -> list[list[Cyclotomic]]:
        """Monic factors over K of degree 1, then 2 if that is allowed, that divide f once."""
        one = Cyclotomic(1)
        if len(f) == 3:
            b, c = f[1] * Fraction(1, 2), f[2]
            s = self.square_root(b * b - c)
            return ([[one, b - s]] if s else []) if s is not None else [f] if most > 1 else []
        from flint import fmpq, fmpq_poly

        rows = [Fraction(x.coefficients[0]) for x in reversed(f)]
        found = []
        for q, often in fmpq_poly([fmpq(x.numerator, x.denominator) for x in rows]).factor()[1]:
            if often == 1 and q.degree() <= most:
                row = [Fraction(int(c.p), int(c.q)) for c in reversed((q / q[q.degree()]).coeffs())]
                found.append([Cyclotomic(c) for c in row])
        return sorted(found, key=len)


@lru_cache(maxsize=32)
def _signs(n: int) -> Integers:
    """All signs of n numbers, the first one positive."""
    return np.array([(1, *signs) for signs in product((1, -1), repeat=n - 1)])


def _is_normal(E: Elements, trial: Trial) -> bool:
    inverse = E.inverse
    star = {int(inverse[g]): c for g, c in trial.items()}
    return star == trial or all(star.get(g) == -c for g, c in trial.items())
