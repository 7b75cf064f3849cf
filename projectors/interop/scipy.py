"""Projectors as scipy's linear operators, bases and projections as its sparse arrays, in and out."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from grouprep.errors import DimensionMismatch, GroupRepError, NotUnitary, shown
from grouprep.linalg.memory import require_memory
from grouprep.typing import Array
from projectors.hom import Hom

__all__ = ["basis_rows", "project", "projector", "projector_matrix", "residual", "residual_projector"]

_T = TypeVar("_T")  # a sparse array or matrix, or a LinearOperator


def _hom(H: object) -> Hom:
    if not isinstance(H, Hom):
        raise GroupRepError(f"H must be a Hom such as Hom(V, W), got {shown(H)}")
    return H


def _dtype(H: Hom) -> np.dtype[np.generic]:
    return np.dtype(complex if H.projection.is_complex else float)


def projector(H: Hom) -> LinearOperator:
    """P as a linear operator on the entries of T, row by row; nothing of its size squared is stored.

    Parameters
    ----------
    H : the space.

    Returns
    -------
    A `scipy.sparse.linalg.LinearOperator` (dim W dim V, dim W dim V), which is its own adjoint for unitary representations;
    for others the adjoint raises NotUnitary when it is used.

    Raises
    ------
    NotUnitary
        As `Hom.project`.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> P = projector(commutant(Cyclic(2).natural()))
    >>> P @ np.array([1.0, 2, 4, 3])
    array([2., 3., 3., 2.])
    """
    return _operator(H, "project")


def residual_projector(H: Hom) -> LinearOperator:
    """1 - P, which takes T to its part that is not equivariant; as `projector`.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> residual_projector(commutant(Cyclic(2).natural())) @ np.array([1.0, 2, 4, 3])
    array([-1., -1.,  1.,  1.])
    """
    return _operator(H, "residual")


def _operator(H: Hom, part: str) -> LinearOperator:
    apply, (m, n) = getattr(_hom(H), part), H.shape

    def columns(x: Array) -> Array:
        out = apply(np.ascontiguousarray(x.T).reshape(-1, m, n)).reshape(-1, m * n).T
        return np.ascontiguousarray(out)

    def column(x: Array) -> Array:
        return np.asarray(apply(x.reshape(m, n)).reshape(-1))

    def adjoint(x: Array) -> Array:
        _require_orthogonal(H)
        return column(x) if x.ndim == 1 else columns(x)

    return LinearOperator(
        (m * n, m * n), matvec=column, rmatvec=adjoint, matmat=columns, rmatmat=adjoint, dtype=_dtype(H)
    )


def basis_rows(H: Hom) -> sparse.csr_array:
    """The orthonormal basis as rows of a sparse array, in the order of `H.basis()`; none of its elements is ever dense.

    Parameters
    ----------
    H : the space.

    Returns
    -------
    (dim H, dim W dim V), a `scipy.sparse.csr_array`; a row holds the entries of an element, row by row.

    Raises
    ------
    TooLarge
        If the basis of one pair of summands, or all entries, do not fit into memory.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> basis_rows(commutant(Cyclic(2).natural())).toarray().round(4)
    array([[0.7071, 0.    , 0.    , 0.7071],
           [0.    , 0.7071, 0.7071, 0.    ]])
    """
    basis = _hom(H).basis()
    width, start = H.shape[1], 0
    values, rows, columns = [np.zeros(0, basis.dtype)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for b in basis.blocks:
        r, (m, n) = b.structure.dim, b.structure.shape
        require_memory(r * m * n, f"{r} dense basis elements of shape {m} x {n}", basis.dtype.itemsize)
        X = b.structure.combine(np.eye(r))
        k, i, j = np.nonzero(X)
        require_memory(3 * len(k) * b.rows_n * b.columns_n, f"the entries of {b.count:,} sparse basis elements")
        copy_i, copy_j = (c.reshape(-1, 1) for c in np.indices((b.rows_n, b.columns_n)))
        at = copy_i * b.columns_n + copy_j
        values.append(np.tile(X[k, i, j], len(at)))
        rows.append((start + at * r + k).reshape(-1))
        columns.append(((b.row + copy_i * m + i) * width + b.column + copy_j * n + j).reshape(-1))
        start += b.count
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array(entries, shape=(len(basis), H.shape[0] * width))


def _require_orthogonal(H: Hom) -> None:
    if not H.projection.is_self_adjoint:
        raise NotUnitary(
            f"P of {H} is orthogonal in the invariant forms, not entry by entry; "
            "take V.unitary()[0] and W.unitary()[0]; projector(H) @ x and H.project work as they are"
        )


def projector_matrix(H: Hom) -> sparse.csr_array:
    """P as a sparse matrix on the entries of T, row by row: the sum over the basis of X X*.

    Parameters
    ----------
    H : the space, of unitary representations.

    Returns
    -------
    (dim W dim V, dim W dim V), a `scipy.sparse.csr_array`.

    Raises
    ------
    NotUnitary
        If P is not orthogonal in the Frobenius inner product.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> projector_matrix(commutant(Cyclic(2).natural())).toarray()
    array([[0.5, 0. , 0. , 0.5],
           [0. , 0.5, 0.5, 0. ],
           [0. , 0.5, 0.5, 0. ],
           [0.5, 0. , 0. , 0.5]])
    """
    X = basis_rows(H)
    _require_orthogonal(H)
    return sparse.csr_array(X.T @ X.conj())


def project(H: Hom, T: _T) -> _T:
    """P(T) of a sparse array or matrix, or of a linear operator, as one of the same kind.

    Parameters
    ----------
    H : the space; of unitary representations if T is sparse.
    T : (dim W, dim V), sparse of any format, or a `scipy.sparse.linalg.LinearOperator`, whose entries are computed.

    Raises
    ------
    DimensionMismatch
        If T has another shape.
    GroupRepError
        If T is of another kind; `H.project` takes dense arrays.
    NotUnitary
        If T is sparse and P is not orthogonal in the Frobenius inner product.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> from scipy import sparse
    >>> project(commutant(Cyclic(2).natural()), sparse.csc_array([[1.0, 0], [0, 3]])).toarray()
    array([[2., 0.],
           [0., 2.]])
    """
    given = _checked(H, T)
    if isinstance(given, LinearOperator):
        return cast(_T, aslinearoperator(H.project(_entries(given))))
    return cast(_T, _sparse(H, given))


def residual(H: Hom, T: _T) -> _T:
    """T - P(T), as `project`.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> from scipy import sparse
    >>> residual(commutant(Cyclic(2).natural()), sparse.csc_array([[1.0, 0], [0, 3]])).toarray()
    array([[-1.,  0.],
           [ 0.,  1.]])
    """
    given = _checked(H, T)
    if isinstance(given, LinearOperator):
        return cast(_T, aslinearoperator(H.residual(_entries(given))))
    return cast(_T, (given - _sparse(H, given)).asformat(given.format))


def _entries(T: Any) -> Array:
    return np.asarray(T @ np.eye(T.shape[1]))


def _checked(H: Hom, T: Any) -> Any:
    if not (sparse.issparse(T) or isinstance(T, LinearOperator)):
        raise GroupRepError(
            f"T must be a sparse array or a LinearOperator, got {shown(T)}; H.project takes dense arrays"
        )
    if T.shape != _hom(H).shape:
        raise DimensionMismatch(f"T has shape {T.shape}, expected {H.shape}: (dim W, dim V)")
    if sparse.issparse(T) and not np.isfinite(T.data if T.format != "lil" else T.tocoo().data).all():
        raise GroupRepError("T has NaN or infinite entries")
    return T


def _sparse(H: Hom, T: Any) -> Any:
    _require_orthogonal(H)
    X, (m, n) = basis_rows(H), H.shape
    entries = sparse.csr_array(sparse.coo_array(T).reshape((m * n, 1)))
    P = sparse.coo_array(X.T @ (X.conj() @ entries)).reshape((m, n))
    return (P if isinstance(T, sparse.sparray) else sparse.coo_matrix(P)).asformat(T.format)
