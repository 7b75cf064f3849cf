"""Laws of irreps: irreducible, orthogonal, of the type they claim, with the commutant, constituents and labels they claim."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from sympy import Domain

from grouprep.characters import Laurent, class_points, inner
from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups import FiniteGroup, Group
from grouprep.irreps import Irrep
from grouprep.irreps.base import Field
from grouprep.irreps.finite import general_family
from grouprep.irreps.finite.schur_index import schur_index
from grouprep.linalg import as_float
from grouprep.linalg.fields import common_domain, degree
from grouprep.representations import Representation
from grouprep.testing.bounds import evaluation_error, gamma, norm, require, require_close, require_equal
from grouprep.testing.elements import draw
from grouprep.testing.laws import INFINITE, DoesNotApply, law
from grouprep.typing import Array, Scalar

__all__ = [
    "check_coefficients",
    "check_commutant",
    "check_completeness",
    "check_conjugated",
    "check_constituent",
    "check_indicator",
    "check_irreducible",
    "check_irrep_copies",
    "check_labels",
    "check_orthogonality",
    "check_rational",
    "check_structure",
    "check_unitary_homomorphism",
]

NONE = "the list is empty"
_LISTED = 200  # elements of a finite group that sums over all elements run over
_PROVED = 8  # dimension up to which a rational form is proved to be a representation

DIMENSIONS = {"R": 1, "C": 2, "H": 4}
"""The dimension of the commutant over the real numbers of a real irrep of each type."""


def _rounding(I: Irrep) -> float:
    """50 eps dim: what the values of an irrep may be off, in the Frobenius norm."""
    return 50 * float(np.finfo(float).eps) * I.dim


def _name(I: Irrep) -> str:
    return f"{I.over} {I} of {I.group}"


def _generators(I: Representation) -> list[tuple[str, Array]]:
    return [(str(a), as_float(m)) for a, m in I.images.items()]


def _star(A: Array) -> Array:
    return np.swapaxes(A.conj(), -1, -2)


@law("irrep")
def check_unitary_homomorphism(I: Irrep, rng: np.random.Generator) -> None:
    """I(g)* I(g) = 1 and I(g h) = I(g) I(h) to 50 eps dim; real values for irreps over the real numbers."""
    G = I.group
    g, h = draw(G, 4, rng), draw(G, 4, rng)
    x, y = I(g), I(h)
    require(I.is_unitary, f"{_name(I)}: is_unitary is False")
    require_equal(x.shape, (4, I.dim, I.dim), f"{_name(I)}: shape of values")
    if I.over == "real":
        require_equal(x.dtype, np.dtype(float), f"{_name(I)}: dtype of values")
    one = np.broadcast_to(np.eye(I.dim), x.shape)
    require_close(_star(x) @ x, one, _rounding(I), f"{_name(I)}: I(g)* I(g) = 1")
    require_close(I(G.multiply(g, h)), x @ y, _rounding(I), f"{_name(I)}: I(g h) = I(g) I(h)")
    require_close(I(G.identity()), np.eye(I.dim), _rounding(I), f"{_name(I)}: I(1) = 1")


@law("irrep")
def check_irreducible(I: Irrep, rng: np.random.Generator) -> None:
    """<chi, chi> is 1 over the complex numbers, and 1, 2, 4 over the real ones for the types R, C, H: the commutant's dimension."""
    expected = 1 if I.over == "complex" else DIMENSIONS[I.type]
    require_equal(inner(I, I), expected, f"{_name(I)}: <chi, chi>")
    require_equal(len(I.commutant), expected, f"{_name(I)}: dimension of the commutant")


def mean_of_squares(I: Irrep) -> Scalar:
    """The integral of chi(g^2) over the group, exact where the characters are.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 13.2; Brocker and tom Dieck (1985), II.6.8.
    """
    total: Scalar = 0
    for point in class_points(I.group):
        value = I.character_at(point, 2) * point.density()
        value = value.constant_term() if isinstance(value, Laurent) else value
        weight = point.weight
        total += complex(value) * float(weight) if isinstance(value, complex) else value * Fraction(weight)
    return total


