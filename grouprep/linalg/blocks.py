"""Unitary matrices as sums of irreducible ones, in floats: eigenspaces of one element of their algebra, carried by others.

On V = sum_k C^m_k (x) C^d_k an element of the algebra that the matrices generate acts as sum_k 1 (x) a_k. For a random
self-adjoint a each a_k has d_k different eigenvalues, which no other a_l shares: every eigenspace of a is C^m (x) v for one k. A
second element b maps one eigenspace of the same k to another by a multiple of a unitary matrix, so it carries a basis along. That
costs n^3 operations for dimension n, whatever the order of the group. The random numbers have a fixed seed.
Derivation: docs/formulation/decompose.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grouprep.errors import AmbiguousRank
from grouprep.linalg.budget import DENSE_WORK, require
from grouprep.linalg.conditioning import ACCURACY, powers_of_two
from grouprep.linalg.graphs import components
from grouprep.linalg.matrices import Image, as_float, size
from grouprep.linalg.monomial import Monomial
from grouprep.summary import Summary
from grouprep.typing import Array, Floats, Integers

__all__ = [
    "Block",
    "block_residual",
    "invariant_coordinates",
    "isomorphism",
    "known_blocks",
    "matrix_sizes",
    "unknown_blocks",
]

_SEED = 1905
_ATTEMPTS = 6  # elements that are tried; each is a product of one factor more than the one before
_EPS = float(np.finfo(float).eps)
_NOISE = 1e3 * _EPS  # times n: eigenvalues closer than that, relative to the largest, are one
_GAP = 1e3  # times noise: the least distance of two
_LINK = _EPS / (
    _GAP * _NOISE
)  # of the norm of b: n eps over the least distance of eigenvalues is what rounding turns eigenspaces by


@dataclass(frozen=True, eq=False, repr=False)
class Block(Summary):
    """An irreducible constituent of unitary matrices, and where its copies stand.

    images : for each matrix its own (d, d) block.
    isometries : (m, n, d) with A X = X block for each X.
    units : (k, d, d) orthogonal matrices that span the commutant, the identity first; k = 1, 2, 4 for the types R, C, H over the
        real numbers, 1 over the complex ones.
    """

    images: tuple[Array, ...]
    isometries: Array
    units: Array


class _Probe:
    """An element of the algebra that matrices generate: the same one for every tuple of as many matrices."""

    def __init__(self, scales: Floats, real: bool, attempt: int, number: int) -> None:
        rng = np.random.default_rng([_SEED, attempt, number, len(scales)])
        shape = (3 + attempt, 1 + len(scales))
        c = rng.standard_normal(shape)
        c = c if real else c + 1j * rng.standard_normal(shape)
        self.coefficients = c / np.linalg.norm(c, axis=1, keepdims=True) / np.concatenate([[1.0], scales])

    def of(self, matrices: Sequence[Image]) -> Array:
        """The element itself, (n, n)."""
        value = np.eye(size(matrices[0]), dtype=self.coefficients.dtype)
        for row in self.coefficients:
            total = row[0] * value
            for c, m in zip(row[1:], matrices, strict=True):
                total = total + c * _times(m, value)
            value = total
        return value

    def hermitian(self, matrices: Sequence[Image]) -> Array:
        a = self.of(matrices)
        return np.asarray((a + a.conj().T) / 2)


def _times(m: Image, x: Array) -> Array:
    """m x."""
    if not isinstance(m, Monomial):
        return np.asarray(np.asarray(m) @ x)
    values = m.values()
    out = np.empty(x.shape, dtype=np.result_type(values, x))
    out[m.perm] = values[:, None] * x
    return out


def _prepared(matrices: Sequence[Image]) -> list[Image]:
    return [m if isinstance(m, Monomial) else as_float(m) for m in matrices]


def matrix_sizes(matrices: Sequence[Image]) -> Floats:
    """A power of two near the size of each matrix, its largest row sum.

    Examples
    --------
    >>> matrix_sizes([np.array([[0.0, 5.0], [-5.0, 0.0]]), Monomial([1, 0])]).tolist()
    [8.0, 1.0]
    """
    return np.array(
        [
            1.0 if isinstance(m, Monomial) else float(powers_of_two(np.abs(m).sum(axis=1).max(initial=0.0)))
            for m in matrices
        ]
    )


def _is_real(matrices: Sequence[Image]) -> bool:
    return all(m.is_real if isinstance(m, Monomial) else m.dtype.kind != "c" for m in matrices)


@dataclass(frozen=True, eq=False)
class _Eigenspaces:
    """values (k,) ascending; spaces: an orthonormal (n, m) each; noise: how far equal eigenvalues may be apart."""

    values: Floats
    spaces: list[Array]
    noise: float


def _eigenspaces(a: Array) -> _Eigenspaces | None:
    """None if some eigenvalues are neither clearly equal nor clearly different."""
    values, vectors = np.linalg.eigh(a)
    n = len(values)
    noise = _NOISE * n * float(np.abs(values).max(initial=0.0))
    steps = np.diff(values)
    if np.any((steps > noise) & (steps < _GAP * noise)):
        return None
    cuts = np.flatnonzero(steps > noise) + 1
    means = np.array([part.mean() for part in np.split(values, cuts)])
    return _Eigenspaces(means, np.split(vectors, cuts, axis=1), noise)


def _unitary_factor(m: Array) -> Array | None:
    """The unitary matrix nearest to a positive multiple of one (Newton-Schulz); None if m is far from that."""
    norm = np.linalg.norm(m) / np.sqrt(len(m))
    if not norm:
        return None
    m = m / norm
    one = np.eye(len(m))
    if np.abs(m.conj().T @ m - one).max() > _LINK**0.5:
        return None
    for _ in range(3):
        m = m @ (1.5 * one - 0.5 * (m.conj().T @ m))
    return m


def _tree(weights: Floats) -> list[tuple[int, int]]:
    """Edges (i, j) of a spanning tree from 0 with large weights, i reached before j (Prim)."""
    n = len(weights)
    best, source = weights[0].copy(), np.zeros(n, dtype=np.int64)
    reached = np.zeros(n, dtype=bool)
    reached[0] = True
    edges = []
    for _ in range(n - 1):
        j = int(np.argmax(np.where(reached, -1.0, best)))
        edges.append((int(source[j]), j))
        reached[j] = True
        better = weights[j] > best
        best, source = np.where(better, weights[j], best), np.where(better, j, source)
    return edges


def invariant_coordinates(matrices: Sequence[Image]) -> list[Integers]:
    """The coordinates in sets that monomial matrices never mix; one set of all where a matrix is not monomial.

    Examples
    --------
    >>> [points.tolist() for points in invariant_coordinates([Monomial([2, 1, 0])])]
    [[0, 2], [1]]
    """
    n = size(matrices[0])
    if not all(isinstance(m, Monomial) for m in matrices):
        return [np.arange(n)]
    tails = np.tile(np.arange(n), len(matrices))
    number, labels = components(n, tails, np.concatenate([m.perm for m in matrices]))  # type: ignore[union-attr]
    order = np.argsort(labels, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(labels, minlength=number))[:-1])
    return sorted(parts, key=lambda p: int(p[0]))


def _restricted(m: Monomial, points: Integers) -> Monomial:
    places = np.empty(len(m), dtype=np.int64)
    places[points] = np.arange(len(points))
    return Monomial(places[m.perm[points]], m.phase[points], m.modulus)


def known_blocks(matrices: Sequence[Image], irreps: Sequence[Sequence[Image]]) -> list[Array]:
    """Isometric intertwiners from irreducible matrices to given ones.

    Parameters
    ----------
    matrices : unitary or skew-Hermitian (n, n) matrices, float or Monomial.
    irreps : tuples of as many (d, d) matrices each, irreducible over the complex numbers and pairwise not isomorphic.

    Returns
    -------
    For each irrep X (m, n, d) with matrix X[a] = X[a] irrep, X[a]* X[b] = 1 if a = b, else 0; m = 0 where it does not occur.

    Raises
    ------
    AmbiguousRank
        If rounding leaves open which eigenvalues are equal: the matrices are no representation, or not unitary.

    Examples
    --------
    >>> swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> [len(X) for X in known_blocks([swap], [[np.eye(1)], [-np.eye(1)], [1j * np.eye(1)]])]
    [1, 1, 0]
    """
    matrices, irreps = _prepared(matrices), [_prepared(I) for I in irreps]
    n = size(matrices[0])
    parts = invariant_coordinates(matrices)
    if len(parts) == 1:
        return _connected(matrices, irreps, matrix_sizes(matrices))
    solved: dict[tuple[tuple[bytes, bytes, int], ...], list[Array]] = {}
    found: list[list[tuple[Integers, Array]]] = [[] for _ in irreps]
    for points in parts:
        inner = [_restricted(m, points) for m in matrices]  # type: ignore[arg-type]
        key = tuple((m.perm.tobytes(), m.phase.tobytes(), m.modulus) for m in inner)
        if key not in solved:
            solved[key] = _connected(inner, irreps, matrix_sizes(inner))
        for k, X in enumerate(solved[key]):
            if len(X):
                found[k].append((points, X))
    out = []
    for I, pieces in zip(irreps, found, strict=True):
        kind = np.result_type(float, *(X for _, X in pieces))
        X = np.zeros((sum(len(X) for _, X in pieces), n, size(I[0])), dtype=kind)
        row = 0
        for points, piece in pieces:
            X[row : row + len(piece), points] = piece
            row += len(piece)
        out.append(X)
    return out


def _require_cube(n: int) -> None:
    require(n**3, 4 * DENSE_WORK, f"the steps for eigenvectors in {n:,} dimensions are", "decompose it in parts")


def _connected(matrices: Sequence[Image], irreps: Sequence[Sequence[Image]], scales: Floats) -> list[Array]:
    _require_cube(size(matrices[0]))
    for attempt in range(_ATTEMPTS):
        found = _known(matrices, irreps, scales, attempt)
        if found is None:
            continue
        present = [k for k, X in enumerate(found) if len(X)]
        if sum(found[k].shape[0] * found[k].shape[2] for k in present) < size(matrices[0]):
            return found  # irreps are missing; the caller says so
        refined = _refined(matrices, [([as_float(m) for m in irreps[k]], found[k]) for k in present], scales)
        if refined is None:
            continue
        for k, X in zip(present, refined, strict=True):
            found[k] = X
        return found
    raise AmbiguousRank(
        f"eigenvalues of {size(matrices[0])} x {size(matrices[0])} matrices, or eigenvalues of the irreps, are neither clearly equal nor "
        "clearly different: the matrices are no representation, or not unitary, to rounding"
    )


def _known(
    matrices: Sequence[Image], irreps: Sequence[Sequence[Image]], scales: Floats, attempt: int
) -> list[Array] | None:
    """None if this attempt's element tells not all apart."""
    n = size(matrices[0])
    everything = _is_real(matrices) and all(map(_is_real, irreps))
    first, second = (_Probe(scales, everything, attempt, k) for k in range(2))
    whole = _eigenspaces(first.hermitian(matrices))
    if whole is None:
        return None
    b = second.of(matrices)
    taken: set[int] = set()
    out: list[Array] = []
    for I in irreps:
        d = size(I[0])
        nothing = np.zeros((0, n, d))
        if d > n:
            out.append(nothing)
            continue
        values, F = np.linalg.eigh(first.hermitian(I))
        places = np.abs(whole.values[:, None] - values).argmin(axis=0)
        near = np.abs(whole.values[places] - values) <= whole.noise
        if not near.any():
            out.append(nothing)
            continue
        spaces = [whole.spaces[p] for p in places]
        if not near.all() or len(set(places)) < d or taken & set(places) or len({Q.shape[1] for Q in spaces}) > 1:
            return None
        taken |= set(places.tolist())
        beta = F.conj().T @ second.of(I) @ F
        carried = _carried(spaces, b, beta)
        if carried is None:
            return None
        out.append(np.ascontiguousarray(np.tensordot(carried, F.conj(), ((0,), (1,))).transpose(1, 0, 2)))
    return out


