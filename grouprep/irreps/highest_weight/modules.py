"""Irreducible modules by exact rational matrices of the lowering operators, in an orthogonal basis of weight vectors.

For gl(n) the Gelfand-Tsetlin basis, in closed form. Otherwise the module that the highest-weight vector generates: a vector of
lower weight is 0 exactly if all raising operators kill it, so the inner products of the vectors f_i b follow from those of the
weights above, and Gram-Schmidt finds a basis among them.

The inner product is the contravariant one: e_i is the adjoint of f_i, so compact elements are anti-Hermitian.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from math import factorial, isqrt
from typing import Any, TypeAlias

from grouprep.irreps.highest_weight.root_systems import RootDatum, Vector, pairing, plus, weyl_dimension
from grouprep.irreps.highest_weight.weights import weight_multiplicities
from grouprep.summary import Summary

__all__ = ["Columns", "Diagram", "Module", "apply", "extended", "gelfand_tsetlin", "highest_weight_module"]

Rational: TypeAlias = Any
"""A flint rational."""

Sparse: TypeAlias = dict[int, Rational]
"""A vector by its non-zero coordinates."""

Columns: TypeAlias = list[Sparse]
"""A square matrix by its columns."""


@dataclass(frozen=True, eq=False, repr=False)
class Module(Summary):
    """An irreducible module in an orthogonal basis of weight vectors; the first is the highest.

    weights : of each basis vector.
    lowering : for each simple root, the matrix of f_i, rational.
    lengths : the squares of the basis vectors' lengths, rational; that of the first is 1.
    conjugation : for modules that are their own dual, (p, s): the antilinear map that commutes with the compact group takes
        basis vector a to s[a] times basis vector p[a], of the same length; None for the others.
    """

    weights: tuple[Vector, ...]
    lowering: tuple[Columns, ...]
    lengths: tuple[Rational, ...]
    conjugation: tuple[tuple[int, ...], tuple[int, ...]] | None

    @property
    def dim(self) -> int:
        """The dimension."""
        return len(self.weights)

    def raising(self, i: int) -> Columns:
        """The matrix of e_i, the adjoint of f_i."""
        out: Columns = [{} for _ in self.weights]
        for b, column in enumerate(self.lowering[i]):
            for r, x in column.items():
                out[r][b] = x * self.lengths[r] / self.lengths[b]
        return out


def apply(matrix: Columns, vector: Sparse) -> Sparse:
    """The product of a matrix and a vector."""
    out: Sparse = {}
    for b, x in vector.items():
        for r, y in matrix[b].items():
            out[r] = out[r] + x * y if r in out else x * y
    return {r: x for r, x in out.items() if x}


def extended(
    module: Module, start: dict[int, Rational], lower: Callable[[int, dict[int, Rational]], dict[int, Rational]]
) -> Columns:
    """The images of all basis vectors under the map X with X f_i = lower_i X, from that of the highest-weight vector.

    On every lower weight space sum_i f_i e_i is invertible, so X is known there from the spaces above.
    """
    from flint import fmpq, fmpq_mat

    raising = [module.raising(i) for i in range(len(module.lowering))]
    X: Columns = [{} for _ in module.weights]
    X[0] = start
    places: dict[Vector, list[int]] = {}
    for b, w in enumerate(module.weights[1:], 1):
        places.setdefault(w, []).append(b)
    for rows in places.values():
        size = len(rows)
        number = {b: k for k, b in enumerate(rows)}
        Q, moved = fmpq_mat(size, size), []
        for k, b in enumerate(rows):
            total: Sparse = {}
            for i, e in enumerate(raising):
                for r, x in apply(module.lowering[i], e[b]).items():
                    Q[number[r], k] += x
                _add(total, lower(i, apply(X, e[b])), fmpq(1))
            moved.append(total)
        inverse = Q.inv()
        for k, b in enumerate(rows):
            out: Sparse = {}
            for j in range(size):
                if inverse[j, k]:
                    _add(out, moved[j], inverse[j, k])
            X[b] = {r: x for r, x in out.items() if x}
    return X


def _add(total: Sparse, vector: Sparse, c: Rational) -> None:
    for r, x in vector.items():
        total[r] = total[r] + c * x if r in total else c * x


# --- gl(n)


def patterns(top: Vector) -> Iterator[tuple[Vector, ...]]:
    """The Gelfand-Tsetlin patterns below a top row, rows from the longest to the shortest, in descending order."""
    if len(top) == 1:
        yield (top,)
        return
    for row in product(*(range(a, b - 1, -1) for a, b in pairwise(top))):
        for rest in patterns(row):
            yield (top, *rest)


def gelfand_tsetlin(top: Vector) -> Module:
    """The irrep of gl(n) with highest weight top_1 >= ... >= top_n, in the Gelfand-Tsetlin basis.

    Weights are in the coordinates e_1, ..., e_n; f_k is E_(k+1, k). In the orthonormal basis its entries are positive.

    References
    ----------
    I. M. Gelfand and M. L. Tsetlin (1950); A. I. Molev, Gelfand-Tsetlin bases for classical Lie algebras, Handbook of Algebra 4
    (2006), theorem 2.3.
    """
    from flint import fmpq

    n = len(top)
    listed = sorted(patterns(top), key=lambda p: (_depth(p), tuple(tuple(-x for x in row) for row in p)))
    number = {p: k for k, p in enumerate(listed)}
    lowering: list[Columns] = [[{} for _ in listed] for _ in range(n - 1)]
    lengths: list[Rational] = [None] * len(listed)
    lengths[0] = fmpq(1)
    for b, p in enumerate(listed):
        for k in range(1, n):  # the row of length k is p[n - k]
            row, above = p[n - k], p[n - k - 1]
            below = p[n - k + 1] if k > 1 else ()
            for i in range(k):
                moved = (*row[:i], row[i] - 1, *row[i + 1 :])
                target = number.get((*p[: n - k], moved, *p[n - k + 1 :]))
                if target is None:
                    continue
                l = row[i] - i
                down, up = fmpq(1), fmpq(-1)
                for j, x in enumerate(below):
                    down *= l - (x - j)
                for j, x in enumerate(above):
                    up *= l - 1 - (x - j)
                for j, x in enumerate(row):
                    if j != i:
                        down /= l - (x - j)
                        up /= l - 1 - (x - j)
                lowering[k - 1][b][target] = down
                lengths[target] = lengths[b] * up / down
    dual = tuple(top[0] + top[-1] - x for x in reversed(top))
    conjugation = None
    if dual == top:
        shift = top[0] + top[-1]
        partner = [number[tuple(tuple(shift - x for x in reversed(row)) for row in p)] for p in listed]
        scale = [fmpq(1) if c <= a else _root(lengths[a] / lengths[c]) for c, a in enumerate(partner)]
        signs = tuple((-1) ** _depth(p) for p in listed)
        lengths = [q * s * s for q, s in zip(lengths, scale, strict=True)]
        lowering = [[{r: x * scale[b] / scale[r] for r, x in c.items()} for b, c in enumerate(f)] for f in lowering]
        conjugation = tuple(partner), signs
    return Module(tuple(map(_weight, listed)), tuple(lowering), tuple(lengths), conjugation)


def _depth(p: tuple[Vector, ...]) -> int:
    """How many lowering operators lead from the highest pattern to this one."""
    return sum(sum(p[0][: len(row)]) - sum(row) for row in p)


def _weight(p: tuple[Vector, ...]) -> Vector:
    sums = [0, *(sum(row) for row in reversed(p))]
    return tuple(b - a for a, b in pairwise(sums))


def _root(q: Rational) -> Rational:
    """The square root of the square of a rational number."""
    from flint import fmpq

    root = fmpq(isqrt(int(q.p)), isqrt(int(q.q)))
    assert root * root == q, "lengths of conjugate basis vectors differ by a rational factor"
    return root


# --- in general


@dataclass(frozen=True, repr=False)
class Diagram(Summary):
    """An automorphism of a root datum: what it does to weights, and the permutation of the simple roots."""

    weight: Callable[[Vector], Vector]
    simple: tuple[int, ...]


def highest_weight_module(datum: RootDatum, top: Vector, diagram: Diagram | None = None) -> Module:
    """The irrep with a highest weight, generated by its highest-weight vector.

    diagram : an automorphism; the conjugation is then the antilinear map that commutes with the compact group up to it, for
        modules whose dual is their image under it.

    References
    ----------
    Humphreys (1972), sections 20.3 and 21; N. N. Shapovalov (1972) for the form; W. A. de Graaf, Constructing representations of
    split semisimple Lie algebras, J. Pure Appl. Algebra 164 (2001), for another basis of the same module.
    """
    from flint import fmpq

    spins = range(len(datum.simple_roots))
    height = datum.height(top)
    order = sorted(
        weight_multiplicities(datum, top).items(),
        key=lambda item: (height - datum.height(item[0]), tuple(-x for x in item[0])),
    )
    weights: list[Vector] = []
    lengths: list[Rational] = []
    spaces: dict[Vector, range] = {}
    lowering: list[Columns] = [[] for _ in spins]
    raising: list[Columns] = [[] for _ in spins]
    recipes: list[
        list[tuple[int, int, Rational]]
    ] = []  # how a basis vector is a combination of f_i b: (i, b, coefficient)

    def add(w: Vector, length: Rational) -> None:
        weights.append(w)
        lengths.append(length)
        for matrices in (lowering, raising):
            for m in matrices:
                m.append({})

    for w, multiplicity in order:
        start = len(weights)
        if w == top:
            add(w, fmpq(1))
            recipes.append([])
        sources = [(i, b) for i, a in enumerate(datum.simple_roots) for b in spaces.get(plus(w, a), ())]
        raised = {}  # e_j f_i b for all i, j, b
        for i, b in sources:
            for j in spins:
                x = apply(lowering[i], raising[j][b])
                if i == j and (k := pairing(weights[b], datum.simple_coroots[i])):
                    x[b] = x.get(b, fmpq(0)) + k
                raised[i, b, j] = x
        found: list[tuple[dict[tuple[int, int], Rational], Rational]] = []  # orthogonal combinations and their lengths
        for i, b in sources:
            vector = {(i, b): fmpq(1)}
            for known, length in found:
                overlap = _inner(known, (i, b), raised, lengths)
                if overlap:
                    for key, x in known.items():
                        vector[key] = vector.get(key, fmpq(0)) - x * overlap / length
            length = sum((x * _inner(vector, key, raised, lengths) for key, x in vector.items()), fmpq(0))
            if length:
                found.append((vector, length))
        for vector, length in found:
            r = len(weights)
            add(w, length)
            recipes.append([(i, b, x) for (i, b), x in vector.items() if x])
            for i, b in sources:
                overlap = _inner(vector, (i, b), raised, lengths)
                if overlap:
                    lowering[i][b][r] = overlap / length
                    raising[i][r][b] = overlap / lengths[b]
        spaces[w] = range(start, len(weights))
        assert len(spaces[w]) == multiplicity, "the module agrees with Freudenthal's formula"
    assert len(weights) == weyl_dimension(datum, top)
    module = Module(tuple(weights), tuple(lowering), tuple(lengths), None)
    diagram = diagram or Diagram(tuple, tuple(spins))
    return (
        module if diagram.weight(datum.dual(top)) != top else _with_conjugation(datum, module, recipes, spaces, diagram)
    )


def _inner(
    vector: dict[tuple[int, int], Rational],
    key: tuple[int, int],
    raised: dict[tuple[int, int, int], Sparse],
    lengths: list[Rational],
) -> Rational:
    """<sum x f_i b, f_j c> = sum x <b, e_i f_j c>."""
    from flint import fmpq

    total = fmpq(0)
    for (i, b), x in vector.items():
        y = raised[(*key, i)].get(b)
        if y is not None:
            total += x * y * lengths[b]
    return total


def _lowest(datum: RootDatum, module: Module) -> Sparse:
    """The lowest-weight vector, of length 1, by divided powers of the f_i along a path of reflections."""
    from flint import fmpq

    w, vector = module.weights[0], {0: fmpq(1)}
    while True:
        for i, (a, h) in enumerate(zip(datum.simple_roots, datum.simple_coroots, strict=True)):
            if (k := pairing(w, h)) > 0:
                for _ in range(k):
                    vector = apply(module.lowering[i], vector)
                vector = {r: x / factorial(k) for r, x in vector.items()}
                w = plus(w, a, -k)
                break
        else:
            return vector


def _with_conjugation(
    datum: RootDatum,
    module: Module,
    recipes: list[list[tuple[int, int, Rational]]],
    spaces: dict[Vector, range],
    diagram: Diagram,
) -> Module:
    """The module in a basis that the antilinear map C with C e_i = -f_s(i) C, s the diagram's permutation, permutes up to signs."""
    from flint import fmpq

    raising = [module.raising(i) for i in range(len(module.lowering))]
    image: Columns = [_lowest(datum, module)]  # of each basis vector under C
    for recipe in recipes[1:]:
        total: Sparse = {}
        for i, b, x in recipe:
            for r, y in apply(raising[diagram.simple[i]], image[b]).items():
                total[r] = total.get(r, fmpq(0)) - x * y
        image.append({r: x for r, x in total.items() if x})
    basis: Columns = [{} for _ in module.weights]  # the new basis vectors in the old ones
    partner, signs = list(range(module.dim)), [1] * module.dim
    indicator = -1 if datum.height(module.weights[0]) % 2 else 1
    for w, space in spaces.items():
        opposite = spaces[diagram.weight(tuple(-x for x in w))]
        if opposite == space:
            vectors = _eigenvectors(space, image, module.lengths)
            for b, (vector, sign) in zip(space, vectors, strict=True):
                basis[b], signs[b] = vector, sign
        elif space.start < opposite.start:
            for b, c in zip(space, opposite, strict=True):
                basis[b], basis[c] = {b: fmpq(1)}, image[b]
                partner[b], partner[c], signs[c] = c, b, indicator
    lengths = [sum((x * x * module.lengths[b] for b, x in v.items()), fmpq(0)) for v in basis]
    # the basis is orthogonal: coordinates are inner products over lengths
    rows: Columns = [{} for _ in basis]
    for k, v in enumerate(basis):
        for b, x in v.items():
            rows[b][k] = x * module.lengths[b] / lengths[k]
    lowering = tuple([apply(rows, apply(f, v)) for v in basis] for f in module.lowering)
    return Module(module.weights, lowering, tuple(lengths), (tuple(partner), tuple(signs)))


def _eigenvectors(space: range, image: Columns, lengths: tuple[Rational, ...]) -> list[tuple[Sparse, int]]:
    """An orthogonal basis of a weight space that C maps to itself, of eigenvectors, with eigenvalues 1 first."""
    from flint import fmpq

    out: list[tuple[Sparse, int]] = []
    for sign in (1, -1):
        for b in space:
            v = {r: sign * x / 2 for r, x in image[b].items()}
            v[b] = v.get(b, fmpq(0)) + fmpq(1, 2)
            for u, _ in out:
                overlap = sum((x * u[r] * lengths[r] for r, x in v.items() if r in u), fmpq(0))
                length = sum((x * x * lengths[r] for r, x in u.items()), fmpq(0))
                if overlap:
                    for r, x in u.items():
                        v[r] = v.get(r, fmpq(0)) - x * overlap / length
            v = {r: x for r, x in v.items() if x}
            if v:
                out.append((v, sign))
    return out
