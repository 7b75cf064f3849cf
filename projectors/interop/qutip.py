"""Symmetry sectors of a Hamiltonian of qutip, quimb or numpy: its blocks, one for each irrep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.interop.qutip import from_qutip
from grouprep.linalg import as_float
from grouprep.representations import Representation
from grouprep.typing import Array
from projectors import decompose

__all__ = ["Sector", "symmetry_sectors"]


@dataclass(frozen=True, eq=False)
class Sector:
    """What an operator is on the copies of one irrep: kron(block, 1_dim) after a change of basis.

    Attributes
    ----------
    label : of the irrep.
    dim : of the irrep: how often each eigenvalue of the block occurs.
    block : (m, m) complex, m the multiplicity.
    isometry : (n, m) complex, with orthonormal columns, onto the first vectors of the copies: block = isometry* A isometry.
    """

    label: str
    dim: int
    block: Array
    isometry: Array

    @property
    def energies(self) -> Array:
        """The eigenvalues (m,) of a hermitian block, ascending."""
        values: Array = np.linalg.eigvalsh(self.block)
        return values

    def __repr__(self) -> str:
        return f"<Sector {self.label}: {len(self.block)} copies of dimension {self.dim}>"


def symmetry_sectors(A: object, V: Representation) -> list[Sector]:
    """The blocks of an operator that commutes with a representation, over the complex numbers.

    Parameters
    ----------
    A : (n, n): a `qutip.Qobj`, a matrix of quimb, an array, or a sparse array; hermitian or not.
    V : unitary, of dimension n, in the basis of A: `grouprep.interop.qutip.product_states(G)` for permutations of sites.

    Returns
    -------
    A sector for each irrep that occurs, in canonical order. Their eigenvalues, each as often as the irrep has dimensions, are those of A.

    Raises
    ------
    DimensionMismatch
        If A does not act on the space of V.
    GroupRepError
        If A does not commute with V up to rounding; the message names the generator and how far it is off.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> from grouprep.interop.qutip import product_states
    >>> hop = np.roll(np.eye(4), 1, axis=0) + np.roll(np.eye(4), -1, axis=0)
    >>> [(s.label, s.energies.round(6).tolist()) for s in symmetry_sectors(hop, Cyclic(4).natural())]
    [('0', [2.0]), ('1', [0.0]), ('2', [-2.0]), ('3', [0.0])]

    References
    ----------
    E. P. Wigner, Group Theory and its Application to the Quantum Mechanics of Atomic Spectra (1959), chapter 12.
    """
    matrix = from_qutip(A)
    if not isinstance(V, Representation) or V.dim != len(matrix):
        raise DimensionMismatch(
            f"A acts on dimension {len(matrix)}, V = {V!s:.60} has dimension {getattr(V, 'dim', 'none')}"
        )
    # A product of matrices of size n is off by at most n roundings of |A| |V| in the Frobenius norm.
    size = float(np.linalg.norm(matrix))
    for a in V.group.generator_names:
        image = as_float(V.images[a])
        scale = max(1.0, float(np.linalg.norm(image, 2)))
        off = float(np.linalg.norm(matrix @ image - image @ matrix))
        if off > 8 * len(matrix) * float(np.finfo(float).eps) * size * scale:
            raise GroupRepError(
                f"A does not commute with {a.label} of {V}: |A V - V A| = {off:.3g}, with |A| = {size:.3g}; is V in the basis of A? "
                "qutip and quimb list |j m> by m descending, and the first site slowest"
            )
    found = decompose(V, field="complex")
    U = np.asarray(found.change_of_basis, dtype=complex)
    out, start = [], 0
    for irrep, m in zip(found.irreps, found.multiplicities, strict=True):
        first = U[:, start : start + m * irrep.dim : irrep.dim]
        out.append(Sector(irrep.label, irrep.dim, first.conj().T @ matrix @ first, first))
        start += m * irrep.dim
    return out