def _carried(spaces: list[Array], b: Array, beta: Array) -> Array | None:
    """Bases of eigenspaces (d, n, m) in which b is beta (x) 1, beta (d, d)."""
    S = list(spaces)
    for i, j in _tree(np.abs(beta.T)):
        if abs(beta[j, i]) <= _LINK * np.linalg.norm(beta):
            return None
        turn = _unitary_factor(spaces[j].conj().T @ (b @ S[i]) * (abs(beta[j, i]) / beta[j, i]))
        if turn is None:
            return None
        S[j] = spaces[j] @ turn
    return np.array(S)


# Refinement: U (1 + Z) for the antihermitian part of the residual


class _Sum:
    """The block-diagonal matrices of a sum of irreps with multiplicities, applied to the columns or rows of others."""

    def __init__(self, parts: Sequence[tuple[Sequence[Array], int]]) -> None:
        self.parts = parts

    def right(self, Z: Array, s: int, adjoint: bool = False) -> Array:
        """Z D."""
        out, start = [], 0
        for images, m in self.parts:
            A = images[s].conj().T if adjoint else images[s]
            stop = start + m * len(A)
            out.append((Z[:, start:stop].reshape(-1, len(A)) @ A).reshape(len(Z), -1))
            start = stop
        return np.concatenate(out, axis=1)

    def left(self, Z: Array, s: int, adjoint: bool = False) -> Array:
        """D Z = (Z* D*)*."""
        return np.asarray(self.right(Z.conj().T, s, not adjoint).conj().T)


