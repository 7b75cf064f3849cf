"""Matrices over number fields modulo primes: the images under ring homomorphisms to F_p, which refute and suggest, never prove alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import lcm
from typing import TYPE_CHECKING

from grouprep.errors import AmbiguousRank
from grouprep.linalg._cyclotomic import coefficients, degree, integer_modulus, kind, totient
from grouprep.linalg.sparse import from_domain_matrix_rows
from grouprep.summary import Summary
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from flint import nmod_mat
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Residue", "has_finite_order_modulo", "residues"]

_TOP = 2**62
_TRIES = 10**5  # numbers looked at; one in about 43 times the degree is a prime with a root


class Residue(Summary):
    """A ring homomorphism from the elements of a number field K = Q(a) without p in the denominator to F_p, by a -> root.

    domain : K, ZZ or QQ; prime : p; root : of the defining polynomial modulo p.
    """

    def __init__(self, domain: Domain, prime: int, root: int) -> None:
        self.domain, self.prime, self.root = domain, prime, root

    def number(self, x: Scalar) -> int:
        """The image of an element of K; ZeroDivisionError if p divides its denominator."""
        total = 0
        for c in reversed(coefficients(x, self.domain)):
            denominator = int(c.denominator) % self.prime
            if not denominator:
                raise ZeroDivisionError
            total = (total * self.root + int(c.numerator) * pow(denominator, -1, self.prime)) % self.prime
        return total

    def matrix(self, matrix: DomainMatrix) -> nmod_mat:
        """The image of a matrix over K."""
        from flint import nmod_mat

        m, n = matrix.shape
        flat = [0] * (m * n)
        for i, row in from_domain_matrix_rows(matrix).items():
            for j, x in row.items():
                flat[i * n + j] = self.number(x)
        return nmod_mat(m, n, flat, self.prime)


def residues(domain: Domain, multiple: int = 1) -> Iterator[Residue]:
    """Homomorphisms from K to F_p for primes p = 1 modulo a number, in a fixed order from 2^62 down.

    Raises
    ------
    AmbiguousRank
        If none is found.
    """
    from flint import fmpz, nmod_poly

    name, n = kind(domain)
    step = lcm(2, multiple, n if name in ("zeta", "cos") else 1)
    p = _TOP - _TOP % step + 1
    modulus = integer_modulus(domain) if degree(domain) > 1 else None
    for _ in range(_TRIES):
        p -= step
        if not fmpz(p).is_probable_prime():
            continue
        if modulus is None:
            yield Residue(domain, p, 1)
        elif modulus[-1] % p:
            roots = sorted(int(r) for r, _ in nmod_poly(modulus, p).roots())
            if roots:
                yield Residue(domain, p, roots[0])
    raise AmbiguousRank(f"no prime below 2^62 was found where the defining polynomial of {domain} has a root")


@lru_cache(maxsize=64)
def _exponent(size: int) -> int:
    """The least common multiple of all k with totient(k) <= size: g^N = 1 for g of finite order in GL(size, Q).

    k / totient(k) is the product of p / (p - 1) over primes p | k: below 8 for at most 24 primes; with 25 of them k exceeds
    10^36, and totient(k) >= sqrt(k / 2) exceeds every size.
    """
    return lcm(*(k for k in range(1, 8 * size + 1) if totient(k) <= size))


def has_finite_order_modulo(matrix: DomainMatrix) -> bool:
    """False proves that a square matrix over a number field has infinite order, or is singular; True leaves it open.

    An element of finite order in GL(n, K), K of degree d, has eigenvalues of orders k with totient(k) <= n d, so its N-th
    power is 1 for the least common multiple N of these k, and so is that of its image modulo a prime.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix
    >>> [has_finite_order_modulo(to_domain_matrix([[0, "1/5"], [-5, x]])) for x in (-1, "1/5", 2)]
    [True, False, False]
    """
    n = matrix.shape[0]
    exponent = _exponent(n * degree(matrix.domain))
    for residue in residues(matrix.domain):
        try:
            image = residue.matrix(matrix)
        except ZeroDivisionError:
            continue
        power = image**0
        for bit in bin(exponent)[2:]:
            power = power * power
            power = power * image if bit == "1" else power
        return bool(power == image**0)
    raise AssertionError("the sequence of primes ends by raising")
