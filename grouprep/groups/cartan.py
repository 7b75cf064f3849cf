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
from grouprep.linalg.fields import (
    common_domain,
    conjugate,
    convert_matrix,
    convert_number,
    cyclotomic_field,
    is_real_field,
    zeta,
)
from grouprep.linalg.graphs import components
from grouprep.linalg.matrices import inverse, matmul, matrix_key
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.residues import residues
from grouprep.linalg.sparse import from_domain_matrix_rows, identity_exact, sparse_matrix, stack_exact
from grouprep.summary import Summary
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = [
    "Algebra",
    "CartanComponent",
    "Span",
    "bracket",
    "close_algebra",
    "closed_algebra",
    "combination",
    "coordinates",
    "derive_cartan",
    "joint_spectrum",
    "moved_outside",
]

Weight = tuple[int, ...]


@dataclass(frozen=True, repr=False)
class CartanComponent(Summary):
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


class Span(Summary):
    """Independent matrices of one shape over a field, and the real coordinates of matrices in their span.

    A matrix m is kept as the vector m or, over a complex field, [m + conj(m), m - conj(m)]: real combinations of matrices are
    the combinations of these vectors. Vectors are kept in reduced echelon form, each with its coefficients in the basis.
    """

    def __init__(self, field: Domain, matrices: Sequence[DomainMatrix] = ()) -> None:
        """The span of matrices over a field that holds their entries; those that depend on earlier ones are left out."""
        self.field = field
        self.basis: list[DomainMatrix] = []
        self._real = is_real_field(field)
        self._reduced: dict[int, tuple[dict[int, Scalar], dict[int, Scalar]]] = {}  # by pivot: vector and coefficients
        for m in matrices:
            self.add(m)

    def add(self, element: DomainMatrix) -> bool:
        """Whether an element lies outside; then it is the basis's new last one."""
        rest, negative = self._split(element)
        if not rest:
            return False
        pivot = min(rest)
        inverse = self.field.one / rest[pivot]
        vector = {k: x * inverse for k, x in rest.items()}
        sources = {k: -x * inverse for k, x in negative.items()} | {len(self.basis): inverse}
        for other, origin in self._reduced.values():
            if pivot in other:
                factor = -other[pivot]
                _add_to(other, vector, factor)
                _add_to(origin, sources, factor)
        self._reduced[pivot] = vector, sources
        self.basis.append(element)
        return True

    def coordinates(self, element: DomainMatrix) -> list[Scalar] | None:
        """The coefficients of an element in the basis, or None if it lies outside."""
        rest, found = self._split(element)
        return None if rest else [found.get(k, self.field.zero) for k in range(len(self.basis))]

    def _split(self, element: DomainMatrix) -> tuple[dict[int, Scalar], dict[int, Scalar]]:
        """What is left of an element at no pivot, and the coefficients in the basis of what was taken off."""
        rest = self._vector(element)
        found: dict[int, Scalar] = {}
        for pivot in [k for k in rest if k in self._reduced]:
            factor = rest[pivot]
            vector, sources = self._reduced[pivot]
            _add_to(rest, vector, -factor)
            _add_to(found, sources, factor)
        return rest, found

    def _vector(self, element: DomainMatrix) -> dict[int, Scalar]:
        whole = convert_matrix(element, self.field)
        m, n = whole.shape
        parts = [whole] if self._real else [whole + conjugate(whole), whole - conjugate(whole)]
        return {
            (p * m + i) * n + j: x
            for p, part in enumerate(parts)
            for i, row in from_domain_matrix_rows(part).items()
            for j, x in row.items()
        }


def _add_to(total: dict[int, Scalar], vector: dict[int, Scalar], factor: Scalar) -> None:
    for k, x in vector.items():
        value = total[k] + factor * x if k in total else factor * x
        if value:
            total[k] = value
        else:
            del total[k]


