"""An irrep from its character: the matrix coefficient of one vector, its translates, and the matrices in them.

H is a subgroup and mu a linear character of it that the character chi of degree d holds once. The irrep V then has one line of
vectors v with h v = mu(h) v, and for |v| = 1 the coefficient is a sum of values of chi,

    omega(g) = <v, g v> = 1/|H| sum_{h in H} conj(mu(h)) chi(g h).

All is read off omega: with representatives t_j of the cosets g H, the translates x_j = t_j v have the Gram matrix
W_ij = omega(t_i^-1 t_j), of rank d, and d/N W is a projector, N = |G:H|. In d independent ones, with the Gram matrix Gamma,
g acts by R(g) = Gamma^-1 M(g), M(g)_ij = omega(t_i^-1 g t_j). The field is that of chi and mu.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property, lru_cache
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.errors import CertificateError
from grouprep.irreps.finite.characters import Characters
from grouprep.irreps.finite.elements import Elements
from grouprep.irreps.finite.seeds import Seed
from grouprep.linalg.fields import convert_number, cyclotomic_field
from grouprep.linalg.floats import first_pivot
from grouprep.linalg.memory import require_memory
from grouprep.linalg.modular import modular_nullspace
from grouprep.linalg.monomial import Monomial
from grouprep.linalg.pickling import Picklable
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.typing import Array, Integers, Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Spun"]


class Spun(Picklable):
    """The irrep with a character, spun from the vector of a seed.

    Parameters
    ----------
    X : the characters of the group; k : the number of the irrep's; seed : what holds its vector.

    References
    ----------
    J. D. Dixon, Constructing representations of finite groups, in: Groups and Computation, DIMACS 11 (1993), 105-112.
    """

    def __init__(self, X: Characters, k: int, seed: Seed) -> None:
        self.X, self.k, self.seed = X, k, seed
        self.E: Elements = X.E
        self.dim = int(X.degrees[k])
        self.index = len(self.E) // len(seed.members)
        require_memory(3 * self.index**2, f"the Gram matrix of {self.index:,} translates of a vector", itemsize=16)

    # The coefficient

    @cached_property
    def order(self) -> int:
        """The order of the roots of unity that are counted: those of mu, and those in values of chi."""
        numbers = [*self.X.found.values[self.k], *(c for _, c in self.seed.terms)]
        return lcm(self.seed.order, *(x.conductor for x in numbers))

    @cached_property
    def transversal(self) -> Integers:
        """(N,) the least element of each coset g H."""
        return self.E.transversal(self.seed.members)

    @cached_property
    def _places(self) -> tuple[Integers, Integers]:
        """For each element g = t_j h: j, and the exponent of mu(h), a power of exp(2 pi i / order)."""
        coset, exponent = np.empty(len(self.E), dtype=np.int64), np.empty(len(self.E), dtype=np.int64)
        products = self.E.product(self.transversal[:, None], self.seed.members)
        coset[products] = np.arange(self.index)[:, None]
        exponent[products] = self.seed.exponents * self.order // self.seed.modulus
        return coset, exponent

    @cached_property
    def counts(self) -> Integers:
        """(N, order): `denominator` times omega(t_j) as a sum of roots of unity, by their exponents."""
        if self.seed.is_simple:
            return self._means
        n, size, scale = self.order, len(self.seed.members), self.denominator
        total = np.zeros((self.index, n), dtype=np.int64)
        for g, c in self.seed.terms:
            part = self._means * size if g == 0 else self._moved_means(g)
            for e, m in c.terms.items():
                total += np.roll(part, e * (n // c.conductor), axis=1) * int(Fraction(m) * scale / size**2)
        return total

    @cached_property
    def denominator(self) -> int:
        """What `counts` are to be divided by."""
        size = len(self.seed.members)
        if self.seed.is_simple:
            return size
        return size**2 * lcm(*(Fraction(m).denominator for _, c in self.seed.terms for m in c.terms.values()))

    def _moved_means(self, g: int) -> Integers:
        """(N, order): |H|^2 times the trace of t_j e g e, e the idempotent of H and mu."""
        n, (coset, exponent) = self.order, self._places
        products = self.E.product(self.E.product(self.transversal[:, None], self.seed.members), g)
        shift = (exponent[products] - self.seed.exponents * n // self.seed.modulus) % n
        total = np.zeros((self.index, n), dtype=np.int64)
        for e in np.unique(shift).tolist():
            here = shift == e
            where = (coset[products] + self.index * np.arange(self.index)[:, None])[here]
            often = np.bincount(where, minlength=self.index**2).reshape(self.index, self.index)
            total += np.roll(often @ self._means, e, axis=1)
        return total

    def coefficient(self, g: int) -> Cyclotomic:
        """The trace of g e, exactly."""
        coset, exponent = self._places
        return self._as_number(np.roll(self._means[coset[g]], exponent[g]), len(self.seed.members))

    def second_coefficient(self, g: int, h: int) -> Cyclotomic:
        """The trace of g e h e, exactly."""
        known = self._moved
        if h not in known:
            known[h] = self._moved_means(h)
        coset, exponent = self._places
        return self._as_number(np.roll(known[h][coset[g]], exponent[g]), len(self.seed.members) ** 2)

    @cached_property
    def _moved(self) -> dict[int, Integers]:
        return {}

    def _as_number(self, row: Integers, denominator: int) -> Cyclotomic:
        terms = {e: Fraction(m, denominator) for e, m in enumerate(row.tolist()) if m}
        return Cyclotomic.sum_of_roots(self.order, terms)

    @cached_property
    def _means(self) -> Integers:
        """(N, order): |H| times the trace of t_j e."""
        n, classes = self.order, len(self.X)
        values = np.zeros((classes, n), dtype=np.int64)
        for c, x in enumerate(self.X.found.values[self.k]):
            for e, m in x.terms.items():
                values[c, e * (n // x.conductor)] = m
        products = self.E.product(self.transversal[:, None], self.seed.members)
        exponents = self.seed.exponents * n // self.seed.modulus
        total = np.zeros((self.index, n), dtype=np.int64)
        for e in np.unique(exponents).tolist():
            where = self.X.class_of[products[:, exponents == e]] + classes * np.arange(self.index)[:, None]
            often = np.bincount(where.ravel(), minlength=self.index * classes).reshape(self.index, classes)
            total += np.roll(often @ values, -e, axis=1)
        return total

    def _codes(self, left: Integers, g: Integers, right: Integers) -> Integers:
        """For omega(t_i^-1 g t_j): coset times order plus exponent; left (..., m), right (..., n) numbers of elements."""
        coset, exponent = self._places
        moved = self.E.product(self.E.inverse[left][..., :, None], self.E.product(g[..., None], right)[..., None, :])
        return coset[moved] * self.order + exponent[moved]

    @cached_property
    def _floats(self) -> Array:
        """omega by code: real where chi and mu are."""
        roots = _roots(self.order)
        values = self.counts @ roots / self.denominator
        table: Array = (values[:, None] * roots).ravel()
        return table.real if self.is_real else table

    @cached_property
    def is_real(self) -> bool:
        """Whether chi and mu are real, and the matrices with them."""
        real = all(c.is_real for _, c in self.seed.terms)
        return real and self.seed.order <= 2 and bool(self.X.conjugated[self.k] == self.k)

    def character(self, number: int | Integers) -> int | complex:
        """chi at an element, as an int where it is one, else correctly rounded."""
        x = self.X.found.values[self.k][int(self.X.class_of[number])]
        return int(x) if x.is_integer else complex(x)

    # In floats

    @cached_property
    def gram(self) -> Array:
        """W (N, N), the Gram matrix of the translates."""
        W: Array = self._floats[self._codes(self.transversal, np.array(0), self.transversal)]
        return W

    @cached_property
    def _chosen(self) -> tuple[Integers, Array]:
        """Places of d independent translates, and L (N, d) with W = L L*, by Cholesky's method with pivots.

        A pivot is the first translate whose distance from the space of those before exceeds a share, 1/pi, of the largest. The
        squares of the distances from k dimensions add up to N (d - k)/d, as d/N W is a projector: one is 1/d at least.
        """
        W, N = self.gram, self.index
        L = np.zeros((N, self.dim), dtype=W.dtype)
        rest = np.ones(N)
        places = []
        for k in range(self.dim):
            p = first_pivot(rest)
            if rest[p] < 1 / (4 * self.dim):
                raise CertificateError(f"the translates of a vector span {k} dimensions, and not {self.dim}")
            column = W[:, p] - L[:, :k] @ L[p, :k].conj()
            L[:, k] = column / np.sqrt(rest[p])
            rest = np.maximum(rest - np.abs(L[:, k]) ** 2, 0)
            rest[p] = 0
            places.append(p)
        return np.array(places), L

    @property
    def basis(self) -> Integers:
        """(d,) the places of the translates that are the basis of the exact form."""
        return self._chosen[0]

    @cached_property
    def _frame(self) -> Array:
        """F (d, N): the translates in the orthonormal basis that those chosen give by Gram and Schmidt, F F* = N/d.

        The rows span the image of the projector d/N W and are orthonormalised in it, so that V(g) is a representation, and
        unitary, to rounding; the gauge is as exact as the root of Gamma's condition number allows.
        """
        places, L = self._chosen
        F = L.conj().T
        d, N = F.shape
        if d == N:
            one: Array = np.eye(d, dtype=F.dtype)[:, np.argsort(places)]
            return one
        for _ in range(2):
            F = F @ self.gram * (d / N)
            F = 1.5 * F - (d / (2 * N)) * (F @ F.conj().T) @ F
        Q, upper = np.linalg.qr(F[:, places])
        phases = np.diagonal(upper) / np.abs(np.diagonal(upper))
        F = (Q * phases).conj().T @ F
        F[:, places] = np.triu(F[:, places])
        defect = float(np.abs(F @ F.conj().T * (d / N) - np.eye(d)).max())
        if not defect <= 4 * np.finfo(float).eps * N:
            raise CertificateError(f"the translates of a vector are no tight frame: {defect:.1e} is left")
        return np.asarray(F)

    @cached_property
    def _real_basis(self) -> Array | None:
        """For type R over a field that is not real: K unitary with K V K* real, its rows a basis of {u : C conj(u) = u}."""
        if self.is_triangular:
            return None
        C = self._conjugation()
        one = np.eye(self.dim)
        fixed = np.concatenate([one + C, 1j * (one - C)], axis=1)  # columns e + C conj(e), for e and i e
        rows: list[Array] = []
        for _ in range(self.dim):
            u = fixed[:, first_pivot(np.linalg.norm(fixed, axis=0))]
            for _ in range(2):
                for b in rows:
                    u = u - b * (b.conj() @ u).real
            u = u / np.linalg.norm(u)
            rows.append(u)
            fixed = fixed - np.outer(u, (u.conj() @ fixed).real)
        K: Array = np.array(rows).conj()
        return K

    @cached_property
    def frame(self) -> Array:
        """(d, N) the translates in the orthonormal basis of V: that of Gram and Schmidt, or a real one for type R."""
        K = self._real_basis
        frame: Array = self._frame if K is None else K @ self._frame
        return frame

    def floats(self, g: Integers) -> Array:
        """V(g) for numbers of elements (...), (..., d, d); real for type R."""
        K, values = self._real_basis, self._values(g)
        return values if K is None else (K @ values @ K.conj().T).real

    def _values(self, g: Integers) -> Array:
        """d/N sum_j (g x_j) x_j* for numbers of elements (...), (..., d, d)."""
        F, (coset, exponent), n = self._frame, self._places, self.order
        d, N = F.shape
        roots = self._roots
        out = np.empty((g.size, d, d), dtype=F.dtype)
        star = F.conj().T * (d / N)
        step = max(1, 2**20 // (d * N))
        flat = g.ravel()
        for start in range(0, len(flat), step):
            moved = self.E.product(flat[start : start + step, None], self.transversal)
            images = F.T[coset[moved]] * roots[exponent[moved] % n][..., None]
            out[start : start + step] = np.swapaxes(images, 1, 2) @ star
        out[flat == 0] = np.eye(d)
        return out.reshape(*g.shape, d, d)

    @cached_property
    def _roots(self) -> Array:
        roots = _roots(self.order)
        return roots.real if self.is_real else roots

    # Exactly

    @property
    def field(self) -> Domain:
        """The field of the exact form."""
        return self.seed.field

    @cached_property
    def generators(self) -> tuple[Scalar, ...]:
        """Numbers of the field that generate the one of chi and mu, which may be smaller."""
        places = np.flatnonzero(self._places[0] == 0)
        units = self._places[1][places]  # the exponents of mu on H: the first coset is H
        codes = [*np.unique(units).tolist(), *(j * self.order for j in range(self.index))]
        return tuple(dict.fromkeys(self._number(c) for c in codes))

    @cached_property
    def _numbers(self) -> dict[int, Scalar]:
        return {}

    def _number(self, code: int) -> Scalar:
        """omega by code, in the field."""
        found = self._numbers.get(code)
        if found is None:
            from sympy import QQ

            n, size = self.order, self.denominator
            row = np.roll(self.counts[code // n], code % n).tolist()
            M = cyclotomic_field(n)
            value = (
                sum((M.unit**e * QQ(m, size) for e, m in enumerate(row) if m), M.zero) if n > 2 else _signed(row, size)
            )
            found = self._numbers[code] = convert_number(value, M, self.field)
        return found

    def coefficients(self, g: int) -> DomainMatrix:
        """M(g) (d, d) with entries omega(t_i^-1 g t_j) over the chosen translates."""
        chosen = self.transversal[self.basis]
        codes = self._codes(chosen, np.array(g), chosen)
        known = {c: self._number(c) for c in np.unique(codes).tolist()}
        rows = {i: {j: x for j, c in enumerate(row) if (x := known[c])} for i, row in enumerate(codes.tolist())}
        return sparse_matrix(rows, codes.shape, self.field)

    @cached_property
    def form(self) -> DomainMatrix:
        """Gamma (d, d), the Gram matrix of the basis of the exact form."""
        return self.coefficients(0)

    def exact(self, numbers: list[int]) -> list[DomainMatrix]:
        """R(g) = Gamma^-1 M(g) for numbers of elements, over the field."""
        d, K = self.dim, self.field
        if not numbers:
            return []
        system = self.form
        for g in numbers:
            system = system.hstack(self.coefficients(g))
        kernel = from_domain_matrix_rows(modular_nullspace(system))  # rows e_f - sum_c R_cf e_c
        if len(kernel) != d * len(numbers):
            raise CertificateError("the translates of a vector are dependent")
        found: list[dict[int, dict[int, Scalar]]] = [{} for _ in numbers]
        for f in range(d * len(numbers)):
            for c, x in kernel[f].items():
                if c < d:
                    found[f // d].setdefault(c, {})[f % d] = -x
        return [sparse_matrix(rows, (d, d), K) for rows in found]

    def check(self) -> None:
        """Compare the traces of V at all classes with the character.

        Raises
        ------
        CertificateError
            If they differ by more than the rounding of their computation.
        """
        traces = np.trace(self.floats(self.X.representatives), axis1=-2, axis2=-1)
        bound = 8 * np.finfo(float).eps * self.index * self.dim
        error = float(np.abs(traces - self.X.floats[self.k]).max())
        if not error <= bound:
            raise CertificateError(f"the traces of an irrep are {error:.1e} off its character")

    def _conjugation(self) -> Array:
        """For a character of indicator 1 or -1: unitary C (d, d) with C conj(V(g)) = V(g) C and C conj(C) = indicator.

        C takes the conjugate of v, which H moves by conj(mu), to the line of V that H moves like that; so it takes the
        conjugates of the translates t_j v to those of a vector u of that line.
        """
        members, exponents = self.seed.members, self.seed.exponents * self.order // self.seed.modulus
        P = np.tensordot(self._roots[exponents], self._values(members), 1) / len(members)
        if not self.seed.is_simple:
            weights = np.array([complex(c).conjugate() for _, c in self.seed.terms])
            P = P @ np.tensordot(weights, self._values(np.array([g for g, _ in self.seed.terms])), 1) @ P
        u = P[:, first_pivot(np.linalg.norm(P, axis=0))]
        u = P @ (u / np.linalg.norm(u))
        u = u / np.linalg.norm(u)
        U = (self._values(self.transversal) @ u).T
        C = self.dim / self.index * U @ self._frame.T
        sign = int(self.X.indicators[self.k])
        C = 1.5 * C - 0.5 * C @ C.conj().T @ C
        C = (C + sign * C.T) / 2
        large = C.flat[first_pivot(np.abs(C).ravel())]
        structure: Array = C * (np.abs(large) / large)
        return structure

    def structure(self) -> Array:
        """See `Irrep.structure`."""
        return np.eye(self.dim) if int(self.X.indicators[self.k]) == 1 else self._conjugation()

    @property
    def is_triangular(self) -> bool:
        """Whether the unitary basis is that of Gram and Schmidt."""
        return self.is_real or int(self.X.indicators[self.k]) != 1


@lru_cache(maxsize=256)
def _roots(n: int) -> Array:
    """exp(2 pi i k/n) for k < n, complex and correctly rounded."""
    return Monomial.diagonal(np.arange(n), n).values().astype(complex)


def _signed(row: list[int], size: int) -> Scalar:
    from sympy import QQ

    return QQ(row[0] - (row[1] if len(row) > 1 else 0), size)
