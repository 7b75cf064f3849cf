"""Laws of decompositions into irreps, and of the spectral frame of Hom(V, W) that they give."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence

import numpy as np
from sympy.polys.matrices import DomainMatrix

from grouprep.characters import has_characters, inner
from grouprep.errors import CertificateError, UnsupportedGroup
from grouprep.irreps.user_irreps import UserIrrep
from grouprep.linalg import as_float
from grouprep.representations import Representation
from grouprep.testing.bounds import evaluation_error, gamma, norm, require, require_close, require_equal, require_raises
from grouprep.testing.elements import draw
from grouprep.testing.laws import INFINITE, DoesNotApply, law
from grouprep.typing import Array, Scalar
from projectors.decompose import Decomposition, decompose
from projectors.decompose.decomposition import decompose_anew
from projectors.decompose.exact import ExactDecomposition, ExactIsometry
from projectors.hom import Hom
from projectors.penalties import Frobenius, KyFan, Nuclear, Schatten, Spectral, penalty, per_block
from projectors.solvers.averaging import reynolds_average
from projectors.testing.hom_laws import NOT_UNITARY, is_unitary, random_operators

__all__ = [
    "check_decomposition",
    "check_decomposition_copies",
    "check_exact_decomposition",
    "check_frame",
    "check_gauge",
    "check_mean_spectral_defect",
    "check_multiplicities",
    "check_reproducible",
    "check_schur_solver",
    "check_spectral_norms",
]

Given = Sequence[Representation] | None

_LISTED = 40_000  # group elements times unknowns up to which the group is averaged over
_EXACT = 12  # dimension up to which exact decompositions are made


def _gram(V: Representation) -> Array:
    return np.eye(V.dim) if V.is_unitary else as_float(V.gram)


def _condition(V: Representation) -> float:
    """The condition number of the change to unitary coordinates; 1 for unitary V."""
    return float(np.sqrt(np.linalg.cond(_gram(V))))


def _rounding(V: Representation) -> float:
    """50 eps dim in unitary coordinates, and what other ones make of it."""
    return 50 * float(np.finfo(float).eps) * V.dim * _condition(V) ** 2


def _name(D: Decomposition) -> str:
    return f"{D.V} of {D.V.group} over the {D.field} numbers"


@law("decomposition")
def check_decomposition(D: Decomposition, rng: np.random.Generator, irreps: Given = None) -> None:
    """V(g) U = U blocks(g), U* H U = 1 to 50 eps dim; U is real over the reals; blocks are those of the irreps, by slices."""
    V, U, of = D.V, D.change_of_basis, _name(D)
    n = V.dim
    require_equal(U.shape, (n, n), f"{of}: shape of the change of basis")
    require_equal(U.dtype.kind, "c" if D.is_complex else "f", f"{of}: kind of the change of basis")
    if D.field == "real":
        require_equal(U.dtype, np.dtype(float), f"{of}: dtype of the change of basis")
    bound = _rounding(V)
    require_close(U.conj().T @ _gram(V) @ U, np.eye(n), bound, f"{of}: U* H U = 1")
    require_close(D.inverse @ U, np.eye(n), bound, f"{of}: the inverse of U")
    require_close(U @ D.inverse, np.eye(n), bound, f"{of}: the inverse of U")
    for generator, image in V.images.items():
        a, b = as_float(image), as_float(D.representation.images[generator])
        scale = max(norm(a), 1.0) * max(norm(U), 1.0)
        require_close(a @ U, U @ b, bound * scale, f"{of}: V U = U blocks at {generator}")
    g = draw(V.group, 3, rng)
    x, y = V(g), D.blocks(g)
    error = evaluation_error(V, norm(x)) + evaluation_error(D.representation, norm(y)) + bound
    require_close(x @ U, U @ y, error * max(norm(U), 1.0), f"{of}: V(g) U = U blocks(g)")
    require_equal(sum(m * I.dim for m, I in zip(D.multiplicities, D.irreps, strict=True)), n, f"{of}: dimensions")
    require_equal((D.slices[0].start, D.slices[-1].stop), (0, n), f"{of}: slices")
    for I, m, part in zip(D.irreps, D.multiplicities, D.slices, strict=True):
        require(m > 0, f"{of}: the irrep {I} occurs {m} times")
        require_equal(part.stop - part.start, m * I.dim, f"{of}: the slice of {I}")
        block = y[..., part, part]
        expected = np.kron(np.eye(m), I(g)) if np.ndim(I(g)) == 2 else np.array([np.kron(np.eye(m), z) for z in I(g)])
        require_close(block, expected, evaluation_error(I, norm(expected)), f"{of}: the blocks of {I}")
        require_equal(I.over, D.field, f"{of}: ground field of {I}")


@law("decomposition")
def check_multiplicities(D: Decomposition, rng: np.random.Generator, irreps: Given = None) -> None:
    """Multiplicities are what characters count; irreps are different ones in canonical order; `labels` says the same."""
    V, of = D.V, _name(D)
    require_equal(len(set(D.irreps)), len(D.irreps), f"{of}: irreps occur twice")
    positions = [I.position for I in D.irreps]
    require_equal(positions, sorted(positions), f"{of}: order of the irreps")
    require_equal(tuple(D.labels.values()), D.multiplicities, f"{of}: labels")
    require_equal(tuple(D.labels), tuple(I.label for I in D.irreps), f"{of}: labels")
    if any(isinstance(I, UserIrrep) for I in D.irreps):
        if has_characters(V.group):
            for I, m in zip(D.irreps, D.multiplicities, strict=True):
                require_equal(inner(I, V), m * len(I.commutant), f"{of}: <{I}, V>")
        return
    try:
        require_equal(list(V.multiplicities(D.field).items()), list(D.labels.items()), f"{of}: V.multiplicities()")
    except UnsupportedGroup:  # the group's own irreps are not known, or not all of them
        return


@law("decomposition")
def check_reproducible(D: Decomposition, rng: np.random.Generator, irreps: Given = None) -> None:
    """Decomposing again, from the start, gives the same bits."""
    again = decompose_anew(D.V, D.field, None if irreps is None else tuple(irreps))
    require(again == D, f"{_name(D)}: decomposing again gives {again}")
    require(np.array_equal(again.change_of_basis, D.change_of_basis), f"{_name(D)}: decomposing again gives other bits")


@law("decomposition")
def check_decomposition_copies(D: Decomposition, rng: np.random.Generator, irreps: Given = None) -> None:
    """Pickled and deep copies are equal and have the same change of basis bit for bit."""
    for other in (pickle.loads(pickle.dumps(D)), copy.deepcopy(D)):
        require(other == D, f"{_name(D)}: a copy is not equal to it")
        require_equal(hash(other), hash(D), f"{_name(D)}: hash of a copy")
        require_equal((other.labels, other.slices), (D.labels, D.slices), f"{_name(D)}: a copy")
        require(np.array_equal(other.change_of_basis, D.change_of_basis), f"{_name(D)}: a copy has other bits")


def _isotypic(D: Decomposition) -> list[Array]:
    """The projectors on the isotypic components, (dim, dim) each."""
    return [D.change_of_basis[:, part] @ D.inverse[part] for part in D.slices]


@law("decomposition")
def check_gauge(D: Decomposition, rng: np.random.Generator, irreps: Given = None) -> None:
    """In another orthonormal basis Q V Q* has the same irreps, and the components Q moves there; those are invariant."""
    V, of = D.V, _name(D)
    A = rng.standard_normal((V.dim, V.dim))
    if D.field == "complex":
        A = A + 1j * rng.standard_normal(A.shape)
    Q, _ = np.linalg.qr(A)
    other = decompose(V.change_basis(Q), D.field, irreps)
    require_equal(other.labels, D.labels, f"{of}: labels in another basis")
    bound = 20 * _rounding(V)  # each projector is a product of two matrices, and Q moves it
    parts = zip(D.irreps, _isotypic(D), _isotypic(other), strict=True)
    x = V(draw(V.group, 2, rng))
    error = evaluation_error(V, norm(x)) * _condition(V) + bound
    for I, P, moved in parts:
        require_close(Q @ P @ Q.conj().T, moved, bound * max(norm(P), 1.0), f"{of}: the {I} component in another basis")
        require_close(x @ P, P @ x, error * max(norm(P), 1.0), f"{of}: the {I} component is invariant")


@law("decomposition")
def check_exact_decomposition(D: Decomposition, rng: np.random.Generator, irreps: Given = None) -> DoesNotApply | None:
    """exact() is proved, rounds to the float change of basis, and `verify` refuses what was tampered with."""
    V, of = D.V, _name(D)
    if not V.group.is_finite:
        return DoesNotApply(INFINITE)
    if V.domain is None or any(I.domain is None for I in D.irreps):
        return DoesNotApply("the images are floats")
    if V.dim > _EXACT:
        return DoesNotApply(f"dimension above {_EXACT}")
    E = D.exact()
    E.verify()
    require_equal([iso.irrep for iso in E.isometries], [I for I, m in zip(D.irreps, D.multiplicities, strict=True)
                  for _ in range(m)], f"{of}: irreps of the exact isometries")  # fmt: skip
    values = np.array(E.change_of_basis.evalf(20).tolist(), dtype=complex).reshape(V.dim, V.dim)
    if D.field == "real":
        require_close(values.imag, np.zeros(values.shape), 0.0, f"{of}: the exact change of basis is real")
    bound = _rounding(V) * max(norm(values), 1.0)
    require_close(D.change_of_basis.astype(complex), values, bound, f"{of}: floats against the exact change of basis")
    for what, bad in _corrupted(E):
        require_raises(CertificateError, bad.verify, f"{of}: verify accepts {what}")
    return None


def _corrupted(E: ExactDecomposition) -> list[tuple[str, ExactDecomposition]]:
    first, rest = E.isometries[0], list(E.isometries[1:])
    X = first.matrix.to_dense()
    changed = X.to_list()
    changed[0][0] = changed[0][0] + 3 * X.domain.one
    out = [("a changed entry", [_replaced(first, changed), *rest]), ("a missing isometry", rest)]
    if X.shape[1] > 1:
        swapped = [[row[1], row[0], *row[2:]] for row in X.to_list()]
        out.append(("two swapped columns", [_replaced(first, swapped), *rest]))
    for k, other in enumerate(rest):
        if other.matrix.shape == first.matrix.shape and other.irrep != first.irrep:
            exchanged = ExactIsometry(first.irrep, other.matrix, other.square)
            back = ExactIsometry(other.irrep, first.matrix, first.square)
            out.append(("two exchanged isometries", [exchanged, *rest[:k], back, *rest[k + 1 :]]))
            break
    return [(what, ExactDecomposition(E.V, isometries)) for what, isometries in out]


def _replaced(iso: ExactIsometry, rows: list[list[Scalar]]) -> ExactIsometry:
    matrix = DomainMatrix(rows, iso.matrix.shape, iso.matrix.domain).to_sparse()
    return ExactIsometry(iso.irrep, matrix, iso.square)


# The spectral frame


def _bound(H: Hom, *norms: float) -> float:
    """What rounding makes of products with the changes of basis of V and W."""
    size = max([1.0, *norms])
    return gamma(4 * sum(H.shape)) * size * _condition(H.V) ** 2 * _condition(H.W) ** 2


@law("spectral frame")
def check_frame(H: Hom, rng: np.random.Generator) -> None:
    """to_spectral is U_W^-1 T U_V and to_spatial its inverse; P there is the mask and the in-block trace, and U_W^-1 P(T) U_V."""
    frame = H.spectral
    U, U_inverse = frame.domain.change_of_basis, frame.codomain.inverse
    T = random_operators(H, 3, rng)
    M = H.to_spectral(T)
    bound = _bound(H, norm(T), norm(M))
    require_close(M, U_inverse @ T @ U, bound, f"{H}: to_spectral is U_W^-1 T U_V")
    require_close(H.to_spatial(M), T.astype(M.dtype), bound, f"{H}: to_spatial undoes to_spectral")
    require_equal(frame.dim, H.dim, f"{H}: dimension of the frame")
    require_equal(M.dtype.kind, "c" if frame.is_complex or H.is_complex else "f", f"{H}: kind of spectral matrices")
    P = frame.project(M)
    require_close(P, _masked(H, M), bound, f"{H}: mask and in-block traces, entry by entry")
    require_close(P, U_inverse @ H.project(T) @ U, bound, f"{H}: the spectral projection is U_W^-1 P(T) U_V")
    require_close(frame.project(P), P, bound, f"{H}: P^2 = P in the spectral frame")
    require_close(frame.residual(M) + P, M, bound, f"{H}: residual + P = M")
    G = H.V.group
    if G.is_finite and G.order * H.shape[0] * H.shape[1] <= _LISTED:
        mean = reynolds_average(H.V, H.W, T[:1])
        require_close(H.to_spatial(P[:1]), mean.astype(P.dtype), bound * G.order, f"{H}: P is the Reynolds average")
    _check_contract(H, T, M)


def _masked(H: Hom, M: Array) -> Array:
    """P of spectral matrices by the definition: sum_k tr(J_k* M_ab) / d J_k between copies a, b of equal irreps."""
    out = np.zeros_like(M)
    D, E = H.spectral.domain, H.spectral.codomain
    for I, columns in zip(D.irreps, D.slices, strict=True):
        for K, rows in zip(E.irreps, E.slices, strict=True):
            if I != K:
                continue
            d = I.dim
            for a in range(rows.start, rows.stop, d):
                for b in range(columns.start, columns.stop, d):
                    part = M[..., a : a + d, b : b + d]
                    for J in I.commutant:
                        trace = np.einsum("ij,...ij->...", J.conj(), part)
                        out[..., a : a + d, b : b + d] += (trace / d)[..., None, None] * J
    return out


def _check_contract(H: Hom, T: Array, M: Array) -> None:
    frame = H.spectral
    require_equal(H.to_spectral(T[0]).shape, H.shape, f"{H}: shape of a spectral matrix")
    require_equal(H.to_spectral(T[:0]).shape, (0, *H.shape), f"{H}: shape of an empty stack in the frame")
    require_equal(frame.project(M[:0]).shape, (0, *H.shape), f"{H}: shape of P of an empty stack in the frame")
    batch = np.stack([T, -T])
    bound = _bound(H, norm(T), norm(M))
    require_close(H.to_spectral(batch)[1, 2], -M[2], bound, f"{H}: to_spectral of a stack with two axes")
    require_close(frame.project(np.stack([M, 2 * M]))[1, 1], 2 * frame.project(M[1]), 2 * bound, f"{H}: P of a stack")
    small = T.astype(np.complex64 if T.dtype.kind == "c" else np.float32)
    single = H.to_spectral(small)
    require_equal(single.dtype.itemsize * 2, M.dtype.itemsize, f"{H}: precision of to_spectral in single precision")
    ratio = float(np.finfo(np.float32).eps / np.finfo(float).eps)
    require_close(single.astype(M.dtype), M, bound * ratio, f"{H}: to_spectral in single precision")
    require_equal(H.to_spatial(single).dtype, single.dtype, f"{H}: dtype of to_spatial in single precision")
    require_equal(frame.project(single).dtype, single.dtype, f"{H}: dtype of the spectral P in single precision")
    rows = sorted({(b.row.start, b.row.stop) for b in frame.blocks})
    columns = sorted({(b.column.start, b.column.stop) for b in frame.blocks})
    require_equal(len(frame.blocks), len(rows) * len(columns), f"{H}: number of blocks")
    for starts, size in ((rows, H.shape[0]), (columns, H.shape[1])):
        require_equal([a for a, _ in starts] + [size], [0] + [b for _, b in starts], f"{H}: the blocks tile the matrix")
    for b in frame.blocks:
        require_equal(
            b.read(M).shape[1:], (b.rows_n * b.irrep_W.dim, b.columns_n * b.irrep_V.dim), f"{H}: block {b.labels}"
        )
        require_equal(b.J is None, not b.equal, f"{H}: commutant of block {b.labels}")


@law("spectral frame")
def check_spectral_norms(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """Unitary V and W: unitarily invariant norms of P and residual agree in both frames; ||R|| <= defect <= 2 ||R||."""
    if not is_unitary(H):
        return DoesNotApply(NOT_UNITARY)
    frame = H.spectral
    T = random_operators(H, 2, rng)
    M = H.to_spectral(T)
    bound = _bound(H, norm(T)) * max(H.shape)
    g = draw(H.V.group, 30, rng)
    a, b = frame.domain.blocks(g)[:, None], frame.codomain.blocks(g)[:, None]
    error = (evaluation_error(H.V, norm(a)) + evaluation_error(H.W, norm(b))) * max(norm(T), 1.0) + bound
    for N in (Frobenius(), Spectral(), Nuclear(), Schatten(3), KyFan(2)):
        for what, spatial, spectral in (
            ("T", T, M), ("P(T)", H.project(T), frame.project(M)), ("the residual", H.residual(T), frame.residual(M)),
        ):  # fmt: skip
            require_close(np.asarray(N.value(spectral)), np.asarray(N.value(spatial)), bound, f"{H}: {N} of {what}")
        for part, value in (("residual", frame.residual(M)), ("equivariant", frame.project(M))):
            found = np.asarray(penalty(T, H, N, part=part, frame="spectral"))
            require_close(
                found, np.asarray(N.value(value)), bound, f'{H}: {N} penalty of the {part} part, frame="spectral"'
            )
        R = np.asarray(N.value(frame.residual(M)))
        defects = np.asarray(N.value(b @ M - M @ a))
        require((defects <= 2 * R + error).all(), f"{H}: a defect exceeds 2 ||R|| in {N}, in the spectral frame")
    blocks = per_block(T, H, Frobenius(squared=True))
    require_equal(len(blocks), len(frame.blocks), f"{H}: number of blocks of per_block")
    for x in frame.blocks:
        value = np.asarray(Frobenius(squared=True).value(x.read(frame.residual(M))))
        found = np.asarray(blocks[x.irrep_V.label, x.irrep_W.label])
        require_close(found, value, bound * max(norm(T), 1.0), f"{H}: per_block between {x.labels}")
    total = np.asarray(Frobenius(squared=True).value(H.residual(T)))
    squares = np.asarray(sum(np.asarray(value) for value in blocks.values()))
    require_close(squares, total, bound * max(norm(T), 1.0), f"{H}: the residual's blocks add up")
    return None


@law("spectral frame")
def check_mean_spectral_defect(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """E ||rho_W M - M rho_V||_F^2 = 2 ||M - P(M)||_F^2 with the blocks for rho; sup ||rho_W M - M rho_V|| >= ||R||."""
    G = H.V.group
    if not is_unitary(H):
        return DoesNotApply(NOT_UNITARY)
    if not G.is_finite:
        return DoesNotApply(INFINITE)
    if G.order * H.shape[0] * H.shape[1] > _LISTED:
        return DoesNotApply(f"more than {_LISTED:,} elements times unknowns")
    frame = H.spectral
    M = H.to_spectral(random_operators(H, 1, rng)[0])
    a, b = frame.domain.blocks(G.elements), frame.codomain.blocks(G.elements)
    R = frame.residual(M)
    defects = b @ M - M @ a
    expected = 2 * float(np.sum(np.abs(R) ** 2))
    mean = (np.abs(defects) ** 2).sum(axis=(-2, -1)).mean()
    bound = gamma(G.order + H.shape[0] * H.shape[1]) * 4 * norm(M) ** 2 * max(H.shape)
    require_close(np.asarray(mean), np.array(expected), bound, f"{H}: mean squared defect in the spectral frame")
    for N in (Frobenius(), Spectral()):
        worst = np.asarray(N.value(defects)).max()
        require(
            worst + bound >= float(N.value(R)), f"{H}: the largest defect in {N} is below ||R||, in the spectral frame"
        )
    return None


@law("spectral frame")
def check_schur_solver(H: Hom, rng: np.random.Generator) -> None:
    """Solver "schur" gives an orthonormal basis of the same span, the same coordinates' length and the same projection."""
    S = Hom(H.V, H.W, solver="schur", inner=H.inner, irreps=H.irreps)
    T = random_operators(H, 2, rng)
    basis, X = S.basis(), S.basis().matrices
    require_equal((S.dim, X.shape), (H.dim, (H.dim, *H.shape)), f'{H}: dimension by solver "schur"')
    bound = _bound(H, norm(T), norm(X)) * max(H.dim, 1) * max(H.shape)
    left, right = np.linalg.inv(_gram(H.V)), _gram(H.W)
    products = np.einsum("ab,icb,cd,jda->ij", left, X.conj(), right, X, optimize=True)
    require_close(products, np.eye(H.dim), bound, f'{H}: the basis of solver "schur" is orthonormal')
    for (generator, a), b in zip(H.V.images.items(), H.W.images.values(), strict=True):
        x, y = as_float(a), as_float(b)
        require_close(y @ X, X @ x, bound * max(norm(x), norm(y), 1.0), f'{H}: basis of solver "schur" at {generator}')
    require_close(H.basis().project(X), X, bound, f'{H}: the span of solver "schur"')
    require_close(S.project(T), H.project(T), bound, f'{H}: P by solver "schur"')
    require_equal(S.project(T).dtype, T.dtype, f'{H}: dtype of P by solver "schur"')
    require_close(S.residual(T), H.residual(T), bound, f'{H}: residual by solver "schur"')
    c = basis.coordinates(T)
    require_close(basis.combine(c), S.project(T).astype(c.dtype), bound, f'{H}: combine(coordinates) by solver "schur"')
