"""Which group of spins a group is, and which irrep a label names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.groups.base import Group
from grouprep.irreps._spin_numbers import spin_label, twice_spin

__all__ = ["read_spin_label", "spin_group"]


@lru_cache(maxsize=1)
def _groups() -> dict[Group, str]:
    from grouprep.groups.catalogue import SO, SU, O

    return {SU(2): "SU(2)", SO(3): "SO(3)", O(3): "O(3)"}


def spin_group(group: Group) -> str | None:
    """Which of "SU(2)", "SO(3)", "O(3)" a group is, by its generators; None for any other.

    Examples
    --------
    >>> from grouprep import SO
    >>> spin_group(SO(3))
    'SO(3)'
    """
    return _groups().get(group)


def read_spin_label(family: str, label: Any) -> tuple[int, int]:
    """(2 j, parity) of a label of "SU(2)", "SO(3)" or "O(3)"; the parity is the image of -1, and 1 where there is none.

    Raises
    ------
    GroupRepError
        If there is no such irrep; the message says what is.

    Examples
    --------
    >>> read_spin_label("SU(2)", "1/2"), read_spin_label("O(3)", "1o"), read_spin_label("O(3)", (2, 1))
    ((1, 1), (2, -1), (4, 1))
    """
    spin, parity = _split_parity(label)
    kinds = {"SU(2)": "j = 0, 1/2, 1, 3/2, ...", "SO(3)": "l = 0, 1, 2, ...", "O(3)": "0e, 0o, 1e, 1o, 2e, 2o, ..."}
    where = f"label = {label!r:.60}: the irreps of {family} are {kinds[family]}"
    try:
        two_j = twice_spin(spin)
    except GroupRepError:
        raise GroupRepError(where) from None
    if two_j % 2 and family != "SU(2)":
        name = spin_label(two_j)
        raise GroupRepError(f'{where}; spin {name} is a representation of SU(2): SU(2).irrep("{name}")')
    if parity is not None and family != "O(3)":
        raise GroupRepError(f"{where}; a parity belongs to O(3)")
    if family == "O(3)" and parity is None:
        l = two_j // 2
        raise GroupRepError(
            f"{where}; the parity is missing, the image of -1: {l}e for 1, {l}o for -1 (polynomials of degree l have (-1)^l)"
        )
    return two_j, 1 if parity is None else parity


def _split_parity(label: Any) -> tuple[Any, int | None]:
    signs = {"e": 1, "o": -1, 1: 1, -1: -1}
    if isinstance(label, tuple) and len(label) == 2:
        parity = label[1]
        if isinstance(parity, bool) or not isinstance(parity, str | int | np.integer) or parity not in signs:
            raise GroupRepError(f'label = {label!r:.60}: the parity must be "e" or 1, "o" or -1, the image of -1')
        return label[0], signs[parity]
    if isinstance(label, str) and (matched := re.fullmatch(r"\s*(\S*)([eo])\s*", label)):
        return matched[1], signs[matched[2]]
    return label, None
