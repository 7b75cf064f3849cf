"""Matrices in and out of exact form: sympy, nested lists, texts and numpy to DomainMatrix, and back, correctly rounded."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from numbers import Integral, Rational
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg._evaluation import value_of
from grouprep.linalg.fields import (
    canonical_domain,
    closure_under_conjugation,
    coefficients,
    conjugate_number,
    convert_matrix,
    cyclotomic_field,
    domain_of,
    element,
    expression,
    is_real_field,
)
from grouprep.linalg.parsing import parse_expression
from grouprep.linalg.roots import rounded_root
from grouprep.linalg.sparse import sparse_matrix
from grouprep.typing import Array, Scalar

if TYPE_CHECKING:
    from sympy import Domain, Matrix
    from sympy.polys.matrices import DomainMatrix

__all__ = ["exact_floats", "to_domain_matrix", "to_numpy", "to_sympy"]

_NOT_EXACT = "floats are not exact; give integers, fractions such as '1/3', or sympy numbers"


def to_domain_matrix(matrix: object, domain: Domain | None = None) -> DomainMatrix:
    """An exact matrix as a sparse DomainMatrix over the smallest number field that holds its entries, or over domain.

    Parameters
    ----------
    matrix : (m, n) sympy Matrix (dense, sparse, immutable), DomainMatrix, numpy array (integer, bool, object, or float
        with integer values), or nested lists of int, Fraction, text (see `parse_expression`) and sympy numbers.
    domain : ZZ, QQ or a number field; None finds the smallest listed one, but a DomainMatrix keeps its own.

    Returns
    -------
    DomainMatrix of shape (m, n), sparse.

    Raises
    ------
    GroupRepError
        If an entry is a float that is no integer, NaN or infinite, not algebraic, or not in domain.
    DimensionMismatch
        If rows differ in length, or the array does not have two axes.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix, to_sympy
    >>> a = to_domain_matrix([[1, "sqrt(5)/2"], [0, "1/3"]])
    >>> a.domain, to_sympy(a)
    (QQ<sqrt5>, Matrix([
    [1, sqrt(5)/2],
    [0,       1/3]]))

    References
    ----------
    J. von zur Gathen, J. Gerhard, Modern Computer Algebra, Cambridge 2013, section 25 (data types).
    """
    from sympy.matrices.matrixbase import MatrixBase
    from sympy.polys.matrices import DomainMatrix

    if isinstance(matrix, DomainMatrix):
        return convert_matrix(matrix, canonical_domain(matrix.domain) if domain is None else domain)
    if isinstance(matrix, MatrixBase):
        return _from_entries(dict(matrix.todok()), matrix.shape, domain)
    if isinstance(matrix, np.ndarray):
        return _from_array(matrix, domain)
    return _from_rows(matrix, domain)


def _from_array(array: Array, domain: Domain | None) -> DomainMatrix:
    if array.ndim != 2:
        raise DimensionMismatch(f"a matrix has two axes; this array has shape {array.shape}")
    if array.dtype.kind not in "biufcO":
        raise GroupRepError(f"an array of dtype {array.dtype} holds no numbers; give text entries as nested lists")
    if array.dtype.kind in "fc":
        array = _integral(array)
    rows, columns = (np.arange(n) for n in array.shape)
    if array.dtype.kind != "O":
        rows, columns = np.nonzero(array)
        values = array[rows, columns].astype(object).tolist() if array.dtype.kind != "b" else [1] * len(rows)
        return _from_entries(
            dict(zip(zip(rows.tolist(), columns.tolist(), strict=True), values, strict=True)), array.shape, domain
        )
    entries = {(int(i), int(j)): array[i, j] for i in rows for j in columns}
    return _from_entries(entries, array.shape, domain)


def _integral(array: Array) -> Array:
    """An array of floats with integer values as an array of Python ints (or sympy Gaussian integers)."""
    finite = np.isfinite(array)
    if not finite.all():
        i, j = (int(k) for k in np.argwhere(~finite)[0])
        raise GroupRepError(f"entry ({i}, {j}) is {array[i, j]}; every entry must be a finite number")
    wrong = (array.real != np.rint(array.real)) | (array.imag != np.rint(array.imag))
    if wrong.any():
        i, j = (int(k) for k in np.argwhere(wrong)[0])
        raise GroupRepError(f"entry ({i}, {j}) is {array[i, j]}: {_NOT_EXACT}")
    result = np.empty(array.shape, dtype=object)
    for index, x in np.ndenumerate(array):
        result[index] = _gaussian(x)
    return result


def _gaussian(x: Scalar) -> Scalar:
    if not x.imag:
        return int(x.real)
    from sympy import I

    return int(x.real) + int(x.imag) * I


def _from_rows(matrix: object, domain: Domain | None) -> DomainMatrix:
    if not isinstance(matrix, list | tuple) or not all(isinstance(row, list | tuple | np.ndarray) for row in matrix):
        raise GroupRepError(f"a matrix is needed (nested lists, sympy or numpy), not {type(matrix).__name__}")
    rows = [list(row) for row in matrix]
    width = len(rows[0]) if rows else 0
    for i, row in enumerate(rows):
        if len(row) != width:
            raise DimensionMismatch(f"row {i} has {len(row)} entries, row 0 has {width}; all rows need the same length")
    entries = {(i, j): x for i, row in enumerate(rows) for j, x in enumerate(row) if type(x) is not int or x}
    return _from_entries(entries, (len(rows), width), domain)


def _from_entries(
    entries: dict[tuple[int, int], Scalar], shape: tuple[int, int], domain: Domain | None
) -> DomainMatrix:
    from sympy import ZZ
    from sympy.polys.matrices import DomainMatrix
    from sympy.polys.matrices.sdm import SDM

    if domain is None and all(type(x) is int for x in entries.values()):
        domain = ZZ
        values: dict[Scalar, Scalar] = {x: ZZ(x) for x in set(entries.values())}
        exact: dict[tuple[int, int], Scalar] = entries
    else:
        exact = {index: _exact_number(x, index) for index, x in entries.items()}
        distinct = set(exact.values())
        if domain is None:
            domain = domain_of(distinct)
        values = {x: element(x, domain) for x in distinct}
    rows: dict[int, dict[int, Scalar]] = {}
    for (i, j), x in exact.items():
        value = values[x]
        if value:
            rows.setdefault(i, {})[j] = value
    return DomainMatrix.from_rep(SDM(rows, shape, domain))


def _exact_number(x: Scalar, index: tuple[int, int]) -> Scalar:
    """An entry as a sympy expression; hashable."""
    from sympy import Basic, Integer
    from sympy import Rational as SympyRational

    if isinstance(x, Basic):
        return x
    if isinstance(x, Integral | np.bool_):
        return Integer(int(x))
    if isinstance(x, Rational):
        return SympyRational(int(x.numerator), int(x.denominator))
    if isinstance(x, str):
        try:
            return parse_expression(x)
        except GroupRepError as error:
            raise type(error)(f"entry {index}: {error}") from None
    if isinstance(x, float | complex | np.inexact):
        if not np.isfinite(x):
            raise GroupRepError(f"entry {index} is {x}; every entry must be a finite number")
        if x.real != np.rint(x.real) or x.imag != np.rint(x.imag):
            raise GroupRepError(f"entry {index} is {x}: {_NOT_EXACT}")
        return Integer(0) + _gaussian(x)
    if type(x).__module__.startswith("flint"):
        return SympyRational(int(x.numerator), int(x.denominator)) if hasattr(x, "numerator") else Integer(int(x))
    raise GroupRepError(f"entry {index} is a {type(x).__name__}, not a number")


def exact_floats(array: Array) -> DomainMatrix:
    """A float matrix (m, n) as the rational (or Gaussian rational) numbers that its entries are.

    Examples
    --------
    >>> from grouprep.linalg.convert import exact_floats
    >>> exact_floats(np.array([[0.5, 3e-1]])).to_Matrix()
    Matrix([[1/2, 5404319552844595/18014398509481984]])
    """
    from sympy import QQ

    K = cyclotomic_field(4) if array.dtype.kind == "c" else QQ
    rows: dict[int, dict[int, Scalar]] = {}
    for i, j in np.argwhere(array):
        x = array[i, j]
        parts = [QQ(*float(y).as_integer_ratio()) for y in ((x.imag, x.real) if K.is_AlgebraicField else (x,))]
        rows.setdefault(int(i), {})[int(j)] = K(parts) if K.is_AlgebraicField else parts[0]
    return sparse_matrix(rows, array.shape, K)


def to_sympy(matrix: DomainMatrix) -> Matrix:
    """The (m, n) matrix as a sympy Matrix with readable entries: rationals, sqrt, I, cos, exp.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix, to_sympy
    >>> to_sympy(to_domain_matrix([["zeta(3)"]]))
    Matrix([[-1/2 + sqrt(3)*I/2]])
    """
    from sympy import zeros

    K = matrix.domain
    if K.is_ZZ or K.is_QQ:
        return matrix.to_Matrix()
    result = zeros(*matrix.shape)
    for i, row in matrix.to_sparse().rep.to_sdm().items():
        for j, x in row.items():
            result[i, j] = expression(x, K)
    return result


def to_numpy(matrix: DomainMatrix, squares: Mapping[int, Mapping[int, Fraction]] | None = None) -> Array:
    """The (m, n) matrix as a float64 array, or complex128 if its field is not real, every entry correctly rounded.

    Real and imaginary parts are rounded to nearest (ties to even), each on its own; parts that are zero are exactly 0.0.

    Parameters
    ----------
    matrix : over ZZ, QQ or a number field.
    squares : positive rational numbers q by row and column: the entry there stands for itself times sqrt(q).

    Raises
    ------
    GroupRepError
        If an entry is too large for a float64.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix, to_numpy
    >>> to_numpy(to_domain_matrix([["1/3", "sqrt(2)"]]))
    array([[0.33333333, 1.41421356]])

    References
    ----------
    A. Ziv, Fast evaluation of elementary mathematical functions with correctly rounded last bit, ACM TOMS 17 (1991);
    F. Johansson, Arb, IEEE Trans. Comput. 66 (2017).
    """
    K = matrix.domain
    real = is_real_field(K)
    result = np.zeros(matrix.shape, dtype=np.float64 if real else np.complex128)
    seen: dict[Scalar, Scalar] = {}
    rows: list[int] = []
    columns: list[int] = []
    values: list[Scalar] = []
    for i, row in matrix.to_sparse().rep.to_sdm().items():
        for j, x in row.items():
            q = _ONE if squares is None else squares[i][j]
            value = seen.get((x, q))
            if value is None:
                value = seen[x, q] = _nearest(x, K, q)
            rows.append(i)
            columns.append(j)
            values.append(value)
    if values:
        result[rows, columns] = values
    return result


_ONE = Fraction(1)


def _nearest(x: Scalar, K: Domain, q: Fraction) -> float | complex:
    """The float (complex if K is not real) nearest to sqrt(q) times an element of K."""
    if not K.is_AlgebraicField:
        return _nearest_rational(x, q)
    if is_real_field(K):
        values = coefficients(x, K)
        if not any(values[1:]):
            return _nearest_rational(values[0], q)
        return _nearest_irrational(x, K, q, imaginary=False)
    try:
        bar = conjugate_number(x, K)
    except GroupRepError:
        L = closure_under_conjugation(K)
        return _nearest(element(K.to_sympy(x), L), L, q)
    return complex(_nearest_part((x + bar) / 2, K, q), _nearest_part((x - bar) / 2, K, q, imaginary=True))


def _nearest_rational(x: Scalar, q: Fraction) -> float:
    """The float nearest to x sqrt(q)."""
    return _nearest_fraction(_as_fraction(x)) if q == 1 else rounded_root(_as_fraction(x), q)


def _as_fraction(q: Scalar) -> Fraction:
    return Fraction(int(q.numerator), int(q.denominator))


def _nearest_fraction(q: Fraction) -> float:
    try:
        return q.numerator / q.denominator  # int / int is correctly rounded in Python
    except OverflowError:
        raise GroupRepError(f"an entry beyond {'-' if q < 0 else ''}10^308 is too large for a float64") from None


def _nearest_part(y: Scalar, K: Domain, q: Fraction, imaginary: bool = False) -> float:
    """The float nearest to sqrt(q) y (over i if imaginary), where this number is real; a rational value is decided exactly."""
    from sympy import I
    from sympy.polys.polyerrors import CoercionFailed

    if not y:
        return 0.0
    turned = y
    if imaginary:
        try:
            turned = y / element(I, K)
        except (GroupRepError, CoercionFailed):  # without i in K, y / i is irrational
            return _nearest_irrational(y, K, q, imaginary=True)
    values = coefficients(turned, K)
    if not any(values[1:]):
        return _nearest_rational(values[0], q)
    return _nearest_irrational(y, K, q, imaginary)


def _nearest_irrational(y: Scalar, K: Domain, q: Fraction, imaginary: bool) -> float:
    """The float nearest to sqrt(q) y for irrational y: where there is no tie rising precision decides it.

    If sqrt(q) y is rational, y^2 is, which is decided first.
    """
    from flint import acb, ctx, fmpq

    if q != 1:
        square = coefficients(y * y, K)
        if not any(square[1:]):
            sign = _nearest_irrational(y, K, _ONE, imaginary)
            size = rounded_root(1, abs(_as_fraction(square[0])) * q)
            return size if sign > 0 else -size
    bits = 96
    while True:
        ball = value_of(y, K, bits)
        if q != 1:
            with ctx.workprec(bits):
                ball *= acb(fmpq(q.numerator, q.denominator)).sqrt()
        part = ball.imag if imaginary else ball.real
        middle, radius = (
            Fraction(int(m)) * Fraction(2) ** int(e) for m, e in (part.mid().man_exp(), part.rad().man_exp())
        )
        if radius < abs(middle):  # the sign is known, so the two ends differ by less than they are large
            low, high = _nearest_fraction(middle - radius), _nearest_fraction(middle + radius)
            if low == high:
                return low
        bits *= 2
