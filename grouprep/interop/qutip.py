"""Spins and chains as qutip and quimb write them: the order of |j m>, spin operators, permutations of sites.

qutip and quimb list |j m> by m descending, j first, and so does the defining representation of SU(2). Our irreps of SU(2) and SO(3) list it
ascending, -j first, the real ones of SO(3) in real spherical harmonics. Both have the phases of Condon and Shortley, so between our complex
irreps and theirs there is nothing but the reversal; a tensor product of n spins is reversed as a whole. Tensor products are Kronecker
products on both sides, the first factor slowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from numbers import Integral
from typing import Any

import numpy as np

from grouprep import SO, SU, FiniteGroup
from grouprep.errors import DimensionMismatch, GroupRepError, shown
from grouprep.irreps.wigner import real_basis
from grouprep.linalg.memory import require_memory
from grouprep.representations import Representation
from grouprep.typing import Array

__all__ = ["from_qutip", "product_states", "spin_basis", "spin_operators", "to_qutip"]


def spin_operators(j: object) -> tuple[Array, Array, Array]:
    """Jx, Jy, Jz of spin j, each (2j+1, 2j+1) complex, hermitian, in units of hbar, in the basis of qutip and quimb.

    Parameters
    ----------
    j : 0, 1/2, 1, ...: a number or text such as "3/2".

    Returns
    -------
    Arrays on |j m>, m = j, ..., -j: `qutip.jmat(j, "x")` and `quimb.spin_operator("x", j)`. Each is -i times the differential of
    `SU(2).irrep(j)`, reversed.

    Raises
    ------
    GroupRepError
        If j is no spin.

    Examples
    --------
    >>> Jx, Jy, Jz = spin_operators(1)
    >>> np.diag(Jz).real, bool(np.allclose(Jx @ Jy - Jy @ Jx, 1j * Jz))
    (array([ 1.,  0., -1.]), True)

    References
    ----------
    Varshalovich, Moskalev, Khersonskii, Quantum Theory of Angular Momentum (1988), section 2.1.
    """
    ours = _angular_momenta(SU(2).irrep(j, field="complex"))
    x, y, z = (np.ascontiguousarray(a[::-1, ::-1]) for a in ours)
    return x, y, z


def _angular_momenta(V: Representation) -> list[Array]:
    """Jx, Jy, Jz in V's own basis; the generators of SU(2) are i/2 times the Pauli matrices z, y, x, those of SO(3) turn xy, xz, yz."""
    a, b, c = (np.asarray(V.differential(e), dtype=complex) for e in np.eye(3))
    if V.group == SU(2):
        return [-1j * c, -1j * b, -1j * a]
    return [1j * c, -1j * b, 1j * a]


