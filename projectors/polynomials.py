"""Equivariant polynomial maps by degree, and the ring of invariant polynomials by primary and secondary invariants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement, count, islice, product
from math import comb, factorial, gcd, lcm, prod
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.errors import CertificateError, DimensionMismatch, GroupRepError, UnsupportedGroup, shown
from grouprep.invariants import denominator_degrees, molien_coefficients, molien_fraction, over_binomials
from grouprep.linalg.budget import require
from grouprep.linalg.fields import coefficients
from grouprep.linalg.modular import modular_rank
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.representations import Representation
from grouprep.representations.arguments import checked_count
from grouprep.summary import Summary
from grouprep.typing import Scalar
from projectors.hom import Hom

if TYPE_CHECKING:
    from sympy import Expr, Matrix, Symbol
    from sympy.polys.rings import PolyElement, PolyRing

__all__ = ["InvariantRing", "invariant_ring", "polynomial_maps"]

_COLUMNS = 5_000  # monomials of the degree at which it is seen that forms have no common zero
_ATTEMPTS = 60  # choices of primary invariants of given degrees

Exponents: TypeAlias = tuple[int, ...]


def polynomial_maps(
    V: Representation, W: Representation, degree: int, symbols: Sequence[Symbol] | None = None
) -> list[Matrix]:
    """A basis of the homogeneous polynomial maps p: V -> W of a degree with p(rho_V(g) x) = rho_W(g) p(x) for all g, exactly.

    Parameters
    ----------
    V, W : representations of one group with exact images; W = G.trivial() asks for invariant polynomials.
    degree : of the polynomials; as many as `grouprep.invariants.molien_coefficients` counts.
    symbols : the coordinates of V, dim V sympy symbols; by default x1, x2, ...

    Returns
    -------
    Each map as a sympy Matrix (dim W, 1) of polynomials, from an exact basis of Hom_G(Sym^degree(V), W); integer coefficients
    without common factor where they are rational.

    Raises
    ------
    GroupRepError
        If V or W is given in floats.
    TooLarge
        If the symmetric power is too large to solve for.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> V = Dihedral(3).defining()
    >>> polynomial_maps(V, V.group.trivial(), 2)
    [Matrix([[x1**2 + x2**2]])]
    >>> polynomial_maps(V, V, 2)
    [Matrix([
    [x1**2 - x2**2],
    [     -2*x1*x2]])]

    References
    ----------
    M. Golubitsky, I. Stewart, D. G. Schaeffer, Singularities and Groups in Bifurcation Theory II (1988), chapter XII.
    """
    from sympy import Matrix

    for name, value in (("V", V), ("W", W)):
        if not isinstance(value, Representation):
            raise GroupRepError(f"{name} must be a representation such as G.defining(), got {shown(value)}")
    x = _symbols(V, symbols)
    return [Matrix([p.as_expr(*x) for p in found]) for found in _maps(V, W, checked_count(degree, "degree", 0))]


def _symbols(V: Representation, symbols: object) -> list[Symbol]:
    from sympy import Symbol

    if symbols is None:
        return [Symbol(f"x{k + 1}") for k in range(V.dim)]
    given = list(symbols) if isinstance(symbols, Sequence) and not isinstance(symbols, str) else []
    if len(given) != V.dim or not all(isinstance(s, Symbol) for s in given) or len(set(given)) != len(given):
        raise DimensionMismatch(
            f"symbols must be {V.dim} different sympy symbols, the coordinates of {V}, got {shown(symbols)}"
        )
    return given


def _maps(V: Representation, W: Representation, degree: int) -> list[list[PolyElement]]:
    """The maps as lists of elements of a polynomial ring over their field.

    X in Hom(Sym^d V, W) is the map x -> X(x^d), and x^d is the sum over sorted words of their number of arrangements times the
    monomial of the word in coordinates times its basis vector.
    """
    H = Hom(V.symmetric_power(degree), W)
    basis = H.exact_basis()
    words = list(combinations_with_replacement(range(V.dim), degree))
    arrangements = [factorial(degree) // prod(factorial(w.count(i)) for i in set(w)) for w in words]
    exponents = [tuple(w.count(i) for i in range(V.dim)) for w in words]
    K = basis.domain if basis.domain.is_Field else basis.domain.get_field()
    R = _ring(K, V.dim)
    rows = from_domain_matrix_rows(basis.rows)
    out = []
    for k in range(len(basis)):
        terms: list[dict[Exponents, Scalar]] = [{} for _ in range(W.dim)]
        for place, value in rows.get(k, {}).items():
            i, j = divmod(place, len(words))
            terms[i][exponents[j]] = K.convert_from(value, basis.domain) * K.convert(arrangements[j])
        out.append(_primitive([R.from_dict(t) for t in terms]))
    return out


@lru_cache(maxsize=64)
def _ring(K: Scalar, n: int) -> PolyRing:
    from sympy.polys.orderings import grevlex
    from sympy.polys.rings import PolyRing

    return PolyRing([f"x{k + 1}" for k in range(n)], K, grevlex)


def _primitive(polynomials: list[PolyElement]) -> list[PolyElement]:
    """Divided by the leading coefficient of the first that is not zero, then multiplied until coordinates in Q are coprime integers."""
    from sympy import QQ

    first = next((p for p in polynomials if p), None)
    if first is None:
        return polynomials
    K = first.ring.domain
    polynomials = [p.mul_ground(K.one / first.LC) for p in polynomials]
    numbers = [q for p in polynomials for c in p.values() for q in coefficients(c, K) if q]
    denominator = lcm(*(int(q.denominator) for q in numbers))
    common = gcd(*(int(q * denominator) for q in numbers))
    return [p.mul_ground(K.convert_from(QQ(denominator, common), QQ)) for p in polynomials]


@dataclass(frozen=True, repr=False)
class InvariantRing(Summary):
    """The invariant polynomials of a finite group: each is, in one way, a sum of secondary ones times polynomials in primary ones.

    symbols : the coordinates of V.
    primary : dim V algebraically independent invariants, whose only common zero is 0.
    secondary : invariants, the first one 1, a basis of the ring over the polynomials in the primary ones.
    """

    symbols: tuple[Symbol, ...]
    primary: tuple[Expr, ...]
    secondary: tuple[Expr, ...]
    primary_degrees: tuple[int, ...]
    secondary_degrees: tuple[int, ...]

    @property
    def is_polynomial(self) -> bool:
        """Whether the primary invariants generate the ring, as those of groups generated by reflections do (Chevalley)."""
        return len(self.secondary) == 1

    def __str__(self) -> str:
        lines = [f"primary, degree {d}: {p}" for d, p in zip(self.primary_degrees, self.primary, strict=True)]
        lines += [f"secondary, degree {d}: {p}" for d, p in zip(self.secondary_degrees, self.secondary, strict=True)]
        return "\n".join(lines)


def invariant_ring(V: Representation, symbols: Sequence[Symbol] | None = None) -> InvariantRing:
    """Primary and secondary invariants of a small representation of a finite group, proved: a Hironaka decomposition.

    The degrees are those of the Molien series with the least product for which primary invariants are found. That they have no
    common zero but 0 is proved by a rank: they generate all forms of degree 1 + sum (degree - 1), and only then. As many secondary
    ones are independent modulo them as the series says.

    Parameters
    ----------
    V : a representation with exact images.
    symbols : the coordinates of V, dim V sympy symbols; by default x1, x2, ...

    Raises
    ------
    UnsupportedGroup
        If the group is infinite, or no primary invariants are found among those tried.
    TooLarge
        If the forms of that degree have more than 5,000 monomials.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> print(invariant_ring(Dihedral(4).defining()))
    primary, degree 2: x1**2 + x2**2
    primary, degree 4: x1**4 + x2**4
    secondary, degree 0: 1
    >>> [len(invariant_ring(Dihedral(3).defining().restrict(Dihedral(3).subgroup(["(1 2 3)"]))).secondary)]
    [2]

    References
    ----------
    B. Sturmfels, Algorithms in Invariant Theory (1993), sections 2.3 to 2.5; for the degree bound F. S. Macaulay, The Algebraic
    Theory of Modular Systems (1916), section 6.
    """
    if not isinstance(V, Representation):
        raise GroupRepError(f"V must be a representation such as G.defining(), got {shown(V)}")
    x = _symbols(V, symbols)
    numerator, cyclotomic = molien_fraction(V)
    known: dict[int, list[PolyElement]] = {}

    def invariants(degree: int) -> list[PolyElement]:
        if degree not in known:
            known[degree] = [p[0] for p in _maps(V, V.group.trivial(), degree)]
        return known[degree]

    for degrees in islice(denominator_degrees(numerator, cyclotomic), 10):
        top = 1 + sum(k - 1 for k in degrees)
        require(
            comb(top + V.dim - 1, V.dim - 1), _COLUMNS, f"primary invariants of {V} of degrees {degrees}: monomials"
        )
        for primary in _choices([invariants(k) for k in sorted(set(degrees))], degrees):
            if _no_common_zero(primary, top):
                secondary = _secondary(V, primary, degrees, over_binomials(numerator, cyclotomic, degrees), invariants)
                return InvariantRing(
                    tuple(x),
                    tuple(p.as_expr(*x) for p in primary),
                    tuple(p.as_expr(*x) for p in secondary),
                    degrees,
                    tuple(sum(p.LM) for p in secondary),
                )
    raise UnsupportedGroup(
        f"no primary invariants of {V} of {V.group} are found of the degrees that its Molien series offers first"
    )


def _choices(spaces: Sequence[list[PolyElement]], degrees: Sequence[int]) -> Iterator[list[PolyElement]]:
    """Choices of as many invariants of each degree as asked for: elements of the bases, then small integer combinations of them."""
    needed = [degrees.count(k) for k in sorted(set(degrees))]
    if any(len(space) < n for space, n in zip(spaces, needed, strict=True)):
        return
    places = [range(len(space)) for space, n in zip(spaces, needed, strict=True) for _ in range(n)]
    wanted = [space for space, n in zip(spaces, needed, strict=True) for _ in range(n)]
    single = (
        [space[i] for space, i in zip(wanted, choice, strict=True)]
        for choice in product(*places)
        if len({(id(space), i) for space, i in zip(wanted, choice, strict=True)}) == len(choice)
    )
    yield from islice(single, _ATTEMPTS)
    for seed in range(_ATTEMPTS):
        rng = np.random.default_rng(seed)
        yield [
            sum((p * int(c) for p, c in zip(space, rng.integers(1, 6, len(space)), strict=True)), 0 * space[0])
            for space in wanted
        ]


def _no_common_zero(forms: Sequence[PolyElement], top: int) -> bool:
    """Whether the n forms in n variables generate all forms of degree 1 + sum (degree - 1); proved where it says so."""
    n = forms[0].ring.ngens
    rows = [p.mul_monom(m) for p in forms for m in _monomials(n, top - sum(p.LM))]
    return _rank(rows, n, top) == comb(top + n - 1, n - 1)


def _monomials(n: int, degree: int) -> list[Exponents]:
    return [tuple(w.count(i) for i in range(n)) for w in combinations_with_replacement(range(n), degree)]


def _rank(polynomials: Sequence[PolyElement], n: int, degree: int) -> int:
    """A proved lower bound of the dimension that forms of one degree span: their rank modulo a prime."""
    place = {m: k for k, m in enumerate(_monomials(n, degree))}
    K = polynomials[0].ring.domain
    rows = {i: {place[m]: c for m, c in p.terms()} for i, p in enumerate(polynomials) if p}
    return modular_rank(sparse_matrix(rows, (len(polynomials), len(place)), K))


def _secondary(
    V: Representation,
    primary: Sequence[PolyElement],
    degrees: Sequence[int],
    wanted: Sequence[int],
    invariants: Scalar,
) -> list[PolyElement]:
    """As many invariants of each degree as the numerator says, independent modulo the primary ones: products of others if possible."""
    K = primary[0].ring.domain
    found = [primary[0].ring.one]
    if wanted[0] != 1:
        raise CertificateError(f"the Molien series of {V} begins with {wanted[0]}")
    total = molien_coefficients(V, len(wanted) - 1)
    for degree, number in enumerate(wanted):
        if not degree or not number:
            continue
        rows = [q * _power(primary, a) for q in found for a in _exponents(degrees, degree - sum(q.LM))]
        size = total[degree] - number
        products = [p * q for p, q in combinations_with_replacement(found[1:], 2) if sum(p.LM) + sum(q.LM) == degree]
        for candidate in [*products, *invariants(degree)]:
            if size == total[degree]:
                break
            if _rank([*rows, candidate], V.dim, degree) > size:
                rows.append(candidate)
                found.append(_primitive([candidate])[0])
                size += 1
        if size != total[degree] or found[0].ring.domain != K:
            raise CertificateError(
                f"{size} invariants of degree {degree} of {V} are found independent, the series counts {total[degree]}"
            )
    return found


def _power(primary: Sequence[PolyElement], exponents: Exponents) -> PolyElement:
    out = primary[0].ring.one
    for p, e in zip(primary, exponents, strict=True):
        out = out * p**e
    return out


def _exponents(degrees: Sequence[int], total: int) -> Iterator[Exponents]:
    """The exponents a >= 0 with sum a_i degrees_i = total."""
    if not degrees:
        if total == 0:
            yield ()
        return
    for a in count():
        if a * degrees[0] > total:
            return
        for rest in _exponents(degrees[1:], total - a * degrees[0]):
            yield (a, *rest)
