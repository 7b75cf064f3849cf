"""What the commands find out, as plain data: what `--json` prints, and what the tables are made from."""

from __future__ import annotations

import io
import math
import time
from functools import partial

import numpy as np

from grouprep.character_tables.table import CharacterTable
from grouprep.errors import DimensionMismatch, GroupRepError, NotUnitary, TooLarge
from grouprep.groups.base import Group
from grouprep.groups.permutations import cycle_string
from grouprep.groups.plain_data import matrix_to_data
from grouprep.irreps.catalogue import find_family
from grouprep.representations import Representation
from grouprep.typing import Array
from projectors import Certificate, Hom, decompose
from projectors.cli.inputs import GroupSource, load_weights
from projectors.files import write_bytes
from projectors.penalties import Frobenius, Norm, defect_bound, penalty, per_block
from projectors.penalties.registry import norm_named
from projectors.report import Record

__all__ = [
    "basis_record",
    "certificate_record",
    "characters_record",
    "check_shape",
    "decomposition_record",
    "group_record",
    "penalty_record",
]

CLASS_LIMIT = 2_000_000  # elements times points; the classes of such a group take about a second
IRREP_LIMIT = 2_000  # elements of a group whose irreps `info` lists
LARGEST_ORDER = 10**1000  # beyond it Python is slow, or refuses, to write the number
ENTRY_LIMIT = 100_000  # entries of all basis elements together that --json prints
SAVE_LIMIT = 1_000_000  # basis elements that a text file may hold


def group_record(source: GroupSource) -> Record:
    """What is known of a group: order, generators, classes, compactness, representations at hand.

    Examples
    --------
    >>> from projectors.cli.inputs import read_group
    >>> from projectors.cli.records import group_record
    >>> record = group_record(read_group("D4"))
    >>> record["order"], record["conjugacy_classes"]
    (8, 5)
    """
    G = source.group
    return {
        "group": G.name,
        "file": source.path,
        "is_finite": G.is_finite,
        "order": G.order if G.is_finite and G.order < LARGEST_ORDER else None,
        "order_text": _order_text(G),
        "is_compact": G.is_compact,
        "generators": _generators(G),
        "conjugacy_classes": _class_count(G),
        "factors": [H.name for H in G.factors] if len(G.factors) > 1 else [],
        "representations": _representations(source),
        "irreps": _irreps(G),
    }


def _irreps(G: Group) -> list[Record]:
    """The real irreps that are known: all of a small finite group, the first few of an infinite one; else none."""
    if find_family(G) is None or (G.is_finite and G.order > IRREP_LIMIT):
        return []
    try:
        irreps = G.irreps() if G.is_finite else G.irreps(up_to=2)
    except TooLarge:
        return []
    return [{"label": I.label, "dim": I.dim, "type": I.type} for I in irreps]


def _order_text(G: Group) -> str:
    if not G.is_finite:
        return "infinite"
    order = int(G.order)
    return f"{order:,}" if order < LARGEST_ORDER else f"about 10^{math.log2(order) * math.log10(2):,.0f}"


def _class_count(G: Group) -> int | None:
    """The number of conjugacy classes of a small finite group."""
    if not G.is_finite or G.order * len(G.identity()) > CLASS_LIMIT:
        return None
    return len(G.conjugacy_classes)


def _generators(G: Group) -> Record:
    """Cycles for permutations, rows of text for the matrices of a Lie group."""
    if G.is_finite:
        return {str(a): cycle_string(G.generator_element(a)) for a in G.generator_names}
    if len(G.factors) > 1:
        return {f"{name}@{i}": value for i, H in enumerate(G.factors) for name, value in _generators(H).items()}
    V = G.defining()
    return {str(a): matrix_to_data(m) if V.domain is not None else np.asarray(m).tolist() for a, m in V.images.items()}


def _representations(source: GroupSource) -> list[Record]:
    """The names that --in and --out know for this group, with dimensions; those that do not exist are left out."""
    names = [*source.named, "trivial", "defining", "natural", "regular"]
    if len(source.group.factors) > 1:
        names += [f"factor({i}, defining)" for i in range(len(source.group.factors))]
    names.append("grid(8, 8)")
    found = []
    for name in names:
        try:
            V = source.representation(name, "representation")
            found.append({"name": name, "dim": V.dim, "field": V.field, "unitary": V.is_unitary})
        except GroupRepError:
            continue
    return found