@law("irrep")
def check_indicator(I: Irrep, rng: np.random.Generator) -> None:
    """The mean of chi(g^2) is the Frobenius-Schur indicator, twice it for real irreps of type H; the type says the same."""
    require_equal(I.indicator, {"R": 1, "C": 0, "H": -1}[I.type], f"{_name(I)}: indicator of type {I.type}")
    expected = I.indicator * (2 if I.over == "real" and I.type == "H" else 1)
    G = I.group
    bound = gamma(len(class_points(G)) + I.dim) * I.dim
    require_close(np.array(complex(mean_of_squares(I))), np.array(expected), bound, f"{_name(I)}: mean of chi(g^2)")
    if G.order <= _LISTED:
        g = G.elements
        mean = np.trace(I(G.multiply(g, g)), axis1=-2, axis2=-1).mean()
        bound = gamma(G.order + I.dim) * I.dim
        require_close(np.asarray(mean), np.array(expected), bound, f"{_name(I)}: mean of chi(g^2) over the elements")


@law("irrep")
def check_commutant(I: Irrep, rng: np.random.Generator) -> None:
    """J_0 = 1; the J_k are orthogonal, commute with the images, are trace-orthogonal, J_k^2 = -1, and multiply as C or H."""
    J, d = I.commutant, I.dim
    require_equal(J.shape[1:], (d, d), f"{_name(I)}: shape of the commutant")
    require(np.array_equal(J[0], np.eye(d)), f"{_name(I)}: J_0 is not 1")
    bound = gamma(d) * d
    if I.over == "real":
        require_equal(J.dtype.kind, "f", f"{_name(I)}: kind of the commutant")
    require_close(_star(J) @ J, np.broadcast_to(np.eye(d), J.shape), bound, f"{_name(I)}: J_k* J_k = 1")
    traces = np.einsum("aij,bij->ab", J.conj(), J)
    require_close(traces, d * np.eye(len(J)), bound, f"{_name(I)}: tr(J_a* J_b) = d delta_ab")
    for generator, m in _generators(I):
        require_close(J @ m, m @ J, bound * max(norm(m), 1.0), f"{_name(I)}: the commutant at {generator}")
    values = I(draw(I.group, 3, rng))[:, None]
    require_close(J @ values, values @ J, evaluation_error(I, norm(values)), f"{_name(I)}: the commutant at elements")
    for k in range(1, len(J)):
        require_close(J[k] @ J[k], -np.eye(d), bound, f"{_name(I)}: J_{k}^2 = -1")
    for a in range(1, len(J)):
        for b in range(1, a):
            require_close(J[a] @ J[b], -J[b] @ J[a], bound, f"{_name(I)}: J_{a} J_{b} = -J_{b} J_{a}")
    if len(J) == 4:
        product = J[1] @ J[2]
        sign = np.sign(np.trace(J[3].T @ product))
        require_close(product, sign * J[3], bound, f"{_name(I)}: J_1 J_2 = J_3 up to sign, as quaternions")


@law("irrep")
def check_structure(I: Irrep, rng: np.random.Generator) -> None:
    """For complex irreps of type R or H: C unitary, C conj(I(g)) = I(g) C, C conj(C) = indicator; None for the others."""
    structure = I.structure
    if I.over == "real" or I.type == "C":
        require(structure is None, f"{_name(I)}: a structure, but type {I.type} over the {I.over} numbers has none")
        return
    require(structure is not None, f"{_name(I)}: type {I.type}, but no structure")
    C, one, bound = np.asarray(structure), np.eye(I.dim), _rounding(I)
    require_close(C.conj().T @ C, one, bound, f"{_name(I)}: the structure is unitary")
    require_close(C @ C.conj(), I.indicator * one, bound, f"{_name(I)}: C conj(C) = indicator")
    for generator, m in _generators(I):
        require_close(C @ m.conj(), m @ C, bound * max(norm(m), 1.0), f"{_name(I)}: the structure at {generator}")
    x = I(draw(I.group, 3, rng))
    require_close(C @ x.conj(), x @ C, evaluation_error(I, norm(x)) + bound, f"{_name(I)}: the structure at elements")


