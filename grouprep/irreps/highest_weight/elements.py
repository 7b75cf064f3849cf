"""Exact values of irreps by highest weight at exact elements, by the Gauss decomposition.

In weight vectors of the defining representation, highest first, an element of the complexified group with leading minors other than 0
is g = l t u, lower unipotent, diagonal, upper unipotent, and the factors lie in the group. With l = exp(x), u = exp(y), x and y sums
of root vectors, R(g) = exp(R(x)) R(t) exp(R(y)): the exponentials are finite sums, and R(t) is read off the weights. Where a minor is 0,
g exp(z) is taken instead, z a sum of negative root vectors: the minors are polynomials in z that do not vanish.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from grouprep.errors import GroupRepError
from grouprep.groups.cartan import bracket, combination, coordinates
from grouprep.irreps.divided_powers import realify_exact, shrink
from grouprep.irreps.highest_weight.charts import Chart
from grouprep.irreps.highest_weight.root_systems import Vector
from grouprep.linalg import as_exact
from grouprep.linalg._cyclotomic import coefficients
from grouprep.linalg.fields import common_domain, conjugate, convert_matrix, convert_number, cyclotomic_field, zeta
from grouprep.linalg.sparse import from_domain_matrix_rows, matmul_exact, sparse_matrix, trace_exact
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

    from grouprep.irreps.highest_weight.irreps import HighestWeightIrrep

__all__ = ["value_at"]

_SHIFTS = 12  # sums of negative root vectors that are tried


def value_at(V: HighestWeightIrrep, g: DomainMatrix) -> DomainMatrix:
    """The value of the rational form of an irrep at an exact element, over the smallest listed field that is found.

    Parameters
    ----------
    V : the irrep; g : a matrix (n, n) of its group.

    Raises
    ------
    GroupRepError
        If g is not an element of the group.

    References
    ----------
    Goodman and Wallach, Symmetry, Representations, and Invariants (2009), section 11.5 (Gauss decomposition).
    """
    group, rho = V.family.group, cast("HighestWeightIrrep", V.constituent[0])
    K = common_domain(g.domain, cyclotomic_field(4)).get_field()
    g = convert_matrix(g, K)
    one = _identity(group.n, K)
    if matmul_exact(conjugate(g).transpose(), g) != one:
        raise GroupRepError(f"g is not an element of {group}: it is not unitary")
    reflection = None
    if group.components and g.to_dense().det() == -K.one:
        name = next(a for a in group.generator_names if a.kind == "element")
        reflection = rho.rational_matrix(name).exact()  # its own inverse
        g = matmul_exact(convert_matrix(as_exact(group.generator_element(name)), K), g)
    value = _connected(rho, g)
    if reflection is not None:
        value = matmul_exact(convert_matrix(reflection, common_domain(reflection.domain, K)), value)
    if V.form == "realified":
        return realify_exact(value)
    return shrink(_real(V, value) if V.form == "real" else value)


def _identity(n: int, K: Domain) -> DomainMatrix:
    return sparse_matrix({k: {k: K.one} for k in range(n)}, (n, n), K)


def _connected(rho: HighestWeightIrrep, g: DomainMatrix) -> DomainMatrix:
    chart, K = rho.family.chart, g.domain
    up, down, weights = _operators(rho)
    for k in range(_SHIFTS):
        shift = [((k * (j + 2) ** 2 + j) % 7 - 3) * min(k, 1) for j in range(len(down))]
        moved = g
        if k:
            z = _combined(chart.root_vectors[1], [K.convert(c) for c in shift], g.shape[0], K)
            moved = matmul_exact(g, _exponential(z))
        found = _decomposed(chart, moved)
        if found is None:
            continue
        lower, torus, upper = found
        powers = {w: _power(torus, _expansion(chart, w), K) for w in set(weights)}
        t = sparse_matrix({b: {b: powers[w]} for b, w in enumerate(weights)}, (len(weights),) * 2, K)
        value = matmul_exact(_exponential(_combined(down, lower, rho.dim, K)), t)
        value = matmul_exact(value, _exponential(_combined(up, upper, rho.dim, K)))
        if k:
            value = matmul_exact(value, _exponential(_combined(down, [K.convert(-c) for c in shift], rho.dim, K)))
        return value
    raise GroupRepError(f"g is not an element of {rho.family.group}, or no Gauss decomposition of it was found")


@lru_cache(maxsize=64)
def _operators(rho: HighestWeightIrrep) -> tuple[list[DomainMatrix], list[DomainMatrix], list[Vector]]:
    """The matrices of the root vectors, positive and negative, in the rational form, and the weights of its basis."""
    chart, group = rho.family.chart, rho.family.group
    K = cyclotomic_field(4)
    algebra = [convert_matrix(as_exact(a), K) for a in group.algebra]
    names = [a for a in group.generator_names if a.kind == "algebra"]
    images = [convert_matrix(rho.rational_matrix(a).exact(), K) for a in names]

    def image(X: DomainMatrix) -> DomainMatrix:
        """Of X in the complexification: (X - X*)/2 and i (X + X*)/2 are in the Lie algebra."""
        star, half = conjugate(X).transpose(), K.one / 2
        parts = [((X - star) * half, K.one), ((X + star) * (half * zeta(4)), -zeta(4))]
        total = sparse_matrix({}, images[0].shape, K)
        for part, factor in parts:
            found = coordinates(algebra, part)
            assert found is not None
            total = total + convert_matrix(combination(images, *found), K) * factor
        return total

    up: list[DomainMatrix] = []
    down: list[DomainMatrix] = []
    for (i, k), e, f in zip(chart.recipes, *chart.root_vectors, strict=True):
        up.append(image(e) if k < 0 else bracket(up[chart.recipes.index((i, -1))], up[k]))
        down.append(image(f) if k < 0 else bracket(down[chart.recipes.index((i, -1))], down[k]))
    diagonals = [from_domain_matrix_rows(image(h)) for h in chart.torus]
    weights = [tuple(_times_i(rows.get(b, {}).get(b), K) for rows in diagonals) for b in range(rho.dim)]
    return up, down, weights


def _times_i(x: Scalar, K: Domain) -> int:
    """w for a number i w, or None for 0."""
    return int(Fraction(str(([*coefficients(x, K), 0])[1]))) if x else 0


@lru_cache(maxsize=64)
def _flag(chart: Chart) -> tuple[DomainMatrix, DomainMatrix, list[Vector]]:
    """Weight vectors of the defining representation as columns, the highest first, the inverse matrix, and their weights."""
    K, n = cyclotomic_field(4), chart.group.n
    if not chart.raising:
        one = _identity(n, K)
        return one, one, [tuple(int(j == k) for j in range(n)) for k in range(n)]
    simple = [chart.recipes.index((i, -1)) for i in range(len(chart.raising))]
    up, down = chart.root_vectors
    stacked = up[simple[0]]
    for i in simple[1:]:
        stacked = stacked.vstack(up[i])
    top = stacked.to_dense().nullspace().to_sparse()
    assert top.shape[0] == 1  # irreducible: one vector is killed by all raising operators
    columns, weights = [], []
    queue = [top.transpose()]
    for v in queue:
        w = tuple(_times_i(_ratio(h * v, v), K) for h in chart.torus)
        if w not in weights:
            columns.append(v)
            weights.append(w)
            queue += [moved for i in simple if not (moved := down[i] * v).is_zero_matrix]
    B = columns[0]
    for v in columns[1:]:
        B = B.hstack(v)
    assert B.shape == (n, n)
    return B, B.to_dense().inv().to_sparse(), weights


def _ratio(x: DomainMatrix, v: DomainMatrix) -> Scalar:
    """c with x = c v."""
    rows = from_domain_matrix_rows(v)
    k = min(rows)
    return from_domain_matrix_rows(x).get(k, {}).get(0, v.domain.zero) / rows[k][0]


@lru_cache(maxsize=4096)
def _expansion(chart: Chart, w: Vector) -> tuple[int, ...]:
    """A weight as a sum of the first weights of the defining representation, which are a basis of the lattice."""
    from sympy import Matrix

    basis = Matrix([list(x) for x in _flag(chart)[2][: chart.datum.rank]])
    return tuple(int(x) for x in basis.T.LUsolve(Matrix(list(w)))) if w else ()


def _power(torus: list[Scalar], exponents: tuple[int, ...], K: Domain) -> Scalar:
    total = K.one
    for x, e in zip(torus, exponents, strict=False):
        total = total * (x**e if e >= 0 else (K.one / x) ** -e)
    return total


def _decomposed(chart: Chart, g: DomainMatrix) -> tuple[list[Scalar], list[Scalar], list[Scalar]] | None:
    """(x, t, y): coefficients of x and y in the negative and the positive root vectors, and the diagonal; None if a minor is 0."""
    K = g.domain
    B, inverse, weights = _flag(chart)
    B, inverse = convert_matrix(B, K), convert_matrix(inverse, K)
    n = len(weights)
    m = matmul_exact(matmul_exact(inverse, g), B).to_dense().to_list()
    lower = [[K.one if i == j else K.zero for j in range(n)] for i in range(n)]
    for k in range(n):
        if not m[k][k]:
            return None
        for i in range(k + 1, n):
            if m[i][k]:
                c = m[i][k] / m[k][k]
                lower[i][k] = c
                m[i] = [x - c * y for x, y in zip(m[i], m[k], strict=True)]
    torus = [m[k][k] for k in range(n)]
    upper = [[m[i][j] / m[i][i] for j in range(n)] for i in range(n)]
    found = []
    for triangle, (own, other) in ((lower, chart.root_vectors[::-1]), (upper, chart.root_vectors)):
        N = _logarithm(sparse_matrix(dict(enumerate(dict(enumerate(row)) for row in triangle)), (n, n), K))
        rest = N = matmul_exact(matmul_exact(B, N), inverse)
        row = []
        for x, y in zip(own, other, strict=True):
            c = trace_exact(matmul_exact(N, convert_matrix(y, K))) / convert_number(trace_exact(x * y), y.domain, K)
            row.append(c)
            rest = rest - convert_matrix(x, K) * c
        if not rest.is_zero_matrix:
            raise GroupRepError(f"g is not an element of {chart.group}")
        found.append(row)
    if any(t != _power(torus, _expansion(chart, w), K) for t, w in zip(torus, weights, strict=True)):
        raise GroupRepError(f"g is not an element of {chart.group}")
    return found[0], torus, found[1]


def _logarithm(u: DomainMatrix) -> DomainMatrix:
    """Of a unipotent matrix, a finite sum."""
    K = u.domain
    step = u - _identity(u.shape[0], K)
    total, power, j = step, step, 1
    while not (power := matmul_exact(power, step)).is_zero_matrix:
        j += 1
        total = total + power * (K.one * (-1) ** (j + 1) / j)
    return total


def _exponential(N: DomainMatrix) -> DomainMatrix:
    """Of a nilpotent matrix, a finite sum."""
    K = N.domain
    total, power, j = _identity(N.shape[0], K), _identity(N.shape[0], K), 0
    while not power.is_zero_matrix:
        j += 1
        power = matmul_exact(power, N) * (K.one / j)
        total = total + power
    return total


def _combined(matrices: list[DomainMatrix], row: list[Scalar], size: int, K: Domain) -> DomainMatrix:
    total = sparse_matrix({}, (size, size), K)
    for m, c in zip(matrices, row, strict=True):
        if c:
            total = total + convert_matrix(m, K) * c
    return total


def _real(V: HighestWeightIrrep, value: DomainMatrix) -> DomainMatrix:
    """In the basis of `real_form`: e_a + s e_b, i (e_a - s e_b), or e_a, i e_a."""
    conjugation = V.family.matrices(V.weight).conjugation
    assert conjugation is not None
    K, n, i = value.domain, value.shape[0], convert_number(zeta(4), cyclotomic_field(4), value.domain)
    T: dict[int, dict[int, Scalar]] = {k: {} for k in range(n)}
    inverse: dict[int, dict[int, Scalar]] = {k: {} for k in range(n)}
    half, column = K.one / 2, 0
    for a, (b, s) in enumerate(zip(*conjugation, strict=True)):
        if a == b:
            T[a][column] = K.one if s == 1 else i
            inverse[column][a] = K.one if s == 1 else -i
            column += 1
        elif a < b:
            T[a] |= {column: K.one, column + 1: i}
            T[b] |= {column: K.one * s, column + 1: -i * s}
            inverse[column] |= {a: half, b: half * s}
            inverse[column + 1] |= {a: -i * half, b: i * half * s}
            column += 2
    first = matmul_exact(sparse_matrix(inverse, (n, n), K), value)
    return matmul_exact(first, sparse_matrix(T, (n, n), K))
