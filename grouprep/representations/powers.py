"""Symmetric and exterior powers.

With J the inclusion of the sorted basis words into V^(x)k and S the map that sorts a word (with its sign for exterior
powers, zero on repeated letters), the matrix is S (A (x) ... (x) A) J; see Fulton and Harris, Representation Theory, B.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import combinations, combinations_with_replacement
from math import comb, factorial, prod
from typing import TYPE_CHECKING

import numpy as np

from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg.memory import require_memory
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.representations.base import Representation
from grouprep.representations.composite import Composite
from grouprep.typing import Array, Scalar

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from sympy.polys.matrices import DomainMatrix

    from grouprep.characters import ClassPoint, ClassValue

__all__ = ["ExteriorPower", "SymmetricPower"]

Index = tuple[int, ...]


_TERM = 250  # bytes of a term of a differential: a tuple of four numbers, a factor and their places


def _choose(n: int, k: int, signed: bool) -> Iterator[Index]:
    """The sorted words of k letters of n."""
    return (combinations if signed else combinations_with_replacement)(range(n), k)


def _count(n: int, k: int, signed: bool) -> int:
    return comb(n, k) if signed else comb(n + k - 1, k)


class _Power(Composite):
    """What the two powers share: words of k letters, and a sign for sorting them."""

    symbol: str
    signed: bool

    def __init__(self, V: Representation, k: int) -> None:
        self.parts, self.k = (V,), k
        count = comb(V.dim, k) if self.signed else comb(V.dim + min(k, 10**6) - 1, min(V.dim - 1, min(k, 10**6)))
        require_memory(count * max(k, 8), f"{self} with about 10^{int(count.bit_length() * 0.30103)} dimensions")

    @cached_property
    def words(self) -> list[Index]:
        """The basis: sorted words."""
        return list(_choose(self.parts[0].dim, self.k, self.signed))

    @cached_property
    def _positions(self) -> dict[Index, int]:
        return {w: i for i, w in enumerate(self.words)}

    def _sorted(self, word: Index) -> tuple[Index, int]:
        """The sorted word, and the sign of sorting it: 0 if it is zero."""
        if not self.signed:
            return tuple(sorted(word)), 1
        if len(set(word)) < len(word):
            return word, 0
        inversions = sum(word[i] > word[j] for i, j in combinations(range(len(word)), 2))
        return tuple(sorted(word)), (-1) ** inversions

    @cached_property
    def _steps(self) -> list[csr_array]:
        """For m = 1, ..., k the matrix (words of m letters, words of m - 1 letters times n) that sorts a letter in."""
        from scipy.sparse import csr_array

        n = self.parts[0].dim
        short: list[Index] = [()]
        steps = []
        for m in range(1, self.k + 1):
            long = list(_choose(n, m, self.signed))
            place = {w: i for i, w in enumerate(long)}
            arranged = [self._sorted((*w, letter)) for w in short for letter in range(n)]
            kept = [(place[w], j, float(sign)) for j, (w, sign) in enumerate(arranged) if sign]
            rows, columns, signs = zip(*kept, strict=True)
            steps.append(csr_array((signs, (rows, columns)), shape=(len(long), len(arranged))))
            short = long
        return steps

    @cached_property
    def _replaced(self) -> tuple[list[tuple[int, int, int, int]], list[int]]:
        """The terms of a differential, (row, column, i, j) for the entry (i, j) of V's, and their factors."""
        n = self.parts[0].dim
        require_memory(len(self.words) * min(self.k, n) * n, f"the differential of {self}", _TERM)
        terms, factors = [], []
        for column, word in enumerate(self.words):
            for letter in dict.fromkeys(word):
                p = word.index(letter)
                for i in range(n):
                    arranged, sign = self._sorted((*word[:p], i, *word[p + 1 :]))
                    if sign:
                        terms.append((self._positions[arranged], column, i, letter))
                        factors.append(sign * word.count(letter))
        return terms, factors

    def _map(self, a: Image) -> Image:
        """S (A (x) ... (x) A) J, a letter at a time: what is sorted at once has no more terms than there are words."""
        return self._map_float(a) if isinstance(a, np.ndarray) else self._map_exact(as_exact(a))

    def _map_exact(self, a: DomainMatrix) -> Image:
        columns = _columns(a)
        rows: dict[int, dict[int, Scalar]] = {}
        stack: list[dict[Index, Scalar]] = [
            {(): a.domain.one}
        ]  # the products for the beginnings of a word, which the next one shares
        before: Index = ()
        for j, word in enumerate(self.words):
            shared = next((m for m, (x, y) in enumerate(zip(before, word, strict=False)) if x != y), 0)
            del stack[shared + 1 :]
            for letter in word[shared:]:
                new: dict[Index, Scalar] = {}
                for prefix, x in stack[-1].items():
                    for i, y in columns.get(letter, ()):
                        key, sign = self._sorted((*prefix, i))
                        if sign:
                            new[key] = new.get(key, a.domain.zero) + x * y * sign
                stack.append(new)
            before, terms = word, stack[-1]
            for key, x in terms.items():
                if x:
                    rows.setdefault(self._positions[key], {})[j] = x
        return sparse_matrix(rows, (self.dim, self.dim), a.domain)

    def _map_float(self, a: Array) -> Array:
        n, batch = self.parts[0].dim, a.shape[:-2]
        widest = max(_count(n, m, self.signed) for m in range(self.k))
        require_memory(2 * prod(batch) * widest * n * self.dim, f"the matrices of {self}", a.dtype.itemsize)
        letters = np.array(self.words).reshape(len(self.words), self.k)
        product = np.ones((*batch, 1, self.dim))
        for place, step in enumerate(self._steps):
            column = a[..., :, letters[:, place]]
            product = (product[..., :, None, :] * column[..., None, :, :]).reshape(*batch, -1, self.dim)
            flat = np.moveaxis(product, -2, 0)
            out = step @ flat.reshape(flat.shape[0], -1)
            product = np.moveaxis(out.reshape(-1, *flat.shape[1:]), 0, -2)
        return product

    def _combine(self, values: list[Image]) -> Image:
        image = self._map(values[0])
        if isinstance(values[0], Monomial):
            return Monomial.from_domain_matrix(as_exact(image)) or image
        return image

    def _derive(self, values: list[Image]) -> Image:
        """Sums of words with one letter replaced."""
        a = values[0]
        if isinstance(a, np.ndarray):
            out = np.zeros((self.dim, self.dim), a.dtype)
            places = np.array(self._replaced[0], dtype=int).reshape(-1, 4).T
            np.add.at(out, tuple(places[:2]), a[tuple(places[2:])] * np.array(self._replaced[1]))
            return out
        exact = as_exact(a)
        entries = from_domain_matrix_rows(exact)
        table: dict[int, dict[int, Scalar]] = {}
        for (row, column, i, j), factor in zip(*self._replaced, strict=True):
            if (x := entries.get(i, {}).get(j)) is not None:
                line = table.setdefault(row, {})
                line[column] = line.get(column, exact.domain.zero) + x * factor
        table = {i: {j: x for j, x in line.items() if x} for i, line in table.items()}
        return sparse_matrix(table, (self.dim, self.dim), exact.domain)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        """Newton's identities: m h_m = sum_i (+-1)^(i-1) h_(m-i) p_i."""
        powers = [self.parts[0].character_at(point, k * i) for i in range(1, self.k + 1)]
        values: list[ClassValue] = [1]
        for m in range(1, self.k + 1):
            sign = -1 if self.signed else 1
            total = sum((values[m - i] * powers[i - 1] * sign ** (i - 1) for i in range(1, m + 1)), 0)
            values.append(total // m if isinstance(total, int) else total / m)
        return values[self.k]

    def _key(self) -> tuple[object, ...]:
        return self.parts[0], self.k

    def __str__(self) -> str:
        return f"{self.symbol}({self.k}, {self.parts[0]})"


def _columns(matrix: DomainMatrix) -> dict[int, list[tuple[int, Scalar]]]:
    out: dict[int, list[tuple[int, Scalar]]] = {}
    for i, row in from_domain_matrix_rows(matrix).items():
        for j, x in row.items():
            out.setdefault(j, []).append((i, x))
    return out


class SymmetricPower(_Power):
    """Sym^k(V) in the basis of monomials e_a1 ... e_ak, a1 <= ... <= ak."""

    symbol, signed = "sym", False
    _keeps_unitarity = False

    @cached_property
    def dim(self) -> int:
        return comb(self.parts[0].dim + self.k - 1, self.k)

    def _combine_forms(self, forms: list[Image]) -> Image:
        """D S H^(x)k S^T D with D = diag(1 / number of arrangements)."""
        from sympy import QQ

        form = forms[0]
        counts = [_arrangements(w) for w in self.words]
        if isinstance(form, np.ndarray):
            return self._map_float(form) / np.array(counts)[:, None]
        matrix = as_exact(form).to_field()
        image = as_exact(self._map(matrix)).to_field()
        K = image.domain
        scale = {i: {i: K.convert_from(QQ(1, c), QQ)} for i, c in enumerate(counts)}
        return sparse_matrix(scale, (self.dim, self.dim), K) * image


def _arrangements(word: Index) -> int:
    out = factorial(len(word))
    for letter in set(word):
        out //= factorial(word.count(letter))
    return out


class ExteriorPower(_Power):
    """The k-th exterior power in the basis e_a1 ^ ... ^ e_ak, a1 < ... < ak."""

    symbol, signed = "ext", True

    @cached_property
    def dim(self) -> int:
        return comb(self.parts[0].dim, self.k)

    def _combine_forms(self, forms: list[Image]) -> Image:
        """The matrix of k x k minors of the form."""
        if isinstance(forms[0], Monomial):
            return Monomial.identity(self.dim)
        return self._map(forms[0])
