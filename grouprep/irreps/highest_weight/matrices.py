"""The matrices of a group's own generators on a module, exactly, in complex and in real form."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from grouprep.errors import TooLarge, UnsupportedGroup
from grouprep.groups.lie import LieGroup
from grouprep.irreps.highest_weight.charts import Chart
from grouprep.irreps.highest_weight.modules import Columns, Module, apply
from grouprep.linalg import as_exact
from grouprep.linalg._cyclotomic import coefficients
from grouprep.linalg.fields import common_domain, convert_matrix, cyclotomic_field, domain_of, element
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix, trace_exact
from grouprep.summary import Summary
from grouprep.typing import Array, Scalar

if TYPE_CHECKING:
    from sympy import Domain, Expr
    from sympy.polys.matrices import DomainMatrix

__all__ = [
    "EXACT_DEGREE",
    "Expansion",
    "Gaussian",
    "Lengths",
    "generator_matrices",
    "real_form",
    "real_lengths",
    "realified",
]

EXACT_DEGREE = 16  # of the number field of a unitary form, as for spins; beyond, its images are the nearest floats

Part = Any
"""A flint rational."""


@dataclass(frozen=True, eq=False, repr=False)
class Gaussian(Summary):
    """A matrix over Q(i) by the columns of its real and its imaginary part."""

    re: Columns
    im: Columns

    @property
    def dim(self) -> int:
        """The size."""
        return len(self.re)

    def exact(self) -> DomainMatrix:
        """Over Q, or Q(i) where there is an imaginary part."""
        from sympy import QQ

        shape = (self.dim, self.dim)
        real = sparse_matrix(_rows(self.re), shape, QQ)
        if not any(self.im):
            return real
        K = cyclotomic_field(4)
        i = element(_imaginary(), K)
        return convert_matrix(real, K) + convert_matrix(sparse_matrix(_rows(self.im), shape, QQ), K) * i

    def floats(self, lengths: Lengths) -> Array:
        """In the orthonormal basis, S R S^-1 with the square roots of the lengths in S; (d, d), complex where needed."""
        out = lengths.scaled(self.re)
        return out + 1j * lengths.scaled(self.im) if any(self.im) else out


def _imaginary() -> Expr:
    from sympy import I

    return I


def _rows(columns: Columns) -> dict[int, dict[int, Scalar]]:
    from sympy import QQ

    out: dict[int, dict[int, Scalar]] = {}
    for b, column in enumerate(columns):
        for r, x in column.items():
            out.setdefault(r, {})[b] = QQ(int(x.p), int(x.q))
    return out


class Lengths(Summary):
    """The squares of the lengths of an orthogonal basis, and matrices in the orthonormal one."""

    def __init__(self, squares: tuple[Part, ...]) -> None:
        self.squares = tuple(Fraction(int(q.p), int(q.q)) for q in squares)

    @cached_property
    def roots(self) -> Array:
        """The lengths."""
        return np.array([sqrt(q) for q in self.squares])

    def scaled(self, columns: Columns) -> Array:
        """S R S^-1 in floats."""
        d = len(columns)
        out = np.zeros((d, d))
        for b, column in enumerate(columns):
            for r, x in column.items():
                square = Fraction(int(x.p), int(x.q)) ** 2 * self.squares[r] / self.squares[b]
                out[r, b] = sqrt(square) if x > 0 else -sqrt(square)
        return out

    def exact(self, R: DomainMatrix) -> DomainMatrix | None:
        """S R S^-1 over its number field; None if the degree of that is beyond `EXACT_DEGREE`."""
        from sympy import Rational
        from sympy import sqrt as root

        rows = from_domain_matrix_rows(R)
        ratios = {self.squares[i] / self.squares[j] for i, row in rows.items() for j in row}
        if 2 ** _rank(ratios) > EXACT_DEGREE:
            return None
        roots = {q: root(Rational(q.numerator, q.denominator)) for q in ratios}
        try:
            K = common_domain(R.domain, domain_of(list(roots.values()))).get_field()
        except TooLarge:
            return None
        if (K.mod.degree() if K.is_AlgebraicField else 1) > EXACT_DEGREE:
            return None
        numbers = {q: element(x, K) for q, x in roots.items()}
        values = {
            i: {j: x * numbers[self.squares[i] / self.squares[j]] for j, x in row.items()}
            for i, row in from_domain_matrix_rows(convert_matrix(R, K)).items()
        }
        return sparse_matrix(values, R.shape, K)

    def gram(self) -> DomainMatrix:
        """The invariant form diag(squares) over Q."""
        from sympy import QQ

        d = len(self.squares)
        return sparse_matrix({k: {k: QQ(q.numerator, q.denominator)} for k, q in enumerate(self.squares)}, (d, d), QQ)


def _rank(squares: set[Fraction]) -> int:
    """The number of independent square roots: the rank over F_2 of the prime exponents."""
    from sympy import factorint

    rows: list[set[int]] = []
    for q in squares:
        odd = {p for n in (q.numerator, q.denominator) for p, e in factorint(n).items() if e % 2}
        for row in rows:
            if max(row) in odd:
                odd = odd ^ row
        if odd:
            rows = [r ^ odd if max(odd) in r else r for r in rows] + [odd]
    return len(rows)


# --- from the chart's root vectors to the group's generators


class Expansion(Summary):
    """The generators of a group's Lie algebra in the torus and the root vectors of a chart of the same group.

    torus : (generator, j, c): c, a pair of fractions (re, im), times H_j occurs in the generator.
    up, down : the same with the number of a positive root, and the root vectors of it and of its opposite.

    Raises
    ------
    UnsupportedGroup
        If a generator has coefficients outside Q(i), or does not lie in the chart's Lie algebra.
    """

    def __init__(self, group: LieGroup, chart: Chart) -> None:
        K = cyclotomic_field(4)
        up, down = chart.root_vectors
        torus = chart.torus
        inverse = _inverse_gram(torus)
        self.torus: list[tuple[int, int, tuple[Fraction, Fraction]]] = []
        self.up: list[tuple[int, int, tuple[Fraction, Fraction]]] = []
        self.down: list[tuple[int, int, tuple[Fraction, Fraction]]] = []
        norms = [trace_exact(e * f) for e, f in zip(up, down, strict=True)]
        for k, a in enumerate(group.algebra):
            A = as_exact(a)
            if common_domain(A.domain, K).get_field() != K:
                raise UnsupportedGroup(f"the generator A{k + 1} of {group} has entries outside Q(i)")
            A = convert_matrix(A, K)
            rest = A
            traces = [trace_exact(A * h) for h in torus]
            for j, h in enumerate(torus):
                c = sum((traces[i] * inverse[i][j] for i in range(len(torus))), K.zero)
                if c:
                    self.torus.append((k, j, _pair(c, K)))
                    rest = rest - h * c
            for n, (e, f, norm) in enumerate(zip(up, down, norms, strict=True)):
                for found, this, other in ((self.up, e, f), (self.down, f, e)):
                    c = trace_exact(A * other) / norm
                    if c:
                        found.append((k, n, _pair(c, K)))
                        rest = rest - this * c
            if not rest.is_zero_matrix:
                raise UnsupportedGroup(
                    f"the generator A{k + 1} of {group} does not lie in the Lie algebra of {chart.group}"
                )


def _inverse_gram(torus: list[DomainMatrix]) -> list[list[Scalar]]:
    if not torus:
        return []
    K = torus[0].domain
    gram = {i: {j: x for j, h in enumerate(torus) if (x := trace_exact(g * h))} for i, g in enumerate(torus)}
    inverse = from_domain_matrix_rows(sparse_matrix(gram, (len(torus), len(torus)), K).to_dense().inv())
    return [[inverse.get(i, {}).get(j, K.zero) for j in range(len(torus))] for i in range(len(torus))]


def _pair(c: Scalar, K: Domain) -> tuple[Fraction, Fraction]:
    parts = [Fraction(int(x.numerator), int(x.denominator)) for x in coefficients(c, K)] + [Fraction(0)] * 2
    return parts[0], parts[1]


def generator_matrices(expansion: Expansion, chart: Chart, module: Module, count: int) -> list[Gaussian]:
    """The matrices of the generators of a group on a module of it."""
    from flint import fmpq

    simple_up = [module.raising(i) for i in range(len(module.lowering))]
    simple_down = list(module.lowering)
    up: list[Columns] = []
    down: list[Columns] = []
    for i, k in chart.recipes:
        up.append(simple_up[i] if k < 0 else _bracket(simple_up[i], up[k]))
        down.append(simple_down[i] if k < 0 else _bracket(simple_down[i], down[k]))
    d = module.dim
    out = [Gaussian([{} for _ in range(d)], [{} for _ in range(d)]) for _ in range(count)]
    for terms, values in ((expansion.up, up), (expansion.down, down)):
        for k, n, c in terms:
            _accumulate(out[k], values[n], c)
    for k, j, (re, im) in expansion.torus:  # H_j acts by i times the weight
        diagonal = [{b: fmpq(w[j])} if w[j] else {} for b, w in enumerate(module.weights)]
        _accumulate(out[k], diagonal, (-im, re))
    return out


def _bracket(a: Columns, b: Columns) -> Columns:
    return [_difference(apply(a, y), apply(b, x)) for x, y in zip(a, b, strict=True)]


def _difference(x: dict[int, Part], y: dict[int, Part]) -> dict[int, Part]:
    out = dict(x)
    for r, v in y.items():
        out[r] = out[r] - v if r in out else -v
    return {r: v for r, v in out.items() if v}


def _accumulate(total: Gaussian, matrix: Columns, c: tuple[Fraction, Fraction]) -> None:
    from flint import fmpq

    for part, factor in zip((total.re, total.im), c, strict=True):
        if factor:
            z = fmpq(factor.numerator, factor.denominator)
            for b, column in enumerate(matrix):
                target = part[b]
                for r, x in column.items():
                    value = target[r] + z * x if r in target else z * x
                    if value:
                        target[r] = value
                    else:
                        del target[r]


# --- real forms


def realified(matrix: Gaussian) -> Gaussian:
    """[[Re A, -Im A], [Im A, Re A]]."""
    d = matrix.dim
    left = [{**x, **{d + r: v for r, v in y.items()}} for x, y in zip(matrix.re, matrix.im, strict=True)]
    right = [
        {**{r: -v for r, v in y.items()}, **{d + r: v for r, v in x.items()}}
        for x, y in zip(matrix.re, matrix.im, strict=True)
    ]
    return Gaussian(left + right, [{} for _ in range(2 * d)])


def real_form(matrix: Gaussian, conjugation: tuple[tuple[int, ...], tuple[int, ...]]) -> Gaussian:
    """A in the basis of vectors that the conjugation e_a -> s_a e_p(a) fixes: e_a + s e_b and i (e_a - s e_b), or e_a, i e_a.

    A fixed vector with coordinate x + i y at a is x times the first and y times the second.
    """
    partner, signs = conjugation
    count = 0
    place: dict[int, tuple[int | None, int | None]] = {}  # of a: the row of the real part, that of the imaginary part
    for a, b in enumerate(partner):
        if a == b:
            place[a] = (count, None) if signs[a] == 1 else (None, count)
            count += 1
        elif a < b:
            place[a] = (count, count + 1)
            count += 2
    out: Columns = []

    def read(re: dict[int, Part], im: dict[int, Part]) -> dict[int, Part]:
        column: dict[int, Part] = {}
        for part, side in ((re, 0), (im, 1)):
            for r, v in part.items():
                if r in place and (row := place[r][side]) is not None:
                    column[row] = v
        return column

    def negative(x: dict[int, Part]) -> dict[int, Part]:
        return {r: -v for r, v in x.items()}

    for a, b in enumerate(partner):
        x, y = matrix.re[a], matrix.im[a]
        if a == b:
            out.append(read(x, y) if signs[a] == 1 else read(negative(y), x))
        elif a < b:
            u = {r: signs[a] * v for r, v in matrix.re[b].items()}
            v = {r: signs[a] * w for r, w in matrix.im[b].items()}
            out.append(read(_difference(x, negative(u)), _difference(y, negative(v))))
            out.append(read(negative(_difference(y, v)), _difference(x, u)))
    return Gaussian(out, [{} for _ in out])


def real_lengths(lengths: tuple[Part, ...], conjugation: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[Part, ...]:
    """The squares of the lengths of the basis of `real_form`."""
    out: list[Part] = []
    for a, b in enumerate(conjugation[0]):
        if a <= b:
            out += [lengths[a]] if a == b else [2 * lengths[a]] * 2
    return tuple(out)
