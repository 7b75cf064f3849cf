"""Groups as plain data (JSON, TOML): reading tables from files, checking keys, matrices as text."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grouprep.errors import GroupRepError, nearest
from grouprep.groups.base import Group
from grouprep.groups.permutations import cycle_string
from grouprep.groups.registry import member
from grouprep.linalg import Image, as_exact
from grouprep.linalg.convert import to_sympy

if TYPE_CHECKING:
    from os import PathLike

    from grouprep.groups.finite import FiniteGroup
    from grouprep.groups.lie import LieGroup

__all__ = ["Table", "check_keys", "finite_group_to_dict", "lie_group_to_dict", "matrix_to_data", "read_data_file"]

FILE_LIMIT = 64 << 20  # bytes; a group or a basis in text is far smaller

Table = dict[str, Any]
"""Plain data: text, numbers, lists and tables of these by text."""


def read_data_file(path: str | PathLike[str]) -> Table:
    """The table in a TOML or JSON file, as plain data.

    Raises
    ------
    GroupRepError
        If the file cannot be read, is too large, or is not TOML or JSON; the message says where it breaks off.
    """
    file = Path(path)
    try:
        if file.stat().st_size > FILE_LIMIT:
            raise GroupRepError(f"{file} has {file.stat().st_size:,} bytes; at most {FILE_LIMIT:,} are read")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise GroupRepError(f"cannot read {file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise GroupRepError(f"{file} is not a text file (UTF-8)") from None
    except ValueError as error:  # a NUL in the name
        raise GroupRepError(f"cannot read {str(file)!r:.80}: {error}") from None
    try:
        data = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise GroupRepError(f"{file} is not valid {file.suffix[1:].upper()}, or is truncated: {error}") from None
    if not isinstance(data, dict):
        raise GroupRepError(f"{file} holds a {type(data).__name__}; a table of keys and values is needed")
    return data


def check_keys(data: Mapping[str, object], allowed: Sequence[str], where: str) -> None:
    """Raise GroupRepError for keys that are not allowed, with the closest allowed ones."""
    for key in data:
        if key not in allowed:
            raise GroupRepError(f'{where}: unknown key "{key}"; {nearest(key, allowed)}')


def matrix_to_data(matrix: Image) -> list[list[int | str]]:
    """An exact matrix as nested lists of integers and text, read back by `to_domain_matrix`."""
    whole = to_sympy(as_exact(matrix))
    return [[int(x) if x.is_Integer else str(x) for x in whole.row(i)] for i in range(whole.rows)]


def finite_group_to_dict(G: FiniteGroup) -> Table:
    """See `FiniteGroup.to_dict`."""
    if _is_named(G):
        return {"catalogue": G.name}
    names = [str(a) for a in G.generator_names]
    if G.matrices is not None:
        images = map(matrix_to_data, G.matrices.images)
        return {"name": G.name, "matrices": dict(zip(names, images, strict=True))}
    cycles = map(cycle_string, G.generators)
    return {"name": G.name, "degree": G.degree, "permutations": dict(zip(names, cycles, strict=True))}


def lie_group_to_dict(G: LieGroup) -> Table:
    """See `LieGroup.to_dict`."""
    if not G.is_exact:
        raise GroupRepError(f"{G} has float generators; only exact groups are written to files")
    if _is_named(G):
        return {"catalogue": G.name}
    data: Table = {"name": G.name, "algebra": [matrix_to_data(a) for a in G.algebra]}
    if G.components:
        data["components"] = [matrix_to_data(h) for h in G.components]
    return data


def _is_named(G: Group) -> bool:
    """Whether the group's name alone gives it back."""
    try:
        return member(G.name) == G
    except GroupRepError:
        return False
