"""Decomposing representations into irreps: multiplicities, and a unitary change of basis to blocks of the catalogue's irreps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import AmbiguousRank, GroupRepError, NotUnitary
from grouprep.irreps.base import Field, Irrep
from grouprep.irreps.catalogue import family_of
from grouprep.irreps.user_irreps import listed_irreps, user_irreps
from grouprep.linalg import Monomial, as_float
from grouprep.linalg.memory import require_memory
from grouprep.linalg.pickling import Picklable
from grouprep.representations import Representation
from grouprep.representations.composite import direct_sum_of
from projectors.blocks import summands
from projectors.gauge import canonical_isometries

if TYPE_CHECKING:
    from projectors.exact_decomposition import ExactDecomposition

__all__ = ["Decomposition", "Part", "decompose", "ground_field"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Part(Picklable):
    """A distinct summand R of V, where its copies stand, and its own decomposition.

    representation : R, no direct sum.
    starts : (copies,) the first coordinate of each copy in V.
    irreps : numbers of the irreps of R among those of V, ascending, one for each isometry.
    isometries : (dim R, dim R) unitary change of basis of R, column blocks in that order; None for the identity.
    inverse : its inverse, None for the identity.
    """

    representation: Representation
    starts: Array
    irreps: tuple[int, ...]
    isometries: Array | None
    inverse: Array | None


class Decomposition(Picklable):
    """V as a sum of irreps: V(g) U = U blocks(g) for all g, U unitary.

    Column blocks of U run over the irreps in canonical order, then over their copies (by the place in V of the summand they
    come from); `blocks` is the direct sum of kron(I_m, irrep). U is unitary in the invariant inner product of V: in the
    standard one if V is unitary.

    Made by `decompose`.
    """

    def __init__(self, V: Representation, field: str, irreps: Sequence[Irrep], parts: Sequence[Part]) -> None:
        self.V, self.field, self.irreps, self.parts = V, field, tuple(irreps), tuple(parts)

    @cached_property
    def multiplicities(self) -> tuple[int, ...]:
        """How often each of `irreps` occurs."""
        counts = [0] * len(self.irreps)
        for part in self.parts:
            for k in part.irreps:
                counts[k] += len(part.starts)
        return tuple(counts)

    @property
    def labels(self) -> dict[str, int]:
        """Multiplicities by label."""
        return {I.label: m for I, m in zip(self.irreps, self.multiplicities, strict=True)}

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """The coordinates of each irrep's copies in the spectral basis."""
        sizes = [m * I.dim for I, m in zip(self.irreps, self.multiplicities, strict=True)]
        ends = np.cumsum([0, *sizes]).tolist()
        return tuple(slice(a, b) for a, b in pairwise(ends))

    @cached_property
    def representation(self) -> Representation:
        """The direct sum m_1 I_1 + m_2 I_2 + ... that V is isomorphic to."""
        return direct_sum_of(list(zip(self.multiplicities, self.irreps, strict=True)))

    def blocks(self, g: Any) -> Array:
        """The block-diagonal matrices of elements g with leading batch axes, (..., dim, dim), from the values of each irrep."""
        values = [I(g) for I in self.irreps]
        lead, n = values[0].shape[:-2], self.V.dim
        require_memory(prod(lead) * n * n, f"the blocks of {self.V}", 16, "evaluate the irreps one by one")
        out = np.zeros((*lead, n, n), dtype=np.result_type(*values))
        start = 0
        for value, m in zip(values, self.multiplicities, strict=True):
            d = value.shape[-1]
            for _ in range(m):
                out[..., start : start + d, start : start + d] = value
                start += d
        return out

    @cached_property
    def gather(self) -> Array:
        """(dim,) coordinates of V, part by part, copy by copy: what the parts' isometries act on."""
        return np.concatenate([(p.starts[:, None] + np.arange(p.representation.dim)).ravel() for p in self.parts])

    @cached_property
    def order(self) -> Array:
        """(dim,) for each spectral coordinate its place after the parts' isometries: irrep, then copy, then coordinate."""
        keys = []
        for p in self.parts:
            dims = [self.irreps[k].dim for k in p.irreps]
            kind = np.repeat(p.irreps, dims)
            inner = np.repeat(np.arange(len(dims)), dims)
            coordinate = np.concatenate([np.arange(d) for d in dims])
            count, n = len(p.starts), len(kind)
            columns = (np.tile(kind, count), np.repeat(p.starts, n), np.tile(inner, count), np.tile(coordinate, count))
            keys.append(np.array(columns))
        table = np.concatenate(keys, axis=1)
        return np.lexsort(table[::-1])

    @property
    def is_complex(self) -> bool:
        """Whether the change of basis is complex."""
        return any(p.isometries is not None and p.isometries.dtype.kind == "c" for p in self.parts)

    @cached_property
    def change_of_basis(self) -> Array:
        """U (dim, dim), V(g) U = U blocks(g); TooLarge if it does not fit into memory."""
        n = self.V.dim
        kind = np.result_type(float, *(p.isometries for p in self.parts if p.isometries is not None))
        require_memory(n * n, f"the change of basis of {self.V}", kind.itemsize, "use Hom.to_spectral")
        out = np.zeros((n, n), dtype=kind)
        column = 0
        for p in self.parts:
            d = p.representation.dim
            X = np.eye(d) if p.isometries is None else p.isometries
            for start in p.starts:
                out[start : start + d, column : column + d] = X
                column += d
        out = np.ascontiguousarray(out[:, self.order])
        out.setflags(write=False)
        return out

    @cached_property
    def inverse(self) -> Array:
        """The inverse of `change_of_basis`: its adjoint if V is unitary."""
        if self.V.is_unitary:
            return self.change_of_basis.conj().T
        return np.linalg.inv(self.change_of_basis)  # U* H has the condition of U squared

    def exact(self) -> ExactDecomposition:
        """The same, exactly: U as a sympy matrix, for finite groups with exact images.

        Raises
        ------
        UnsupportedGroup
            If the group is infinite.
        GroupRepError
            If images of V or of the irreps are not exact.
        """
        from projectors.exact_decomposition import exact_decomposition

        return exact_decomposition(self)

    def _key(self) -> tuple[Any, ...]:
        return self.V, self.field, self.irreps

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Decomposition) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        terms = []
        for I, m in zip(self.irreps, self.multiplicities, strict=True):
            times = " " if I.label[0].isalpha() else " x "
            terms.append(f"{m}{times}{I.label}" if m > 1 else I.label)
        return " + ".join(terms)

    def __repr__(self) -> str:
        return f"<{self.V} = {self} of {self.V.group}>"

    def _repr_latex_(self) -> str:
        text = r" \oplus ".join(
            rf"{m if m > 1 else ''}\,\mathrm{{{I.label}}}"
            for I, m in zip(self.irreps, self.multiplicities, strict=True)
        )
        return f"${text}$"