def spin_basis(V: Representation) -> Array:
    """The basis of a representation of one spin in theirs: the unitary B with B V(g) B* acting on |j m>, m descending.

    Parameters
    ----------
    V : an irrep of SU(2) or SO(3), real or complex, of dimension 2j+1, or `SU(2).defining()`.

    Returns
    -------
    (2j+1, 2j+1) complex; column k is our k-th basis vector. An operator A of ours is B A B* of theirs.

    Raises
    ------
    GroupRepError
        If V is none of these.

    Examples
    --------
    >>> from grouprep import SO
    >>> spin_basis(SO(3).irrep(1, field="complex")).real
    array([[0., 0., 1.],
           [0., 1., 0.],
           [1., 0., 0.]])
    >>> B = spin_basis(SO(3).irrep(1))  # its basis is y, z, x
    >>> B[:, 1].real  # z is |1 0>
    array([0., 1., 0.])
    """
    if not isinstance(V, Representation) or V.group not in (SU(2), SO(3)):
        raise GroupRepError(f"V = {shown(V)} must be an irrep of SU(2) or SO(3)")
    n = V.dim
    flip = np.eye(n, dtype=complex)[::-1]
    candidates = [flip, np.eye(n, dtype=complex)] + ([flip @ real_basis((n - 1) // 2)] if n % 2 else [])
    theirs = spin_operators((n - 1) / 2)
    ours = _angular_momenta(V)
    # Entries are at most j + 1/2, correctly rounded; a product of three matrices of size n adds 2 n roundings of that.
    tolerance = 8 * n * (n + 1) * float(np.finfo(float).eps)
    for B in candidates:
        if all(np.abs(B @ a @ B.conj().T - b).max() <= tolerance for a, b in zip(ours, theirs, strict=True)):
            return np.ascontiguousarray(B)
    raise GroupRepError(f"{V} is not one spin in a standard basis; decompose it, and take the irreps")


def product_states(G: FiniteGroup, states: int = 2) -> Representation:
    """Permutations of sites on the product states of a chain: g moves what is at site k to site g(k).

    Parameters
    ----------
    G : a group of permutations of n sites, for example `Cyclic(n)` of the translations of a ring, `Dihedral(n)` with its reflections, or
        `automorphism_group(graph)`.
    states : how many states a site has, 2 for spins 1/2.

    Returns
    -------
    A representation of dimension states^n on |s_0 s_1 ... s_n-1>, s_0 slowest: the order of `qutip.tensor` and `quimb.kron`.

    Raises
    ------
    GroupRepError
        If G is no group of permutations, or states is no positive integer.
    TooLarge
        If states^n does not fit into memory.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> V = product_states(Cyclic(3))
    >>> V.dim, int(V(Cyclic(3).generators[0])[:, 0b100].argmax()) == 0b010  # |100> goes to |010>
    (8, True)
    """
    if not isinstance(G, FiniteGroup):
        raise GroupRepError(f"G = {shown(G)} must be a finite group of permutations of the sites")
    if isinstance(states, bool) or not isinstance(states, Integral) or states < 1:
        raise GroupRepError(f"states must be a positive integer, got {shown(states)}")
    count = int(states) ** G.degree
    require_memory(16 * count * len(G.generators), f"{states} states at each of {G.degree} sites")
    numbers = np.arange(count).reshape((int(states),) * G.degree)
    # The site g(k) of the image has what site k had: axis k of the states becomes axis g(k) of their images.
    images = [np.transpose(numbers, g).reshape(-1).tolist() for g in G.generators]
    return G.permutation(images)


def from_qutip(Q: object) -> Array:
    """The matrix of an operator of qutip, of a sparse matrix or an array of quimb, (n, n) complex.

    Raises
    ------
    GroupRepError
        If it is no operator.

    Examples
    --------
    >>> from_qutip(np.eye(2)).dtype
    dtype('complex128')
    """
    source: Any = Q
    if hasattr(Q, "full") and hasattr(Q, "dims"):
        if not source.isoper:
            raise GroupRepError(f"Q is a {source.type} of qutip; give an operator")
        source = source.full()
    elif hasattr(Q, "toarray"):
        source = source.toarray()
    try:
        array: Array = np.array(source, dtype=complex)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise GroupRepError(f"Q = {shown(Q)} is no operator; give a Qobj, or a square matrix")
    return array


def to_qutip(A: object, dims: Sequence[int] | None = None) -> Any:
    """An operator as a `qutip.Qobj`.

    Parameters
    ----------
    A : (n, n), in the order of theirs: m descending, the first site slowest.
    dims : the dimension of each factor of the tensor product; by default one factor of dimension n.

    Raises
    ------
    DimensionMismatch
        If the product of dims is not n.
    ModuleNotFoundError
        If qutip is not installed; the message has the line that installs it.
    """
    array = from_qutip(A)
    factors = [len(array)] if dims is None else [int(d) for d in dims]
    if prod(factors) != len(array):
        raise DimensionMismatch(f"dims = {factors} have the product {prod(factors)}, A acts on dimension {len(array)}")
    try:
        import qutip
    except ModuleNotFoundError as error:
        if error.name != "qutip":
            raise
        raise ModuleNotFoundError("to_qutip needs qutip: pip install 'grouprep[qutip]'", name="qutip") from None
    return qutip.Qobj(array, dims=[factors, factors])