def _columns(X: Array) -> Array:
    """Isometries (m, n, d) side by side, (n, m d)."""
    return np.asarray(X.transpose(1, 0, 2).reshape(X.shape[1], -1))


def _compressed(matrices: Sequence[Image], X: Array) -> tuple[Array, ...]:
    """What matrices are on the copies that isometries (m, n, d) span: the mean over the copies."""
    out = []
    for A in matrices:
        blocks = [x.conj().T @ _times(A, x) for x in X]
        out.append(np.asarray(sum(blocks[1:], blocks[0]) / len(blocks)))
    return tuple(out)


def _refined(
    matrices: Sequence[Image], parts: Sequence[tuple[Sequence[Array], Array]], scales: Floats, found: bool = False
) -> list[Array] | None:
    """The isometries with the error of eigenvectors taken out, unitary to rounding; None if they intertwine nothing.

    found : the irreps' matrices are what the isometries make of the given ones, and follow them.

    Eigenvectors are off by eps over a gap of eigenvalues, Z. To first order U* A U = D + N, N = Z D - D Z for all matrices A
    at once, and Z is their least-squares solution, whose condition is that of the group's Laplacian.
    """
    D = _Sum([(images, len(X)) for images, X in parts])
    U = np.concatenate([_columns(X) for _, X in parts], axis=1)
    n = len(U)
    shapes = [X.shape for _, X in parts]
    best = np.inf
    for _ in range(4):
        for _ in range(2):
            U = U @ (1.5 * np.eye(n) - 0.5 * (U.conj().T @ U))
        if found:
            D = _Sum([(_compressed(matrices, X), len(X)) for X in _isometries(U, shapes)])
        N = [U.conj().T @ (_times(m, U) - D.right(U, s)) / scales[s] for s, m in enumerate(matrices)]
        error = max(float(np.abs(r).max()) for r in N)
        if error <= n * _EPS or error > best / 2:
            break
        best = error
        U = U + U @ _corrections(D, N, scales)
    if not min(error, best) <= ACCURACY:
        return None
    return _isometries(U, shapes)