def characters_record(table: CharacterTable) -> Record:
    """The classes and the irreducible characters of a finite group, values exact, as text, and as [real, imaginary].

    Raises
    ------
    TooLarge
        If the table has more than 100,000 values.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> from projectors.cli.records import characters_record
    >>> record = characters_record(Dihedral(3).character_table())
    >>> [c["name"] for c in record["classes"]], record["characters"][2]["values"]
    (['1a', '3a', '2a'], ['2', '-1', '0'])
    """
    if len(table) ** 2 > ENTRY_LIMIT:
        raise TooLarge(
            f"{table.group} has {len(table):,} classes, and its table {len(table) ** 2:,} values; at most {ENTRY_LIMIT:,} are printed"
        )
    return {
        "group": table.group.name,
        "order": table.group.order,
        "classes": [
            {
                "name": c.name,
                "size": c.size,
                "order": c.order,
                "representative": cycle_string(c.representative),
            }
            for c in table.classes
        ],
        "characters": [
            {
                "label": chi.label,
                "degree": chi.degree,
                "type": chi.type,
                "indicator": chi.indicator,
                "values": [str(x) for x in chi.values],
                "numbers": [[complex(x).real, complex(x).imag] for x in chi.values],
            }
            for chi in table.irreducibles
        ],
    }


def basis_record(H: Hom, exact: bool = False, save: str | None = None) -> Record:
    """The dimension, basis, certificate and explanation of Hom(V, W).

    Parameters
    ----------
    H : the space.
    exact : whether the basis is to be exact and certified.
    save : a file for the exact basis; it is written only if the certificate holds.

    Raises
    ------
    CertificateError
        If a check fails.
    GroupRepError
        If the basis cannot be computed or the file not written.
    """
    start = time.perf_counter()
    exact = exact or save is not None
    if exact and not H.is_exact:
        raise GroupRepError(f"{H} has float generators or a float solver; an exact basis needs exact generators")
    certificate = certificate_record(H.certify()) if exact else None
    if not exact and H.dim:
        H.basis()
    record: Record = {
        "group": H.V.group.name,
        "in": str(H.V),
        "out": str(H.W),
        "shape": list(H.shape),
        "dim": H.dim,
        "exact": exact,
        "field": "complex" if H.is_complex else "real",
        "solver": H.solver,
        "inner": H.inner,
        "pairs": [
            {"in": str(V), "out": str(W), "dim": H.space(V, W).dim, "places": n} for (V, W), n in H.pairs.items()
        ],
        "certificate": certificate,
        "matrices": _matrices(H, exact),
        "explanation": None if H.dim else H.explain(),
        "saved": None,
    }
    if save is not None:
        if H.dim > SAVE_LIMIT:
            raise TooLarge(
                f"{H} has a basis of {H.dim:,} elements; at most {SAVE_LIMIT:,} are saved: save its distinct pairs"
            )
        H.save(save)
        record["saved"] = save
    record["seconds"] = time.perf_counter() - start
    return record


def _matrices(H: Hom, exact: bool) -> list[list[list[object]]] | None:
    """The basis elements as nested lists; None if they have too many entries.

    Entries are integers and text if exact; else numbers, or [real, imaginary] if the space is complex.
    """
    if H.dim * H.shape[0] * H.shape[1] > ENTRY_LIMIT:
        return None
    if not H.dim:
        return []
    if exact:
        return [
            [[int(x) if x.is_Integer else str(x) for x in X.row(i)] for i in range(X.rows)] for X in H.exact_basis()
        ]
    array = H.basis().matrices
    plain: list[list[list[object]]] = (_pairs_of(array) if H.is_complex else array).tolist()
    return plain


def _pairs_of(array: Array) -> Array:
    """Complex entries as [real, imaginary]."""
    return np.stack([array.real, array.imag], axis=-1)


