"""Laws of Hom_G(V, W): its bases, its dimension, its projector, its solvers and its certificate."""

from __future__ import annotations

import copy
import pickle

import numpy as np
from sympy.polys.matrices import DomainMatrix

from grouprep.errors import NotUnitary, TooLarge, UnsupportedGroup
from grouprep.linalg import as_exact, as_float
from grouprep.linalg.spaces import OrbitSpace, Space
from grouprep.linalg.sparse import equal_exact, from_domain_matrix_rows, matmul_exact, sparse_matrix
from grouprep.representations import Representation
from grouprep.testing.bounds import evaluation_error, gamma, norm, require, require_close, require_equal, require_raises
from grouprep.testing.elements import draw
from grouprep.testing.laws import DoesNotApply, law
from grouprep.typing import Array, Scalar
from projectors.hom import Hom
from projectors.solvers import SOLVERS, solve
from projectors.solvers.averaging import averaging_terms, reynolds_average

__all__ = [
    "check_adjoint",
    "check_basis",
    "check_certificate",
    "check_change_of_basis",
    "check_dimension",
    "check_equivariance",
    "check_exact_basis",
    "check_hom_copies",
    "check_projector",
    "check_reynolds",
    "check_solvers",
    "random_operators",
]

ZERO = "the space is zero"
FLOATS = "the generators are floats"
WITHOUT_FORM = "no average over the group: the invariant inner product is not known, or not asked for"
NOT_UNITARY = "not unitary"

_SOLVED = 100  # unknowns up to which every solver is tried
_AVERAGED = 40_000  # group elements times unknowns up to which the group is averaged over


def random_operators(H: Hom, n: int, rng: np.random.Generator) -> Array:
    """n random operators (n, dim W, dim V), complex where the space is."""
    T: Array = rng.standard_normal((n, *H.shape))
    return T + 1j * rng.standard_normal(T.shape) if H.is_complex else T


def is_unitary(H: Hom) -> bool:
    """Whether both representations are unitary."""
    return H.V.is_unitary and H.W.is_unitary


def _has_average(H: Hom) -> bool:
    return H.V.gram is not None and H.W.gram is not None


def has_projector(H: Hom) -> bool:
    """Whether P is known: there is an invariant inner product, or the standard one is asked for."""
    return H.inner == "euclidean" or _has_average(H)


def _forms(H: Hom) -> tuple[Array, Array]:
    """(H_V^-1, H_W) of the inner product tr(H_V^-1 A* H_W B) that the basis is orthonormal in."""
    if H.inner == "euclidean" or not _has_average(H):
        return np.eye(H.V.dim), np.eye(H.W.dim)
    return np.linalg.inv(as_float(H.V.gram)), as_float(H.W.gram)


def _condition(H: Hom) -> float:
    """The condition number of the inner product."""
    left, right = _forms(H)
    return float(np.linalg.cond(left) * np.linalg.cond(right))


def _rounding(H: Hom, *norms: float) -> float:
    """What rounding makes of expressions in operators of those norms and the projector."""
    size = 1.0
    for x in norms:
        size *= max(x, 1.0)
    return gamma(sum(H.shape) + H.shape[0] * H.shape[1]) * size * _condition(H)


def _inner(H: Hom, A: Array, B: Array) -> Array:
    """<A_i, B_j> for stacks of operators."""
    left, right = _forms(H)
    found: Array = np.einsum("ab,icb,cd,jda->ij", left, A.conj(), right, B, optimize=True)
    return found


def _images(V: Representation) -> list[tuple[str, Array]]:
    return [(str(a), as_float(m)) for a, m in V.images.items()]