def ground_field(V: Representation, field: str | None) -> Field:
    """The field that V is decomposed over: the given one, by default that of V.

    Raises
    ------
    GroupRepError
        If it is unknown, or "real" for a complex representation.
    """
    if field not in (None, "real", "complex"):
        raise GroupRepError(f'field = {field!r:.40} is unknown; choose "real" or "complex"')
    if field == "real" and V.field == "complex":
        raise GroupRepError(f'field = "real": {V} is complex; decompose it over the complex numbers, field="complex"')
    return "complex" if (V.field if field is None else field) == "complex" else "real"


def decompose(
    V: Representation, field: str | None = None, irreps: Sequence[Representation] | None = None
) -> Decomposition:
    """V as a direct sum of irreps, in canonical order, with a canonical and reproducible change of basis.

    Parameters
    ----------
    V : a representation with an invariant positive-definite form.
    field : "real" or "complex", what the irreps are irreducible over; by default that of V.
    irreps : representations to decompose into, for groups whose irreps are not known: unitary, irreducible over the field,
        pairwise not isomorphic, and all that occur in V.

    Raises
    ------
    UnsupportedGroup
        If the group's irreps are not known and none are given.
    NotUnitary
        If V has no invariant positive-definite form.
    AmbiguousRank
        If the irreps do not add up to V.
    TooLarge
        If the matrices of a summand do not fit into memory.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Dihedral
    >>> V = Dihedral(4).natural()
    >>> D = decompose(V)
    >>> D.labels
    {'A1': 1, 'B1': 1, 'E1': 1}
    >>> g = V.group.generators[0]
    >>> U = D.change_of_basis
    >>> bool(np.abs(V(g) @ U - U @ D.blocks(g)).max() < 1e-15)
    True

    References
    ----------
    Serre, Linear Representations of Finite Groups, 2.6-2.7 and 13.2.
    """
    if not isinstance(V, Representation):
        raise GroupRepError(f"V must be a Representation such as G.regular(), got {V!r:.60}")
    given = listed_irreps(irreps)
    # Representations that differ in name alone are equal; their names are labels here, and so belong to the key.
    return _decompose(V, ground_field(V, field), given, None if given is None else tuple(map(str, given)))


