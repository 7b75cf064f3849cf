"""Structure without a pattern: a dense basis, orthonormal in the inner product that invariant forms induce."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from grouprep.linalg import Image, as_exact, as_float
from grouprep.linalg.conditioning import ACCURACY, IDEMPOTENT, FormFactor, factor, powers_of_two, require_accuracy
from grouprep.linalg.convert import exact_floats, to_numpy
from grouprep.linalg.fields import common_domain, conjugate, convert_matrix
from grouprep.linalg.matrices import inverse, is_exact
from grouprep.linalg.memory import require_memory
from grouprep.linalg.spaces import Roots, Space
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.typing import AnyArray, Array, Floats, Namespace, Scalar
from projectors.structure.base import Means, Structure, kind

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from projectors.structure.blocks import Block

__all__ = ["Dense", "Forms"]

Forms = tuple[Image, Image]
"""The invariant forms H_V and H_W of the inner product <A, B> = tr(H_V^-1 A* H_W B)."""

_EXACT_LIMIT = 400_000  # entries of a basis whose dual is computed exactly; S4 regular has 13,824 and takes 0.1 s
_UNIT = float(np.finfo(float).eps) / 2
_HUGE = 1e100  # entries whose squares and single-precision combinations stay in range, far beyond what floats carry


class _Pairs(NamedTuple):
    """Matrices X_k and D_k, (dim, m, n) each, with P(T) = sum_k <D_k, T>_F X_k."""

    basis: Array
    dual: Array

    def coordinates(self, T: Array) -> Array:
        dtype = kind(T, self.basis.dtype)
        r, m, n = self.basis.shape
        dual = self.dual.reshape(r, m * n).conj().T.astype(dtype)
        return np.asarray(T.reshape(*T.shape[:-2], m * n).astype(dtype) @ dual)

    def combine(self, c: Array) -> Array:
        dtype = kind(c, self.basis.dtype)
        r, m, n = self.basis.shape
        flat = c.astype(dtype) @ self.basis.reshape(r, m * n).astype(dtype)
        return np.asarray(flat.reshape(*c.shape[:-1], m, n))

    def condition(self, v: Floats, w: Floats) -> float:
        """|X|_2 |D|_F for the matrices of all X_k and D_k as rows, basis vectors of V and W scaled by v and w; |P|_F for orthonormal X."""
        X, D = _scaled(self.basis, v, w), _scaled(self.dual, 1 / v, 1 / w)
        if max(np.abs(X).max(), np.abs(D).max()) > _HUGE:
            return np.inf
        return float(np.linalg.norm(X, 2) * np.linalg.norm(D))


def _scaled(basis: Array, v: Floats, w: Floats) -> Array:
    """The (dim, m, n) matrices as rows, in coordinates v x of V and w y of W."""
    with np.errstate(over="ignore"):
        return np.asarray((basis * w[:, None] / v).reshape(len(basis), -1))


class Dense(Structure):
    """A dense orthonormal basis (dim, m, n), with the dual basis that inner products are taken with.

    space : the solved space; forms : of the inner product, None for the Frobenius one.
    """

    def __init__(self, space: Space, forms: Forms | None) -> None:
        self.space, self.shape, self.dim, self.forms = space, space.shape, space.dim, forms

    def rows(self) -> DomainMatrix:
        return self.space.rows()

    @property
    def roots(self) -> Roots | None:  # type: ignore[override]
        return self.space.roots

    @cached_property
    def _orthonormal(self) -> _Pairs:
        """By Householder QR in coordinates where the inner product is Frobenius: X -> L_W* X L_V^-* with H = L L*."""
        m, n = self.shape
        require_memory(3 * self.dim * m * n, f"{self.dim} dense basis elements of shape {m} x {n}")
        raw = self.space.floats().reshape(self.dim, m, n)
        if self.forms is None:
            matrices = _orthonormal_rows(raw.reshape(self.dim, m * n)).reshape(-1, m, n)
            return _Pairs(matrices, matrices)
        (right_inverse, right, _), (left, left_inverse, _) = self._factors
        flat = _orthonormal_rows((left @ raw @ right).reshape(self.dim, m * n)).reshape(-1, m, n)
        # <B, T> = tr((L_W* B R)* L_W* T R) = tr((L_W L_W* B R R*)* T), so the dual of B is L_W (L_W* B R) R*.
        return _Pairs(left_inverse @ flat @ right_inverse, left.conj().T @ flat @ right.conj().T)

    @cached_property
    def _factors(self) -> tuple[FormFactor, ...]:
        """Of H_V and H_W; a form that floats do not carry is refused."""
        return tuple(factor(h, f"an invariant form in {len(as_float(h))} dimensions") for h in self.forms or ())

    @cached_property
    def _projecting(self) -> _Pairs:
        """What P is computed with: exact ones, rounded once, where an orthonormal basis in an ill-conditioned form has lost digits.

        Rounding leaves n u |X|_2 |D|_F |T| of P(T), u = eps / 2, in sums of n^2 products (Higham and Mary, SIAM J. Sci. Comput. 41, 2019),
        and the factors of the forms leave as much of float pairs, times their condition.
        """
        if self.forms is None or not self.dim:
            return self._orthonormal
        v, w = (powers_of_two(np.sqrt(np.abs(np.diagonal(as_float(h))))) for h in self.forms)
        n = max(self.shape)
        if self.dim * self.shape[0] * self.shape[1] > _EXACT_LIMIT or not (
            self.space.is_exact and all(map(is_exact, self.forms))
        ):
            pairs = self._orthonormal
            condition = pairs.condition(v, w) * max(f.condition for f in self._factors)
        else:
            grams = tuple(map(as_exact, self.forms))
            pairs = _exact_pairs(self.space.rows(), self.shape, *grams)
            condition = pairs.condition(v, w)
            if ACCURACY < n * _UNIT * condition < np.inf:  # perhaps the fault of the basis, not of P
                pairs = _exact_pairs(_straightened(self.space.rows(), _scaled(pairs.basis, v, w)), self.shape, *grams)
                condition = pairs.condition(v, w)
        what = f"the projector on {self.dim} operators of shape {self.shape}"
        require_accuracy(condition / 2, n, what, IDEMPOTENT)
        return pairs

    @property
    def is_self_dual(self) -> bool:  # type: ignore[override]
        return self.forms is None

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return self._projecting.basis.dtype

    @cached_property
    def means(self) -> Means | None:  # type: ignore[override]
        """By exact rows with entries of one size each, none of them in common: such as 1 and J for an irrep of complex type."""
        m, n = self.shape
        labels, signs = np.full(m * n, -1, dtype=np.int64), np.ones(m * n)
        if not (self.is_self_dual and self.space.is_exact and self.roots is None) or self.dtype.kind == "c":
            return None
        for k, row in from_domain_matrix_rows(self.rows()).items():
            size = next(iter(row.values()))
            for place, x in row.items():
                if labels[place] >= 0 or x not in (size, -size):
                    return None
                labels[place], signs[place] = k, 1 if x == size else -1
        return labels, signs

    def coordinates(self, T: Array) -> Array:
        return self._orthonormal.coordinates(T)

    def combine(self, c: Array) -> Array:
        return self._orthonormal.combine(c)

    def combine_coordinates(self, T: Array) -> Array:
        return self._projecting.combine(self._projecting.coordinates(T))

    def key(self) -> tuple[Hashable, ...]:
        basis, dual = self._orthonormal
        return self.shape, self.dim, basis.tobytes(), dual.tobytes()

    def constants(self, block: Block, width: int) -> tuple[Array, ...]:
        basis, dual = self._projecting
        r, m, n = basis.shape
        flat = dual.reshape(r, m * n).conj().T, basis.reshape(r, m * n)
        return tuple(np.require(x, None, ["C", "W"]) for x in flat)

    def project(
        self, rows: AnyArray, copies: int, xp: Namespace, constants: Sequence[AnyArray], block: Block
    ) -> AnyArray:
        m, n = self.shape
        _, columns = block.slices()
        lead = rows.shape[:-2]
        d = len(lead)
        exchange = (*range(d), d, d + 2, d + 1, d + 3)
        part = xp.reshape(rows[..., columns], (*lead, copies, m, block.columns_n, n))
        flat = xp.reshape(xp.permute_dims(part, exchange), (*lead, copies * block.columns_n, m * n))
        out = (flat @ constants[0]) @ constants[1]
        out = xp.permute_dims(xp.reshape(out, (*lead, copies, block.columns_n, m, n)), exchange)
        return xp.reshape(out, (*lead, copies * m, block.columns_n * n))


def _straightened(rows: DomainMatrix, scaled: Array) -> DomainMatrix:
    """Exact combinations of the rows that are nearly orthonormal in floats: by the triangular factor, in single precision."""
    size = powers_of_two(np.linalg.norm(scaled, axis=1))
    r = np.asarray(np.linalg.qr((scaled / size[:, None]).T, mode="r"))
    single = np.linalg.inv(r).T.astype(np.complex64 if r.dtype.kind == "c" else np.float32)
    combine = exact_floats(single / size)
    field = common_domain(rows.domain, combine.domain).get_field()
    return (convert_matrix(combine, field).to_dense() * convert_matrix(rows, field).to_dense()).to_sparse()


def _exact_pairs(rows: DomainMatrix, shape: tuple[int, int], gram_V: DomainMatrix, gram_W: DomainMatrix) -> _Pairs:
    """X_k and D_k, exact until they are rounded.

    With Y_k = H_W X_k H_V^-1, <X_k, T> is the Frobenius product of Y_k and T, and D = conj(G^-1) Y for G_kl = <X_k, X_l>.
    vec is row-major, so vec(H X K) = kron(H, K^T) vec(X); for Hermitian K, K^T is its conjugate.
    """
    m, n = shape
    field = common_domain(rows.domain, gram_V.domain, gram_W.domain).get_field()
    X = convert_matrix(rows, field).to_dense()
    K = convert_matrix(as_exact(inverse(gram_V)), field)
    H = convert_matrix(gram_W, field)
    Y = _both_sides(X, H, K, (m, n))
    G = conjugate(Y.to_sparse()).to_dense() * X.transpose()
    D = conjugate(G.inv().to_sparse()).to_dense() * Y
    size = (rows.shape[0], m, n)
    return _Pairs(to_numpy(X.to_sparse()).reshape(size), to_numpy(D.to_sparse()).reshape(size))


def _both_sides(X: DomainMatrix, H: DomainMatrix, K: DomainMatrix, shape: tuple[int, int]) -> DomainMatrix:
    """The rows vec(H X_k K) for the rows vec(X_k)."""
    m, n = shape
    rows = from_domain_matrix_rows(X.to_sparse())
    tall: dict[int, dict[int, Scalar]] = {k * m + i: {} for k in range(X.shape[0]) for i in range(m)}
    for k, row in rows.items():
        for index, x in row.items():
            tall[k * m + index // n][index % n] = x
    right = from_domain_matrix_rows(
        (sparse_matrix(tall, (X.shape[0] * m, n), X.domain).to_dense() * K.to_dense()).to_sparse()
    )
    wide: dict[int, dict[int, Scalar]] = {}
    for place, row in right.items():
        for j, x in row.items():
            wide.setdefault(place % m, {})[(place // m) * n + j] = x
    left = (H.to_dense() * sparse_matrix(wide, (m, X.shape[0] * n), X.domain).to_dense()).to_sparse()
    out: dict[int, dict[int, Scalar]] = {}
    for i, row in from_domain_matrix_rows(left).items():
        for column, x in row.items():
            out.setdefault(column // n, {})[i * n + column % n] = x
    return sparse_matrix(out, X.shape, X.domain).to_dense()


def _orthonormal_rows(rows: Array) -> Array:
    """Rows with the same span, orthonormal; the triangular factor has a positive diagonal, so the result is unique."""
    if not len(rows):
        return rows
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    q, r = np.linalg.qr((rows / size).T)
    phase = np.diagonal(r) / np.abs(np.diagonal(r))
    return np.ascontiguousarray((q * phase).T)
