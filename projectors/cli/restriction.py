"""What `grouprep irreps` and `grouprep branch` find out, as plain data."""

from __future__ import annotations

import re

import numpy as np

from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.isomorphism import embeddings
from grouprep.groups.permutations import cycle_string
from grouprep.groups.plain_data import matrix_to_data
from grouprep.irreps.branching import branching_table
from grouprep.irreps.multiplicities import multiplicities
from grouprep.linalg import as_exact
from grouprep.representations import Representation
from projectors.report import Record

__all__ = ["branch_record", "irreps_record", "restriction_map"]

UP_TO = 4  # frequency, l or twice the spin of the irreps of an infinite group that are shown if nothing is said


def irreps_record(G: Group, field: str = "real", exact: bool = False, up_to: int | None = None) -> Record:
    """The irreps of a group: label, dimension, type, indicator, and the field that the rational form is over.

    Parameters
    ----------
    G : the group.
    field : "real" or "complex".
    exact : whether to give the exact matrices of the generators in the rational form, rows of integers and text.
    up_to : for infinite groups, the largest frequency, l or spin.

    Raises
    ------
    UnsupportedGroup
        If the irreps are not known.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> [r["label"] for r in irreps_record(Dihedral(3))["irreps"]]
    ['A1', 'A2', 'E1']
    """
    irreps = G.irreps(field, up_to=UP_TO if up_to is None and not G.is_finite else up_to)
    forms = [I.rational()[0] for I in irreps]
    return {
        "group": G.name,
        "field": field,
        "is_finite": G.is_finite,
        "irreps": [
            {
                "label": I.label,
                "dim": I.dim,
                "type": I.type,
                "indicator": I.indicator,
                "entries": None if R.domain is None else _field_name(str(R.domain)),
                "matrices": _matrices(R) if exact else None,
            }
            for I, R in zip(irreps, forms, strict=True)
        ],
    }


def _field_name(domain: str) -> str:
    """A domain of sympy as it is written: Z, Q, Q(zeta7)."""
    return domain.replace("ZZ", "Z").replace("QQ<", "Q(").replace("QQ", "Q").replace(">", ")")


def _matrices(V: Representation) -> Record | None:
    """The exact matrices of the generators, by name."""
    if V.domain is None:
        return None
    return {str(a): matrix_to_data(as_exact(m)) for a, m in V.images.items()}


def branch_record(
    f: Homomorphism, V: Representation | None, field: str | None = None, up_to: int | None = None
) -> Record:
    """How irreps of G, or one representation of it, split into irreps of H, restricted along f: H -> G.

    Parameters
    ----------
    f : the homomorphism.
    V : the representation of G, or None for a table of all irreps (of infinite groups the first ones).
    field : "real" or "complex"; by default that of V, and complex for the table.
    up_to : for the table of an infinite group, the largest frequency, l or spin of its rows.

    Raises
    ------
    UnsupportedGroup
        If the irreps of a group are not known.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> G = Dihedral(4)
    >>> f = restriction_map(G.subgroup([G.generators[0]]), G)
    >>> branch_record(f, G.defining(), "complex")["rows"][0]["parts"]
    [{'label': '1', 'dim': 1, 'multiplicity': 1}, {'label': '3', 'dim': 1, 'multiplicity': 1}]
    """
    H, G = f.source, f.target
    if V is None:
        chosen = field or "complex"
        table = branching_table(f, chosen, UP_TO if up_to is None and not G.is_finite else up_to)
        columns = list(table.columns)
        rows = [
            (I.label, I.dim, dict(zip(columns, counts, strict=True)))
            for I, counts in zip(table.rows, table.multiplicities.tolist(), strict=True)
        ]
    else:
        chosen = field or V.field
        found = dict(multiplicities(V.restrict(f), chosen))
        columns, rows = list(found), [(str(V), V.dim, found)]
    return {
        "group": G.name,
        "subgroup": H.name,
        "images": _images(f),
        "index": int(G.order) // int(H.order) if G.is_finite and f.is_injective else None,
        "field": chosen,
        "columns": [{"label": J.label, "dim": J.dim, "type": J.type} for J in columns],
        "rows": [
            {
                "label": label,
                "dim": dim,
                "parts": [{"label": J.label, "dim": J.dim, "multiplicity": m} for J, m in parts.items() if m],
            }
            for label, dim, parts in rows
        ],
    }


def _images(f: Homomorphism) -> dict[str, str] | None:
    """Where the generators of a finite group go, in cycles."""
    if not (f.source.is_finite and f.target.is_finite):
        return None
    return {str(a): cycle_string(f.generator_image(a)) or "()" for a in f.source.generator_names}


def restriction_map(H: Group, G: Group, images: str | None = None) -> Homomorphism:
    """The homomorphism H -> G that the branching is along.

    The images of the generators if they are given; else the inclusion, if H permutes the same points or has matrices of the same
    size, and lies in G; else for finite groups an embedding, if there is one only as far as classes of elements are concerned.

    Parameters
    ----------
    images : text such as "r = (1 2 3 4), s = (2 4)", in cycles of the points of G.

    Raises
    ------
    GroupRepError
        If there is no embedding, or several; the message shows them.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> restriction_map(Symmetric(3), Symmetric(4))
    Homomorphism(S3 -> S4)
    """
    if images is not None:
        return _given(H, G, images)
    if not isinstance(G, FiniteGroup) or not isinstance(H, FiniteGroup):
        if isinstance(G, FiniteGroup):
            raise UnsupportedGroup(f"{H} is infinite and no subgroup of {G}")
        return Homomorphism.inclusion(H, G)
    if H.degree == G.degree and all(map(G.contains, H.generators)):
        return Homomorphism.inclusion(H, G)
    found: dict[object, Homomorphism] = {}
    for f in embeddings(H, G):
        found.setdefault(_fusion(f), f)
    if not found:
        raise GroupRepError(f"{H} is no subgroup of {G}")
    if len(found) > 1:
        ways = "; ".join(", ".join(f"{a} = {c}" for a, c in (_images(f) or {}).items()) for f in found.values())
        raise GroupRepError(
            f"{H} lies in {G} in {len(found)} ways that are not conjugate; choose one with --images: {ways:.400}"
        )
    return next(iter(found.values()))


def _fusion(f: Homomorphism) -> tuple[tuple[int, int], ...]:
    """In which classes of G those of H lie, with their sizes: what the branching depends on, up to automorphisms of H."""
    H, G = f.source, f.target
    place = np.empty(int(G.order), dtype=np.int64)
    for k, members in enumerate(G.conjugacy_classes):
        place[members] = k
    return tuple(sorted((int(place[int(G.index(f.exact(H.elements[c[0]])))]), len(c)) for c in H.conjugacy_classes))


_IMAGE = re.compile(r"\s*([^=,;()]+?)\s*=\s*((?:\([^()]*\)\s*)+)[,;]?")


def _given(H: Group, G: Group, text: str) -> Homomorphism:
    if not isinstance(G, FiniteGroup):
        raise UnsupportedGroup(f"--images are cycles of the points of a finite group; {G} is infinite")
    images = dict(_IMAGE.findall(text))
    if not images or _IMAGE.sub("", text).strip():
        names = ", ".join(f"{a} = (1 2)" for a in H.generator_names)
        raise GroupRepError(f'--images "{text:.80}": write an image for each generator of {H}, such as "{names:.120}"')
    return Homomorphism(H, G, images)