@lru_cache(maxsize=64)
def _decompose(
    V: Representation, field: Field, irreps: tuple[Representation, ...] | None, names: tuple[str, ...] | None = None
) -> Decomposition:
    given = None if irreps is None else user_irreps(V.group, irreps, field)
    places: dict[Representation, list[int]] = {}
    for s in summands(V):
        n = s.representation.dim
        places.setdefault(s.representation, []).extend(s.start + n * c for c in range(s.count))
    found = {R: _single(R, field, given) for R in places}
    everything = list(dict.fromkeys(I for pieces in found.values() for I, _ in pieces))
    ordered = [I for I in given if I in everything] if given else sorted(everything, key=lambda I: I.position)
    numbers = {I: k for k, I in enumerate(ordered)}
    parts = []
    for R, starts in places.items():
        pieces = sorted(found[R], key=lambda piece: numbers[piece[0]])
        kinds = tuple(numbers[I] for I, X in pieces for _ in range(len(X)))
        U, inverse = _joined(R, pieces)
        parts.append(Part(R, np.array(sorted(starts)), kinds, U, inverse))
    return Decomposition(V, field, ordered, parts)


Pieces = list[tuple[Irrep, Array]]


def _single(R: Representation, field: Field, given: list[Irrep] | None) -> Pieces:
    """Irreps with isometries (m, dim R, d), orthonormal in the invariant inner product of R."""
    if isinstance(R, Irrep) and R.over == field and (given is None or R in given):
        return [(R, np.eye(R.dim)[None])]
    if R.gram is None:
        raise NotUnitary(f"{R} has no invariant positive-definite form, so it need not be a sum of irreps")
    require_memory(4 * R.dim**2, f"the decomposition of {R}, dense matrices of its {R.dim:,} dimensions", 16)
    pieces = _from_given(R, field, given) if given is not None else _from_family(R, field)
    size = sum(len(X) * I.dim for I, X in pieces)
    if size != R.dim:
        what = "the given irreps" if given is not None else f"the irreps of {R.group}"
        raise AmbiguousRank(f"{what} account for {size} of the {R.dim} dimensions of {R}; irreps are missing")
    return pieces


def _gram(V: Representation) -> Array | None:
    return None if V.is_unitary else as_float(V.gram)


def _from_family(V: Representation, field: Field) -> Pieces:
    unitary, S = V.unitary()
    gram = _gram(V)
    images = {a: m if isinstance(m, Monomial) else as_float(m) for a, m in unitary.images.items()}
    pieces: Pieces = []
    for rho, found in family_of(V.group).split(images):
        X = found if gram is None else np.linalg.solve(S, found)
        if field == "complex":
            pieces.append((rho, canonical_isometries(X, rho.commutant, False, gram)))
            continue
        I = rho.real_form
        constituent, K = I.constituent
        if constituent != rho:
            continue  # the conjugate of the one that is taken
        Y = X @ K.conj().T
        if I.type != "R":
            Y = np.concatenate([2 * Y.real, -2 * Y.imag])  # 2 Re(X K*), 2 Re(i X K*)
        pieces.append((I, canonical_isometries(Y, I.commutant, True, gram)))
    return pieces


def _from_given(V: Representation, field: Field, given: list[Irrep]) -> Pieces:
    from grouprep.linalg.orbits import OrbitSpace
    from projectors.basis import OrbitBasis
    from projectors.orthonormal import orthonormal_basis
    from projectors.solvers import solve

    pieces: Pieces = []
    for I in given:
        space = solve(I, V, "auto")
        if not space.dim:
            continue
        gram = _gram(V)
        if isinstance(space, OrbitSpace) and gram is None:
            Y = OrbitBasis(space).combine(np.eye(space.dim))
        else:
            forms = (None, None) if gram is None else (Monomial.identity(I.dim), V.gram)
            Y = orthonormal_basis(space, *forms).array
        pieces.append((I, canonical_isometries(Y * np.sqrt(I.dim), I.commutant, field == "real", gram)))
    return pieces


def _without_noise(U: Array) -> Array:
    """Entries that are no more than rounding, dim eps of the largest, as exact zeros; real and imaginary parts apart."""
    tiny = len(U) * np.finfo(float).eps * np.abs(U).max(initial=0.0)
    re = np.where(np.abs(U.real) <= tiny, 0.0, U.real)
    if U.dtype.kind != "c":
        return re
    return np.asarray(re + 1j * np.where(np.abs(U.imag) <= tiny, 0.0, U.imag))


def _joined(R: Representation, pieces: Pieces) -> tuple[Array | None, Array | None]:
    """The change of basis of one summand and its inverse; None for the identity."""
    if len(pieces) == 1 and isinstance(R, Irrep) and pieces[0][0] == R:
        return None, None
    U = _without_noise(np.concatenate([np.concatenate(list(X), axis=1) for _, X in pieces], axis=1))
    return U, np.ascontiguousarray(U.conj().T if R.is_unitary else np.linalg.inv(U))
