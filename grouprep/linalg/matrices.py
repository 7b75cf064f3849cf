"""One set of operations on the three kinds of matrix: Monomial, exact (DomainMatrix) and float (numpy, batched).

Mixed arguments meet at the most special kind that holds both: monomial, then exact, then float.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, TypeAlias, Union

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg import fields, sparse
from grouprep.linalg.convert import exact_floats, to_domain_matrix, to_numpy
from grouprep.linalg.fields import is_real_field
from grouprep.linalg.memory import require_memory
from grouprep.linalg.modular import modular_rank
from grouprep.linalg.monomial import Monomial
from grouprep.typing import Array, Scalar

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = [
    "Image",
    "adjoint",
    "as_exact",
    "as_float",
    "as_image",
    "conjugate",
    "direct_sum",
    "equal",
    "inverse",
    "is_exact",
    "is_invertible",
    "is_real",
    "kron",
    "matmul",
    "matrix_key",
    "size",
]

Image: TypeAlias = Union[Monomial, "DomainMatrix", Array]


def as_image(matrix: object, name: str = "matrix") -> Image:
    """The square matrix as the most special kind that holds it: Monomial, DomainMatrix or float array.

    Parameters
    ----------
    matrix : (n, n) sympy Matrix, DomainMatrix, Monomial, nested list (int, Fraction, text or sympy entries), or array.
    name : how an error message calls it.

    Raises
    ------
    DimensionMismatch
        If the matrix is not square.
    GroupRepError
        If it holds NaN, infinities, or entries that are no numbers.

    Examples
    --------
    >>> from grouprep.linalg import as_image
    >>> as_image([[0, 1], [1, 0]])
    Monomial(n=2, modulus=1)
    """
    if isinstance(matrix, Monomial):
        return matrix
    if isinstance(matrix, list | tuple) and _has_floats(matrix):
        matrix = np.asarray(matrix)
    if isinstance(matrix, np.ndarray) and matrix.dtype.kind in "fc":
        _check_square(matrix.shape, name)
        if not np.isfinite(matrix).all():
            raise GroupRepError(f"{name} has NaN or infinite entries; every entry must be a finite number")
        return matrix.astype(complex if matrix.dtype.kind == "c" else float)
    try:
        exact = to_domain_matrix(matrix)
    except GroupRepError as error:
        raise type(error)(f"{name}: {error}") from None
    _check_square(exact.shape, name)
    return Monomial.from_domain_matrix(exact) or exact


def _has_floats(matrix: Sequence[Scalar]) -> bool:
    rows = (row if isinstance(row, list | tuple) else np.ravel(np.array(row, dtype=object)) for row in matrix)
    return any(issubclass(kind, float | complex | np.inexact) for row in rows for kind in set(map(type, row)))


def _check_square(shape: tuple[int, ...], name: str) -> None:
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
        raise DimensionMismatch(f"{name} has shape {tuple(shape)}; a square matrix (n, n), n >= 1, is needed")


def is_exact(a: Image) -> bool:
    """Whether a is a Monomial or a DomainMatrix."""
    return not isinstance(a, np.ndarray)


def is_real(a: Image) -> bool:
    """Whether the entries are real: by the domain of an exact matrix, by the dtype of a float one."""
    if isinstance(a, Monomial):
        return a.is_real
    return a.dtype.kind == "f" if isinstance(a, np.ndarray) else is_real_field(a.domain)


def size(a: Image) -> int:
    """The number n of an (..., n, n) matrix."""
    return int(a.shape[-1])


def as_exact(a: Image) -> DomainMatrix:
    """The matrix as a sparse DomainMatrix; a float array raises GroupRepError."""
    if isinstance(a, np.ndarray):
        raise GroupRepError("a float matrix has no exact form; give exact entries (integers, fractions, sympy numbers)")
    return a.to_domain_matrix() if isinstance(a, Monomial) else a


def as_float(a: Image) -> Array:
    """The matrix as a numpy array, each entry correctly rounded."""
    if isinstance(a, np.ndarray):
        return a
    if isinstance(a, Monomial):
        return a.to_numpy()
    return to_numpy(a)


def _meet(a: Image, b: Image) -> tuple[Scalar, Scalar, int]:
    """Both as the same kind; the kind is 0 for Monomial, 1 for exact, 2 for float."""
    if isinstance(a, Monomial) and isinstance(b, Monomial):
        return a, b, 0
    if is_exact(a) and is_exact(b):
        return as_exact(a), as_exact(b), 1
    return as_float(a), as_float(b), 2


def kron(a: Image, b: Image) -> Image:
    """The Kronecker product; leading axes of float arrays are batch."""
    a, b, kind = _meet(a, b)
    if kind == 0:
        return a.kron(b)
    if kind == 1:
        return sparse.kron_exact(a, b)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    require_memory(prod((*batch, *a.shape[-2:], *b.shape[-2:])), f"a Kronecker product of {a.shape} and {b.shape}")
    product = a[..., :, None, :, None] * b[..., None, :, None, :]
    n, m = a.shape[-1] * b.shape[-1], a.shape[-2] * b.shape[-2]
    return product.reshape(*product.shape[:-4], m, n)


def direct_sum(a: Image, b: Image) -> Image:
    """The block-diagonal matrix of two; leading axes of float arrays are batch."""
    a, b, kind = _meet(a, b)
    if kind == 0:
        return a.direct_sum(b)
    if kind == 1:
        return sparse.direct_sum_exact(a, b)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    n, m = a.shape[-1], b.shape[-1]
    out = np.zeros((*batch, n + m, n + m), dtype=np.result_type(a, b))
    out[..., :n, :n], out[..., n:, n:] = a, b
    return out


def matmul(a: Image, b: Image) -> Image:
    """The matrix product."""
    a, b, kind = _meet(a, b)
    return sparse.matmul_exact(a, b) if kind == 1 else a @ b


def inverse(a: Image) -> Image:
    """The inverse matrix."""
    if isinstance(a, Monomial):
        return a.inverse()
    return np.linalg.inv(a) if isinstance(a, np.ndarray) else sparse.inverse_exact(a)


def is_invertible(a: Image) -> bool:
    """Whether a square matrix has an inverse: exactly, a float matrix taken as the numbers that its entries are.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep.linalg.matrices import is_invertible
    >>> is_invertible(1e-200 * np.eye(23)), is_invertible(np.ones((2, 2)))
    (True, False)
    """
    if isinstance(a, Monomial):
        return True
    exact = exact_floats(a) if isinstance(a, np.ndarray) else a
    return modular_rank(exact) == size(a) or bool(exact.to_field().to_dense().det())


def conjugate(a: Image) -> Image:
    """The entrywise complex conjugate."""
    if isinstance(a, Monomial | np.ndarray):
        return a.conjugate()
    return fields.conjugate(a)


def transpose(a: Image) -> Image:
    """The transpose of the last two axes."""
    if isinstance(a, Monomial):
        return a.inverse().conjugate()
    return np.swapaxes(a, -1, -2) if isinstance(a, np.ndarray) else a.transpose()


def adjoint(a: Image) -> Image:
    """The conjugate transpose of the last two axes."""
    return transpose(conjugate(a))


def equal(a: Image, b: Image) -> bool:
    """Whether two matrices are the same: exactly for exact ones, entry by entry for floats."""
    a, b, kind = _meet(a, b)
    return sparse.equal_exact(a, b) if kind == 1 else a == b if kind == 0 else np.array_equal(a, b)


def matrix_key(a: Image) -> tuple[object, ...]:
    """A hashable value, equal for equal matrices of one kind and field."""
    if isinstance(a, np.ndarray):
        return a.shape, a.dtype.str, a.tobytes()
    if isinstance(a, Monomial):
        return a.perm.tobytes(), a.phase.tobytes(), a.modulus
    rows = sparse.from_domain_matrix_rows(a)
    return a.shape, str(a.domain), tuple((i, j, str(x)) for i in sorted(rows) for j, x in sorted(rows[i].items()))
