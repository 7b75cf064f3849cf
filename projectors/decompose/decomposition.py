"""Decomposing representations into irreps: multiplicities, and a unitary change of basis to blocks of the catalogue's irreps."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property, lru_cache
from itertools import groupby

import numpy as np

from grouprep.errors import AmbiguousRank, GroupRepError, NotUnitary, UnsupportedGroup
from grouprep.irreps.base import Field, Irrep
from grouprep.irreps.catalogue import family_of, find_family
from grouprep.irreps.family import Images
from grouprep.irreps.found import found_irreps
from grouprep.irreps.multiplicities import multiplicities
from grouprep.irreps.user_irreps import listed_irreps, user_irreps
from grouprep.linalg import Image, as_float
from grouprep.linalg.blocks import block_residual, invariant_coordinates, known_blocks
from grouprep.linalg.budget import DENSE_WORK, SUMMANDS, figure, require
from grouprep.linalg.conditioning import factor, inverse_scaled, require_accuracy, scaled_condition
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.memory import require_memory
from grouprep.linalg.radical import subspace_without_complement
from grouprep.markup import blocks_picture, card, note, word_table
from grouprep.progress import steps
from grouprep.representations import Representation
from grouprep.representations.composite import direct_sum_of
from grouprep.typing import Array
from projectors.decompose.exact import ExactDecomposition, exact_decomposition
from projectors.decompose.gauge import canonical_isometries
from projectors.structure.adapted import AdaptedBasis, SplitSummand
from projectors.structure.frame import SpectralFrame
from projectors.structure.summands import summands

__all__ = ["Decomposition", "decompose", "decompose_exactly", "ground_field", "spectral_frame"]

_SHOWN = 16  # irreps that a notebook shows


class Decomposition(AdaptedBasis):
    """V as a sum of irreps: V(g) U = U blocks(g) for all g, U unitary.

    Column blocks of U run over the irreps in canonical order, then over their copies (by the place in V of the summand they
    come from); `blocks` is the direct sum of kron(I_m, irrep). U is unitary in the invariant inner product of V: in the
    standard one if V is unitary.

    Made by `decompose`.
    """

    def __init__(self, V: Representation, field: Field, irreps: Sequence[Irrep], parts: Sequence[SplitSummand]) -> None:
        super().__init__(V, irreps, parts)
        self.field: Field = field

    @property
    def labels(self) -> dict[str, int]:
        """Multiplicities by label."""
        return {I.label: m for I, m in zip(self.irreps, self.multiplicities, strict=True)}

    @cached_property
    def representation(self) -> Representation:
        """The direct sum m_1 I_1 + m_2 I_2 + ... that V is isomorphic to."""
        return direct_sum_of(list(zip(self.multiplicities, self.irreps, strict=True)))

    @cached_property
    def error(self) -> float:
        """How far U is from what it shall be, measured, in the invariant inner product.

        The largest of |U* H U - 1| and |V(a) U - U blocks(a)| over the generators a, the differentials relative to their size; for
        each distinct summand of V, in the Frobenius norm. For a product of L generators the second is at most L times as large.
        """
        return max((_error(p, self.irreps) for p in self.parts if p.isometries is not None), default=0.0)

    def exact(self) -> ExactDecomposition:
        """The same, exactly: U as a sympy matrix, for finite groups with exact images.

        Irreps whose unitary matrices are floats stand in their rational form, such as Young's seminormal one for S_n.

        Raises
        ------
        UnsupportedGroup
            If the group is infinite.
        GroupRepError
            If images of V are not exact, or those of an irrep neither as they are nor in its rational form.
        """
        return exact_decomposition(self.V, self.irreps, {p.representation: p.starts.tolist() for p in self.parts})

    def key(self) -> tuple[Hashable, ...]:
        return self.V, self.field, self.irreps

    def __str__(self) -> str:
        terms = []
        for I, m in zip(self.irreps, self.multiplicities, strict=True):
            times = " " if I.label[0].isalpha() else " x "
            terms.append(f"{m}{times}{I.label}" if m > 1 else I.label)
        return " + ".join(terms)

    def __repr__(self) -> str:
        return f"<{self.V} = {self} of {self.V.group}>"

    def _repr_html_(self) -> str:
        rows = [(I.label, I.dim, I.type, m, m * I.dim) for I, m in zip(self.irreps, self.multiplicities, strict=True)]
        pieces = [
            (f"{m} {I.label}" if m > 1 else I.label, m * I.dim)
            for I, m in zip(self.irreps, self.multiplicities, strict=True)
        ]
        parts: list[object] = [word_table(["irrep", "dim", "type", "copies", "in all"], rows[:_SHOWN])]
        if len(rows) > _SHOWN:
            parts.append(note(f"and {len(rows) - _SHOWN} more"))
        else:
            cells = {
                (k, k): f"{m} x {I.dim}" for k, (I, m) in enumerate(zip(self.irreps, self.multiplicities, strict=True))
            }
            parts.append(
                blocks_picture(pieces, pieces, cells, f"{self.V} in its irreps: {len(pieces)} diagonal blocks, {self}")
            )
        return card(f"{self.V} of {self.V.group}, dimension {self.V.dim:,}, over the {self.field} numbers", *parts)

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
    irreps : representations to decompose into instead of the group's known irreps: unitary, irreducible over the field,
        pairwise not isomorphic, and all that occur in V. Where none are given and none are known, the irreps are found in V, in
        floats, and called V1, V2, ... by dimension.

    Raises
    ------
    NotUnitary
        If V has no invariant positive-definite form. For exact V of moderate dimension the message says whether V is a sum of irreps,
        and if not, which invariant subspace has no complement.
    AmbiguousRank
        If the irreps do not add up to V.
    IllConditioned
        If the basis of V leaves floats too few digits; `decompose_exactly` needs none.
    TooLarge
        If the matrices of a summand do not fit into memory, or would take many minutes.

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
    _require_reach(V)
    # Representations that differ in name alone are equal; their names are labels here, and so belong to the key.
    return _remembered(V, ground_field(V, field), given, None if given is None else tuple(map(str, given)))


def _require_reach(V: Representation) -> None:
    """Raise TooLarge if the summands of V are too large to be split, or too many, before any matrix is built.

    A summand of dimension n takes four dense matrices, and n^3 operations for n coordinates that are mixed: of a finite group G
    it has at least n / |G| of its irreps' dimensions, and orthogonalising them takes no less than n^3 / |G| steps with about four
    passes.
    """
    found = summands(V)
    require(sum(s.count for s in found), SUMMANDS, f"the number of summands of {V} is")
    for R in {s.representation for s in found if not isinstance(s.representation, Irrep)}:
        n, G = R.dim, R.group
        what = f"the decomposition of {R}"
        require_memory(4 * n**2, f"{what}, dense matrices of {figure(n)} dimensions,", 16)
        cubes = sum(len(points) ** 3 for points in invariant_coordinates([R.image(a) for a in G.generator_names]))
        work = 4 * cubes // int(G.order) if G.is_finite else cubes
        require(work, DENSE_WORK, f"the steps for {what} in {figure(n)} dimensions are", "decompose it in parts")


@lru_cache(maxsize=64)
def _remembered(
    V: Representation, field: Field, irreps: tuple[Representation, ...] | None, names: tuple[str, ...] | None
) -> Decomposition:
    return decompose_anew(V, field, irreps)


def decompose_anew(V: Representation, field: Field, irreps: tuple[Representation, ...] | None = None) -> Decomposition:
    """`decompose` of checked arguments, computed and not remembered."""
    given = None if irreps is None else user_irreps(V.group, irreps, field)
    places = _places(V)
    for R in places:
        if not isinstance(R, Irrep):
            _require_form(R)
    if given is None and find_family(V.group) is None:
        given = list(found_irreps(direct_sum_of([(1, R) for R in places]), field))
    found = {R: _single(R, field, given) for R in steps(places, "splitting")}
    everything = list(dict.fromkeys(I for pieces in found.values() for I, _ in pieces))
    ordered = [I for I in given if I in everything] if given else sorted(everything, key=lambda I: I.position)
    numbers = {I: k for k, I in enumerate(ordered)}
    parts = []
    for R, starts in places.items():
        pieces = sorted(found[R], key=lambda piece: numbers[piece[0]])
        kinds = tuple(numbers[I] for I, X in pieces for _ in range(len(X)))
        U, inverse = _joined(R, pieces)
        parts.append(SplitSummand(R, np.array(sorted(starts)), kinds, U, inverse))
    return Decomposition(V, field, ordered, parts)


def _places(V: Representation) -> dict[Representation, list[int]]:
    """The distinct summands of V, and the first coordinate of each copy."""
    places: dict[Representation, list[int]] = {}
    for s in summands(V):
        n = s.representation.dim
        places.setdefault(s.representation, []).extend(s.start + n * c for c in range(s.count))
    return places


def decompose_exactly(
    V: Representation, field: str | None = None, irreps: Sequence[Representation] | None = None
) -> ExactDecomposition:
    """`decompose(V, field, irreps).exact()`, without floats: also where the basis of V is too ill-conditioned for these.

    Parameters
    ----------
    V : a representation of a finite group with exact images.
    field, irreps : as for `decompose`; the group's irreps are known, or given.

    Raises
    ------
    UnsupportedGroup
        If the group is infinite, or its irreps are neither known nor given.
    GroupRepError
        If images of V are not exact, or those of an irrep neither as they are nor in its rational form.
    AmbiguousRank
        If the irreps do not add up to V.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> S = [[1, 1, 0], [10**9, 10**9 + 1, 0], [0, 10**18, 1]]
    >>> E = decompose_exactly(Symmetric(3).natural().change_basis(S))
    >>> [iso.irrep.label for iso in E.isometries]
    ['[3]', '[2,1]']
    >>> E.verify()
    """
    if not isinstance(V, Representation):
        raise GroupRepError(f"V must be a Representation such as G.regular(), got {V!r:.60}")
    over, given = ground_field(V, field), listed_irreps(irreps)
    if not V.group.is_finite:
        raise UnsupportedGroup(f"exact decompositions are for finite groups; {V.group} is infinite")
    known = [I for I, _ in multiplicities(V, over)] if given is None else user_irreps(V.group, given, over)
    return exact_decomposition(V, known, _places(V))


_RADICAL_DIM = 12  # the algebra of all matrices has dimension 144 then: a second

Pieces = list[tuple[Irrep, Array]]


def _single(R: Representation, field: Field, given: list[Irrep] | None) -> Pieces:
    """Irreps with isometries (m, dim R, d), orthonormal in the invariant inner product of R."""
    if isinstance(R, Irrep) and R.over == field and (given is None or R in given):
        return [(R, np.eye(R.dim)[None])]
    pieces = _from_given(R, field, given) if given is not None else _from_family(R, field)
    size = sum(len(X) * I.dim for I, X in pieces)
    if size != R.dim:
        what = "the given irreps" if given is not None else f"the irreps of {R.group}"
        raise AmbiguousRank(f"{what} account for {size} of the {R.dim} dimensions of {R}; irreps are missing")
    return pieces


def _require_form(R: Representation) -> None:
    """Raise NotUnitary if R has no invariant positive-definite form, and say which subspace has no complement."""
    if R.gram is None:
        raise NotUnitary(f"{R} has no invariant positive-definite form{_why_not_semisimple(R)}")


def _why_not_semisimple(R: Representation) -> str:
    """What a representation without a form lacks: a complement of some subspace, if that is seen at little cost."""
    undecided = ", so it need not be a sum of irreps"
    if R.domain is None or R.dim > _RADICAL_DIM:
        return undecided
    W = subspace_without_complement([R.image(a) for a in R.group.generator_names])
    if W is None:
        return "; it is a sum of irreps that are not unitary, of a group that is not compact"
    rows = [f"({', '.join(map(str, row))})" for row in to_sympy(W).tolist()]
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f" and is no sum of irreps: the invariant subspace spanned by {', '.join(rows[:3])}{more} has no invariant complement"


def _gram(V: Representation) -> Array | None:
    return None if V.is_unitary else as_float(V.gram)


def _from_family(V: Representation, field: Field) -> Pieces:
    return _in_gauge(V, field, lambda images: [(I, X) for I, X in family_of(V.group).split(images)], _of_family)


def _from_given(V: Representation, field: Field, given: list[Irrep]) -> Pieces:
    names = V.group.generator_names
    complex_parts = {I: _constituent(I) for I in given}

    def split(images: Images) -> list[tuple[Irrep, Array]]:
        parts = [[_compressed(I.images[a], K) for a in names] for I, K in complex_parts.items()]
        found = known_blocks([images[a] for a in names], parts)
        return [(I, X) for I, X in zip(given, found, strict=True) if len(X)]

    return _in_gauge(V, field, split, lambda I: (I, complex_parts[I]))


def _in_gauge(
    V: Representation,
    field: Field,
    split: Callable[[Images], list[tuple[Irrep, Array]]],
    read: Callable[[Irrep], tuple[Irrep, Array | None] | None],
) -> Pieces:
    """The isometries of a splitting of V's unitary form, in V's own coordinates, over the field, in the canonical gauge.

    split : of unitary images into complex irreps; read : for one of them the irrep over the field and an isometry K from the complex
    one to it, None for the identity; None altogether for the conjugate of one that is taken.
    """
    unitary, S = V.unitary()
    gram = _gram(V)
    back = None if gram is None else inverse_scaled(S.T).T
    pieces: Pieces = []
    for rho, found in split({a: unitary.float_image(a) for a in unitary.group.generator_names}):
        X = found if back is None else back @ found
        if field == "complex":
            pieces.append((rho, canonical_isometries(X, rho.commutant, False, gram)))
            continue
        answer = read(rho)
        if answer is None:
            continue
        I, K = answer
        Y = X if K is None else X @ K.conj().T
        if I.type != "R":
            Y = np.concatenate([2 * Y.real, -2 * Y.imag])  # 2 Re(X K*), 2 Re(i X K*)
        pieces.append((I, canonical_isometries(Y, I.commutant, True, gram)))
    return pieces


def _of_family(rho: Irrep) -> tuple[Irrep, Array] | None:
    I = rho.real_form
    constituent, K = I.constituent
    return (I, K) if constituent == rho else None


def _constituent(I: Irrep) -> Array | None:
    """An isometry (dim I, d) from a complex constituent to a real irrep; None for irreps of type R and complex ones.

    The eigenvectors of one complex structure J in the commutant, J v = i v.
    """
    if I.over == "complex" or I.type == "R":
        return None
    J = I.commutant[1]
    d = I.dim // 2
    vectors = np.linalg.eigh(-1j * J)[1]
    return np.ascontiguousarray(vectors[:, d:])


def _compressed(image: Image, K: Array | None) -> Image:
    return image if K is None else np.asarray(K.conj().T @ as_float(image) @ K)


def _error(part: SplitSummand, irreps: Sequence[Irrep]) -> float:
    """See `Decomposition.error`."""
    R, U = part.representation, part.isometries
    assert U is not None
    gram = _gram(R)
    S = np.eye(R.dim) if gram is None else factor(gram, f"the invariant form of {R}").S
    found = [float(np.linalg.norm((S @ U).conj().T @ (S @ U) - np.eye(R.dim)))]
    for a in R.group.generator_names:
        pieces, start = [], 0
        for k, group in groupby(part.irreps):
            m, d = len(list(group)), irreps[k].dim
            X = U[:, start : start + m * d].reshape(-1, m, d).transpose(1, 0, 2)
            pieces.append(([as_float(irreps[k].images[a])], X))
            start += m * d
        image = R.float_image(a)
        size = max(1.0, float(np.abs(as_float(image)).sum(axis=1).max())) if a.kind == "algebra" else 1.0
        found.append(block_residual(image, pieces, None if gram is None else S) / size)
    return max(found)


def _without_noise(U: Array) -> Array:
    """Entries that are no more than rounding, dim eps of the length of their row, as exact zeros; real and imaginary parts apart.

    U is L^-* times a unitary matrix for a form L L*, so that a row is as long as that of L^-*, whose rounding it carries.
    """
    tiny = len(U) * np.finfo(float).eps * np.abs(U).max(axis=1, initial=0.0, keepdims=True)
    re = np.where(np.abs(U.real) <= tiny, 0.0, U.real)
    if U.dtype.kind != "c":
        return re
    return np.asarray(re + 1j * np.where(np.abs(U.imag) <= tiny, 0.0, U.imag))


def _joined(R: Representation, pieces: Pieces) -> tuple[Array | None, Array | None]:
    """The change of basis of one summand and its inverse; None for the identity."""
    if len(pieces) == 1 and isinstance(R, Irrep) and pieces[0][0] == R:
        return None, None
    U = _without_noise(np.concatenate([X.transpose(1, 0, 2).reshape(R.dim, -1) for _, X in pieces], axis=1))
    if R.is_unitary:
        return U, U.conj().T
    require_accuracy(scaled_condition(U) ** 2, len(U), f"the decomposition of {R}")
    return U, np.ascontiguousarray(inverse_scaled(U))


def spectral_frame(
    V: Representation, W: Representation, irreps: Sequence[Representation] | None = None
) -> SpectralFrame:
    """The frame of decompositions of V and W: over the complex numbers if one of them is complex, else over the reals.

    Where the irreps of the group are not known and none are given, they are found in V + W.
    """
    field: Field = "complex" if "complex" in (V.field, W.field) else "real"
    if irreps is None and find_family(V.group) is None:
        irreps = decompose(V + W, field).irreps
    return SpectralFrame(decompose(V, field, irreps), decompose(W, field, irreps))