def coordinates(basis: Sequence[DomainMatrix], element: DomainMatrix) -> tuple[list[Scalar], Domain] | None:
    """Coefficients c with element = sum c_k basis_k, and their field, or None if it is not in the (real) span.

    Coefficients with an imaginary part do not count: a Lie algebra of complex matrices is a real vector space.
    """
    span = Span(common_domain(*(m.domain for m in [*basis, element])).get_field())
    independent = [k for k, b in enumerate(basis) if span.add(b)]
    found = span.coordinates(element)
    if found is None:
        return None
    whole = [span.field.zero] * len(basis)
    for k, c in zip(independent, found, strict=True):
        whole[k] = c
    return whole, span.field


def combination(values: Sequence[DomainMatrix], coefficients: Sequence[Scalar], field: Domain) -> DomainMatrix:
    """sum c_k values_k for coefficients in a field (or rational numbers), over the common domain of both."""
    terms = [(v, c) for v, c in zip(values, coefficients, strict=True) if c]
    domain = common_domain(field, *(v.domain for v, _ in terms))
    total = sparse_matrix({}, values[0].shape, domain)
    for v, c in terms:
        total = total + convert_matrix(v, domain) * convert_number(c, field, domain)
    return total


@dataclass(frozen=True, repr=False)
class Algebra(Summary):
    """A Lie algebra of matrices.

    span : a basis.
    origin : how each basis element arises: None for a generator, (i, j) for the bracket of basis elements i and j.
    seeds : numbers of basis elements that generate the algebra by brackets.
    positions : of the independent generators, the first basis elements, among those given.
    """

    span: Span
    origin: list[tuple[int, int] | None]
    seeds: list[int]
    positions: list[int]

    @property
    def generating(self) -> set[int]:
        """The positions of given generators that generate the others."""
        return {self.positions[s] for s in self.seeds}


def closed_algebra(generators: Sequence[DomainMatrix]) -> Algebra:
    """The Lie algebra that matrices span under brackets; generators that depend on earlier ones are dropped.

    What the seeds generate is spanned by the brackets [s_1, [s_2, ...]]: only brackets with seeds are formed. Diagonal
    generators are seeds last, as brackets of others often give them.
    """
    domain = common_domain(*(g.domain for g in generators))
    span = Span(domain.get_field())
    positions = [k for k, g in enumerate(generators) if span.add(convert_matrix(g, domain))]
    origin: list[tuple[int, int] | None] = [None] * len(span.basis)
    seeds: list[int] = []
    part = Span(span.field)
    for k in sorted(range(len(span.basis)), key=lambda k: bool(span.basis[k].is_diagonal)):
        if not part.add(span.basis[k]):
            continue
        seeds.append(k)
        new, done = len(part.basis) - 1, 0
        while done < len(part.basis):
            for s in seeds if done >= new else seeds[-1:]:
                part.add(bracket(span.basis[s], part.basis[done]))
            done += 1
    done = 0
    while len(span.basis) < len(part.basis):
        for s in seeds:
            if span.add(bracket(span.basis[s], span.basis[done])):
                origin.append((s, done))
        done += 1
    return Algebra(span, origin, seeds, positions)


def close_algebra(generators: Sequence[DomainMatrix]) -> tuple[list[tuple[int, int] | None], list[DomainMatrix]]:
    """A basis of the Lie algebra that the generators span under brackets.

    Returns
    -------
    How each basis element arises (None for a generator; (i, j) for the bracket of basis elements i and j), and the
    matrices; dependent generators are dropped.
    """
    algebra = closed_algebra(generators)
    return algebra.origin, algebra.span.basis


