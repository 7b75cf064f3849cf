"""Bases adapted to a chain of subgroups: each piece of a representation splits along the next subgroup."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, shown
from grouprep.groups.homomorphism import Homomorphism
from grouprep.representations import Representation
from grouprep.summary import Summary
from grouprep.typing import Array
from projectors.decompose.decomposition import decompose

__all__ = ["Subduction", "subduce"]


@dataclass(frozen=True, eq=False, repr=False)
class Subduction(Summary):
    """A unitary basis of V that is adapted to a chain G > H_1 > H_2 > ...

    change_of_basis : U (dim, dim), whose columns are the basis; U^-1 V(h) U is a direct sum of irreps of H_k for h in H_k.
    labels : for each column the irreps of H_1, H_2, ... that it lies in.
    """

    change_of_basis: Array
    labels: tuple[tuple[str, ...], ...]


def subduce(V: Representation, *maps: Homomorphism, field: str | None = None) -> Subduction:
    """A basis of V that splits into irreps along every subgroup of a chain; the restriction of equal pieces are equal matrices.

    Parameters
    ----------
    V : a representation of G.
    maps : f_1: H_1 -> G, f_2: H_2 -> H_1, ..., such as inclusions.
    field : "real", "complex", or None for that of V.

    Raises
    ------
    DimensionMismatch
        If a map does not lead into the group before it.
    UnsupportedGroup
        If the irreps of a subgroup are not known.

    Examples
    --------
    >>> from grouprep import Homomorphism, Symmetric
    >>> S4 = Symmetric(4)
    >>> S3, S2 = S4.subgroup(["(1 2 3)", "(1 2)"]), S4.subgroup(["(1 2)"])
    >>> found = subduce(S4.natural(), Homomorphism.inclusion(S3, S4), Homomorphism.inclusion(S2, S3))
    >>> [len(path) for path in found.labels]
    [2, 2, 2, 2]

    References
    ----------
    A. Okounkov and A. Vershik, A new approach to the representation theory of symmetric groups, Selecta Math. 2 (1996), section 1.
    """
    if not maps:
        raise GroupRepError(
            "subduce(V, f, ...) needs a homomorphism into the group of V, such as Homomorphism.inclusion(H, G)"
        )
    for k, f in enumerate(maps):
        if not isinstance(f, Homomorphism):
            raise GroupRepError(f"maps[{k}] must be a Homomorphism, got {shown(f)}")
        before = V.group if k == 0 else maps[k - 1].source
        if f.target != before:
            raise DimensionMismatch(f"maps[{k}] leads into {f.target}; the group before it is {before}")
    D = decompose(V.restrict(maps[0]), field)
    if len(maps) == 1:
        labels = [(I.label,) for I, m in zip(D.irreps, D.multiplicities, strict=True) for _ in range(m * I.dim)]
        return Subduction(D.change_of_basis, tuple(labels))
    inner = [(I, m, subduce(I, *maps[1:], field=D.field)) for I, m in zip(D.irreps, D.multiplicities, strict=True)]
    blocks = [part.change_of_basis for _, m, part in inner for _ in range(m)]
    whole = np.zeros((V.dim, V.dim), dtype=np.result_type(*blocks))
    start = 0
    for block in blocks:
        whole[start : start + len(block), start : start + len(block)] = block
        start += len(block)
    paths = [(I.label, *path) for I, m, part in inner for _ in range(m) for path in part.labels]
    return Subduction(D.change_of_basis @ whole, tuple(paths))
