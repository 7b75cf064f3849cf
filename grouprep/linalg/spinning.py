"""Intertwiners of dense rational matrices by spinning: X is fixed by its values on a few vectors that generate V.

Seeds v_1, ..., v_k and words in the A's give a basis b_i = word_i(A) v_s(i) of V. An intertwiner sends b_i to
word_i(B) w_s(i) with w_s = X v_s, so that k m numbers are unknown instead of n m; the relations A b_i = sum_j C_ji b_j are
their equations. See Holt, Eick, O'Brien, Handbook of Computational Group Theory (2005), sections 7.4 and 7.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grouprep.linalg.matrices import Image, as_exact, is_exact
from grouprep.linalg.modular import modular_nullspace
from grouprep.linalg.spaces import OrbitSpace
from grouprep.linalg.sparse import sparse_matrix
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from flint import fmpq_mat, nmod_mat
    from sympy.polys.matrices import DomainMatrix

__all__ = ["prefers_spinning", "spin_intertwiners"]

_DENSE = 0.2  # the share of non-zero entries in the generators; below, sparse elimination is faster (S4 regular: 0.04 against 1)
_UNKNOWNS = 100  # fewer unknowns are solved at once
_PRIME = 2**61 - 1

Word = tuple[int, int]  # (generator applied last, number of the vector it was applied to), or (-1, i) for the seed e_i


def prefers_spinning(space: OrbitSpace, pairs: Sequence[tuple[Image, Image]]) -> bool:
    """Whether the pairs are exact over QQ, dense, and still many unknowns after the orbits."""
    if space.dim < _UNKNOWNS or not space.is_real or not all(is_exact(m) for pair in pairs for m in pair):
        return False
    total = filled = 0
    for pair in pairs:
        for m in map(as_exact, pair):
            if not (m.domain.is_ZZ or m.domain.is_QQ):
                return False
            total += m.shape[0] * m.shape[1]
            filled += m.nnz()
    return filled > _DENSE * total


def spin_intertwiners(pairs: Sequence[tuple[Image, Image]]) -> DomainMatrix | None:
    """A basis of {X : X A = B X}, rows (r, m * n) over QQ, or None if V needs so many seeds that nothing is gained."""
    import flint

    As = [_rational(a) for a, _ in pairs]
    Bs = [_rational(b) for _, b in pairs]
    n, m = As[0].nrows(), Bs[0].nrows()
    words = _spin(As, n)
    if words is None:
        return None
    seeds = sum(k < 0 for k, _ in words)
    base = _word_vectors(As, words, n)
    moves = _word_matrices(Bs, words, m, seeds)
    inverse = base.inv()
    rows = [row for A, B in zip(As, Bs, strict=True) for row in _relations(A, B, base, inverse, moves, m)]
    solutions = _solve(rows, m * seeds)
    stacked = []
    for w in solutions:
        column = flint.fmpq_mat(m * seeds, 1, w)
        images = [move * column for move in moves]
        X = flint.fmpq_mat(m, n, [images[j][i, 0] for i in range(m) for j in range(n)]) * inverse
        stacked.append(X.entries())
    return _to_domain_matrix(stacked, m * n)


def _rational(image: Image) -> fmpq_mat:
    from sympy import QQ

    matrix: fmpq_mat = as_exact(image).convert_to(QQ).to_dense().to_dfm().rep
    return matrix


def _spin(As: list[fmpq_mat], n: int) -> list[Word] | None:
    """Words whose vectors are a basis modulo a prime, hence over QQ; seeds are unit vectors in order."""
    import flint

    reduced = []
    for A in As:
        numerator, denominator = A.numer_denom()
        if int(denominator) % _PRIME == 0:
            return None
        scale = pow(int(denominator), -1, _PRIME)
        reduced.append(flint.nmod_mat(numerator, _PRIME) * scale)
    echelon = _Echelon()
    words: list[Word] = []
    vectors: list[nmod_mat] = []
    seeds = 0
    for start in range(n):
        if len(words) == n:
            break
        unit = flint.nmod_mat(n, 1, [int(i == start) for i in range(n)], _PRIME)
        if not echelon.add(unit):
            continue
        words.append((-1, start))
        vectors.append(unit)
        seeds += 1
        if seeds > max(1, n // 3):
            return None
        position = len(words) - 1
        while position < len(words) and len(words) < n:
            for k, a in enumerate(reduced):
                moved = a * vectors[position]
                if echelon.add(moved):
                    words.append((k, position))
                    vectors.append(moved)
            position += 1
    return words if len(words) == n else None


class _Echelon:
    """Vectors modulo the prime in echelon form, to decide whether a new one is independent."""

    def __init__(self) -> None:
        self.rows: dict[int, list[int]] = {}

    def add(self, vector: nmod_mat) -> bool:
        """Whether the vector was independent; if so, it is kept."""
        v = [int(x) for x in vector.entries()]
        for pivot, row in self.rows.items():
            if c := v[pivot]:
                v = [(x - c * y) % _PRIME for x, y in zip(v, row, strict=True)]
        pivot = next((i for i, x in enumerate(v) if x), -1)
        if pivot < 0:
            return False
        scale = pow(v[pivot], -1, _PRIME)
        self.rows[pivot] = [x * scale % _PRIME for x in v]
        return True


def _word_vectors(As: list[fmpq_mat], words: list[Word], n: int) -> fmpq_mat:
    """The basis vectors as columns, over QQ."""
    import flint

    columns: list[fmpq_mat] = []
    for k, j in words:
        if k < 0:
            columns.append(flint.fmpq_mat(n, 1, [int(i == j) for i in range(n)]))
        else:
            columns.append(As[k] * columns[j])
    return flint.fmpq_mat(n, n, [columns[j][i, 0] for i in range(n) for j in range(n)])


def _word_matrices(Bs: list[fmpq_mat], words: list[Word], m: int, seeds: int) -> list[fmpq_mat]:
    """For each basis vector the matrix (m, m * seeds) that takes the unknown images of the seeds to its image."""
    import flint

    out: list[fmpq_mat] = []
    seed = 0
    for k, j in words:
        if k < 0:
            start, seed = seed * m, seed + 1
            out.append(flint.fmpq_mat(m, m * seeds, [int(c == start + i) for i in range(m) for c in range(m * seeds)]))
        else:
            out.append(Bs[k] * out[j])
    return out


def _relations(
    A: fmpq_mat, B: fmpq_mat, base: fmpq_mat, inverse: fmpq_mat, moves: list[fmpq_mat], m: int
) -> list[list[Scalar]]:
    """The equations sum_j C_ji word_j(B) - B word_i(B) = 0 for every basis vector i."""
    import flint

    n, width = base.nrows(), moves[0].ncols()
    C = (inverse * A * base).transpose()
    flat = flint.fmpq_mat(n, m * width, [x for move in moves for x in move.entries()])
    combined = C * flat
    rows = []
    for i in range(n):
        image = (B * moves[i]).entries()
        for a in range(m):
            row = [combined[i, a * width + c] - image[a * width + c] for c in range(width)]
            if any(row):
                rows.append(row)
    return rows


def _solve(rows: list[list[Scalar]], unknowns: int) -> list[list[Scalar]]:
    from sympy import QQ
    from sympy.polys.matrices import DomainMatrix

    if not rows:
        return [[QQ(int(i == k)) for i in range(unknowns)] for k in range(unknowns)]
    system = DomainMatrix(rows, (len(rows), unknowns), QQ)
    return [list(row) for row in modular_nullspace(system.to_sparse()).to_dense().to_list()]


def _to_domain_matrix(rows: list[list[Scalar]], width: int) -> DomainMatrix:
    from sympy import QQ

    table = {k: {i: x for i, x in enumerate(row) if x} for k, row in enumerate(rows)}
    return sparse_matrix(table, (len(rows), width), QQ)
