"""Representations of O(3) as e3nn writes them, "8x0e+2x1o", in e3nn's bases, both ways; e3nn itself is not needed.

e3nn's basis of degree l is ours on other axes: its polar axis is y, so that its degree 1 is (x, y, z) where ours is (y, z, x). With A
the rotation that takes (x, y, z) to (z, x, y), e3nn's matrix of a rotation R is ours of A R A^-1. So the representations made here are
exact for every l: ours, pulled back along conjugation with A. The change of basis is our matrix of A itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError, UnsupportedGroup, shown
from grouprep.families.orthogonal import O
from grouprep.families.special_orthogonal import SO
from grouprep.groups import Group, Homomorphism, LieGroup
from grouprep.irreps.base import Irrep
from grouprep.linalg import Monomial, as_exact
from grouprep.linalg.matrices import matmul, transpose
from grouprep.representations import Representation
from grouprep.representations.composite import DirectSum, direct_sum_of
from grouprep.representations.pullback import Pullback
from grouprep.typing import Array

if TYPE_CHECKING:
    from sympy import Matrix

__all__ = ["change_of_basis_to_e3nn", "representation_from_e3nn", "representation_to_e3nn"]

_AXES = Monomial(np.array([1, 2, 0]))  # A: e_x -> e_y -> e_z -> e_x, (x, y, z) -> (z, x, y)
_DIGITS = "0123456789"


def representation_from_e3nn(irreps: object, group: Group | None = None) -> Representation:
    """The representation that e3nn's irreps are, in e3nn's own basis: V(R) is `Irreps(irreps).D_from_matrix(R)`.

    Parameters
    ----------
    irreps : text such as "8x0e+2x1o", or e3nn's `Irreps` or `Irrep`. Copies come one after another, as e3nn stores them.
    group : O(3), which None stands for, or SO(3), where parities have no meaning. For a subgroup, restrict the result.

    Returns
    -------
    Their direct sum, exact for every degree; terms without copies, 0x2e, are left out.

    Raises
    ------
    GroupRepError
        If the text cannot be read (the message shows where), has no copies at all, or the group is another one.

    Examples
    --------
    >>> V = representation_from_e3nn("8x0e + 2x1o")
    >>> V.dim, V.multiplicities()
    (14, {'0e': 8, '1o': 2})

    References
    ----------
    M. Geiger, T. Smidt, e3nn: Euclidean Neural Networks, arXiv 2207.09453.
    """
    if not isinstance(irreps, str) and not type(irreps).__module__.startswith("e3nn."):
        raise GroupRepError(
            f'irreps must be text such as "8x0e+2x1o", or e3nn.o3.Irreps of what it takes, got {shown(irreps)}'
        )
    text = str(irreps)
    G = O(3) if group is None else group
    if G not in (O(3), SO(3)):
        raise GroupRepError(
            f"group must be O(3) or SO(3), got {shown(group)}; restrict(f) takes the representation to a subgroup"
        )
    terms = [(n, _theirs(G, l, p)) for n, l, p in _read(text) if n]
    if not terms:
        raise GroupRepError(f'irreps = "{text}" has no copies of anything; representations have dimension 1 or more')
    return direct_sum_of(terms)


def _read(text: str) -> list[tuple[int, int, str]]:
    """Multiplicity, degree and parity of every term."""
    terms, at = [], 0

    def skip() -> None:
        nonlocal at
        while at < len(text) and text[at].isspace():
            at += 1

    def refuse(expected: str) -> GroupRepError:
        what = f'"{text[at]}"' if at < len(text) else "the end of the text"
        return GroupRepError(
            f"irreps: {expected} is expected at character {at + 1}, there is {what}\n    {text}\n    {' ' * at}^"
        )

    def number(expected: str) -> int:
        nonlocal at
        skip()
        start = at
        while at < len(text) and text[at] in _DIGITS:
            at += 1
        if start == at:
            raise refuse(expected)
        if at - start > 9:
            at = start
            raise refuse("a number below 1,000,000,000")
        found = int(text[start:at])
        skip()
        return found

    while True:
        n, l = 1, number('a term such as "2x1o", copies x degree and parity,')
        if text[at : at + 1] == "x":
            at += 1
            n, l = l, number("the degree l of the irrep, 0, 1, 2, ...")
        parity = text[at : at + 1]
        if parity not in ("e", "o", "y"):
            raise refuse("the parity e (even), o (odd) or y, that of spherical harmonics,")
        at += 1
        terms.append((n, l, "eo"[l % 2] if parity == "y" else parity))
        skip()
        if at == len(text):
            return terms
        if text[at] != "+":
            raise refuse('"+", or the end,')
        at += 1


@lru_cache(maxsize=4)
def _turned(G: LieGroup) -> Homomorphism:
    """R -> A R A^-1."""
    return Homomorphism(G, G, [matmul(matmul(_AXES, m), transpose(_AXES)) for m in G.defining().images.values()])


def _theirs(G: Group, l: int, parity: str) -> Representation:
    assert isinstance(G, LieGroup)
    irrep = G.irrep(f"{l}{parity}" if G == O(3) else l)
    return irrep if l == 0 else irrep.restrict(_turned(G))


def change_of_basis_to_e3nn(l: int) -> Matrix:
    """The exact matrix S with e3nn's Wigner matrices S D(R) S^T, for ours D; real spherical harmonics go the same way.

    It is D(A) for the rotation A that takes (x, y, z) to (z, x, y), so orthogonal; for l = 1 it is a permutation.

    Parameters
    ----------
    l : the degree, 0, 1, 2, ...

    Returns
    -------
    (2 l + 1, 2 l + 1), a sympy Matrix of rational numbers times square roots.

    Examples
    --------
    >>> change_of_basis_to_e3nn(1)
    Matrix([
    [0, 0, 1],
    [1, 0, 0],
    [0, 1, 0]])
    """
    return SO(3).irrep(l).exact(as_exact(_AXES))


def representation_to_e3nn(V: Representation) -> tuple[str, Array]:
    """The text of e3nn's irreps for a direct sum of irreps of O(3) or SO(3), and the change to e3nn's basis.

    Parameters
    ----------
    V : a direct sum of irreps of O(3) or SO(3), ours or such as `representation_from_e3nn` makes; `defining()` and `trivial()` too.

    Returns
    -------
    (text, S) with `Irreps(text).D_from_matrix(R)` = S V(R) S^T: text in V's order, S (dim, dim) orthogonal float64. Irreps of SO(3),
    which have no parity, are written as even ones.

    Raises
    ------
    UnsupportedGroup
        If V is one of another group.
    GroupRepError
        If V is no direct sum of such parts; `projectors.decompose` makes it one.

    Examples
    --------
    >>> from grouprep import O
    >>> G = O(3)
    >>> text, S = representation_to_e3nn(8 * G.irrep("0e") + 2 * G.irrep("1o"))
    >>> text, S.shape
    ('8x0e+2x1o', (14, 14))
    """
    if not isinstance(V, Representation):
        raise GroupRepError(f"V must be a Representation, got {shown(V)}")
    if V.group not in (O(3), SO(3)):
        raise UnsupportedGroup(f"{V} is a representation of {V.group}; e3nn knows those of O(3)")
    terms: list[tuple[int, str]] = []
    S = np.zeros((V.dim, V.dim))
    at = 0
    for n, part in _parts(V):
        name, change = _named(part)
        if terms and terms[-1][1] == name:
            terms[-1] = (terms[-1][0] + n, name)
        else:
            terms.append((n, name))
        for _ in range(n):
            S[at : at + part.dim, at : at + part.dim] = change
            at += part.dim
    return "+".join(f"{n}x{name}" for n, name in terms), S


def _parts(V: Representation) -> list[tuple[int, Representation]]:
    if not isinstance(V, DirectSum):
        return [(1, V)]
    out: list[tuple[int, Representation]] = []
    for n, part in zip(V.counts, V.parts, strict=True):
        out += _parts(part) * n if isinstance(part, DirectSum) else [(n, part)]
    return out


def _named(part: Representation) -> tuple[str, Array]:
    """e3nn's name of a part, and the change from its basis to e3nn's."""
    G = part.group
    assert isinstance(G, LieGroup)
    ours = part.V if isinstance(part, Pullback) and part.f == _turned(G) else part
    if isinstance(ours, Irrep) and ours.over == "real":
        label = ours.label if G == O(3) else f"{ours.label}e"
        return label, np.eye(part.dim) if ours is not part else part(_AXES_FLOAT)
    if part == G.defining():
        return "1o" if G == O(3) else "1e", np.eye(3)
    if part == G.trivial():
        return "0e", np.eye(1)
    raise GroupRepError(
        f"{part} is not one of the irreps of {G}, as e3nn's parts are; decompose(V) of projectors splits a representation into these"
    )


_AXES_FLOAT = np.eye(3)[:, [1, 2, 0]]