@law("space of equivariant maps")
def check_equivariance(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """rho_W X = X rho_V for every basis element, on the generators and on random elements."""
    X = H.basis().matrices
    require_equal(X.shape, (len(H.basis()), *H.shape), f"{H}: shape of basis().matrices")
    if not len(X):
        return DoesNotApply(ZERO)
    for (generator, a), (_, b) in zip(_images(H.V), _images(H.W), strict=True):
        bound = _rounding(H, norm(X)) * max(norm(a), norm(b), 1.0)
        require_close(b @ X, X @ a, bound, f"{H}: basis elements at the generator {generator}")
    g = draw(H.V.group, 3, rng)
    a, b = H.V(g)[:, None], H.W(g)[:, None]
    error = evaluation_error(H.V, norm(a)) + evaluation_error(H.W, norm(b))
    condition = max(1.0, norm(a) * norm(b))
    bound = (error + _rounding(H)) * max(norm(X), 1.0) * condition
    require_close(b @ X, X @ a, bound, f"{H}: basis elements at random group elements")
    return None


@law("space of equivariant maps")
def check_basis(H: Hom, rng: np.random.Generator) -> None:
    """The basis is orthonormal in the stated inner product; coordinates, combine, indexing and dtype agree with it."""
    basis = H.basis()
    X = basis.matrices
    r = len(basis)
    require_close(
        _inner(H, X, X), np.eye(r), _rounding(H, norm(X), norm(X)) * max(r, 1), f"{H}: the basis is orthonormal"
    )
    T = random_operators(H, 2, rng)
    c = basis.coordinates(T)
    require_equal(c.shape, (2, r), f"{H}: shape of coordinates")
    bound = _rounding(H, norm(T), norm(X)) * max(r, 1)
    require_close(c, _inner(H, X, T).T, bound, f"{H}: coordinates are inner products <X_k, T>")
    d = rng.standard_normal((2, 3, r))
    combined = basis.combine(d)
    require_equal(combined.shape, (2, 3, *H.shape), f"{H}: shape of combine")
    expected = np.tensordot(d, X, 1)
    require_close(
        combined, expected, _rounding(H, norm(X)) * float(np.abs(d).sum() + 1), f"{H}: combine is sum c_k X_k"
    )
    require_close(
        basis.coordinates(combined),
        d + 0 * c[0, :1].sum(),
        bound * (1 + float(np.abs(d).sum())),
        f"{H}: coordinates(combine(c)) = c",
    )
    for k in {0, r // 2, r - 1} if r else ():
        require(np.array_equal(basis[k], X[k]), f"{H}: basis[{k}] differs from matrices[{k}]")
    if not H.is_complex and not any(
        isinstance(s, OrbitSpace) and not s.is_real for s in (H.space(*p) for p in H.pairs)
    ):
        require_equal(X.dtype, np.dtype(float), f"{H}: dtype of the basis of a real space")


@law("space of equivariant maps")
def check_exact_basis(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """The exact basis is exactly equivariant, independent, of the same size, and spans what the float basis spans."""
    if not H.is_exact:
        return DoesNotApply(FLOATS)
    exact = H.exact_basis()
    basis = H.basis()
    require_equal(len(exact), len(basis), f"{H}: sizes of the exact and the float basis")
    X = exact.to_numpy()
    require_equal(X.shape, (len(exact), *H.shape), f"{H}: shape of exact_basis().to_numpy()")
    if not len(exact):
        return DoesNotApply(ZERO)
    for k in sorted({0, len(exact) - 1}):
        matrix = exact.rows.extract([k], list(range(H.shape[0] * H.shape[1])))
        x = _reshaped(matrix, H.shape)
        for generator in (
            H.V.images if exact.squares is None else ()
        ):  # with roots, the certificate proves the rational forms
            left = matmul_exact(as_exact(H.W.images[generator]), x)
            right = matmul_exact(x, as_exact(H.V.images[generator]))
            require(equal_exact(left, right), f"{H}: exact basis element {k} does not intertwine {generator}")
        value = np.array(exact[k].evalf(20).tolist(), dtype=complex).reshape(H.shape)
        require_close(X[k].astype(complex), value, gamma(1) * norm(X[k]), f"{H}: floats of exact element {k}")
    size = np.linalg.norm(X.reshape(len(X), -1), axis=1)
    scaled = X / size[:, None, None]
    require(np.linalg.matrix_rank(scaled.reshape(len(X), -1)) == len(X), f"{H}: the exact basis elements are dependent")
    require_close(
        basis.project(scaled), scaled, _rounding(H, norm(scaled)) * len(X), f"{H}: exact elements lie in the float span"
    )
    gram = np.array(exact.gram.evalf(20).tolist(), dtype=complex).reshape(len(X), len(X))
    flat = X.reshape(len(X), -1)
    bound = gamma(flat.shape[1]) * norm(X) ** 2 * len(X)
    require_close((flat.conj() @ flat.T).astype(complex), gram, bound, f"{H}: exact_basis().gram is tr(X_i* X_j)")
    return None


def _reshaped(row: DomainMatrix, shape: tuple[int, int]) -> DomainMatrix:
    n = shape[1]
    out: dict[int, dict[int, Scalar]] = {}
    for index, x in from_domain_matrix_rows(row).get(0, {}).items():
        out.setdefault(index // n, {})[index % n] = x
    return sparse_matrix(out, shape, row.domain)


@law("space of equivariant maps")
def check_dimension(H: Hom, rng: np.random.Generator) -> None:
    """dim = len(basis()) = len(exact_basis()) = the character count; Hom(W, V) has the same dimension for compact groups."""
    dim = H.dim
    require(isinstance(dim, int), f"{H}: dim is {dim!r}, not an int")
    require_equal(len(H.basis()), dim, f"{H}: size of the float basis")
    if H.is_exact:
        require_equal(len(H.exact_basis()), dim, f"{H}: size of the exact basis")
    if H.character_count is not None:
        require_equal(H.character_count, dim, f"{H}: the inner product of the characters")
    if H.V.group.is_compact:
        require_equal(Hom(H.W, H.V, inner=H.inner).dim, dim, f"{H}: dimension of Hom(W, V)")
        G = H.V.group
        if G.order <= 500:
            values = np.conj(H.V.character.values) * H.W.character.values
            mean = float((values * [len(c) for c in G.conjugacy_classes]).sum().real / G.order)
            bound = gamma(len(values) + H.V.dim + H.W.dim) * H.V.dim * H.W.dim
            require_close(
                np.array(float(dim)), np.array(mean), bound, f"{H}: mean of conj(chi_V) chi_W over the classes"
            )


@law("space of equivariant maps")
def check_projector(H: Hom, rng: np.random.Generator) -> None:
    """P is linear, P^2 = P = P*, fixes the basis, gives equivariant operators, and keeps shape, precision and kind."""
    T, S = random_operators(H, 2, rng), random_operators(H, 2, rng)
    if not has_projector(H):
        law = f"{H}: no invariant positive form, but project returns"
        require_raises(NotUnitary, lambda: H.project(T), law)
        return
    P = H.project
    X = H.basis().matrices
    bound = _rounding(H, norm(T) + norm(S))
    require_close(P(P(T)), P(T), bound, f"{H}: P^2 = P")
    require_close(P(2 * T - 3 * S), 2 * P(T) - 3 * P(S), 5 * bound, f"{H}: P is linear")
    if H.is_complex:
        require_close(P(1j * T), 1j * P(T), bound, f"{H}: P is linear over the complex numbers")
    left, right = _inner(H, P(T), S), _inner(H, T, P(S))
    require_close(left, right, bound * max(norm(T), norm(S)), f"{H}: <P(A), B> = <A, P(B)>")
    require_close(P(X), X, _rounding(H, norm(X)), f"{H}: P fixes the basis")
    require_close(P(T) + H.residual(T), T, bound, f"{H}: P(T) + residual(T) = T")
    for (generator, a), (_, b) in zip(_images(H.V), _images(H.W), strict=True):
        size = max(norm(a), norm(b), 1.0)
        require_close(b @ P(T), P(T) @ a, bound * size, f"{H}: P(T) is equivariant at {generator}")
    _check_array_contract(H, T)


def _check_array_contract(H: Hom, T: Array) -> None:
    P = H.project
    require_equal(P(T[0]).shape, H.shape, f"{H}: shape of P(T) for one operator")
    require_close(P(T)[1], P(T[1]), _rounding(H, norm(T)), f"{H}: P of a stack against P of one")
    batch = np.stack([T, 2 * T, -T])
    require_equal(P(batch).shape, batch.shape, f"{H}: shape of P(T) for two batch axes")
    require_close(P(batch)[1, 0], 2 * P(T[0]), 2 * _rounding(H, norm(T)), f"{H}: P of a stack with two axes")
    require_equal(P(T[:0]).shape, (0, *H.shape), f"{H}: shape of P of an empty stack")
    small = T.astype(np.complex64 if T.dtype.kind == "c" else np.float32)
    require_equal(P(small).dtype, small.dtype, f"{H}: dtype of P(T) in single precision")
    require_equal(P(T).dtype, T.dtype, f"{H}: dtype of P(T)")
    bound = gamma(sum(H.shape) + H.shape[0] * H.shape[1], np.float32) * max(norm(T), 1.0) * _condition(H)
    require_close(P(small).astype(T.dtype), P(T), bound, f"{H}: P in single against double precision")
    before = T.copy()
    P(T)
    require(np.array_equal(T, before), f"{H}: project changes its argument")


@law("space of equivariant maps")
def check_change_of_basis(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """With unitary() U_V = S_V V S_V^-1, P commutes with the change of basis: P(S_W T S_V^-1) = S_W P(T) S_V^-1."""
    if not _has_average(H) or H.inner != "invariant":
        return DoesNotApply(WITHOUT_FORM)
    (V, S), (W, R) = H.V.unitary(), H.W.unitary()
    if V == H.V and W == H.W:
        return DoesNotApply("both are unitary as they are given")
    if H.V.dim * H.W.dim > _SOLVED:
        return DoesNotApply(f"more than {_SOLVED:,} unknowns")
    other = Hom(V, W)
    T = random_operators(H, 2, rng)
    inverse = np.linalg.inv(S)
    bound = _rounding(H, norm(T)) * norm(R) * norm(inverse) * _condition(H)
    require_equal(other.dim, H.dim, f"{H}: dimension in unitary coordinates")
    require_close(
        other.project(R @ T @ inverse), R @ H.project(T) @ inverse, bound, f"{H}: P against P in unitary coordinates"
    )
    return None


@law("space of equivariant maps")
def check_reynolds(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """P(T) is the mean of rho_W(g) T rho_V(g)^-1: over all elements or an exact quadrature, over samples where there is none."""
    if not _has_average(H) or H.inner != "invariant":
        return DoesNotApply(WITHOUT_FORM)
    T = random_operators(H, 1, rng)
    terms = _terms(H)
    if terms is not None:
        if terms * H.shape[0] * H.shape[1] > _AVERAGED:
            return DoesNotApply(f"more than {_AVERAGED:,} elements times unknowns")
        mean = reynolds_average(H.V, H.W, T)
        error = (evaluation_error(H.V) + evaluation_error(H.W)) * norm(T) * _condition(H)
        bound = _rounding(H, norm(T)) * np.log2(2 * terms) + error
        require_close(H.project(T), mean, bound, f"{H}: P is the Reynolds average")
        return None
    try:
        g = H.V.group.sample(4_000, rng)
    except UnsupportedGroup:
        return DoesNotApply("no sampler of Haar measure is known")
    a, b = H.V(g), H.W(g)
    moved = b @ T @ np.linalg.inv(a)
    error = 6 * norm(moved - H.project(T)) / np.sqrt(len(moved)) + _rounding(H, norm(T))
    require_close(moved.mean(axis=0)[None], H.project(T), error, f"{H}: P is close to the mean over samples")
    return None


def _terms(H: Hom) -> int | None:
    """The elements that an exact average takes, or None where the group has none."""
    try:
        return averaging_terms(H.V, H.W)
    except UnsupportedGroup:
        return None


@law("space of equivariant maps")
def check_adjoint(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """For unitary V and W, X* lies in Hom(W, V), and P(T)* is the projection of T* there; conj(X) in Hom(conj V, conj W)."""
    if not is_unitary(H) or not has_projector(H):
        return DoesNotApply(NOT_UNITARY)
    T = random_operators(H, 2, rng)
    star = np.swapaxes(H.project(T).conj(), -1, -2)
    other = Hom(H.W, H.V, inner=H.inner)
    bound = 2 * _rounding(H, norm(T))
    require_close(other.project(np.swapaxes(T.conj(), -1, -2)), star, bound, f"{H}: adjoints lie in Hom(W, V)")
    conjugate = Hom(H.V.conjugate, H.W.conjugate, inner=H.inner)
    require_close(conjugate.project(T.conj()), H.project(T).conj(), bound, f"{H}: conjugates")
    return None


@law("space of equivariant maps")
def check_solvers(H: Hom, rng: np.random.Generator) -> DoesNotApply | None:
    """Every solver that applies finds the same space as "auto": same dimension, same projector on the span."""
    pairs = [(V, W) for V, W in H.pairs if V.dim * W.dim <= _SOLVED]
    if not pairs:
        return DoesNotApply(f"more than {_SOLVED:,} unknowns")
    for V, W in pairs:
        expected = _span(solve(V, W))
        for name, solver in SOLVERS.items():
            if name == "auto" or not solver.applies(V, W):
                continue
            if name == "averaging" and _elements(V) * V.dim * W.dim > _AVERAGED // 10:
                continue
            try:
                found = _span(solve(V, W, solver))
            except TooLarge:
                continue
            require_equal(len(found), len(expected), f'{H}: dimension by solver "{name}" for {V} -> {W}')
            # Both are orthonormal; a float solver's span is off by eps over its gap, which it keeps above 1e-6.
            bound = gamma(V.dim * W.dim) * 1e6 if name == "float" else gamma((V.dim * W.dim) ** 2)
            gap = found - (found @ expected.conj().T) @ expected
            require_close(gap, np.zeros_like(gap), bound, f'{H}: span by solver "{name}" for {V} -> {W}')
    return None


def _elements(V: Representation) -> int:
    """How many elements an average over a finite group runs over; 0 for others, which take a quadrature."""
    return int(V.group.order) if V.group.is_finite else 0


def _span(space: Space) -> Array:
    """Orthonormal rows (r, m * n) that span the space."""
    rows = space.floats()
    if not len(rows):
        return np.zeros((0, rows.shape[1]))
    q, _ = np.linalg.qr((rows / np.linalg.norm(rows, axis=1, keepdims=True)).T)
    out: Array = q.T
    return out


@law("space of equivariant maps")
def check_certificate(H: Hom, rng: np.random.Generator) -> None:
    """certify() proves an exact basis, and bounds a float one; the certificate names the dimension and copies are equal."""
    certificate = H.certify()
    require_equal(certificate.dim, H.dim, f"{H}: dimension in the certificate")
    require(certificate.claims, f"{H}: the certificate claims nothing")
    if H.is_exact:
        require(certificate.proved, f"{H}: exact, but not proved: {certificate}")
    else:
        require(not certificate.claims[0].proved, f"{H}: float, but equivariance counts as proved")
    require(
        pickle.loads(pickle.dumps(certificate)) == certificate, f"{H}: a copy of the certificate is not equal to it"
    )
    require_equal(certificate.to_dict()["dim"], H.dim, f"{H}: dimension in the certificate's plain data")


@law("space of equivariant maps")
def check_hom_copies(H: Hom, rng: np.random.Generator) -> None:
    """Copies are equal and hash alike, solved or not, and have the same basis bit for bit."""
    X = H.basis().matrices
    fresh = Hom(H.V, H.W, solver=H.solver, inner=H.inner)
    require(fresh == H, f"{H}: an equal space is not equal")
    require(np.array_equal(fresh.basis().matrices, X), f"{H}: solving again gives another basis")
    for other in (pickle.loads(pickle.dumps(H)), copy.deepcopy(H)):
        require(other == H, f"{H}: a copy is not equal")
        require_equal(hash(other), hash(H), f"{H}: hash of a copy")
        require(np.array_equal(other.basis().matrices, X), f"{H}: a copy has another basis")
    if H.V != H.W:
        require(Hom(H.W, H.V, inner=H.inner) != H, f"{H}: equal to Hom(W, V)")
