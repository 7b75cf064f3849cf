"""The irreps of axial point groups <c, t> and of their double groups, by the frequency by which c turns."""

from __future__ import annotations

import numpy as np

from grouprep.point_groups.entries import ClosedForm, Entry
from grouprep.point_groups.motions import Axial

__all__ = ["axial_entries"]


def axial_entries(motions: Axial) -> list[Entry]:
    """The irreps of <c> or <c, t>, by frequency."""
    symbol, m = motions.symbol, motions.axes.m
    found: list[tuple[tuple[object, ...], Entry]] = []
    for f in range(0, 2 * m, 1 if symbol.double else 2):
        if motions.axes.flip is None:
            found.append(_cyclic_entry(motions, f))
        elif f in (0, m) and (f % 2 == 0 or m % 2):
            found += [_sign_entry(motions, f, s) for s in (1, -1)]
        elif f < m:
            found.append(_plane_entry(motions, f))
    return [e for _, e in sorted(found, key=lambda pair: pair[0])]


def _name(motions: Axial, f: int) -> tuple[str, str, int, bool]:
    """(letter, prime, number, whole) of the irreps in which c turns by the frequency f: "E", "'", 1 is E1'.

    whole : whether c is a number, 1 or -1, up to sign.
    """
    symbol, m = motions.symbol, motions.axes.m
    kind, n = symbol.kind, symbol.n
    if f % 2:
        g = min(f, 2 * m - f)
        return ("A" if g == m else "E"), "", g, g == m
    k = f // 2
    if kind in ("Ch", "Dh") and n % 2:
        j = k % n
        return ("A" if j == 0 else "E"), "'" if k % 2 == 0 else "''", min(j, n - j), j == 0
    if kind == "Dd" and n % 2 == 0:
        k = (n + 1) * k % (2 * n)
    elif kind == "S" and n % 4 == 0:
        k = (n // 2 + 1) * k % n
    j = min(k, m - k)
    return ("A" if j == 0 else "B" if 2 * j == m else "E"), "", j, 2 * j in (0, m)


def _text(motions: Axial, f: int) -> tuple[str, str]:
    """The letter with its number, and the prime; E alone where there is but one."""
    symbol, m = motions.symbol, motions.axes.m
    letter, prime, number, _ = _name(motions, f)
    if f % 2:
        return f"{letter}{number}/2", ""
    if letter != "E":
        return letter, prime
    period = symbol.n if prime else m
    return ("E" if (period - 1) // 2 == 1 else f"E{number}"), prime


def _order(motions: Axial, f: int, rest: object) -> tuple[object, ...]:
    """The published order: one-dimensional ones before pairs, A before B, '' after '; spinors behind all, by spin."""
    letter, prime, number, whole = _name(motions, f)
    if f % 2:
        return 1, number, rest
    return 0, len(prime) if prime else 0, not whole, letter, number, rest


def _cyclic_entry(motions: Axial, f: int) -> tuple[tuple[object, ...], Entry]:
    m = motions.axes.m
    text, prime = _text(motions, f)
    whole = f % m == 0
    pair, label, conjugate = "", text + prime, ""
    first = _is_first(motions, f)
    if not whole:
        pair = label
        label, conjugate = (f"{1 if x else 2}{pair}" for x in (first, not first))

    closed = ClosedForm(f, m)
    entry = Entry(label, 1, "R" if whole else "C", f % 2 == 1, np.eye(1) if whole else None, pair, conjugate, closed)
    return _order(motions, f, not first), entry


def _is_first(motions: Axial, f: int) -> bool:
    """Whether a cyclic group's irrep is the first of its pair: the main rotation is exp(+2 pi i k / n), 0 < k < n / 2."""
    symbol, m = motions.symbol, motions.axes.m
    if f % 2:
        return f < m
    k = f // 2
    if symbol.kind == "Ch" and symbol.n % 2:
        j = k % symbol.n
        return 2 * j < symbol.n
    if symbol.kind == "S" and symbol.n % 4 == 0:
        k = (symbol.n // 2 + 1) * k % symbol.n
    return 2 * k < m


def _sign_entry(motions: Axial, f: int, s: int) -> tuple[tuple[object, ...], Entry]:
    """c is 1 or -1, t is s, or s times i where its square is -1."""
    m = motions.axes.m
    spinor = f % 2 == 1
    quarter = (2 if s < 0 else 0) if not spinor else (1 if s > 0 else 3)  # t as a power of i
    text, prime = _text(motions, f)
    pair = conjugate = ""
    if spinor:
        pair = f"E{m}/2"
        label, conjugate = (f"1{pair}", f"2{pair}") if s > 0 else (f"2{pair}", f"1{pair}")
    elif (motions.symbol.kind == "D" and motions.symbol.n == 2) or (
        motions.symbol.kind == "Dh" and motions.symbol.n == 2
    ):
        label = {(0, 1): "A", (0, -1): "B1", (2, -1): "B2", (2, 1): "B3"}[f, s]
    else:
        label = text + ("1" if s > 0 else "2") + prime
    structure = None if spinor else np.eye(1)
    closed = ClosedForm(f, m, quarter)
    entry = Entry(label, 1, "C" if spinor else "R", spinor, structure, pair, conjugate, closed)
    rest: object = label if label in ("B1", "B2", "B3") and f == 2 and m == 2 else str(-s)
    if m == 2 and motions.symbol.n == 2 and motions.symbol.kind in ("D", "Dh"):
        return (0, 0, False, label, 0, ""), entry
    return _order(motions, f, rest if not spinor else -s), entry


def _plane_entry(motions: Axial, f: int) -> tuple[tuple[object, ...], Entry]:
    """Of dimension 2: rotations and the reflection diag(1, -1), or for odd f diag(z, conj z) and [[0, -1], [1, 0]]."""
    m = motions.axes.m
    spinor = f % 2 == 1
    text, prime = _text(motions, f)
    structure = np.array([[0.0, -1.0], [1.0, 0.0]]) if spinor else np.eye(2)
    entry = Entry(text + prime, 2, "H" if spinor else "R", spinor, structure, closed=ClosedForm(f, m, None))
    return _order(motions, f, 0 if spinor else ""), entry
