"""Which spin of SU(2), SO(3) or O(3) a label names."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.irreps._spin_numbers import spin_label, twice_spin

__all__ = ["SpinKind", "read_spin_label"]


SpinKind: TypeAlias = Literal["SU(2)", "SO(3)", "O(3)"]
"""The groups whose irreps are spins."""


def read_spin_label(kind: SpinKind, label: object) -> tuple[int, int]:
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
    where = f"label = {label!r:.60}: the irreps of {kind} are {kinds[kind]}"
    try:
        two_j = twice_spin(spin)
    except GroupRepError:
        raise GroupRepError(where) from None
    if two_j % 2 and kind != "SU(2)":
        name = spin_label(two_j)
        raise GroupRepError(f'{where}; spin {name} is a representation of SU(2): SU(2).irrep("{name}")')
    if parity is not None and kind != "O(3)":
        raise GroupRepError(f"{where}; a parity belongs to O(3)")
    if kind == "O(3)" and parity is None:
        l = two_j // 2
        raise GroupRepError(
            f"{where}; the parity is missing, the image of -1: {l}e for 1, {l}o for -1 (polynomials of degree l have (-1)^l)"
        )
    return two_j, 1 if parity is None else parity


def _split_parity(label: object) -> tuple[object, int | None]:
    signs = {"e": 1, "o": -1, 1: 1, -1: -1}
    if isinstance(label, tuple) and len(label) == 2:
        parity = label[1]
        if isinstance(parity, bool) or not isinstance(parity, str | int | np.integer) or parity not in signs:
            raise GroupRepError(f'label = {label!r:.60}: the parity must be "e" or 1, "o" or -1, the image of -1')
        return label[0], signs[parity]
    if isinstance(label, str) and (matched := re.fullmatch(r"\s*(\S*)([eo])\s*", label)):
        return matched[1], signs[matched[2]]
    return label, None