def decomposition_record(
    V: Representation, field: str | None = None, exact: bool = False, save: str | None = None
) -> Record:
    """V as a sum of irreps: labels, multiplicities, types, how far the change of basis is from unitary, and its entries.

    Parameters
    ----------
    V : the representation.
    field : "real", "complex", or None for that of V.
    exact : whether the change of basis is to be exact and proved.
    save : an .npy file for the float change of basis.

    Raises
    ------
    CertificateError
        If the exact change of basis fails its proof.
    GroupRepError
        If V cannot be decomposed, or the file not be written.
    """
    start = time.perf_counter()
    D = decompose(V, field)
    U = D.change_of_basis
    proved = None
    if exact:
        found = D.exact()
        found.verify()
        unitary = all(iso.form is iso.irrep for iso in found.isometries)
        inner = "U* U = 1" if unitary else "U* U = the forms of the blocks, which are rational"
        proved = f"V(g) U = U blocks(g) for every generator and {inner}, exactly"
    small = U.size <= ENTRY_LIMIT
    matrix: list[object] | None = None
    if small and exact:
        matrix = [[str(x) for x in found.change_of_basis.row(i)] for i in range(V.dim)]
    elif small:
        matrix = (_pairs_of(U) if U.dtype.kind == "c" else U).tolist()
    if save is not None:
        buffer = io.BytesIO()
        np.save(buffer, U, allow_pickle=False)
        write_bytes(save, buffer.getvalue())
    return {
        "group": V.group.name,
        "representation": str(V),
        "dim": V.dim,
        "field": D.field,
        "irreps": [
            {"label": I.label, "dim": I.dim, "type": I.type, "multiplicity": m}
            for I, m in zip(D.irreps, D.multiplicities, strict=True)
        ],
        "unitarity_error": float(np.abs(D.inverse @ U - np.eye(V.dim)).max()),
        "exact": exact,
        "proved": proved,
        "change_of_basis": matrix,
        "saved": save,
        "seconds": time.perf_counter() - start,
    }


def certificate_record(certificate: Certificate) -> Record:
    """A certificate as plain data."""
    return certificate.to_dict()


def penalty_record(
    path: str, key: str | None, H: Hom, norm: str, part: str = "residual", per_irrep: bool = False
) -> Record:
    """How much of a matrix of weights is equivariant: penalty, share and bounds on the defect.

    Parameters
    ----------
    path, key : the file of the matrix T, and which of its arrays, as in `load_weights`.
    H : the space of equivariant operators.
    norm : its name, as `norm_named` knows it.
    part : "residual" or "equivariant".
    per_irrep : whether to give the norms between each pair of irreps too.

    Raises
    ------
    GroupRepError
        If the file cannot be read.
    UnsupportedGroup
        If the irreps are asked for and not known.
    DimensionMismatch
        If T has not the shape (dim W, dim V).
    NotUnitary
        If the group has no average on operators.
    """
    weights, N = load_weights(path, key, partial(check_shape, H)), norm_named(norm)
    T = weights.matrix
    value, total = float(penalty(T, H, norm=N, part=part)), float(N.value(T))
    lower, upper, reason = _bounds(T, H, N)
    return {
        "weights": path,
        "group": H.V.group.name,
        "in": str(H.V),
        "out": str(H.W),
        "shape": list(H.shape),
        "dim": H.dim,
        "array": {"key": weights.key, "shape": list(weights.shape), "note": weights.note},
        "norm": norm,
        "part": part,
        "inner": H.inner,
        "penalty": value,
        "norm_of_weights": total,
        "relative": value / total if total else None,
        "equivariant_share": _share(T, H),
        "per_irrep": _per_irrep(T, H, N, part) if per_irrep else None,
        "defect": {"lower": lower, "upper": upper, "norm": N.as_norm().name, "reason": reason},
    }


def check_shape(H: Hom, shape: tuple[int, int], where: str) -> None:
    """Raise DimensionMismatch unless weights have the shape (dim W, dim V); `where` names them."""
    if shape != H.shape:
        swapped = "; it looks transposed" if shape == H.shape[::-1] else ""
        raise DimensionMismatch(
            f"{where}: the weights are {shape[0]} x {shape[1]}, and operators from {H.V} (dimension {H.V.dim}) to {H.W} "
            f"(dimension {H.W.dim}) are {H.shape[0]} x {H.shape[1]}{swapped}; change --in, --out or --key"
        )


def _per_irrep(T: Array, H: Hom, norm: Norm, part: str) -> list[Record]:
    values = per_block(T, H, norm, part)
    return [{"in": V, "out": W, "value": float(x)} for (V, W), x in values.items()]


def _share(T: Array, H: Hom) -> float | None:
    """||P(T)||^2 / ||T||^2, where P is orthogonal in the Frobenius inner product; else, and for T = 0, None."""
    orthogonal = H.inner == "euclidean" or (H.V.is_unitary and H.W.is_unitary)
    total = float(Frobenius().value(T))
    return (float(Frobenius().value(H.project(T))) / total) ** 2 if orthogonal and total else None


def _bounds(T: Array, H: Hom, norm: Norm) -> tuple[float | None, float | None, str | None]:
    try:
        bound = defect_bound(T, H, norm)
    except NotUnitary as error:
        return None, None, str(error)
    return float(bound.lower), float(bound.upper), None
