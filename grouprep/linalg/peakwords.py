"""How many intertwiners exact matrices have at most, by generators of V modulo a prime whose images leave little choice.

If X A = B X for all pairs (A, B), then X is fixed by its values on vectors v that generate V under the A. Let a be a combination
of products of the A, and b the same combination of the B: from (a - c) v = 0 follows (b - c) X v = 0. So the sum of dim ker(b - c)
over generating v bounds the dimension of all X. For a random a each kernel meets one irrep, in one vector a copy, and the bound is
the dimension. All of it is done in F_p, where the rank of the constraint can only fall: the bound holds over the number field.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from grouprep.linalg.matrices import Image, as_exact, size
from grouprep.linalg.memory import require_memory
from grouprep.linalg.modular import Residues, residues

if TYPE_CHECKING:
    from flint import nmod_mat, nmod_poly

__all__ = ["peakword_bound"]

_WORDS = 24  # that are tried; a random polynomial has a root in F_p with a chance of 1 - 1/e
_HELD = 24  # dense matrices of the larger size that are held at a time


def peakword_bound(pairs: Sequence[tuple[Image, Image]], enough: int) -> int:
    """A bound from above on the dimension of {X : X A = B X for all pairs (A, B)}, mostly the dimension itself.

    Parameters
    ----------
    pairs : at least one pair of exact matrices, (n, n) and (m, m).
    enough : the search ends with a bound that is no larger.

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
    n, m = size(pairs[0][0]), size(pairs[0][1])
    require_memory(_HELD * max(n, m) ** 2, f"dense matrices modulo a prime for operators {m} x {n}")
    p, images = residues([as_exact(matrix) for pair in pairs for matrix in pair])
    words = _Words(images[::2], images[1::2], (n, m), p)
    found = _Submodule(words)
    bound = 0
    for attempt in range(_WORDS):
        a, b = words.random()
        for f in _divisors(a, linear=attempt < _WORDS // 2):
            fresh = sum(found.add(v) for v in _kernel(f, a))
            bound += fresh * len(_kernel(f, b)) if fresh else 0
            if found.dim == n or bound > enough:
                return bound if found.dim == n else bound + m * (n - found.dim)
    return bound + m * (n - found.dim)


def _divisors(a: nmod_mat, linear: bool) -> list[nmod_poly]:
    """Irreducible divisors of the characteristic polynomial, those of least degree first; the linear ones are found faster."""
    from flint import nmod_poly

    f = a.charpoly()
    if linear:
        return [nmod_poly([-c, 1], f.modulus()) for c, _ in f.roots()]
    return sorted((g for g, _ in f.factor()[1]), key=lambda g: int(g.degree()))


class _Words:
    """Random combinations of products of the generators, the same on V and on W."""

    def __init__(self, first: Sequence[Residues], second: Sequence[Residues], sizes: tuple[int, int], p: int) -> None:
        self.random_state, self.p = Random(0), p
        factors = [[self._number() for _ in first] for _ in range(2)]
        self.left = [_combination(f, first, sizes[0], p) for f in factors]
        self.right = [_combination(f, second, sizes[1], p) for f in factors]

    def _number(self) -> int:
        return self.random_state.randrange(1, self.p)

    def random(self) -> tuple[nmod_mat, nmod_mat]:
        """A word on V and on W."""
        c, d, e = self._number(), self._number(), self._number()

        def word(x: nmod_mat, y: nmod_mat) -> nmod_mat:
            return (x * y) * c + x * d + y * e

        return word(*self.left), word(*self.right)


def _combination(factors: Sequence[int], matrices: Sequence[Residues], n: int, p: int) -> nmod_mat:
    """sum_k c_k M_k."""
    from flint import nmod_mat

    flat = [0] * (n * n)
    for c, rows in zip(factors, matrices, strict=True):
        for i, row in rows.items():
            for j, x in row.items():
                flat[i * n + j] += c * x
    return nmod_mat(n, n, [x % p for x in flat], p)


def _kernel(f: nmod_poly, a: nmod_mat) -> list[list[int]]:
    """A basis of the v with f(a) v = 0."""
    from flint import nmod_mat

    n = a.nrows()
    one = nmod_mat(n, n, [int(i == j) for i in range(n) for j in range(n)], a.modulus())
    value = one * f.leading_coefficient()
    for k in reversed(range(f.degree())):
        value = value * a + one * f[k]
    columns, nullity = value.nullspace()
    return [[int(columns[i, k]) for i in range(n)] for k in range(nullity)]


class _Submodule:
    """What some vectors generate under the words on V, as rows in reduced echelon form."""

    def __init__(self, words: _Words) -> None:
        from flint import nmod_mat

        self.p = words.p
        self.generators = [x.transpose() for x in words.left]
        self.n = self.generators[0].nrows()
        power = words.random()[0].transpose()
        self.powers = [power]  # of one word, squared again and again: they reach far in few steps
        while 2 ** len(self.powers) < self.n:
            power = power * power
            self.powers.append(power)
        self.rows = nmod_mat(0, self.n, self.p)

    @property
    def dim(self) -> int:
        """Its dimension."""
        return int(self.rows.nrows())

    def add(self, vector: list[int]) -> bool:
        """Enlarge it by what a vector generates; False if the vector lies in it."""
        from flint import nmod_mat

        v = nmod_mat(1, self.n, vector, self.p)
        whole = _span(self.rows, v)
        if whole.nrows() == self.dim:
            return False
        for power in self.powers:
            v = _span(v, v * power)
        whole = _span(self.rows, v)
        while self.dim < whole.nrows() < self.n:
            self.rows = whole
            for g in self.generators:
                whole = _span(whole, whole * g)
        self.rows = whole
        return True


def _span(x: nmod_mat, y: nmod_mat) -> nmod_mat:
    """The rows of two matrices in reduced echelon form."""
    from flint import nmod_mat

    n = x.ncols()
    reduced, rank = nmod_mat(x.nrows() + y.nrows(), n, x.entries() + y.entries(), x.modulus()).rref()
    return nmod_mat(rank, n, reduced.entries()[: rank * n], x.modulus())
