"""Cartan subalgebras, weights and roots of Lie groups given by exact generators, with proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from random import Random
from typing import TYPE_CHECKING

from grouprep.errors import AmbiguousRank, UnsupportedGroup
from grouprep.linalg import Image, as_exact
from grouprep.linalg.fields import common_domain, conjugate, convert_matrix, cyclotomic_field, is_real_field, zeta
from grouprep.linalg.matrices import inverse, matmul, matrix_key
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.residues import residues
from grouprep.linalg.sparse import from_domain_matrix_rows, identity_exact, sparse_matrix
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = [
    "CartanComponent",
    "close_algebra",
    "combination",
    "coordinates",
    "derive_cartan",
    "flatten",
    "joint_spectrum",
    "moved_outside",
]

Weight = tuple[int, ...]


@dataclass(frozen=True)
class CartanComponent:
    """What integrates class functions over one connected component h G_0 of a compact group (Weyl's formula).

    component : the index of the discrete generator h, or None for G_0.
    torus : coefficient vectors of H_1..H_r in the algebra's generators, commuting with each other and with h, such that
        exp(2 pi (t_1 H_1 + ... + t_r H_r)), t in [0, 1)^r, runs once over a torus S; the classes of h G_0 meet h S.
    roots : (sign, weight): the density is the product of 1 - sign exp(i weight), divided by its constant term.
    """

    component: int | None
    torus: tuple[tuple[Fraction | int, ...], ...]
    roots: tuple[tuple[int, Weight], ...]


_LARGEST = 1000  # denominator of the weights, and order of the phase, that are found

Eigenvalue = tuple[Fraction, tuple[Fraction, ...]]


def bracket(a: DomainMatrix, b: DomainMatrix) -> DomainMatrix:
    """a b - b a."""
    return a * b - b * a


def flatten(matrices: Sequence[DomainMatrix]) -> DomainMatrix:
    """The matrices as rows of one sparse matrix over their common domain made a field, so that real relations show.

    Over a complex field a row is [m + conj(m), m - conj(m)]: real combinations of matrices are the combinations of these rows.
    """
    domain = common_domain(*(m.domain for m in matrices)).get_field()
    n = matrices[0].shape[1]
    rows = {}
    size = matrices[0].shape[0] * n
    real = is_real_field(domain)
    for k, m in enumerate(matrices):
        whole = convert_matrix(m, domain)
        parts = [whole] if real else [whole + conjugate(whole), whole - conjugate(whole)]
        rows[k] = {
            p * size + i * n + j: x
            for p, part in enumerate(parts)
            for i, row in from_domain_matrix_rows(part).items()
            for j, x in row.items()
        }
    return sparse_matrix(rows, (len(matrices), size * (1 if real else 2)), domain)


def coordinates(basis: Sequence[DomainMatrix], element: DomainMatrix) -> list[Scalar] | None:
    """Coefficients c with element = sum c_k basis_k, in the common field, or None if it is not in the (real) span.

    Coefficients with an imaginary part do not count: a Lie algebra of complex matrices is a real vector space.
    """
    stacked = flatten([*basis, element])
    reduced, pivots = stacked.transpose().rref()
    if len(basis) in pivots:
        return None
    field = stacked.domain
    rows = from_domain_matrix_rows(reduced)
    found = [field.zero] * len(basis)
    for i, pivot in enumerate(pivots):
        found[pivot] = rows[i].get(len(basis), field.zero)
    return found


def combination(values: Sequence[DomainMatrix], coefficients: Sequence[Scalar], field: Domain) -> DomainMatrix:
    """sum c_k values_k for coefficients in a field (or rational numbers), over the common domain of both."""
    domain = common_domain(field, *(v.domain for v in values))
    n = values[0].shape[0]
    total = sparse_matrix({}, (n, n), domain)
    for v, c in zip(values, coefficients, strict=True):
        if c:
            scalar = convert_matrix(sparse_matrix({0: {0: c}}, (1, 1), field), domain)
            total = total + convert_matrix(v, domain) * from_domain_matrix_rows(scalar)[0][0]
    return total


def close_algebra(generators: Sequence[DomainMatrix]) -> tuple[list[tuple[int, int] | None], list[DomainMatrix]]:
    """A basis of the Lie algebra that the generators span under brackets.

    Returns
    -------
    How each basis element arises (None for a generator; (i, j) for the bracket of basis elements i and j), and the
    matrices; dependent generators are dropped.
    """
    basis: list[DomainMatrix] = []
    origin: list[tuple[int, int] | None] = []

    def extend(element: DomainMatrix, source: tuple[int, int] | None) -> None:
        if not element.is_zero_matrix and (not basis or coordinates(basis, element) is None):
            basis.append(element)
            origin.append(source)

    for g in generators:
        extend(g, None)
    done = 0
    while done < len(basis):
        for i in range(done):
            extend(bracket(basis[i], basis[done]), (i, done))
        done += 1
    return origin, basis


def moved_outside(generators: Sequence[DomainMatrix], components: Sequence[Image]) -> tuple[int, int] | None:
    """(i, k) such that h_i A_k h_i^-1 is not in the Lie algebra that the generators A_k span under brackets; None if all are."""
    known = {matrix_key(a.to_field()) for generator in generators for a in (generator, -generator)}
    moved = {
        (i, k): as_exact(matmul(matmul(h, a), inverse(h)))
        for i, h in enumerate(components)
        for k, a in enumerate(generators)
    }
    open_ones = {place: m for place, m in moved.items() if matrix_key(m.to_field()) not in known}
    algebra = close_algebra(generators)[1] if open_ones else []
    return next((place for place, m in open_ones.items() if coordinates(algebra, m) is None), None)


def joint_spectrum(phase: Image | None, algebra: Sequence[Image]) -> Counter[Eigenvalue]:
    """Joint eigenvalues of commuting diagonalisable matrices, with multiplicities, proved exactly.

    Parameters
    ----------
    phase : an exact matrix of finite order, eigenvalues exp(2 pi i s), or None.
    algebra : exact matrices H_j with eigenvalues i w_j, w_j rational.

    Returns
    -------
    Multiplicities by (s, (w_1, ..., w_r)).

    Raises
    ------
    AmbiguousRank
        If the candidates read off modulo a prime do not account for every dimension exactly.
    """
    matrices = [as_exact(h) for h in algebra] + ([] if phase is None else [as_exact(phase)])
    found = _proved_spectrum(matrices, phase is not None)
    n = matrices[0].shape[0]
    if sum(found.values()) != n:
        raise AmbiguousRank(
            f"joint eigenvalues {sorted(found)!r:.200} account for {sum(found.values())} of {n} dimensions: the matrices do "
            "not commute, are not diagonalisable, or have eigenvalues outside i Q"
        )
    return found


def _proved_spectrum(matrices: Sequence[DomainMatrix], has_phase: bool) -> Counter[Eigenvalue]:
    """The candidates whose joint eigenspace, computed exactly, is not 0; the last matrix is the phase."""
    order = lcm(4, _order_modulo(matrices[-1]) if has_phase else 1)
    roots = sparse_matrix({0: {k: zeta(order, k) for k in range(order)}}, (1, order), cyclotomic_field(order))
    field = common_domain(roots.domain, *(m.domain for m in matrices)).get_field()
    exact = [convert_matrix(m, field) for m in matrices]
    zetas = from_domain_matrix_rows(convert_matrix(roots, field))[0]
    eye = identity_exact(matrices[0].shape[0], field)
    found: Counter[Eigenvalue] = Counter()
    for numbers in _candidates(exact, [zetas[k] for k in range(order)], has_phase):
        blocks = []
        for m, x in zip(exact, numbers, strict=True):
            is_phase = has_phase and m is exact[-1]
            scalar = zetas[int(x * order)] if is_phase else zetas[order // 4] * _rational(x, field)
            blocks.append(m - eye * scalar if scalar else m)
        multiplicity = int(nullspace(blocks[0].vstack(*blocks[1:]) if len(blocks) > 1 else blocks[0]).shape[0])
        if multiplicity:
            found[(numbers[-1], numbers[:-1]) if has_phase else (Fraction(0), numbers)] = multiplicity
    return found


def _rational(x: Fraction, field: Domain) -> Scalar:
    from sympy import QQ

    return field.convert_from(QQ(x.numerator, x.denominator), QQ)


def _order_modulo(matrix: DomainMatrix) -> int:
    """The order of a matrix modulo a prime: that of the matrix, if it is finite and at most 1,000; else 1."""
    for residue in residues(matrix.domain):
        try:
            image = residue.matrix(matrix)
        except ZeroDivisionError:
            continue
        power = image
        for k in range(1, _LARGEST + 1):
            if power == image**0:
                return k
            power = power * image
        return 1
    raise AssertionError("the sequence of primes ends by raising")


def _candidates(
    matrices: Sequence[DomainMatrix], zetas: Sequence[Scalar], has_phase: bool
) -> list[tuple[Fraction, ...]]:
    """Joint eigenvalues modulo a prime, as w for i w and, of the phase, as s for exp(2 pi i s).

    Every true one is among them, if its numerators are below 2^40, its denominators at most 1,000 and a random combination
    separates the joint eigenspaces modulo the prime.
    """
    from flint import nmod_mat

    for residue in residues(matrices[0].domain, len(zetas)):
        try:
            images = [residue.matrix(m) for m in matrices]
            roots = [residue.number(z) for z in zetas]
        except ZeroDivisionError:
            continue
        break
    p = residue.prime
    rng = Random(0)
    mix = images[0] * rng.randrange(1, p)
    for m in images[1:]:
        mix = mix + m * rng.randrange(1, p)
    out: set[tuple[Fraction, ...]] = set()
    for root, _ in mix.charpoly().roots():
        kernel, _ = (mix - mix**0 * root).nullspace()
        vector = nmod_mat(mix.nrows(), 1, [int(kernel[k, 0]) for k in range(mix.nrows())], p)
        place = next(k for k in range(mix.nrows()) if int(vector[k, 0]))
        values = [int((m * vector)[place, 0] / vector[place, 0]) for m in images]
        numbers = [
            _small_fraction(x * pow(roots[len(roots) // 4], -1, p), p) for x in values[: len(values) - has_phase]
        ]
        if has_phase:
            numbers.append(Fraction(roots.index(values[-1]), len(roots)) if values[-1] in roots else None)
        if None not in numbers:
            out.add(tuple(numbers))  # type: ignore[arg-type]
    return sorted(out)


def _small_fraction(x: int, p: int) -> Fraction | None:
    """The number with numerator below 2^40 and the least denominator up to 1,000 that is x modulo p."""
    for denominator in range(1, _LARGEST + 1):
        numerator = (x * denominator + p // 2) % p - p // 2
        if abs(numerator) < 2**40:
            return Fraction(numerator, denominator)
    return None


def derive_cartan(algebra: Sequence[Image]) -> tuple[CartanComponent, ...] | None:
    """Torus, weight lattice and positive roots of the connected compact group with exact generators of its Lie algebra; None
    if the generators contain no maximal commuting set with rational weights.

    References
    ----------
    Brocker and tom Dieck, Representations of Compact Lie Groups (1985), IV.1 (Weyl's integral formula), V.
    """
    generators = [as_exact(a) for a in algebra]
    _, basis = close_algebra(generators)
    chosen = _commuting_generators(generators)
    if not _is_maximal(basis, [generators[i] for i in chosen]):
        return None
    try:
        defining = joint_spectrum(None, [generators[i] for i in chosen])
        adjoint = joint_spectrum(None, [_adjoint(basis, generators[i]) for i in chosen])
    except AmbiguousRank:
        return None
    if sum(m for (_, w), m in adjoint.items() if not any(w)) != len(chosen):
        return None
    torus = _dual_lattice([w for _, w in defining])
    if torus is None:
        return None
    roots = []
    for (_, w), _multiplicity in sorted(adjoint.items(), reverse=True):
        pairing = tuple(sum((x * t for x, t in zip(w, h, strict=True)), Fraction(0)) for h in torus)
        if next((x for x in pairing if x), 0) > 0:
            roots.append((1, tuple(int(x) for x in pairing)))
    vectors = []
    for h in torus:
        vector = [Fraction(0)] * len(generators)
        for i, t in zip(chosen, h, strict=True):
            vector[i] = t
        vectors.append(tuple(vector))
    return (CartanComponent(None, tuple(vectors), tuple(roots)),)


def _commuting_generators(generators: Sequence[DomainMatrix]) -> list[int]:
    chosen: list[int] = []
    for i, a in enumerate(generators):
        if all(bracket(a, generators[j]).is_zero_matrix for j in chosen):
            chosen.append(i)
    return chosen


def _is_maximal(basis: list[DomainMatrix], torus: list[DomainMatrix]) -> bool:
    """Whether only the span of the torus commutes with the torus."""
    systems = [flatten([bracket(b, h) for b in basis]).transpose() for h in torus]
    stacked = systems[0].vstack(*systems[1:]) if len(systems) > 1 else systems[0]
    return int(nullspace(stacked).shape[0]) == len(torus)


def _adjoint(basis: list[DomainMatrix], element: DomainMatrix) -> DomainMatrix:
    """The matrix of [element, .] in a basis of the algebra."""
    columns = []
    for b in basis:
        c = coordinates(basis, bracket(element, b))
        if c is None:
            raise UnsupportedGroup("the generators do not close under brackets")
        columns.append(c)
    field = flatten(basis).domain
    rows = {i: {j: c[i] for j, c in enumerate(columns) if c[i]} for i in range(len(basis))}
    return sparse_matrix(rows, (len(basis), len(basis)), field)


def _dual_lattice(weights: list[tuple[Fraction, ...]]) -> list[tuple[Fraction, ...]] | None:
    """A basis of {h : <w, h> integer for all weights w}, the kernel of exp(2 pi .) on the torus; None if it is no lattice."""
    from sympy import Matrix
    from sympy.matrices.normalforms import hermite_normal_form

    rank = len(weights[0])
    scale = lcm(*(x.denominator for w in weights for x in w))
    rows = Matrix([[int(x * scale) for x in w] for w in weights if any(w)])
    if rows.rank() < rank:
        return None
    lattice = hermite_normal_form(rows.T).T  # rows: a basis of scale * (weight lattice)
    inverse = (lattice / scale).inv().T
    return [tuple(Fraction(int(x.p), int(x.q)) for x in inverse.row(i)) for i in range(rank)]