@law("irrep")
def check_constituent(I: Irrep, rng: np.random.Generator) -> DoesNotApply | None:
    """(rho, K): I(g) K = K rho(g), K* K = 1, rho complex and of the same type; itself over the complex numbers."""
    try:
        rho, K = I.constituent
    except UnsupportedGroup:
        return DoesNotApply("the constituent over the complex numbers is not known")
    require_equal((rho.over, rho.type, rho.group), ("complex", I.type, I.group), f"{_name(I)}: constituent")
    require_equal(K.shape, (I.dim, rho.dim), f"{_name(I)}: shape of the isometry from the constituent")
    if I.over == "complex":
        require(rho == I, f"{_name(I)}: the constituent of a complex irrep is not itself")
    elif I.type == "R":
        require_equal(rho.dim, I.dim, f"{_name(I)}: dimension of the constituent of a real irrep of type R")
    else:
        require_equal(2 * rho.dim, I.dim, f"{_name(I)}: dimension of the constituent of a real irrep of type {I.type}")
    bound = _rounding(I)
    require_close(K.conj().T @ K, np.eye(rho.dim), bound, f"{_name(I)}: K* K = 1 of the constituent")
    for (generator, m), (_, r) in zip(_generators(I), _generators(rho), strict=True):
        require_close(m @ K, K @ r, bound * max(norm(m), 1.0), f"{_name(I)}: I K = K rho at {generator}")
    g = draw(I.group, 3, rng)
    x, y = I(g), rho(g)
    require_close(x @ K, K @ y, evaluation_error(I, norm(x)) + bound, f"{_name(I)}: I(g) K = K rho(g)")
    if I.over == "real":
        require(rho.real_form == I, f"{_name(I)}: the real form of its constituent is {rho.real_form}")
    return None


@law("irrep")
def check_conjugated(I: Irrep, rng: np.random.Generator) -> DoesNotApply | None:
    """`conjugated` is isomorphic to the complex conjugate and the dual, an involution; `real_form` contains both."""
    try:
        other, real = I.conjugated, I.real_form
    except UnsupportedGroup:
        return DoesNotApply("the conjugate or the real form is not known")
    require_equal(inner(other, I.conjugate), len(I.commutant), f"{_name(I)}: Hom(conjugated, conjugate)")
    require_equal(inner(other, I.dual), len(I.commutant), f"{_name(I)}: Hom(conjugated, dual)")
    require(other.conjugated == I, f"{_name(I)}: conjugating twice gives {other.conjugated}")
    require_equal(other == I, I.over == "real" or I.type != "C", f"{_name(I)}: isomorphic to its conjugate")
    require_equal((real.over, real.type), ("real", I.type), f"{_name(I)}: real form")
    require(real.real_form == real == other.real_form, f"{_name(I)}: real forms of it, its conjugate and its real form")
    if I.over == "real":
        require(real == I, f"{_name(I)}: real, but not its own real form")
        return None
    require_equal(real.dim, I.dim * (1 if I.type == "R" else 2), f"{_name(I)}: dimension of the real form")
    require_equal(inner(I, real), 2 if I.type == "H" else 1, f"{_name(I)}: multiplicity in the real form")
    require_equal(inner(other, real), 2 if I.type == "H" else 1, f"{_name(I)}: multiplicity of the conjugate in it")
    return None


@law("irrep")
def check_rational(I: Irrep, rng: np.random.Generator) -> None:
    """rational() = (R, S): I(g) S = S R(g), R is proved a representation, over a field no larger than needed."""
    R, S = I.rational()
    G = I.group
    require_equal((R.group, R.dim, S.shape), (G, I.dim, (I.dim, I.dim)), f"{_name(I)}: rational form")
    size = norm(S) * max(norm(np.linalg.inv(S)), 1.0)
    g = draw(G, 3, rng)
    x, y = I(g), R(g)
    error = (evaluation_error(I, norm(x)) + evaluation_error(R, norm(y))) * size
    require_close(x @ S, S @ y, error, f"{_name(I)}: I(g) S = S R(g)")
    for (generator, m), (_, r) in zip(_generators(I), _generators(R), strict=True):
        require_close(m @ S, S @ r, gamma(I.dim) * size * max(norm(m), norm(r), 1.0), f"{_name(I)}: S at {generator}")
    if R.domain is None:
        return
    if I.dim <= _PROVED:
        G.prove_homomorphism(R.images)
    field = R.domain.get_field()
    if I.over == "real":
        require_equal(R.field, "real", f"{_name(I)}: field of the rational form")
    if G.order <= _LISTED:
        _check_field(I, field)