def _isometries(U: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Columns side by side as isometries (m, n, d) of the given shapes."""
    out, start = [], 0
    for m, n, d in shapes:
        out.append(np.ascontiguousarray(U[:, start : start + m * d].reshape(n, m, d).transpose(1, 0, 2)))
        start += m * d
    return out


def _corrections(D: _Sum, N: list[Array], scales: Floats) -> Array:
    """Antihermitian Z with Z D - D Z = N in the sense of least squares, by conjugate gradients (Golub and Van Loan 11.3.9)."""

    def forward(Z: Array) -> list[Array]:
        return [(D.right(Z, s) - D.left(Z, s)) / scales[s] for s in range(len(N))]

    def back(Y: list[Array]) -> Array:
        total = sum((D.right(y, s, True) - D.left(y, s, True)) / scales[s] for s, y in enumerate(Y))
        return np.asarray((total - total.conj().T) / 2)

    rest = list(N)
    gradient = back(rest)
    Z, direction = np.zeros_like(gradient), gradient
    square = start = float(np.vdot(gradient, gradient).real)
    for _ in range(12):
        if square <= 1e-6 * start:
            break
        moved = forward(direction)
        step = square / sum(float(np.vdot(y, y).real) for y in moved)
        Z = Z + step * direction
        rest = [r - step * y for r, y in zip(rest, moved, strict=True)]
        gradient = back(rest)
        before, square = square, float(np.vdot(gradient, gradient).real)
        direction = gradient + (square / before) * direction
    return Z


def block_residual(matrix: Image, parts: Sequence[tuple[Sequence[Array], Array]], S: Array | None = None) -> float:
    """The Frobenius norm of S (A U - U D) for a matrix A, U the isometries of irreps side by side.

    Parameters
    ----------
    matrix : A (n, n); parts : for each irrep its matrix, in a list of one, and isometries (m, n, d); S : (n, n), the identity if not
        given.

    Examples
    --------
    >>> block_residual(np.diag([1.0, 2.0]), [([np.eye(1)], np.eye(2)[:, :, None])])
    1.0
    """
    (A,) = _prepared([matrix])
    D = _Sum([(images, len(X)) for images, X in parts])
    U = np.concatenate([_columns(X) for _, X in parts], axis=1)
    rest = _times(A, U) - D.right(U, 0)
    return float(np.linalg.norm(rest if S is None else S @ rest))


# Irreps that nobody has told


def unknown_blocks(matrices: Sequence[Image], real: bool) -> list[Block]:
    """Unitary or skew-Hermitian matrices as a sum of irreducible ones, which are found on the way.

    Parameters
    ----------
    matrices : (n, n), float or Monomial.
    real : whether to split over the real numbers; the matrices are real then.

    Returns
    -------
    The blocks, pairwise not isomorphic, by dimension, then by the traces of short words, larger ones first.

    Raises
    ------
    AmbiguousRank
        If rounding leaves open what is equal.

    Examples
    --------
    >>> turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    >>> [(len(b.isometries), b.units.shape) for b in unknown_blocks([turn], real=True)]
    [(1, (1, 1, 1)), (1, (2, 2, 2))]
    """
    matrices = _prepared(matrices)
    n = size(matrices[0])
    _require_cube(n)
    scales = matrix_sizes(matrices)
    for attempt in range(_ATTEMPTS):
        found = _unknown(matrices, real, scales, attempt)
        if found is None:
            continue
        refined = _refined(matrices, [(b.images, b.isometries) for b in found], scales, found=True)
        if refined is not None:
            blocks = (Block(_compressed(matrices, X), X, b.units) for b, X in zip(found, refined, strict=True))
            return sorted(blocks, key=lambda b: _invariants(b, scales))
    raise AmbiguousRank(
        f"{n} x {n} matrices are not told apart into irreducible ones: eigenvalues are neither clearly equal nor clearly different, "
        "or the matrices are not unitary to rounding"
    )


def _invariants(block: Block, scales: Floats) -> tuple[object, ...]:
    """The dimension, then the traces of words in the matrices, larger ones first: no change of basis moves them."""
    matrices = [m / c for m, c in zip(block.images, scales, strict=True)]
    pairs = [a @ b for a in matrices for b in matrices]
    traces = [np.trace(m) for m in matrices] + [np.trace(m) for m in pairs]
    traces += [np.vdot(a.conj().T, m) for a in matrices for m in pairs]
    return len(block.images[0]), *((-round(float(t.real), 6), -round(float(t.imag), 6)) for t in traces)


def _unknown(matrices: Sequence[Image], real: bool, scales: Floats, attempt: int) -> list[Block] | None:
    a, *others = (_Probe(scales, real, attempt, k) for k in range(3))
    whole = _eigenspaces(a.hermitian(matrices))
    if whole is None:
        return None
    elements = [p.of(matrices) for p in others]
    Q = np.concatenate(whole.spaces, axis=1)
    sizes = np.array([E.shape[1] for E in whole.spaces])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    inside = [Q.conj().T @ b @ Q for b in elements]
    squares = np.abs(inside[0]) ** 2
    weights = np.sqrt(np.add.reduceat(np.add.reduceat(squares, starts, axis=0), starts, axis=1))
    weights = np.maximum(weights, weights.T) / np.sqrt(np.minimum.outer(sizes, sizes))
    linked = np.argwhere(weights > _LINK * float(np.linalg.norm(inside[0], 2)))
    number, labels = components(len(sizes), linked[:, 0], linked[:, 1])
    out = []
    for c in range(number):
        members = np.flatnonzero(labels == c)
        if len(set(sizes[members].tolist())) > 1:
            return None
        where = [slice(int(starts[j]), int(starts[j] + sizes[j])) for j in members]
        block = _linked(matrices, Q, inside, where, real, weights[np.ix_(members, members)])
        if block is None:
            return None
        out.append(block)
    return out


def _linked(
    matrices: Sequence[Image], Q: Array, inside: list[Array], where: list[slice], real: bool, weights: Floats
) -> Block | None:
    """The block of eigenspaces, columns of Q, that `inside` (elements of the algebra in the basis Q) links."""
    r = where[0].stop - where[0].start
    turns: list[Array] = [np.eye(r)] * len(where)
    for i, j in _tree(weights):
        forth, back = inside[0][where[j], where[i]], inside[0][where[i], where[j]].conj().T
        stronger = forth if np.linalg.norm(forth) >= np.linalg.norm(back) else back
        turn = _unitary_factor(stronger @ turns[i])
        if turn is None:
            return None
        turns[j] = turn
    copies = [np.eye(r)[:, [a]] for a in range(r)]
    tables = np.ones((1, 1, 1))
    if real:
        found = _division_algebra(inside, where, turns)
        if found is None:
            return None
        copies, tables = found
    bases = np.array([Q[:, w] @ t for w, t in zip(where, turns, strict=True)])  # (j, n, r)
    X = np.array([np.concatenate([S @ W for S in bases], axis=1) for W in copies])
    units = np.array([np.kron(np.eye(len(where)), t) for t in tables])
    return Block(_compressed(matrices, X), X, units)


_QUATERNIONS = np.array(  # the matrices of x -> x u for u = 1, i, j, k in the basis 1, i, j, k
    [
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, -1, 0]],
        [[0, 0, -1, 0], [0, 0, 0, -1], [1, 0, 0, 0], [0, 1, 0, 0]],
        [[0, 0, 0, -1], [0, 0, 1, 0], [0, -1, 0, 0], [1, 0, 0, 0]],
    ],
    dtype=float,
)


def _division_algebra(inside: list[Array], where: list[slice], turns: list[Array]) -> tuple[list[Array], Array] | None:
    """Bases (r, k) of the copies in one eigenspace R^r, and the commutant (k, k, k) there: k = 1, 2, 4.

    What the algebra does from the first eigenspace back to it are the real numbers, the complex numbers or the quaternions; the
    skew parts show which. A copy is what they make of one vector v: v, i v or v, i v, j v, k v.
    """
    r, T = len(turns[0]), np.array(turns)
    inner = np.concatenate([np.arange(w.start, w.stop) for w in where])
    skew = np.zeros((0, r, r))
    for b in inside:
        part = b[np.ix_(inner, inner)].reshape(len(T), r, len(T), r)
        loops = np.einsum("ipjq,jqb->ijpb", part, T)
        loops = np.einsum("ipa,ijpb->ijab", T, loops).reshape(-1, r, r)
        skew = np.concatenate([skew, (loops - loops.swapaxes(1, 2)) / 2])
    scale = max(float(np.linalg.norm(b, 2)) for b in inside) * np.sqrt(r)
    units: list[Array] = []
    for _ in range(2):
        sizes = np.sqrt((skew**2).sum(axis=(1, 2)))
        if sizes.max() <= _LINK * scale:
            break
        J = _unitary_factor(skew[int(np.argmax(sizes))])
        if J is None:
            return None
        J = (J - J.T) / 2
        units.append(J)
        skew = skew - np.tensordot(np.tensordot(skew, J, 2), J, 0) / r
    if len(units) == 2:
        units.append(units[0] @ units[1])
    k = 1 + len(units)
    if r % k:
        return None
    copies: list[Array] = []
    for _ in range(r // k):
        done = np.concatenate([np.zeros((r, 0)), *copies], axis=1)
        rest = np.eye(r) - done @ done.T
        v = rest[:, int(np.argmax(np.diagonal(rest) > 0.5 * (r - done.shape[1]) / r))]
        v = v / np.linalg.norm(v)
        copies.append(np.stack([v, *(J @ v for J in units)], axis=1))
    return copies, _QUATERNIONS[:k, :k, :k]


def isomorphism(A: Sequence[Image], B: Sequence[Image], sizes: Floats | None = None) -> Array | None:
    """A unitary T (d, d) with T A = B T for two tuples of irreducible (d, d) matrices over the complex numbers, or None.

    sizes : of the matrices that these come from, whose rounding they carry; by default their own.

    Raises
    ------
    AmbiguousRank
        If rounding leaves it open.

    Examples
    --------
    >>> isomorphism([np.eye(1)], [-np.eye(1)]) is None
    True
    """
    if size(A[0]) != size(B[0]):
        return None
    B = _prepared(B)
    (X,) = _connected(B, [_prepared(A)], matrix_sizes(B) if sizes is None else sizes)
    return X[0] if len(X) else None
