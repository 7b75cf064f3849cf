"""Intertwiners of exact matrices by generators of V whose images leave little choice: a bound on their number, and all of them.

If X A = B X for all pairs (A, B), then X is fixed by its values on vectors v that generate V under the A. Let a be a combination
of products of the A, and b the same combination of the B: from f(a) v = 0 follows f(b) X v = 0. So the sum of dim ker f(b)
over generating v bounds the dimension of all X. For a random a each kernel meets one irrep, in one vector a copy, and the bound is
the dimension. All of it is done in F_p, where the rank of the constraint can only fall: the bound holds over the number field.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from grouprep.linalg.matrices import Image, as_exact, is_exact, size
from grouprep.linalg.memory import require_memory
from grouprep.linalg.modular import Residues, rational_numbers, residues
from grouprep.linalg.spaces import OrbitSpace
from grouprep.linalg.sparse import sparse_matrix

if TYPE_CHECKING:
    from flint import fmpz_mat, nmod, nmod_mat, nmod_poly
    from sympy.polys.matrices import DomainMatrix

__all__ = ["peakword_bound", "peakword_intertwiners", "prefers_peakwords"]

_WORDS = 24  # that are tried; a random polynomial has a root in F_p with a chance of 1 - 1/e
_HELD = 12  # dense matrices of the larger size that are held at a time
_ENTRY = 40  # bytes of one entry, as a number and in flint's matrix
_DENSE = 0.2  # the share of non-zero entries in the generators; below, sparse elimination is faster
_UNKNOWNS = 100  # fewer unknowns are solved at once
_MANY = 10  # times the larger dimension: so many unknowns fill in, however sparse the generators (SO(3), l = 3: 0.1 s for 3 s)
_PRIMES = 16  # of 62 bits, for the numerators and denominators of the solution


def peakword_bound(pairs: Sequence[tuple[Image, Image]], enough: int) -> int:
    """A bound from above on the dimension of {X : X A = B X for all pairs (A, B)}, mostly the dimension itself.

    Parameters
    ----------
    pairs : at least one pair of exact matrices, (n, n) and (m, m).
    enough : the search ends where the bound cannot be this low any more.

    Raises
    ------
    TooLarge
        If dense matrices of these sizes do not fit into memory.

    Examples
    --------
    >>> from grouprep.linalg import as_image
    >>> a = as_image([[0, 1], [1, 1]])
    >>> peakword_bound([(a, a)], 2)
    2

    References
    ----------
    K. Lux, J. Mueller, M. Ringe, Peakword condensation and submodule lattices, J. Symbolic Comput. 17 (1994);
    D. F. Holt, B. Eick, E. A. O'Brien, Handbook of Computational Group Theory, CRC 2005, section 7.5 (the MeatAxe).
    """
    words = _Words(pairs, 0)
    bound, left = 0, words.n
    for part in _parts(words):
        bound += part.vectors.ncols() * part.images.ncols()
        left = part.left
        if bound > enough:
            break
    return bound + words.m * left


def prefers_peakwords(space: OrbitSpace, pairs: Sequence[tuple[Image, Image]]) -> bool:
    """Whether the pairs are exact over QQ, and still many unknowns after the orbits, or dense ones."""
    if space.dim < _UNKNOWNS or not space.is_real or not all(is_exact(m) for pair in pairs for m in pair):
        return False
    matrices = [as_exact(m) for pair in pairs for m in pair]
    if not all(m.domain.is_ZZ or m.domain.is_QQ for m in matrices):
        return False
    filled, total = sum(m.nnz() for m in matrices), sum(m.shape[0] * m.shape[1] for m in matrices)
    return space.dim > _MANY * max(space.shape) or filled > _DENSE * total


def peakword_intertwiners(pairs: Sequence[tuple[Image, Image]]) -> DomainMatrix | None:
    """The basis of {X : X A = B X for all pairs (A, B)} in echelon form from the right, rows (r, m * n) over QQ, proved.

    The proof: the r matrices are checked exactly, and there are no more modulo a prime.

    Parameters
    ----------
    pairs : at least one pair of exact matrices over ZZ or QQ.

    Returns
    -------
    None if V is not semisimple, needs irreps over an extension of F_p, or the entries have more than some hundred digits.

    Examples
    --------
    >>> from grouprep.linalg import as_image
    >>> a = as_image([[0, 1], [1, 1]])
    >>> peakword_intertwiners([(a, a)]).to_Matrix()
    Matrix([
    [-1, 1, 1, 0],
    [ 1, 0, 0, 1]])
    """
    from sympy import QQ

    shape: tuple[object, ...] | None = None
    modulus, known = 1, [0]
    for k in range(_PRIMES):
        words = _Words(pairs, k)
        rows = _solutions(words)
        if rows is None:
            return None
        values = [int(x) for x in rows.entries()]
        places = [i for i, x in enumerate(values) if x]
        if shape != (rows.nrows(), places):  # the first prime, or one of the two was unlucky
            shape, modulus, known = (rows.nrows(), places), 1, [0] * len(places)
        inverse = pow(modulus, -1, words.p)
        known = [u + modulus * ((values[i] - u) * inverse % words.p) for i, u in zip(places, known, strict=True)]
        modulus *= words.p
        found = rational_numbers([known], modulus)
        if found is None:
            continue
        count, width = rows.nrows(), rows.ncols()
        table = [[0] * width for _ in range(count)]
        for i, x in zip(places, found[0][0], strict=True):
            table[i // width][i % width] = x
        if _all_intertwine(pairs, table, (words.m, words.n)):
            exact = {i: {j: QQ(x, found[1]) for j, x in enumerate(row) if x} for i, row in enumerate(table)}
            return sparse_matrix(exact, (count, width), QQ)
    return None


def _solutions(words: _Words) -> nmod_mat | None:
    """All intertwiners modulo the prime, in echelon form from the right; None if the parts leave more choice than there is."""
    from flint import nmod_mat

    n, m, p = words.n, words.m, words.p
    parts = list(_parts(words))
    if not parts or parts[-1].left or sum(part.krylov.ncols() for part in parts) != n:
        return None
    inverse = _side_by_side([part.krylov for part in parts]).inv().tolist()
    found: list[nmod] = []
    for part in parts:
        k, l = part.vectors.ncols(), part.images.ncols()
        d = part.krylov.ncols() // k
        own, inverse = inverse[: k * d], inverse[k * d :]
        moved = part.images
        for power in words.moving[1]:
            moved = _side_by_side([moved, power * moved]) if moved.ncols() < l * d else moved
        columns = moved.transpose().tolist()
        for j in range(l):
            image = nmod_mat([columns[t * l + j] for t in range(d)], p).transpose()
            for i in range(k):
                X = image * nmod_mat([own[t * k + i] for t in range(d)], p)
                found += X.entries()[::-1]
    count = len(found) // (m * n)
    reduced, rank = nmod_mat(count, m * n, found, p).rref()
    return nmod_mat(rank, m * n, reduced.entries()[: rank * m * n][::-1], p)


def _all_intertwine(
    pairs: Sequence[tuple[Image, Image]], rows: Sequence[Sequence[int]], shape: tuple[int, int]
) -> bool:
    """Whether integer matrices, given as rows of m * n entries, satisfy X A = B X exactly."""
    from flint import fmpz_mat

    exact = [(_integral(a), _integral(b)) for a, b in pairs]
    matrices = [fmpz_mat(*shape, row) for row in rows]
    return all(B * X * s == X * A * t for X in matrices for (A, s), (B, t) in exact)


def _integral(image: Image) -> tuple[fmpz_mat, int]:
    """An integer matrix and a denominator."""
    from sympy import QQ

    numerators, denominator = as_exact(image).convert_to(QQ).to_dense().to_dfm().rep.numer_denom()
    return numerators, int(denominator)


@dataclass(frozen=True)
class _Part:
    """Vectors of V, one a copy of an irrep, and what their images can be.

    vectors : (n, k) columns; images : (m, l), a basis of what one of them can be sent to.
    krylov : (n, k d) the vectors, then their images under a word, under its square, ..., which span the copies.
    left : the dimension of V by what this part and the ones before generate.
    """

    vectors: nmod_mat
    images: nmod_mat
    krylov: nmod_mat
    left: int


def _parts(words: _Words) -> Iterator[_Part]:
    """Parts that together generate V, unless the words that are tried do not suffice."""
    from flint import nmod_mat

    n = words.n
    outside = words.one(n)  # the columns z with z v = 0 for all v generated so far, as rows
    found: list[nmod_mat] = []
    for attempt in range(_WORDS):
        a, b = words.random()
        for f in _divisors(a, linear=attempt < _WORDS // 2):
            vectors = words.mixed(_kernel(f, a, words.one(n)), f.degree())
            if outside * vectors == nmod_mat(outside.nrows(), vectors.ncols(), words.p):
                continue
            found.append(_krylov(words.moving[0], vectors))
            span = _side_by_side(found)
            columns, left = span.transpose().nullspace()
            outside = _first(columns, left).transpose()
            yield _Part(vectors, _kernel(f, b, words.one(words.m)), found[-1], left)
            if not left:
                return


def _divisors(a: nmod_mat, linear: bool) -> list[nmod_poly]:
    """Irreducible divisors of the characteristic polynomial, those of least degree first; the linear ones are found faster."""
    from flint import nmod_poly

    f = a.charpoly()
    if linear:
        return [nmod_poly([-c, 1], f.modulus()) for c, _ in f.roots()]
    return sorted((g for g, _ in f.factor()[1]), key=lambda g: int(g.degree()))


def _kernel(f: nmod_poly, a: nmod_mat, one: nmod_mat) -> nmod_mat:
    """A basis of the v with f(a) v = 0, as columns."""
    d = f.degree()
    value = a * f[d] + one * f[d - 1]
    for k in reversed(range(d - 1)):
        value = value * a + one * f[k]
    return _first(*value.nullspace())


def _krylov(powers: Sequence[nmod_mat], vectors: nmod_mat) -> nmod_mat:
    """The vectors, their images under b, b^2, ... as long as these are independent; powers are b, b^2, b^4, ..."""
    columns = vectors
    for power in powers:
        if columns.rank() < columns.ncols():
            break
        columns = _side_by_side([columns, power * columns])
    k = vectors.ncols()
    return _first(columns, columns.rank() // k * k)


def _first(matrix: nmod_mat, count: int) -> nmod_mat:
    """Its first columns."""
    from flint import nmod_mat

    n, p = matrix.ncols(), matrix.modulus()
    return matrix * nmod_mat(n, count, [int(i == j) for i in range(n) for j in range(count)], p)


def _side_by_side(parts: Sequence[nmod_mat]) -> nmod_mat:
    """Matrices with the same number of rows, beside each other."""
    from flint import nmod_mat

    rows = [x for part in parts for x in part.transpose().entries()]
    return nmod_mat(sum(part.ncols() for part in parts), parts[0].nrows(), rows, parts[0].modulus()).transpose()


class _Words:
    """Random combinations of products of the generators, the same on V and on W, modulo the k-th of a sequence of primes.

    moving : a word on V and on W, and its powers 2, 4, 8, ...
    """

    def __init__(self, pairs: Sequence[tuple[Image, Image]], k: int) -> None:
        self.n, self.m = size(pairs[0][0]), size(pairs[0][1])
        largest = max(self.n, self.m) ** 2
        require_memory(_HELD * largest, f"dense matrices modulo a prime for operators {self.m} x {self.n}", _ENTRY)
        self.p, images = residues([as_exact(matrix) for pair in pairs for matrix in pair], k)
        self._state = Random(k)
        factors = [[self._number() for _ in pairs] for _ in range(2)]
        self._left = [_combination(f, images[::2], self.n, self.p) for f in factors]
        self._right = [_combination(f, images[1::2], self.m, self.p) for f in factors]
        self._ones: dict[int, nmod_mat] = {}
        self.moving = tuple(map(self._squares, self.random()))

    def _number(self) -> int:
        return self._state.randrange(1, self.p)

    def _squares(self, power: nmod_mat) -> list[nmod_mat]:
        out = [power]
        while 2 ** len(out) < self.n:
            out.append(out[-1] * out[-1])
        return out

    def random(self) -> tuple[nmod_mat, nmod_mat]:
        """A word on V and on W; of degree three, because irreps that transposing exchanges look alike to those of degree two."""
        c, d, e, f, g = (self._number() for _ in range(5))

        def word(x: nmod_mat, y: nmod_mat) -> nmod_mat:
            return (x * y * c + x * d + y * e) * (x * f + y) + x * g

        return word(*self._left), word(*self._right)

    def mixed(self, kernel: nmod_mat, degree: int) -> nmod_mat:
        """Random vectors of a kernel, one for each copy of an irrep if `degree` vectors belong to each."""
        from flint import nmod_mat

        k = kernel.ncols()
        if degree == 1:
            return kernel
        count = -(-k // degree)
        return kernel * nmod_mat(k, count, [self._number() for _ in range(k * count)], self.p)

    def one(self, n: int) -> nmod_mat:
        """The n x n identity."""
        from flint import nmod_mat

        if n not in self._ones:
            self._ones[n] = nmod_mat(n, n, [int(i == j) for i in range(n) for j in range(n)], self.p)
        return self._ones[n]


def _combination(factors: Sequence[int], matrices: Sequence[Residues], n: int, p: int) -> nmod_mat:
    """sum_k c_k M_k."""
    from flint import nmod_mat

    flat = [0] * (n * n)
    for c, rows in zip(factors, matrices, strict=True):
        for i, row in rows.items():
            for j, x in row.items():
                flat[i * n + j] += c * x
    return nmod_mat(n, n, [x % p for x in flat], p)
