"""Symmetric and exterior powers.

With J the inclusion of the sorted basis words into V^(x)k and S the map that sorts a word (with its sign for exterior
powers, zero on repeated letters), the matrix is S (A (x) ... (x) A) J; see Fulton and Harris, Representation Theory, B.2.
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations, combinations_with_replacement, permutations
from math import comb, factorial
from typing import TYPE_CHECKING

import numpy as np

from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg import matrices as mat
from grouprep.linalg.fields import common_domain, convert_matrix
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
        choose = combinations if self.signed else combinations_with_replacement
        return list(choose(range(self.parts[0].dim), self.k))

    @cached_property
    def _positions(self) -> dict[Index, int]:
        return {w: i for i, w in enumerate(self.words)}

    def _sort(self, word: Index) -> tuple[int, int] | None:
        """The number and sign of the sorted word; None if it is zero."""
        if not self.signed:
            return self._positions[tuple(sorted(word))], 1
        if len(set(word)) < len(word):
            return None
        inversions = sum(word[i] > word[j] for i, j in combinations(range(len(word)), 2))
        return self._positions[tuple(sorted(word))], (-1) ** inversions

    @cached_property
    def _sorting(self) -> csr_array:
        """S as a scipy sparse matrix, (dim, n ** k)."""
        from scipy.sparse import csr_array

        n = self.parts[0].dim
        require_memory(n**self.k, f"the words of {self.k} letters in {n} for {self}")
        rows, columns, signs = [], [], []
        for word in self.words:
            for arranged in set(permutations(word)):
                place = self._sort(arranged)
                assert place is not None
                rows.append(place[0])
                signs.append(float(place[1]))
                columns.append(int(np.ravel_multi_index(arranged, (n,) * self.k)))
        return csr_array((signs, (rows, columns)), shape=(len(self.words), n**self.k))

    def _map(self, factors: list[Image]) -> Image:
        """S (A_1 (x) ... (x) A_k) J."""
        if any(isinstance(a, np.ndarray) for a in factors):
            return self._map_float([mat.as_float(a) for a in factors])
        return self._map_exact([as_exact(a) for a in factors])

    def _map_exact(self, factors: list[DomainMatrix]) -> Image:
        domain = common_domain(*(a.domain for a in factors))
        columns = [_columns(convert_matrix(a, domain)) for a in factors]
        rows: dict[int, dict[int, Scalar]] = {}
        for j, word in enumerate(self.words):
            terms: dict[Index, Scalar] = {(): domain.one}
            for place, letter in enumerate(word):
                new: dict[Index, Scalar] = {}
                for prefix, x in terms.items():
                    for i, y in columns[place].get(letter, ()):
                        if not (self.signed and i in prefix):
                            key = (*prefix, i)
                            new[key] = new[key] + x * y if key in new else x * y
                terms = new
            for arranged, x in terms.items():
                found = self._sort(arranged)
                if found is not None:
                    row = rows.setdefault(found[0], {})
                    value = x * found[1]
                    row[j] = row[j] + value if j in row else value
        rows = {i: {j: x for j, x in row.items() if x} for i, row in rows.items()}
        return sparse_matrix(rows, (self.dim, self.dim), domain)

    def _map_float(self, factors: list[Array]) -> Array:
        letters = np.array(self.words).reshape(len(self.words), self.k)
        product = factors[0][..., :, letters[:, 0]]
        for place in range(1, self.k):
            column = factors[place][..., :, letters[:, place]]
            product = product[..., :, None, :] * column[..., None, :, :]
            product = product.reshape(*product.shape[:-3], -1, product.shape[-1])
        flat = np.moveaxis(product, -2, 0)
        out = self._sorting @ flat.reshape(flat.shape[0], -1)
        return np.moveaxis(out.reshape(self.dim, *flat.shape[1:]), 0, -2)

    def _combine(self, values: list[Image]) -> Image:
        image = self._map([values[0]] * self.k)
        if isinstance(values[0], Monomial):
            return Monomial.from_domain_matrix(as_exact(image)) or image
        return image

    def _derive(self, values: list[Image]) -> Image:
        n = self.parts[0].dim
        one: Image = Monomial.identity(n) if mat.is_exact(values[0]) else np.eye(n)
        terms = [self._map([values[0] if p == place else one for p in range(self.k)]) for place in range(self.k)]
        if all(map(mat.is_exact, terms)):
            total = as_exact(terms[0])
            for t in terms[1:]:
                total = total + as_exact(t)
            return total
        return sum((mat.as_float(t) for t in terms), np.zeros((self.dim, self.dim)))

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
            return self._map_float([form] * self.k) / np.array(counts)[:, None]
        matrix = as_exact(form).to_field()
        image = as_exact(self._map([matrix] * self.k)).to_field()
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
        return self._map([forms[0]] * self.k)
