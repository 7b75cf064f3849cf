"""The checks behind a certificate: each is computed from the generators' matrices, apart from how the basis was found."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import CertificateError
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg.floats import CLEAR
from grouprep.linalg.modular import modular_rank
from grouprep.linalg.monomial import common_modulus
from grouprep.linalg.peakwords import peakword_bound
from grouprep.linalg.spaces import OrbitSpace, Space
from grouprep.linalg.sparse import equal_exact, from_domain_matrix_rows, matmul_exact, sparse_matrix
from grouprep.linalg.stabilisers import monomial_bound
from grouprep.representations import Representation
from grouprep.typing import Array, Scalar
from projectors.solvers.base import generator_pairs
from projectors.solvers.constraint import stacked_constraint

if TYPE_CHECKING:
    from flint import acb_mat
    from sympy.polys.matrices import DomainMatrix

__all__ = [
    "check_completeness",
    "check_float_basis",
    "check_independence",
    "check_residual",
    "float_residual_bound",
    "orthonormality_bound",
    "recognised",
]


def recognised(space: Space) -> Space:
    """The same basis, as indicators of orbits where it is written out as rows that are such."""
    if isinstance(space, OrbitSpace) or not space.is_exact:
        return space
    return OrbitSpace.from_rows(space.shape, space.rows()) or space


def check_residual(V: Representation, W: Representation, space: Space) -> None:
    """rho_W(a) X = X rho_V(a) exactly, for every basis element X and every generator a that no others give.

    Raises
    ------
    CertificateError
        Naming the generator where it fails.
    """
    for generator in V.group.seed_generators:
        a, b = V.images[generator], W.images[generator]
        if isinstance(space, OrbitSpace) and isinstance(a, Monomial) and isinstance(b, Monomial):
            good = _orbits_invariant(space, a, b)
        else:
            good = _rows_invariant(_rows(space), space.shape, a, b)
        if not good:
            raise CertificateError(f"Hom({V}, {W}): a basis element does not intertwine the generator {generator}")


def _rows(space: Space) -> DomainMatrix:
    if not space.is_exact:
        raise CertificateError("a float basis has no exact residual")
    return space.rows()


def _orbits_invariant(space: OrbitSpace, a: Monomial, b: Monomial) -> bool:
    """Entry by entry: X[beta i, alpha j] = b_i conj(a_j) X[i, j]."""
    m = common_modulus(space, a, b)
    labels = space.labels.reshape(space.shape)
    phase = space.phase.reshape(space.shape) * (m // space.modulus)
    moved = np.ix_(b.perm, a.perm)
    if not np.array_equal(labels[moved], labels):
        return False
    step = (b.phase * (m // b.modulus))[:, None] - a.phase * (m // a.modulus)
    return not np.any(((phase[moved] - phase - step) % m)[labels >= 0])


def _rows_invariant(rows: DomainMatrix, shape: tuple[int, int], a: Image, b: Image) -> bool:
    """B [X_1 ... X_r] and [X_1; ...; X_r] A, compared after moving the blocks."""
    m, n = shape
    r = rows.shape[0]
    entries = from_domain_matrix_rows(rows)
    wide: dict[int, dict[int, Scalar]] = {}
    tall: dict[int, dict[int, Scalar]] = {}
    for k, row in entries.items():
        for index, x in row.items():
            i, j = divmod(index, n)
            wide.setdefault(i, {})[k * n + j] = x
            tall.setdefault(k * m + i, {})[j] = x
    left = matmul_exact(as_exact(b), sparse_matrix(wide, (m, r * n), rows.domain))
    right = matmul_exact(sparse_matrix(tall, (r * m, n), rows.domain), as_exact(a))
    moved: dict[int, dict[int, Scalar]] = {}
    for i, row in from_domain_matrix_rows(left).items():
        for column, x in row.items():
            k, j = divmod(column, n)
            moved.setdefault(k * m + i, {})[j] = x
    return equal_exact(sparse_matrix(moved, (r * m, n), left.domain), right)


def check_independence(space: Space) -> str:
    """The basis elements are linearly independent: how it was shown.

    An element with an entry of its own, which no other element has, is independent of the others; what is left when these are
    taken away, again and again, needs full rank modulo a prime.

    Raises
    ------
    CertificateError
        If they are not.
    """
    if isinstance(space, OrbitSpace):
        if space.dim and space.sizes().min() < 1:
            raise CertificateError("a basis element is zero")
        return "disjoint supports"
    rows = _rows(space)
    core = _without_own_entries(rows)
    if core.shape[0] and modular_rank(core) < core.shape[0]:
        raise CertificateError(
            f"the {rows.shape[0]} basis elements are dependent modulo a prime; they are not proved independent"
        )
    return "full rank modulo a prime, which bounds the rank from below" if core.shape[0] else "entries of their own"


def _without_own_entries(rows: DomainMatrix) -> DomainMatrix:
    """The rows, and the columns that they use, without those that have a column of their own among the rows that are left."""
    entries = from_domain_matrix_rows(rows)
    left = [entries.get(k, {}) for k in range(rows.shape[0])]
    while True:
        count = Counter(chain.from_iterable(left))
        kept = [row for row in left if all(count[j] > 1 for j in row)]
        if len(kept) == len(left):
            break
        left = kept
    place = {j: c for c, j in enumerate(sorted(count))}
    core = {k: {place[j]: x for j, x in row.items()} for k, row in enumerate(left)}
    return sparse_matrix(core, (len(left), len(place)), rows.domain)


def check_completeness(V: Representation, W: Representation, space: Space) -> str:
    """That there are no further intertwiners: how it was shown.

    Monomial representations by Frobenius reciprocity at point stabilisers, others modulo a prime, by vectors that generate V or
    by the rank of the constraint: each bounds the dimension from above.

    Raises
    ------
    CertificateError
        If there are more.
    TooLarge
        If none of this fits into memory.
    """
    pairs = generator_pairs(V, W)
    monomial = [(a, b) for a, b in pairs if isinstance(a, Monomial) and isinstance(b, Monomial)]
    if len(monomial) == len(pairs):
        count, how = monomial_bound(monomial, space.dim), "the stabilisers of basis vectors leave no more"
    else:
        count, how = (
            peakword_bound(pairs, space.dim),
            "their values on vectors that generate V, modulo a prime, leave no more",
        )
        if count > space.dim:
            count = V.dim * W.dim - modular_rank(stacked_constraint(V, W))
            how = "the rank of the constraint modulo a prime leaves no more"
    if count != space.dim:
        raise CertificateError(f"Hom({V}, {W}): the basis has {space.dim} elements, an independent count gives {count}")
    return how


def _ball_matrix(array: Array) -> acb_mat:
    """A float matrix as an exact flint complex ball matrix."""
    import flint

    rows = np.asarray(array, dtype=complex)
    return flint.acb_mat([[flint.acb(float(x.real), float(x.imag)) for x in row] for row in rows])


def _frobenius_upper(matrix: acb_mat) -> float:
    """An upper bound on the Frobenius norm of a ball matrix."""
    import flint

    total = flint.arb(0)
    for x in matrix.entries():
        total += x.real * x.real + x.imag * x.imag
    return float(np.nextafter(float(total.abs_upper().sqrt().abs_upper()), np.inf))


def float_residual_bound(V: Representation, W: Representation, space: Space) -> float:
    """A rigorous upper bound on ||rho_W(a) X - X rho_V(a)||_F / ||X||_F over generators a and elements of a float basis.

    Raises
    ------
    CertificateError
        If it exceeds what the float solver takes for zero: the element is no intertwiner.
    """
    import flint

    if space.is_exact:
        check_residual(V, W, space)
        return 0.0
    worst = 0.0
    with flint.ctx.workprec(128):
        for generator in V.group.generator_names:
            A, B = as_float(V.images[generator]), as_float(W.images[generator])
            a, b = _ball_matrix(A), _ball_matrix(B)
            scale = float(np.linalg.norm(A) + np.linalg.norm(B))
            for x in space.floats().reshape(-1, *space.shape):
                X = _ball_matrix(x)
                size = float(np.linalg.norm(x)) * (1 - 4 * x.size * np.finfo(float).eps)
                bound = _frobenius_upper(b * X - X * a) / size
                if not bound <= CLEAR * scale:  # what the float solver itself would count as no solution
                    raise CertificateError(
                        f"Hom({V}, {W}): a basis element does not intertwine the generator {generator}: the residual is "
                        f"{bound:.3g} |X|_F, and rounding makes less than {CLEAR * scale:.1g}"
                    )
                worst = max(worst, bound)
    return worst


def check_float_basis(space: Space) -> None:
    """The rows of a float basis are finite and clearly orthonormal: what it says of itself, whatever it is a basis of.

    Raises
    ------
    CertificateError
        If they are not.
    """
    if space.is_exact or not space.dim:
        return
    rows = space.floats()
    if not np.isfinite(rows).all():
        raise CertificateError("the float basis has entries that are NaN or infinite")
    if not (np.abs(rows) <= 1 + CLEAR).all() or not (bound := orthonormality_bound(space)) <= CLEAR * space.dim:
        off = f": |X* X - 1| is {bound:.3g}" if (np.abs(rows) <= 1 + CLEAR).all() else ""
        raise CertificateError(f"the float basis is not orthonormal{off}; its elements may be dependent")


def orthonormality_bound(space: Space) -> float:
    """A rigorous upper bound on the Frobenius norm of (gram - 1) for a float basis; 0 for exact ones."""
    import flint

    if space.is_exact or not space.dim:
        return 0.0
    with flint.ctx.workprec(128):
        rows = space.floats()
        gram = _ball_matrix(rows) * _ball_matrix(rows.conj().T)
        return _frobenius_upper(gram - _ball_matrix(np.eye(space.dim)))
