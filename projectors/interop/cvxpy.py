"""Symmetric semidefinite programs for cvxpy: a matrix variable in the commutant, positive semidefinite by its blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grouprep.errors import GroupRepError, shown
from grouprep.representations import Representation
from grouprep.typing import Array
from projectors import commutant, decompose

__all__ = ["InvariantMatrix", "invariant_matrix"]


@dataclass(frozen=True, eq=False)
class InvariantMatrix:
    """A hermitian matrix that commutes with a group, as expressions of cvxpy; made by `invariant_matrix`.

    Attributes
    ----------
    variable : `cvxpy.Variable` (r,), the coordinates in the basis.
    matrix : `cvxpy.Expression` (n, n), the sum of variable[k] basis[k].
    basis : (r, n, n), real or complex, orthonormal, each hermitian.
    blocks : an expression (m, m) for each irrep with multiplicity m, whose eigenvalues are those of the matrix; (2m, 2m), real, where the
        block is complex. Of two conjugate irreps of a real representation one is left out: their blocks are conjugate.
    psd : constraints that say that the matrix is positive semidefinite: one for each block.
    """

    variable: Any
    matrix: Any
    basis: Array
    blocks: dict[str, Any]
    psd: list[Any]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{label}: {block.shape[0]}" for label, block in self.blocks.items())
        return f"<InvariantMatrix {self.basis.shape[1:]} of {len(self.basis)} variables, blocks {sizes}>"


def invariant_matrix(V: Representation, name: str = "X") -> InvariantMatrix:
    """A matrix variable X = X* with V(g) X = X V(g) for all g, for semidefinite programs that a group leaves invariant.

    If X solves such a program so does the mean of V(g) X V(g)*, so it loses nothing to ask for an invariant X: it has as many variables as
    the symmetric part of the commutant has dimensions, and is positive semidefinite if small blocks are.

    Parameters
    ----------
    V : a unitary representation: real for real symmetric X, complex for hermitian X; for a graph
        `grouprep.interop.graphs.automorphism_group(graph).natural()`.
    name : of the variable.

    Raises
    ------
    GroupRepError
        If V is no unitary representation.
    ModuleNotFoundError
        If cvxpy is not installed; the message has the line that installs it.

    References
    ----------
    K. Gatermann, P. A. Parrilo, Symmetry groups, semidefinite programs, and sums of squares, J. Pure Appl. Algebra 192 (2004), 95-128.
    """
    try:
        import cvxpy
    except ModuleNotFoundError as error:
        if error.name != "cvxpy":
            raise
        raise ModuleNotFoundError("invariant_matrix needs cvxpy: pip install 'grouprep[cvxpy]'", name="cvxpy") from None
    if not isinstance(V, Representation) or not V.is_unitary:
        raise GroupRepError(
            f"V = {shown(V)} must be a unitary representation; V.unitary() gives one where there is one"
        )
    basis = _hermitian_basis(V)
    r, n = len(basis), V.dim
    variable = cvxpy.Variable(r, name=name)
    matrix = _combination(cvxpy, variable, basis)
    blocks: dict[str, Any] = {}
    seen: list[Array] = []
    found = decompose(V, field="complex")
    U, start = np.asarray(found.change_of_basis, dtype=complex), 0
    # A block's entries are those of U* B U with |B| = 1: off by 2 n roundings.
    tolerance = 8 * n * float(np.finfo(float).eps)
    for irrep, m in zip(found.irreps, found.multiplicities, strict=True):
        first = U[:, start : start + m * irrep.dim : irrep.dim]
        start += m * irrep.dim
        block = first.conj().T @ basis @ first
        block = (block + block.conj().transpose(0, 2, 1)) / 2
        if V.field == "real" and any(
            old.shape == block.shape and np.abs(old - block.conj()).max() <= tolerance for old in seen
        ):
            continue
        seen.append(block)
        re, im = block.real, block.imag
        if np.abs(im).max() <= tolerance:
            real = re
        else:
            real = np.block([[re, -im], [im, re]])
        blocks[irrep.label] = _combination(cvxpy, variable, real)
    psd = [block >> 0 if block.shape[0] > 1 else block >= 0 for block in blocks.values()]
    return InvariantMatrix(variable, matrix, basis, blocks, psd)


def _combination(cvxpy: Any, variable: Any, matrices: Array) -> Any:
    """The sum of variable[k] matrices[k], (n, n)."""
    from scipy.sparse import csr_array

    r, n, _ = matrices.shape
    flat = csr_array(np.where(np.abs(matrices) > 1e-14, matrices, 0).reshape(r, n * n).T)
    return cvxpy.reshape(flat @ variable, (n, n), order="C")


def _hermitian_basis(V: Representation) -> Array:
    """An orthonormal basis, over R, of the hermitian matrices that commute with V, (r, n, n)."""
    B = commutant(V).basis().matrices
    if V.field == "complex":
        B = np.concatenate([B, 1j * B])
    # X -> X* is an orthogonal involution of this real space; the hermitian matrices are its eigenvalue 1, others have -1.
    flat = B.reshape(len(B), -1)
    star = B.conj().transpose(0, 2, 1).reshape(len(B), -1)
    values, vectors = np.linalg.eigh((flat.conj() @ star.T).real)
    basis: Array = np.tensordot(vectors[:, values > 0].T, B, axes=1)
    return (basis + basis.conj().transpose(0, 2, 1)) / 2
