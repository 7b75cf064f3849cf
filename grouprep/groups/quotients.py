"""Quotient groups, and kernels of maps that are constant on conjugacy classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grouprep.errors import GroupRepError, UnsupportedGroup, shown
from grouprep.groups.cosets import Cosets, generated_by
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.permutations import Perm, cycle_string, invert

__all__ = ["check_normal", "normal_subgroup", "quotient"]


def check_normal(G: FiniteGroup, N: object) -> FiniteGroup:
    """N, if it is a normal subgroup of G given by permutations of the same points.

    Raises
    ------
    GroupRepError
        If it is none; the message names an element that shows it.
    """
    if not isinstance(N, FiniteGroup):
        raise GroupRepError(f"N must be a normal subgroup of {G}, such as {G}.subgroup([...]), got {shown(N)}")
    if N.degree != G.degree:
        raise GroupRepError(f"N = {N} permutes {N.degree} points, {G} permutes {G.degree}: it is no subgroup")
    for n in N.generators:
        if not G.contains(n):
            raise GroupRepError(f"N = {N} is no subgroup of {G}: {cycle_string(n)} does not lie in {G}")
        for g in G.generators:
            conjugate = g[n[invert(g)]]
            if not N.contains(conjugate):
                raise GroupRepError(
                    f"N = {N} is not normal in {G}: {cycle_string(g)} takes {cycle_string(n)} to {cycle_string(conjugate)}, outside N"
                )
    return N


def quotient(G: FiniteGroup, N: object) -> tuple[FiniteGroup, Homomorphism]:
    """See `FiniteGroup.quotient`."""
    cosets = Cosets(G, check_normal(G, N))
    perms = []
    for g in G.generators:
        places = cosets.number(g[cosets.representatives])
        places.setflags(write=False)
        perms.append(places)
    labels = [a.label for a in G.generator_names]
    plain = len(set(labels)) == len(labels)
    Q = FiniteGroup(
        perms, name=f"{G}/{cosets.subgroup}", labels=labels if plain else None, order=len(cosets.representatives)
    )
    return Q, Homomorphism(G, Q, perms)


def normal_subgroup(G: FiniteGroup, is_member: Callable[[Perm], bool], name: str) -> FiniteGroup:
    """The normal subgroup of the elements that a property picks, which is the same on conjugate elements.

    Raises
    ------
    TooLarge
        If the elements of G cannot be listed.
    """
    if not isinstance(G, FiniteGroup):
        raise UnsupportedGroup(
            f"{G} is infinite: kernels are found for finite groups; kernel_contains(g) decides for one element"
        )
    classes = [members for members in G.conjugacy_classes if is_member(G.elements[members[0]])]
    return generated_by(G.elements[np.concatenate(classes)], name)
