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

from grouprep.linalg.matrices import Image, as_exact, size
from grouprep.linalg.memory import require_memory
from grouprep.linalg.modular import Residues, residues

if TYPE_CHECKING:
    from flint import nmod_mat, nmod_poly

__all__ = ["peakword_bound"]

_WORDS = 24  # that are tried; a random polynomial has a root in F_p with a chance of 1 - 1/e
_HELD = 12  # dense matrices of the larger size that are held at a time
_ENTRY = 40  # bytes of one entry, as a number and in flint's matrix


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