def moved_outside(generators: Sequence[DomainMatrix], components: Sequence[Image]) -> tuple[int, int] | None:
    """(i, k) such that h_i A_k h_i^-1 is not in the Lie algebra that the generators A_k span under brackets; None if all are."""
    known = {matrix_key(a.to_field()) for generator in generators for a in (generator, -generator)}
    moved = {
        (i, k): as_exact(matmul(matmul(h, a), inverse(h)))
        for i, h in enumerate(components)
        for k, a in enumerate(generators)
    }
    open_ones = {place: m for place, m in moved.items() if matrix_key(m.to_field()) not in known}
    if not open_ones:
        return None
    field = common_domain(*(m.domain for m in [*generators, *open_ones.values()])).get_field()
    span = Span(field, closed_algebra(generators).span.basis)
    return next((place for place, m in open_ones.items() if span.coordinates(m) is None), None)


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
    found: Counter[Eigenvalue] = Counter()
    for block, times in _blocks(matrices):
        for values, multiplicity in _proved_spectrum(block, phase is not None).items():
            found[values] += times * multiplicity
    n = matrices[0].shape[0]
    if sum(found.values()) != n:
        raise AmbiguousRank(
            f"joint eigenvalues {sorted(found)!r:.200} account for {sum(found.values())} of {n} dimensions: the matrices do "
            "not commute, are not diagonalisable, or have eigenvalues outside i Q"
        )
    return found


def _blocks(matrices: Sequence[DomainMatrix]) -> list[tuple[list[DomainMatrix], int]]:
    """The joint diagonal blocks of matrices after a permutation, each once, and how often it occurs."""
    rows = [from_domain_matrix_rows(m) for m in matrices]
    n = matrices[0].shape[0]
    places = [(i, j) for r in rows for i, row in r.items() for j in row]
    count, labels = components(n, [i for i, _ in places], [j for _, j in places])
    sizes, local = [0] * count, [0] * n
    for i, label in enumerate(labels.tolist()):
        local[i] = sizes[label]
        sizes[label] += 1
    parts: list[list[dict[tuple[int, int], Scalar]]] = [[{} for _ in matrices] for _ in sizes]
    for k, r in enumerate(rows):
        for i, row in r.items():
            parts[labels[i]][k] |= {(local[i], local[j]): x for j, x in row.items()}
    found = Counter((size, tuple(frozenset(m.items()) for m in part)) for size, part in zip(sizes, parts, strict=True))
    return [
        ([_from_entries(m, size, a.domain) for m, a in zip(part, matrices, strict=True)], times)
        for (size, part), times in found.items()
    ]


def _from_entries(entries: frozenset[tuple[tuple[int, int], Scalar]], n: int, domain: Domain) -> DomainMatrix:
    rows: dict[int, dict[int, Scalar]] = {}
    for (i, j), x in sorted(entries, key=lambda entry: entry[0]):
        rows.setdefault(i, {})[j] = x
    return sparse_matrix(rows, (n, n), domain)


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


def derive_cartan(algebra: Sequence[Image], span: Span | None = None) -> tuple[CartanComponent, ...] | None:
    """Torus, weight lattice and positive roots of the connected compact group with exact generators of its Lie algebra; None
    if the generators contain no maximal commuting set with rational weights. The algebra's span is formed if it is not given.

    References
    ----------
    Brocker and tom Dieck, Representations of Compact Lie Groups (1985), IV.1 (Weyl's integral formula), V.
    """
    generators = [as_exact(a) for a in algebra]
    span = span or closed_algebra(generators).span
    chosen = _commuting_generators(generators)
    adjoints = [_adjoint(span, generators[i]) for i in chosen]
    if int(nullspace(stack_exact(adjoints)).shape[0]) != len(chosen):  # more than the torus commutes with the torus
        return None
    try:
        defining = joint_spectrum(None, [generators[i] for i in chosen])
        adjoint = joint_spectrum(None, adjoints)
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


def _adjoint(span: Span, element: DomainMatrix) -> DomainMatrix:
    """The matrix of [element, .] in the basis of an algebra."""
    rows: dict[int, dict[int, Scalar]] = {}
    for j, b in enumerate(span.basis):
        found = span.coordinates(bracket(element, b))
        if found is None:
            raise UnsupportedGroup("the generators do not close under brackets")
        for i, c in enumerate(found):
            if c:
                rows.setdefault(i, {})[j] = c
    return sparse_matrix(rows, (len(span.basis), len(span.basis)), span.field)


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
