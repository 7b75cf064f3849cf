"""Exact decompositions of representations of finite groups, in the gauge of the float ones.

Irreps whose unitary matrices hold too many square roots for one field are taken in their rational form, with its invariant form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import AmbiguousRank, CertificateError, GroupRepError, UnsupportedGroup
from grouprep.irreps.base import Irrep
from grouprep.linalg import as_exact, as_float, as_image
from grouprep.linalg.budget import EXACT_WORK, require
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.fields import common_domain, conjugate, convert_matrix, expression
from grouprep.linalg.floats import first_pivot
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.linalg.pickling import Picklable
from grouprep.linalg.sparse import from_domain_matrix_rows, matmul_exact, sparse_matrix
from grouprep.representations import Representation
from grouprep.typing import Floats, Scalar

if TYPE_CHECKING:
    from sympy import Domain, Matrix
    from sympy.polys.matrices import DomainMatrix

__all__ = ["ExactDecomposition", "ExactIsometry", "exact_decomposition"]


@dataclass(frozen=True, eq=False, repr=False)
class ExactIsometry(Picklable):
    """An exact intertwiner from an irrep to V, X / sqrt(c) an isometry.

    irrep : the irrep I; matrix : X (dim V, dim I) with V(g) X = X F(g), F the `form` of I; square : c with X* H X = c K for the
        invariant forms H of V and K of F, which are 1 where these are unitary.
    """

    irrep: Irrep
    matrix: DomainMatrix
    square: Scalar

    @property
    def form(self) -> Representation:
        """The exact matrices of the irrep: its own, or where these are floats those of its rational form."""
        return _exact_form(self.irrep)


class ExactDecomposition(Picklable):
    """V(g) U = U blocks(g) exactly, and U* H U block-diagonal with the forms K of the blocks; made by `Decomposition.exact`.

    Examples
    --------
    >>> from grouprep import Symmetric, Cyclic
    >>> from projectors import decompose
    >>> decompose(Cyclic(2).natural()).exact().change_of_basis
    Matrix([
    [sqrt(2)/2,  sqrt(2)/2],
    [sqrt(2)/2, -sqrt(2)/2]])
    """

    def __init__(self, V: Representation, isometries: list[ExactIsometry]) -> None:
        self.V, self.isometries = V, tuple(isometries)

    @cached_property
    def change_of_basis(self) -> Matrix:
        """U as a sympy Matrix (dim, dim), columns as in `Decomposition`, each block X / sqrt(c).

        Where the irreps have exact unitary matrices, U is unitary in V's invariant inner product. A block in a rational form,
        such as Young's seminormal one, has U* H U = K there, `form.gram`.
        """
        from sympy import Matrix, sqrt

        columns = []
        for iso in self.isometries:
            scale = 1 / sqrt(expression(iso.square, iso.matrix.domain))
            columns.append(to_sympy(iso.matrix).applyfunc(lambda x, s=scale: (x * s).expand() if x else x))
        return Matrix.hstack(*columns)

    def verify(self) -> None:
        """Check V(g) X = X F(g) for every generator and isometry, X* H X = c K, orthogonality and completeness, exactly.

        Raises
        ------
        CertificateError
            Naming what fails.
        """
        columns = sum(iso.matrix.shape[1] for iso in self.isometries)
        if columns != self.V.dim:
            raise CertificateError(f"the isometries account for {columns} of the {self.V.dim} dimensions of {self.V}")
        for k, iso in enumerate(self.isometries):
            for generator, image in self.V.images.items():
                left = matmul_exact(as_exact(image), iso.matrix)
                right = matmul_exact(iso.matrix, as_exact(iso.form.images[generator]))
                if not _same(left, right):
                    raise CertificateError(f"isometry {k} of {self.V} does not intertwine {generator}")
        self._check_orthogonality()

    def _check_orthogonality(self) -> None:
        """X* H Y = 0 and X* H X = c K, for all isometries over one field at once."""
        gram = self.V.gram
        assert gram is not None
        fields: dict[Domain, list[ExactIsometry]] = {}
        for iso in self.isometries:
            fields.setdefault(iso.matrix.domain, []).append(iso)
        stacked = [(isos, isos[0].matrix.hstack(*(iso.matrix for iso in isos[1:]))) for isos in fields.values()]
        for k, (isos, X) in enumerate(stacked):
            functionals = matmul_exact(conjugate(X).transpose(), as_exact(gram))
            for j, (_, Y) in enumerate(stacked[: k + 1]):
                expected = _expected(isos) if j == k else sparse_matrix({}, (X.shape[1], Y.shape[1]), X.domain)
                if not _same(matmul_exact(functionals, Y), expected):
                    raise CertificateError(f"the isometries of {self.V} are not orthogonal")


def _exact_form(I: Irrep) -> Representation:
    form = I if I.domain is not None else I.rational()[0]
    if form.domain is None or form.gram is None:
        raise GroupRepError(f"{I} has float images, also in its rational form; exact decompositions need exact ones")
    return form


def _expected(isos: Sequence[ExactIsometry]) -> DomainMatrix:
    """The block-diagonal matrix of all c K, over the field of the isometries."""
    domain = isos[0].matrix.domain
    rows: dict[int, dict[int, Scalar]] = {}
    start = 0
    for iso in isos:
        gram = convert_matrix(as_exact(iso.form.gram), common_domain(domain, as_exact(iso.form.gram).domain))
        square = gram.domain.convert_from(iso.square, domain)
        for i, row in from_domain_matrix_rows(gram).items():
            rows[start + i] = {start + j: square * x for j, x in row.items()}
        start += iso.form.dim
    return sparse_matrix(rows, (start, start), gram.domain)


def _same(a: DomainMatrix, b: DomainMatrix) -> bool:
    K = common_domain(a.domain, b.domain)
    return bool((convert_matrix(a, K) - convert_matrix(b, K)).is_zero_matrix)


def exact_decomposition(
    V: Representation, irreps: Sequence[Irrep], places: Mapping[Representation, Sequence[int]]
) -> ExactDecomposition:
    """See `Decomposition.exact`.

    places : the distinct summands of V and where their copies start.
    """
    if not V.group.is_finite:
        raise UnsupportedGroup(f"exact decompositions are for finite groups; {V.group} is infinite")
    if V.domain is None:
        raise GroupRepError(f"{V} has float images; exact decompositions need exact ones")
    forms = {I: _exact_form(I) for I in irreps}
    for R in places:
        require(R.dim**3 // int(V.group.order), EXACT_WORK, f"the steps for the exact decomposition of {R} are")
    columns: list[tuple[tuple[int, int, int], ExactIsometry]] = []
    for R, starts in places.items():
        for number, I in enumerate(irreps):
            for inner, iso in enumerate(_canonical(R, I, _intertwiners(forms[I], R))):
                for start in starts:
                    placed = ExactIsometry(iso.irrep, _placed(iso.matrix, int(start), V.dim), iso.square)
                    columns.append(((number, int(start), inner), placed))
    found = ExactDecomposition(V, [iso for _, iso in sorted(columns, key=lambda c: c[0])])
    size = sum(iso.matrix.shape[1] for iso in found.isometries)
    if size != V.dim:
        raise AmbiguousRank(f"the irreps account for {size} of the {V.dim} dimensions of {V}; irreps are missing")
    return found


def _intertwiners(V: Representation, W: Representation) -> DomainMatrix:
    generators = V.group.essential_generators
    return intertwiner_space((W.dim, V.dim), [(V.image(a), W.image(a)) for a in generators]).rows()


def _placed(X: DomainMatrix, start: int, n: int) -> DomainMatrix:
    rows = {start + i: row for i, row in from_domain_matrix_rows(X).items()}
    return sparse_matrix(rows, (n, X.shape[1]), X.domain)


def _canonical(R: Representation, I: Irrep, rows: DomainMatrix) -> list[ExactIsometry]:
    """Gram-Schmidt over the commutant, with the pivots of `projectors.decompose.gauge`: the seeds P e_i, exactly.

    The inner products of seeds X e_1 are those of intertwiners up to a factor, since X* H X is a multiple of the irrep's form K.
    """
    gram = R.gram
    assert gram is not None
    if not rows.shape[0]:
        return []
    form = _exact_form(I)
    units = [as_exact(as_image(np.rint(J).astype(int))) if np.array_equal(np.rint(J), J) else None for J in I.commutant]
    if any(u is None for u in units) or (len(units) > 1 and form is not I):
        raise GroupRepError(f"the commutant of {I} has no integer basis; give {I} as a realification")
    K = common_domain(rows.domain, as_exact(gram).domain, form.domain, as_exact(form.gram).domain).get_field()
    n, d, r = R.dim, I.dim, rows.shape[0]
    first = K.convert_from(_entry(as_exact(form.gram)), as_exact(form.gram).domain)  # K[0, 0]
    basis = [_matrix(convert_matrix(rows, K), k, n, d) for k in range(r)]
    H = convert_matrix(as_exact(gram), K)
    seeds = _seed_columns(basis, n, K)
    inner = conjugate(seeds).transpose() * H * seeds  # (r, r) Gram matrix of the seeds
    weights = (inner.to_dense().inv()).to_sparse() * conjugate(seeds).transpose()  # P = seeds * weights * H
    projector = seeds * weights  # P H^-1, Hermitian; its diagonal is that of the float gauge for unitary R
    chosen: list[ExactIsometry] = []
    removed: list[
        tuple[DomainMatrix, DomainMatrix]
    ] = []  # a functional and a seed, in coordinates, for each chosen X J
    while len(chosen) * len(units) < r:
        i = first_pivot(_weights(projector, H))
        coefficients = weights * _unit_column(i, n, K)  # of the projection of H^-1 e_i on the seeds
        for functional, w in removed:
            coefficients = coefficients - w * _entry(functional * coefficients)
        X = sum((B * _entry(coefficients.extract([k], [0])) for k, B in enumerate(basis)), basis[0] * K.zero)
        square = _entry(conjugate(coefficients).transpose() * inner * coefficients)
        chosen.append(ExactIsometry(I, X, square / first))
        for J in units:
            y = X * J
            column = y.extract(list(range(n)), [0])
            projector = projector - column * conjugate(column).transpose() * (K.one / square)
            w = weights * (H * column)
            removed.append((conjugate(w).transpose() * inner * (K.one / square), w))
    return chosen


def _weights(projector: DomainMatrix, gram: DomainMatrix) -> Floats:
    """The products of the diagonals, which do not depend on the lengths of basis vectors."""
    p, h = from_domain_matrix_rows(projector), from_domain_matrix_rows(gram)
    products = {i: {0: row[i] * h[i][i]} for i, row in p.items() if i in row}
    return np.real(as_float(sparse_matrix(products, (gram.shape[0], 1), gram.domain))[:, 0])


def _matrix(rows: DomainMatrix, k: int, n: int, d: int) -> DomainMatrix:
    out: dict[int, dict[int, Scalar]] = {}
    for index, x in from_domain_matrix_rows(rows).get(k, {}).items():
        out.setdefault(index // d, {})[index % d] = x
    return sparse_matrix(out, (n, d), rows.domain)


def _seed_columns(basis: list[DomainMatrix], n: int, K: Domain) -> DomainMatrix:
    columns: dict[int, dict[int, Scalar]] = {}
    for k, B in enumerate(basis):
        for i, row in from_domain_matrix_rows(B).items():
            if 0 in row:
                columns.setdefault(i, {})[k] = row[0]
    return sparse_matrix(columns, (n, len(basis)), K)


def _unit_column(i: int, n: int, K: Domain) -> DomainMatrix:
    return sparse_matrix({i: {0: K.one}}, (n, 1), K)


def _entry(matrix: DomainMatrix) -> Scalar:
    return from_domain_matrix_rows(matrix).get(0, {}).get(0, matrix.domain.zero)
