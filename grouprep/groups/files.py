"""Groups from names ("D4", "SO(3)", "D4xC2") and from TOML or JSON files of generators; groups as plain data.

A file has a name and one of these (matrix entries are integers or text such as "sqrt(3)/2"; text is parsed, never executed):

    permutations = { r = "(1 2 3 4)", s = "(2 4)" }     # cycles of 1-based points; or lists of images of 0..n-1; degree = n
    matrices     = { r = [[0, -1], [1, 0]] }            # a finite group of matrices
    table        = [[0, 1], [1, 0]]                     # a multiplication table
    presentation = { generators = ["r", "s"], relators = ["r^4", "s^2", "(r s)^2"] }
    algebra      = { A1 = [[0, -1], [1, 0]] }           # a Lie group, with components = { h1 = [[1, 0], [0, -1]] }
    product      = ["D4", "C2"]                         # names, or tables like these
    catalogue    = "D4"

and [representations.NAME] tables (see `grouprep.representations.files`). Lists may stand in place of tables of generators.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grouprep.errors import GroupRepError
from grouprep.groups.base import Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.groups.permutations import cycle_string
from grouprep.linalg import Image

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["check_keys", "group_from_dict", "group_from_name", "load_group", "matrix_to_data", "read_data_file"]

FILE_LIMIT = 64 << 20  # bytes; a group or a basis in text is far smaller

_KINDS = ("permutations", "matrices", "table", "presentation", "algebra", "product", "catalogue")
_KEYS = (*_KINDS, "name", "degree", "components", "representations")


def load_group(source: str | PathLike[str]) -> Group:
    """The group with a name such as "D4", "SO(3)" or "D4xC2", or in a TOML or JSON file of generators.

    Parameters
    ----------
    source : a name, or the path of a file ending in .toml or .json.

    Raises
    ------
    GroupRepError
        If the name is unknown, or the file is missing, truncated, or has unknown keys; the message says which.

    Examples
    --------
    >>> from grouprep import load_group
    >>> load_group("D4xC2").order
    16
    """
    text = str(source)
    if text.lower().endswith((".toml", ".json")):
        return group_from_dict(read_data_file(source), text)
    return group_from_name(text)


def read_data_file(path: str | PathLike[str]) -> dict[str, Any]:
    """The table in a TOML or JSON file, as plain data.

    Raises
    ------
    GroupRepError
        If the file cannot be read, is too large, or is not TOML or JSON; the message says where it breaks off.
    """
    import tomllib

    file = Path(path)
    try:
        if file.stat().st_size > FILE_LIMIT:
            raise GroupRepError(f"{file} has {file.stat().st_size:,} bytes; at most {FILE_LIMIT:,} are read")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise GroupRepError(f"cannot read {file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise GroupRepError(f"{file} is not a text file (UTF-8)") from None
    try:
        data = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise GroupRepError(f"{file} is not valid {file.suffix[1:].upper()}, or is truncated: {error}") from None
    if not isinstance(data, dict):
        raise GroupRepError(f"{file} holds a {type(data).__name__}; a table of keys and values is needed")
    return data


def check_keys(data: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    """Raise GroupRepError for keys that are not allowed, with the closest allowed ones."""
    for key in data:
        if key not in allowed:
            close = difflib.get_close_matches(str(key), allowed, 1)
            hint = f'did you mean "{close[0]}"?' if close else f"allowed are {', '.join(allowed)}"
            raise GroupRepError(f'{where}: unknown key "{key}"; {hint}')


def group_from_dict(data: Mapping[str, Any], where: str = "group") -> Group:
    """The group described by plain data, as in the module's documentation.

    Raises
    ------
    GroupRepError
        If keys are unknown, missing or contradict each other, or the generators are no group's.
    """
    if not isinstance(data, Mapping):
        raise GroupRepError(f"{where}: a table is needed, got {data!r:.60}")
    check_keys(data, _KEYS, where)
    kinds = [k for k in _KINDS if k in data]
    if len(kinds) != 1:
        raise GroupRepError(
            f"{where}: exactly one of {', '.join(_KINDS)} is needed, found {', '.join(kinds) or 'none'}"
        )
    name = data.get("name", "")
    if not isinstance(name, str):
        raise GroupRepError(f"{where}: name must be text, got {name!r:.60}")
    kind = kinds[0]
    for key, owner in (("degree", "permutations"), ("components", "algebra")):
        if key in data and kind != owner:
            raise GroupRepError(f'{where}: "{key}" goes with "{owner}", not with "{kind}"')
    try:
        group: Group = _READERS[kind](data, name)
    except GroupRepError as error:
        raise type(error)(f"{where}: {error}") from None
    except RecursionError:
        raise GroupRepError(f'{where}: "{kind}" is nested too deeply') from None
    except (TypeError, KeyError, AttributeError, ValueError, IndexError, OverflowError) as error:
        raise GroupRepError(
            f'{where}: "{kind}" does not have the form that the documentation shows ({error})'
        ) from None
    return group


def _entries(value: Any, what: str) -> Any:
    if not isinstance(value, list | dict) or not value:
        raise GroupRepError(f'"{what}" must be a non-empty table of named generators, or a list of them')
    return value


def _read_permutations(data: Mapping[str, Any], name: str) -> Group:
    degree = data.get("degree")
    if degree is not None and (isinstance(degree, bool) or not isinstance(degree, int) or not 1 <= degree <= 10**6):
        raise GroupRepError(f"degree must be an integer from 1 to 1,000,000, got {degree!r:.40}")
    return FiniteGroup.from_permutations(_entries(data["permutations"], "permutations"), name=name, degree=degree)


def _read_matrices(data: Mapping[str, Any], name: str) -> Group:
    return FiniteGroup.from_matrices(_entries(data["matrices"], "matrices"), name=name)


def _read_table(data: Mapping[str, Any], name: str) -> Group:
    return FiniteGroup.from_table(data["table"], name=name)


def _read_presentation(data: Mapping[str, Any], name: str) -> Group:
    table = data["presentation"]
    check_keys(table, ("generators", "relators"), "presentation")
    return FiniteGroup.from_presentation(table["generators"], table["relators"], name=name)


def _read_algebra(data: Mapping[str, Any], name: str) -> Group:
    def values(entry: Any) -> list[Any]:
        return list(entry.values()) if isinstance(entry, dict) else list(entry)

    return LieGroup.from_algebra(
        values(_entries(data["algebra"], "algebra")), values(data.get("components", [])), name=name
    )


def _read_product(data: Mapping[str, Any], name: str) -> Group:
    from grouprep.groups.product import direct_product

    parts = [group_from_name(p) if isinstance(p, str) else group_from_dict(p, "product") for p in data["product"]]
    if len(parts) < 2:
        raise GroupRepError("a product needs at least two factors")
    return direct_product([H for G in parts for H in G.factors])


def _read_catalogue(data: Mapping[str, Any], name: str) -> Group:
    return group_from_name(data["catalogue"])


_READERS: dict[str, Callable[[Mapping[str, Any], str], Group]] = {
    "permutations": _read_permutations,
    "matrices": _read_matrices,
    "table": _read_table,
    "presentation": _read_presentation,
    "algebra": _read_algebra,
    "product": _read_product,
    "catalogue": _read_catalogue,
}


def group_from_name(name: str) -> Group:
    """The catalogue's group with a name: C8, D4, S5, A5, Q8, SO(3), O(3), SU(2), U(1), Sp(2), Sp(4,R), O(1,3), products D4xC2.

    Raises
    ------
    GroupRepError
        If there is no such group; the message lists the names.
    """
    from grouprep.groups import catalogue, symplectic
    from grouprep.groups.product import direct_product

    parts = re.split(r"\s*[x×]\s*(?![^(]*\))", name.strip())
    if len(parts) > 1:
        return direct_product([H for part in parts for H in group_from_name(part).factors])
    if re.fullmatch(r"Lorentz(\(\))?|O\(1, ?3\)", name.strip()):
        return catalogue.Lorentz()
    if re.fullmatch(r"Q8|Quaternion(\(\))?", name.strip()):
        return catalogue.Quaternion()
    if real := re.fullmatch(r"Sp\((\d{1,4}), ?R\)|SpReal\((\d{1,4})\)", name.strip()):
        return symplectic.SpReal(int(real[1] or real[2]))
    found = re.fullmatch(r"(SO|SU|Sp|O|U|C|D|S|A|Z)(?:\((\d{1,4})\)|(\d{1,4}))", name.strip())
    if not found:
        raise GroupRepError(
            f'group "{name}" is unknown; known are C8, D4, S5, A5, Q8, SO(3), O(3), SU(2), U(1), Sp(2), Sp(4,R), O(1,3) with any number, '
            "products such as D4xC2, and files ending in .toml or .json"
        )
    families: dict[str, Callable[[int], Group]] = {
        "SO": catalogue.SO, "SU": catalogue.SU, "Sp": symplectic.Sp, "O": catalogue.O, "U": catalogue.U, "C": catalogue.Cyclic,
        "Z": catalogue.Cyclic, "D": catalogue.Dihedral, "S": catalogue.Symmetric, "A": catalogue.Alternating,
    }  # fmt: skip
    return families[found[1]](int(found[2] or found[3]))


def matrix_to_data(matrix: Image) -> list[list[Any]]:
    """An exact matrix as nested lists of integers and text, read back by `to_domain_matrix`."""
    from grouprep.linalg import as_exact
    from grouprep.linalg.convert import to_sympy

    whole = to_sympy(as_exact(matrix))
    return [[int(x) if x.is_Integer else str(x) for x in whole.row(i)] for i in range(whole.rows)]


def finite_group_to_dict(G: FiniteGroup) -> dict[str, Any]:
    """See `FiniteGroup.to_dict`."""
    named = dict(zip((str(a) for a in G.generator_names), G.generators, strict=True))
    if G.matrices is not None:
        return {"catalogue": G.name} if _is_catalogued(G) else {
            "name": G.name,
            "matrices": {k: matrix_to_data(m) for k, m in zip(named, G.matrices.images, strict=True)},
        }  # fmt: skip
    if _is_catalogued(G):
        return {"catalogue": G.name}
    return {"name": G.name, "degree": G.degree, "permutations": {k: cycle_string(p) for k, p in named.items()}}


def lie_group_to_dict(G: LieGroup) -> dict[str, Any]:
    """See `LieGroup.to_dict`."""
    if not G.is_exact:
        raise GroupRepError(f"{G} has float generators; only exact groups are written to files")
    if _is_catalogued(G):
        return {"catalogue": G.name}
    data = {"name": G.name, "algebra": [matrix_to_data(a) for a in G.algebra]}
    if G.components:
        data["components"] = [matrix_to_data(h) for h in G.components]
    return data


def _is_catalogued(G: Group) -> bool:
    """Whether the group's name alone gives it back."""
    try:
        return group_from_name(G.name) == G
    except GroupRepError:
        return False
