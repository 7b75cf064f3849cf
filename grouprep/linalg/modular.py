"""Ranks and nullspaces modulo word-size primes, lifted to Q or to a number field and verified exactly there.

A number field Q(a) with defining polynomial f is mapped to F_p by a root of f modulo p; at a prime where f splits completely,
all its roots together give back the coordinates in 1, a, a^2, ....
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from math import isqrt, lcm
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from grouprep.errors import AmbiguousRank, GroupRepError
from grouprep.linalg._cyclotomic import coefficients, degree, from_coefficients, integer_modulus, kind
from grouprep.linalg.fields import common_domain, convert_matrix
from grouprep.linalg.memory import require_memory
from grouprep.linalg.sparse import from_domain_matrix_rows
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from flint import fmpz_mat, nmod_mat
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Residues", "modular_nullspace", "modular_rank", "rational_numbers", "residues"]

_TOP = 2**62  # multi-prime images: primes just below
_SMALL_TOP = 2**31  # choosing pivots: products of two residues fit a word, 25 % faster here
_MAX_PRIMES = 2000
_LIFT_AFTER = 8  # over Q, p-adic lifting (fmpz_mat.solve) is faster than more primes from about 500 bits on
_ENTRY = 40  # bytes of one entry, as a number and in two flint matrices
_ORDERS = lcm(*range(1, 17))  # orders of roots of unity that a prime for `residues` has in F_p
_MARGIN = 24  # bits by which a reconstructed number must stay below what the modulus could hold


@dataclass(frozen=True)
class _System:
    """An (m, n) matrix sum_k a^k layers[k] over Z[a], the layers as flat row-major lists; modulus(a) = 0."""

    layers: list[list[Scalar]]
    shape: tuple[int, int]
    modulus: list[int]
    domain: Domain

    @property
    def degree(self) -> int:
        return len(self.layers)

    def select(self, rows: Sequence[int], columns: Sequence[int]) -> list[fmpz_mat]:
        """The layers of a submatrix."""
        from flint import fmpz_mat

        if not rows or not columns:
            return [fmpz_mat(len(rows), len(columns)) for _ in self.layers]
        n = self.shape[1]
        if len(columns) == n:
            parts = [[x for i in rows for x in flat[i * n : (i + 1) * n]] for flat in self.layers]
        else:
            pick = itemgetter(*columns) if len(columns) > 1 else lambda row: (row[columns[0]],)
            parts = [[x for i in rows for x in pick(flat[i * n : (i + 1) * n])] for flat in self.layers]
        return [fmpz_mat(len(rows), len(columns), part) for part in parts]

    def whole(self) -> list[fmpz_mat]:
        """The layers as matrices."""
        from flint import fmpz_mat

        return [fmpz_mat(*self.shape, flat) for flat in self.layers]


def _layers(matrix: DomainMatrix) -> _System:
    """The rows of a matrix over ZZ, QQ or Q(a) scaled by common denominators, which changes no nullspace."""
    K = _number_field(matrix.domain)
    d = degree(K)
    m, n = matrix.shape
    require_memory(d * m * n, f"the dense {m:,} x {n:,} matrix modulo a prime", itemsize=_ENTRY)
    flat = [[0] * (m * n) for _ in range(d)]
    for i, row in matrix.to_sparse().rep.to_sdm().items():
        if K.is_ZZ:
            for j, x in row.items():
                flat[0][i * n + j] = x
            continue
        split = {j: coefficients(x, K) for j, x in row.items()}
        scale = reduce(lcm, (int(c.denominator) for values in split.values() for c in values), 1)
        for j, values in split.items():
            for k, c in enumerate(values):
                if c:
                    flat[k][i * n + j] = c.numerator * (scale // c.denominator)
    return _System(flat, (m, n), _modulus(K), K)


def _modulus(K: Domain) -> list[int]:
    return integer_modulus(K) if K.is_AlgebraicField else [0, 1]


def _primes(K: Domain, top: int, split: bool, orders: int = 2) -> Iterator[tuple[int, list[int]]]:
    """A deterministic sequence of primes with the roots of the defining polynomial: all of them if split, else at least one.

    orders : F_p has roots of unity of this order.
    """
    from flint import fmpz, nmod_poly

    name, n = kind(K)
    modulus = _modulus(K)
    step = lcm(orders, n if name in ("zeta", "cos") else 1)
    p = top - (top % step) + 1
    for _ in range(10**6):
        p -= step
        if p < 2**20:
            break
        if not fmpz(p).is_probable_prime() or modulus[-1] % p == 0:
            continue
        if degree(K) == 1:
            yield p, [1]
            continue
        if name == "sqrt" and fmpz(n % p).jacobi(fmpz(p)) != 1:
            continue
        roots = sorted(int(r) for r, _ in nmod_poly(modulus, p).roots())
        if len(roots) == degree(K) or (roots and not split):
            yield p, roots
    raise GroupRepError(f"no prime below {top} was found where the defining polynomial of {K} splits")


Residues: TypeAlias = dict[int, dict[int, int]]


def residues(matrices: Sequence[DomainMatrix], skip: int = 0) -> tuple[int, list[Residues]]:
    """A prime p, and the matrices mapped to F_p by one ring homomorphism that is defined on all their entries, as rows[i][j].

    F_p has roots of unity of every order up to 16, so that small groups have their irreps over it.

    Parameters
    ----------
    matrices : over ZZ, QQ or number fields with a common one.
    skip : how many suitable primes of a fixed sequence to leave out.

    Raises
    ------
    GroupRepError
        If a domain is no number field.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix
    >>> from grouprep.linalg.modular import residues
    >>> p, (a,) = residues([to_domain_matrix([["sqrt(2)"]])])
    >>> a[0][0] ** 2 % p
    2
    """
    K = _number_field(common_domain(*(m.domain for m in matrices)))
    converted = [from_domain_matrix_rows(convert_matrix(m, K)) for m in matrices]
    numbers = {x: coefficients(x, K) for rows in converted for row in rows.values() for x in row.values()}
    denominator = reduce(lcm, (int(c.denominator) for values in numbers.values() for c in values), 1)
    suitable = (found for found in _primes(K, _TOP, split=False, orders=_ORDERS) if denominator % found[0])
    p, roots = next(islice(suitable, skip, None))
    powers = [pow(roots[0], k, p) for k in range(degree(K))]

    def image(values: list[Scalar]) -> int:
        terms = (int(c.numerator) * pow(int(c.denominator), -1, p) * w for c, w in zip(values, powers, strict=True))
        return sum(terms) % p

    table = {x: image(values) for x, values in numbers.items()}
    return p, [{i: {j: table[x] for j, x in row.items()} for i, row in rows.items()} for rows in converted]


def _number_field(K: Domain) -> Domain:
    if not (K.is_ZZ or K.is_QQ or K.is_AlgebraicField):
        raise GroupRepError(
            f"entries over {K} have no image modulo a prime; convert the matrix to QQ or a number field"
        )
    return K


def _reduce(layers: list[fmpz_mat], p: int, root: int) -> nmod_mat:
    """The image modulo p under a -> root."""
    from flint import nmod, nmod_mat

    image = nmod_mat(layers[-1], p)
    for layer in reversed(layers[:-1]):
        image = image * nmod(root, p) + nmod_mat(layer, p)
    return image


def modular_rank(matrix: DomainMatrix, prime: int | None = None) -> int:
    """The rank of an (m, n) matrix modulo one prime: a proved lower bound of its rank over Q or the number field.

    Rows are scaled to algebraic integers and mapped to F_p by a ring homomorphism; a minor that is not zero in F_p is not
    zero before. The bound is the rank itself unless the prime divides some minors (chance about n / 2^62).

    Parameters
    ----------
    matrix : (m, n) DomainMatrix over ZZ, QQ or a number field.
    prime : a prime where the defining polynomial has a root; None takes the first of a fixed sequence below 2^62.

    Raises
    ------
    GroupRepError
        If prime is not a prime below 2^63 with a root, or the domain is no number field.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix
    >>> from grouprep.linalg.modular import modular_rank
    >>> modular_rank(to_domain_matrix([[1, "sqrt(2)"], ["sqrt(2)", 2]]))
    1

    References
    ----------
    J. von zur Gathen, J. Gerhard, Modern Computer Algebra, Cambridge 2013, section 5.5.
    """
    system = _layers(matrix)
    if 0 in matrix.shape:
        return 0
    if prime is None:
        prime, roots = next(_primes(system.domain, _TOP, split=False))
    else:
        roots = _roots_modulo(system, prime)
    return int(_reduce(system.whole(), prime, roots[0]).rank())


def _roots_modulo(system: _System, prime: int) -> list[int]:
    from flint import fmpz, nmod_poly

    if not (isinstance(prime, int) and 2 <= prime < 2**63 and fmpz(prime).is_prime()):
        raise GroupRepError(f"{prime!r} is not a prime below 2^63")
    if system.degree == 1:
        return [1]
    roots = [] if system.modulus[-1] % prime == 0 else nmod_poly(system.modulus, prime).roots()
    if not roots:
        raise GroupRepError(f"the defining polynomial of {system.domain} has no root modulo {prime}")
    return sorted(int(r) for r, _ in roots)


def modular_nullspace(matrix: DomainMatrix) -> DomainMatrix:
    """The canonical basis of {x : matrix x = 0} by linear algebra modulo primes, verified exactly: (r, n), sparse.

    The result has the identity at the free columns of the reduced row echelon form, as `nullspace` has. The proof: matrix
    times basis is checked to be exactly zero, the r rows are independent, and nullity modulo p is never below the true one.

    Parameters
    ----------
    matrix : (m, n) DomainMatrix over ZZ, QQ or a number field.

    Raises
    ------
    AmbiguousRank
        If the entries of the basis need more than 2,000 primes of 62 bits.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix, to_sympy
    >>> from grouprep.linalg.modular import modular_nullspace
    >>> to_sympy(modular_nullspace(to_domain_matrix([[2, 3, 0], [0, 0, 1]])))
    Matrix([[-3/2, 1, 0]])

    References
    ----------
    J. von zur Gathen, J. Gerhard, Modern Computer Algebra, Cambridge 2013, sections 5.5 and 5.10 (rational reconstruction);
    J. D. Dixon, Exact solution of linear equations using p-adic expansions, Numer. Math. 40 (1982).
    """
    system = _layers(matrix)
    whole = system.whole()
    for prime, roots in _primes(system.domain, _SMALL_TOP, split=False):
        rows, columns = _profile(_reduce(whole, prime, roots[0]))
        found = _lift(system, whole, rows, columns)
        if found is not None:
            return found
    raise AssertionError("the sequence of primes ends by raising")


def _pivots(reduced: nmod_mat, rank: int) -> list[int]:
    pivots: list[int] = []
    j = 0
    for i in range(rank):
        while int(reduced[i, j]) == 0:
            j += 1
        pivots.append(j)
        j += 1
    return pivots


def _profile(image: nmod_mat) -> tuple[list[int], list[int]]:
    """The first independent rows and the first independent columns; where they meet, the submatrix is not singular."""
    if image.nrows() == 0 or image.ncols() == 0:
        return [], []
    return _pivots(*image.transpose().rref()), _pivots(*image.rref())


def _lift(system: _System, whole: list[fmpz_mat], rows: list[int], columns: list[int]) -> DomainMatrix | None:
    """The basis with A[rows, columns] X = -A[rows, free], verified against all of A; None if the prime was unlucky."""
    n = system.shape[1]
    chosen = set(columns)
    free = [j for j in range(n) if j not in chosen]
    if not free:
        return _basis([], 1, columns, free, system)
    left, right = system.select(rows, columns), [-layer for layer in system.select(rows, free)]
    before: tuple[list[list[int]], int] | None = None
    for solution, denominator in _solutions(system, left, right):
        if _is_canonical(solution, columns, free) and _annihilates(system, whole, solution, denominator, columns, free):
            return _basis(solution, denominator, columns, free, system)
        if before == (solution, denominator):  # the submatrix is solved, yet A is not: it missed part of A
            return None
        before = solution, denominator
    raise AmbiguousRank(f"the nullspace was not found with {_MAX_PRIMES} primes of 62 bits; its entries are too large")


def _solutions(system: _System, left: list[fmpz_mat], right: list[fmpz_mat]) -> Iterator[tuple[list[list[int]], int]]:
    """Candidates (layers of numerators, denominator) for left X = right, from more and more primes."""
    modulus, residues = 1, [[0] * (right[0].nrows() * right[0].ncols()) for _ in left]
    for count, (p, roots) in enumerate(islice(_primes(system.domain, _TOP, split=True), _MAX_PRIMES)):
        if system.degree == 1 and count == _LIFT_AFTER:
            exact = _integers(left[0].solve(right[0]))
            yield exact
            yield exact
            return
        try:
            image = _solve_modulo(left, right, p, roots)
        except ZeroDivisionError:
            continue
        inverse = pow(modulus, -1, p)
        residues = [
            [u + modulus * ((x - u) * inverse % p) for u, x in zip(old, new, strict=True)]
            for old, new in zip(residues, image, strict=True)
        ]
        modulus *= p
        found = rational_numbers(residues, modulus)
        if found is not None:
            yield found


def _integers(solution: Scalar) -> tuple[list[list[int]], int]:
    numerators, denominator = solution.numer_denom()
    return [[int(x) for x in numerators.entries()]], int(denominator)


def _solve_modulo(left: list[fmpz_mat], right: list[fmpz_mat], p: int, roots: list[int]) -> list[list[int]]:
    """The layers of X modulo p: solved at every root of the defining polynomial, then interpolated."""
    from flint import nmod_mat

    powers = nmod_mat([_powers(r, len(roots), p) for r in roots], p)
    images = zip(_at_roots(left, powers), _at_roots(right, powers), strict=True)
    values = [x for a, b in images for x in a.solve(b).entries()]
    layers = powers.inv() * nmod_mat(len(roots), len(values) // len(roots), values, p)
    return [[int(x) for x in layer] for layer in layers.tolist()]


def _powers(x: int, count: int, p: int) -> list[int]:
    """1, x, ..., x^(count - 1) modulo p."""
    powers = [1]
    for _ in range(count - 1):
        powers.append(powers[-1] * x % p)
    return powers


def _at_roots(layers: list[fmpz_mat], powers: nmod_mat) -> Iterator[nmod_mat]:
    """The images sum_k r^k layers[k], for every row (1, r, r^2, ...) of powers."""
    from flint import nmod_mat

    p, (m, n) = powers.modulus(), (layers[0].nrows(), layers[0].ncols())
    flat = nmod_mat(len(layers), m * n, [int(x) % p for layer in layers for x in layer.entries()], p)
    for values in (powers * flat).tolist():
        yield nmod_mat(m, n, values, p)


def rational_numbers(residues: list[list[int]], modulus: int) -> tuple[list[list[int]], int] | None:
    """Numerators and one common denominator, small against the modulus, or None."""
    denominator, limit, half = 1, isqrt(modulus) >> (_MARGIN // 2), modulus >> 1
    cap = modulus >> _MARGIN
    for layer in residues:
        for u in layer:
            v = u * denominator % modulus
            v = v - modulus if v > half else v
            if abs(v) * denominator < cap:
                continue
            part = _rational_denominator(v % modulus, modulus, limit)
            if part is None:
                return None
            denominator *= part
            if denominator > cap:
                return None
    numerators = []
    for layer in residues:
        values = [u * denominator % modulus for u in layer]
        numerators.append([v - modulus if v > half else v for v in values])
    largest = max((abs(v) for layer in numerators for v in layer), default=0)
    return (numerators, denominator) if largest * denominator < cap else None


def _rational_denominator(u: int, modulus: int, limit: int) -> int | None:
    """The denominator d <= limit with |u d mod modulus| <= limit, by half of Euclid's algorithm."""
    r0, r1, t0, t1 = modulus, u, 0, 1
    while r1 > limit:
        q = r0 // r1
        r0, r1, t0, t1 = r1, r0 - q * r1, t1, t0 - q * t1
    return abs(t1) if 0 < abs(t1) <= limit else None


