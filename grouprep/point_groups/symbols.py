"""Symbols of point groups, Schoenflies and Hermann-Mauguin: what each means, and what was meant by one that is misspelt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from grouprep.errors import GroupRepError, TooLarge, shown

__all__ = ["CRYSTALLOGRAPHIC", "Symbol", "read_symbol"]

CRYSTALLOGRAPHIC = {
    "C1": "1", "Ci": "-1", "C2": "2", "Cs": "m", "C2h": "2/m", "D2": "222", "C2v": "mm2", "D2h": "mmm",
    "C4": "4", "S4": "-4", "C4h": "4/m", "D4": "422", "C4v": "4mm", "D2d": "-42m", "D4h": "4/mmm",
    "C3": "3", "S6": "-3", "D3": "32", "C3v": "3m", "D3d": "-3m",
    "C6": "6", "C3h": "-6", "C6h": "6/m", "D6": "622", "C6v": "6mm", "D3h": "-6m2", "D6h": "6/mmm",
    "T": "23", "Th": "m-3", "O": "432", "Td": "-43m", "Oh": "m-3m",
}  # fmt: skip
"""The 32 crystallographic groups: the Schoenflies symbol and the short Hermann-Mauguin one, in the order of the International Tables."""

_HERMANN_MAUGUIN = {international: name for name, international in CRYSTALLOGRAPHIC.items()} | {
    "2/m2/m2/m": "D2h", "4/m2/m2/m": "D4h", "6/m2/m2/m": "D6h", "-32/m": "D3d", "2/m-3": "Th", "m3": "Th",
    "4/m-32/m": "Oh", "m3m": "Oh", "-62m": "D3h", "321": "D3", "31m": "C3v", "-3m1": "D3d", "235": "I", "532": "I",
    "m-3-5": "Ih", "-5-3m": "Ih",
}  # fmt: skip

SETTINGS = {"312": "D3", "3m1": "C3v", "-31m": "D3d", "-4m2": "D2d"}
"""Hermann-Mauguin settings whose twofold axes or mirrors stand elsewhere than those of the Schoenflies symbol."""

_CUBIC = ("T", "Td", "Th", "O", "Oh", "I", "Ih")
_AXIAL = ("C", "Cv", "Ch", "D", "Dd", "Dh", "S")
_SMALL = {
    "Cs": "Cs", "Ci": "Ci", "C1v": "Cs", "C1h": "Cs", "S1": "Cs", "S2": "Ci", "C1i": "Ci", "D1": "C2", "D1h": "C2v", "D1d": "C2h",
    "V": "D2", "Vd": "D2d", "Vh": "D2h",
}  # fmt: skip
LARGEST = 500  # n of an axial group: its elements are listed, and its numbers lie in fields of degree up to 2 n


@dataclass(frozen=True)
class Symbol:
    """What a symbol says.

    schoenflies : the Schoenflies symbol of the group, such as "D3h".
    kind : "C", "Cv", "Ch", "D", "Dd", "Dh", "S" for axial groups, else the symbol of the cubic or icosahedral one.
    n : the order of the main axis; S4 has 4. 0 for cubic and icosahedral groups.
    setting : the Hermann-Mauguin symbol where it turns the group about z against the standard axes, else "".
    double : whether the double group is meant.
    """

    schoenflies: str
    kind: str
    n: int
    setting: str = ""
    double: bool = False

    @property
    def text(self) -> str:
        """The symbol that gives this one back."""
        return (self.setting or self.schoenflies) + "*" * self.double

    @property
    def hermann_mauguin(self) -> str:
        """The Hermann-Mauguin symbol; of any order of the main axis."""
        if self.setting:
            return self.setting
        known = CRYSTALLOGRAPHIC.get(self.schoenflies)
        return known or _international(self.kind, self.n)


def _international(kind: str, n: int) -> str:
    odd = n % 2
    if kind in ("I", "Ih"):
        return {"I": "235", "Ih": "m-3-5"}[kind]
    if kind == "S":
        return f"-{n // 2 if n % 4 == 2 else n}"
    if kind == "Dd":
        return f"-{n}m" if odd else f"-{2 * n}2m"
    if odd and kind in ("Ch", "Dh"):
        return f"-{2 * n}" + ("m2" if kind == "Dh" else "")
    tails = {"C": "", "Cv": "m" if odd else "mm", "Ch": "/m", "D": "2" if odd else "22", "Dh": "/mmm"}
    return f"{n}{tails[kind]}"


def _of_kind(kind: str, n: int) -> str:
    return f"{kind[0]}{n}{kind[1:]}"


def _larger() -> dict[str, tuple[str, int]]:
    """The Hermann-Mauguin symbols of axial groups whose axis is not crystallographic, to the order 12."""
    found: dict[str, tuple[str, int]] = {}
    for n in (5, *range(7, 25)):
        for kind in _AXIAL:
            size = 2 * n if kind == "S" else n
            if n <= 12 or kind in ("S", "Ch", "Dh", "Dd"):
                found.setdefault(_international(kind, size), (kind, size))
    return found | {f"-{n}": ("S", n) for n in (8, 12, 16, 20, 24)}


def read_symbol(text: object) -> Symbol:
    """The meaning of a Schoenflies or Hermann-Mauguin symbol; a star behind it asks for the double group.

    Parameters
    ----------
    text : "Oh", "D_{3h}", "C5v", "m-3m", "-42m", "O*". Hermann-Mauguin symbols have no spaces; overlines are minus signs.

    Raises
    ------
    GroupRepError
        If it is no symbol; the message has the nearest ones.
    TooLarge
        If the order of the main axis is beyond what is listed.

    Examples
    --------
    >>> read_symbol("m-3m").schoenflies, read_symbol("C_{3v}").n, read_symbol("D5d").hermann_mauguin
    ('Oh', 3, '-5m')
    """
    if not isinstance(text, str) or not text.strip():
        raise GroupRepError(f'symbol must be the name of a point group, such as "Oh" or "m-3m", got {shown(text)}')
    given = text.strip()[:200]
    double = given.endswith("*")
    plain = re.sub(r"[\s_{}]|\^", "", given.rstrip("*")).replace("−", "-").replace("‾", "-").replace("∞", "inf")
    if re.fullmatch(r"[CD](?:inf|oo)[vh]?", plain):
        raise GroupRepError(
            f'symbol = "{given}": C_infv and D_infh of linear molecules are infinite and no PointGroup; take D_nh or C_nv with a '
            "large n, or the Lie group O(2), which is C_infv"
        )
    setting = plain if plain in SETTINGS else ""
    name = SETTINGS.get(plain) or _HERMANN_MAUGUIN.get(plain) or _SMALL.get(plain, plain)
    if plain in (larger := _larger()):
        name = _of_kind(*larger[plain])
    if name in ("Cs", "Ci"):
        return Symbol(name, "Ch" if name == "Cs" else "S", 1 if name == "Cs" else 2, setting, double)
    if name in _CUBIC:
        return Symbol(name, name, 0, "", double)
    found = re.fullmatch(r"([CDS])([1-9]\d{0,8})([vhdi]?)", name)
    kind, n = (found[1] + found[3], int(found[2])) if found else ("", 0)
    if kind == "Ci" and n % 2:
        kind, n = "S", 2 * n
    if kind == "S" and n % 2:
        kind = "Ch"
    if kind not in _AXIAL:
        raise GroupRepError(f'symbol = "{given:.60}" is no point group; {_meant(plain)}')
    if n > LARGEST:
        raise TooLarge(
            f'symbol = "{given:.60}": the elements of point groups are listed, with axes of order up to {LARGEST}'
        )
    return Symbol(_SMALL.get(_of_kind(kind, n), _of_kind(kind, n)), kind, n, setting, double)


def _meant(plain: str) -> str:
    schoenflies = [
        *CRYSTALLOGRAPHIC,
        "I",
        "Ih",
        *(f"{k[0]}{n}{k[1:]}" for n in (5, 7, 8) for k in _AXIAL[:-1]),
        "S8",
        "S10",
    ]
    international = [*_HERMANN_MAUGUIN, *SETTINGS]
    names = schoenflies if re.match(r"[A-LN-Za-ln-z]", plain) else international
    lower = {name.lower(): name for name in reversed(names)}
    close = [lower[name] for name in get_close_matches(plain.lower(), lower, 3)]
    if close:
        return "did you mean " + " or ".join(f'"{name}"' for name in close) + "?"
    return (
        "known are Cn, Cnv, Cnh, Dn, Dnd, Dnh and S2n of any n, such as C3v, and T, Td, Th, O, Oh, I, Ih, Cs, Ci; or Hermann-Mauguin "
        "symbols such as 4/mmm, -43m, m-3m"
    )