def _check_field(I: Irrep, field: Domain) -> None:
    """The degree over the character's field is the Schur index: none is less, and one that is larger is larger than needed.

    Over the real numbers: over the real subfield; 1 for type H, where two copies of the complex irrep are over the character's field.
    Where the Schur index is known between bounds only, or the smallest listed field with the character's values is larger than
    theirs, the degree is between these bounds.
    """
    G = I.group
    assert isinstance(G, FiniteGroup)
    X = general_family(G).characters
    k = X.find(I.character.values)
    least, most = (1, 1) if I.over == "real" and I.type == "H" else schur_index(X, k)
    real_part = I.over == "real" and I.type == "C"
    own, size = (X.real_field(k), X.degree(k) // 2) if real_part else (X.field(k), X.degree(k))
    least = least if degree(own) == size else 1
    joined = Fraction(degree(common_domain(field, own)), degree(own))
    require(
        joined.denominator == 1 and least <= joined <= most and joined % least == 0 == most % joined,
        f"{_name(I)}: the rational form is over {field}, of degree {joined} over {own}; the Schur index is {least} to {most}",
    )


@law("irrep")
def check_irrep_copies(I: Irrep, rng: np.random.Generator) -> None:
    """Pickled and deep copies are equal, hash alike, and have the same values, commutant and label."""
    g = draw(I.group, 2, rng)
    value = I(g)
    for other in (pickle.loads(pickle.dumps(I)), copy.deepcopy(I)):
        require(other == I, f"{_name(I)}: a copy is not equal to it")
        require_equal(
            (hash(other), other.label, other.over, other.type, other.position),
            (hash(I), I.label, I.over, I.type, I.position),
            f"{_name(I)}: a copy",
        )
        require(np.array_equal(other(g), value), f"{_name(I)}: a copy has other values")
        require(np.array_equal(other.commutant, I.commutant), f"{_name(I)}: a copy has another commutant")


# Laws of a list of irreps


@law("list of irreps")
def check_orthogonality(irreps: Sequence[Irrep], rng: np.random.Generator) -> DoesNotApply | None:
    """<chi_I, chi_J> = 0 for different irreps of a list, which are therefore not isomorphic; <chi_I, chi_I> is as they say."""
    if not irreps:
        return DoesNotApply(NONE)
    G = irreps[0].group
    if G.is_finite:
        X = np.array([I.character.values for I in irreps])
        sizes = np.array([len(c) for c in G.conjugacy_classes])
        expected = np.diag([float(len(I.commutant)) for I in irreps])
        bound = gamma(len(sizes) + max(I.dim for I in irreps)) * norm(X) ** 2
        require_close(
            (X.conj() * sizes) @ X.T / G.order, expected, bound, f"{irreps[0].over} irreps of {G}: <chi, chi'>"
        )
        return None
    for i, I in enumerate(irreps):
        for J in irreps[: i + 1]:
            require_equal(inner(J, I), len(I.commutant) if J is I else 0, f"{_name(I)} and {J}: <chi, chi'>")
    return None


@law("list of irreps")
def check_coefficients(irreps: Sequence[Irrep], rng: np.random.Generator) -> DoesNotApply | None:
    """Schur orthogonality: the mean of conj(I(g)_ij) K(g)_kl is sum_a (J_a)_ik (J_a)_jl / d for I = K, 0 for others.

    For complex irreps that is delta_ik delta_jl / d. For finite groups whose elements are listed.
    """
    if not irreps:
        return DoesNotApply(NONE)
    G = irreps[0].group
    if not G.is_finite:
        return DoesNotApply(INFINITE)
    if G.order > _LISTED:
        return DoesNotApply(f"more than {_LISTED:,} elements")
    values = [I(G.elements) for I in irreps]
    for i, (I, x) in enumerate(zip(irreps, values, strict=True)):
        for K, y in zip(irreps[: i + 1], values, strict=False):
            mean = np.einsum("gij,gkl->ijkl", x.conj(), y) / G.order
            expected = np.zeros(mean.shape)
            if I is K:
                expected = np.einsum("aik,ajl->ijkl", I.commutant, I.commutant).real / I.dim
            bound = gamma(G.order + I.dim + K.dim)
            flat = (I.dim**2, K.dim**2)
            law = f"{_name(I)} and {K}: orthogonality of matrix coefficients"
            require_close(mean.reshape(flat), expected.reshape(flat), bound * I.dim * K.dim, law)
    return None


@law("group with irreps")
def check_labels(G: Group, rng: np.random.Generator, field: Field, up_to: int | None = None) -> None:
    """Labels are unique and find their irreps; the list is sorted strictly by position; larger bounds extend it."""
    irreps = G.irreps(field, up_to=up_to)
    labels = [I.label for I in irreps]
    require_equal(len(set(labels)), len(labels), f"{field} irreps of {G}: labels {labels} are not unique")
    for I in irreps:
        require_equal((I.over, I.group), (field, G), f"{_name(I)}: field and group")
        require(G.irrep(I.label, field) == I, f"{_name(I)}: its label finds {G.irrep(I.label, field)!r}")
        require(G.irrep(I.label, field=field).label == I.label, f"{_name(I)}: its label finds another label")
    for I, J in pairwise(irreps):
        require(I.position < J.position, f"{_name(I)} comes before {J} in the list, but not by position")
    require_equal([hash(I) for I in G.irreps(field, up_to=up_to)], [hash(I) for I in irreps], f"{field} irreps of {G}")
    if field == "real":
        forms = dict.fromkeys(I.real_form for I in G.irreps("complex", up_to=up_to))
        require_equal(set(forms), set(irreps), f"{G}: the real forms of the complex irreps")
    if isinstance(up_to, int) and up_to:
        smaller = G.irreps(field, up_to=up_to - 1)
        require(
            set(smaller) < set(irreps), f"{field} irreps of {G} up to {up_to - 1} are not among those up to {up_to}"
        )
    message = _refusal(G, field)
    for part in re.findall(r"[\w/]+", labels[0]):
        require(part in message, f"{G}: the error for an unknown label does not list {part} of {labels[0]}")


def _refusal(G: Group, field: Field) -> str:
    try:
        G.irrep("no such label", field)
    except GroupRepError as error:
        return str(error)
    raise AssertionError(f"{G}: an unknown label gives an irrep")


@law("group with irreps")
def check_completeness(
    G: Group, rng: np.random.Generator, field: Field, up_to: int | None = None
) -> DoesNotApply | None:
    """Finite groups: sum of d^2 = |G|, as many complex irreps as classes, each d times in the regular representation.

    Over the real numbers the regular representation has an irrep d / (1, 2, 4) times; the table's rows and columns are orthogonal.
    """
    if not isinstance(G, FiniteGroup):
        return DoesNotApply(INFINITE)
    expected = {I.label: I.dim // len(I.commutant) for I in G.irreps(field)}
    found = G.regular().multiplicities(field)
    require_equal(found, expected, f"{G}: {field} irreps of the regular representation")
    if field == "complex":
        _check_character_table(G)
    return None


def _check_character_table(G: FiniteGroup) -> None:
    irreps = G.irreps("complex")
    classes = G.conjugacy_classes
    require_equal(sum(I.dim**2 for I in irreps), G.order, f"{G}: sum of the squares of the dimensions")
    require_equal(len(irreps), len(classes), f"{G}: number of complex irreps and of classes")
    table = G.character_table()
    X, sizes = table.values, table.class_sizes
    require_equal((table.irreps, X.shape), (tuple(irreps), (len(irreps),) * 2), f"{G}: character table")
    require_equal(sizes.tolist(), [len(c) for c in classes], f"{G}: class sizes of the character table")
    require_close(X[:, 0], np.array([I.dim for I in irreps]), gamma(1), f"{G}: first column of the character table")
    bound = gamma(len(irreps)) * G.order
    rows = (X.conj() * sizes) @ X.T / G.order
    require_close(rows, np.eye(len(irreps)), bound, f"{G}: orthogonality of the rows of the character table")
    columns = X.conj().T @ X
    require_close(columns, np.diag(G.order / sizes), bound, f"{G}: orthogonality of the columns of the character table")
    for I, row in zip(irreps, X, strict=True):
        traces = I.character(np.array([G.elements[c[-1]] for c in classes]))
        require_close(row, traces, gamma(I.dim) * I.dim, f"{_name(I)}: row of the character table")