def _is_canonical(solution: list[list[int]], columns: list[int], free: list[int]) -> bool:
    """Whether every free column is a combination of pivot columns to its left."""
    width = len(free)
    return all(
        not layer[i * width + j]
        for layer in solution
        for i, c in enumerate(columns)
        for j, f in enumerate(free)
        if c > f
    )


def _annihilates(
    system: _System,
    whole: list[fmpz_mat],
    solution: list[list[int]],
    denominator: int,
    columns: list[int],
    free: list[int],
) -> bool:
    """Whether A times the basis is exactly zero over Z[a]."""
    from flint import fmpz_mat

    n, width = system.shape[1], len(free)
    vectors = []
    for k, layer in enumerate(solution):
        flat = [0] * (n * width)
        for i, c in enumerate(columns):
            flat[c * width : (c + 1) * width] = layer[i * width : (i + 1) * width]
        if k == 0:
            for j, f in enumerate(free):
                flat[f * width + j] = denominator
        vectors.append(fmpz_mat(n, width, flat))
    d = system.degree
    products = [fmpz_mat(system.shape[0], width) for _ in range(2 * d - 1)]
    for i, part in enumerate(whole):
        for j, vector in enumerate(vectors):
            products[i + j] += part * vector
    for k in range(2 * d - 2, d - 1, -1):  # lead a^k = -(lower terms) a^(k-d)
        top, lead = products.pop(), system.modulus[-1]
        if lead != 1:
            products = [product * lead for product in products]
        for i in range(d):
            products[k - d + i] -= top * system.modulus[i]
    return all(product.is_zero() for product in products)


def _basis(
    solution: list[list[int]], denominator: int, columns: list[int], free: list[int], system: _System
) -> DomainMatrix:
    """The rows e_f + sum_c X[c, f] e_c over the fraction field."""
    from sympy import QQ
    from sympy.polys.matrices import DomainMatrix
    from sympy.polys.matrices.sdm import SDM

    K = system.domain if system.domain.is_AlgebraicField else QQ
    width = len(free)
    rows: dict[int, dict[int, Scalar]] = {j: {f: K.one} for j, f in enumerate(free)}
    for i, c in enumerate(columns if free else []):
        for j in range(width):
            values = [layer[i * width + j] for layer in solution]
            if any(values):
                numbers = [QQ(v, denominator) for v in values]
                rows[j][c] = numbers[0] if K.is_QQ else from_coefficients(numbers, K)
    return DomainMatrix.from_rep(SDM(rows, (width, system.shape[1]), K))
