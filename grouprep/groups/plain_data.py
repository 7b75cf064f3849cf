"""Groups as plain data (JSON, TOML): reading tables from files, checking keys, matrices as text."""

from __future__ import annotations

import json
import stat
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grouprep.errors import GroupRepError, TooLarge, nearest
from grouprep.groups.base import Group
from grouprep.groups.permutations import cycle_string, format_order
from grouprep.groups.registry import member
from grouprep.linalg import Image, as_exact
from grouprep.linalg.budget import DEPTH, FILE_BYTES, PRINTED, require
from grouprep.linalg.fields import domain_of, element, expression
from grouprep.linalg.parsing import parse_expression
from grouprep.linalg.sparse import from_domain_matrix_rows
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from os import PathLike

    from sympy.polys.domains import Domain
    from sympy.polys.matrices import DomainMatrix

    from grouprep.groups.finite import FiniteGroup
    from grouprep.groups.lie import LieGroup

__all__ = [
    "Table",
    "check_keys",
    "described",
    "finite_group_to_dict",
    "integer",
    "lie_group_to_dict",
    "matrices_from_data",
    "matrix_from_data",
    "matrix_to_data",
    "read_data_file",
    "text_list",
]

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
        text = _bytes(file).decode("utf-8-sig").replace("\r\n", "\n")
    except GroupRepError:
        raise
    except OSError as error:
        raise GroupRepError(f"cannot read {file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise GroupRepError(f"{file} is not a text file (UTF-8)") from None
    except ValueError as error:  # a NUL in the name
        raise GroupRepError(f"cannot read {str(file)!r:.80}: {error}") from None
    try:
        data = _json(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
        _check_size(data)
    except GroupRepError as error:
        raise type(error)(f"{file}: {error}") from None
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise GroupRepError(f"{file} is not valid {file.suffix[1:].upper()}, or is truncated: {error}") from None
    except ValueError:  # Python reads integers of up to 4,300 digits
        raise TooLarge(f"{file}: {_LONG}") from None
    except RecursionError:  # Python's own bound is above DEPTH, and differs between releases
        raise TooLarge(f"{file}: {_DEEP}") from None
    if not isinstance(data, dict):
        raise GroupRepError(f"{file} holds a {type(data).__name__}; a table of keys and values is needed")
    return data


_LONG = f"it holds an integer beyond the limit of {PRINTED:,} bits"
_DEEP = f"its JSON or TOML has tables and lists inside each other beyond the limit of {DEPTH} levels"


def _check_size(data: object) -> None:
    """Raise TooLarge for plain data that is nested too deeply, or has integers that cannot be printed."""
    level = [data]
    for _ in range(DEPTH):
        if any(type(x) is int and x.bit_length() > PRINTED for x in level):
            raise TooLarge(_LONG)
        tables = [x for x in level if isinstance(x, dict | list)]
        level = [y for x in tables for y in (x.values() if isinstance(x, dict) else _representatives(x))]
    if level:
        raise TooLarge(_DEEP)


def _representatives(values: list[Any]) -> list[Any]:
    """The least and the largest of integers, anything else as it is."""
    return [min(values), max(values)] if set(map(type, values)) == {int} else values


def _bytes(file: Path) -> bytes:
    """The content of a regular file: a pipe may never end, nor a device."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise GroupRepError(f"cannot read {file}: it is no regular file")
    with file.open("rb") as stream:
        content = stream.read(FILE_BYTES + 1)  # what grows while it is read, or has no size, ends here too
    require(len(content), FILE_BYTES, f"{file} is too long, its bytes are at least")
    return content


def _json(text: str) -> object:
    def table(pairs: list[tuple[str, object]]) -> Table:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise GroupRepError(f"the key {twice!r:.60} stands twice in one table")
        return found

    def constant(name: str) -> object:
        raise GroupRepError(f"{name} is no number; every number must be finite")

    return json.loads(text, object_pairs_hook=table, parse_constant=constant)


def integer(value: object, what: str, least: int = 0, most: int = (1 << 63) - 1) -> int:
    """A value that has to be an integer from least to most, and no bool or float that equals one.

    Raises
    ------
    GroupRepError
        If it is none; TooLarge beyond most.
    """
    if type(value) is not int or value < least:
        raise GroupRepError(f"{what} must be an integer >= {least}, got {value!r:.40}")
    require(value, most, f"{what} is")
    return value


def text_list(value: object, what: str) -> list[str]:
    """A value that has to be a list of texts.

    Raises
    ------
    GroupRepError
        If it is none.
    """
    if not isinstance(value, list | tuple) or not all(isinstance(x, str) for x in value):
        raise GroupRepError(f"{what} must be a list of texts, got {value!r:.60}")
    return list(value)


def matrix_from_data(value: object, what: str, kinds: tuple[type, ...] = (int, str)) -> list[list[Any]]:
    """A value that has to be a matrix: rows of integers and text, as `matrix_to_data` writes it, or of other kinds.

    Raises
    ------
    GroupRepError
        If it is none; true and false are no numbers.
    """
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise GroupRepError(f"{what} must be a list of rows, got {value!r:.60}")
    strange = (row for row in value if not set(map(type, row)).issubset(kinds))
    for x in (x for row in strange for x in row if type(x) not in kinds):
        raise GroupRepError(f"{what} has the entry {x!r:.40}; write an integer, or text such as 'sqrt(3)/2'")
    return value


def entries_from_data(
    matrices: Sequence[object], shape: tuple[int, int], what: str
) -> tuple[list[dict[tuple[int, int], Scalar]], Domain]:
    """The non-zero entries of matrices by (row, column), from lists of [row, column, value], over one domain.

    Raises
    ------
    GroupRepError
        If one is no such list, leaves the shape or gives an entry twice.
    """
    values: dict[int | str, None] = {}
    for entries in matrices:
        if not isinstance(entries, list):
            raise GroupRepError(f"{what} must be lists of entries, got {entries!r:.60}")
        places: set[tuple[int, int]] = set()
        for entry in entries:
            inside = isinstance(entry, list) and len(entry) == 3
            if not (inside and all(type(k) is int and 0 <= k < n for k, n in zip(entry, shape, strict=False))):
                raise GroupRepError(
                    f"{what} entry {entry!r:.60} is not [row, column, value] inside {shape[0]} x {shape[1]}"
                )
            if type(entry[2]) not in (int, str):
                raise GroupRepError(f"{what} value {entry[2]!r:.40} is neither an integer nor text")
            places.add((entry[0], entry[1]))
            values.setdefault(entry[2], None)
        if len(places) < len(entries):
            twice = Counter((i, j) for i, j, _ in entries).most_common(1)[0][0]
            raise GroupRepError(f"{what} gives the entry {twice} twice")
    expressions = {v: parse_expression(str(v)) for v in values}
    domain = domain_of(list(expressions.values()))
    exact = {v: element(e, domain) for v, e in expressions.items()}
    return [{(i, j): exact[v] for i, j, v in entries if exact[v]} for entries in matrices], domain  # type: ignore[attr-defined]


def matrices_from_data(value: object, what: str) -> list[Any] | dict[str, Any]:
    """A value that has to be a table of matrices by name, or a list of matrices; their entries may be floats.

    Raises
    ------
    GroupRepError
        If it is none.
    """
    if not isinstance(value, list | dict) or not value:
        raise GroupRepError(f'"{what}" must be a non-empty table of named generators, or a list of them')
    for label, matrix in value.items() if isinstance(value, dict) else enumerate(value):
        matrix_from_data(matrix, f"{what}[{label!r}]", (int, float, str))
    return value


def check_keys(data: Mapping[str, object], allowed: Sequence[str], where: str) -> None:
    """Raise GroupRepError for keys that are not allowed, with the closest allowed ones."""
    for key in data:
        if key not in allowed:
            raise GroupRepError(f'{where}: unknown key "{key}"; {nearest(key, allowed)}')


def matrix_to_data(matrix: Image) -> list[list[int | str]]:
    """An exact matrix as nested lists of integers and text, read back by `to_domain_matrix`."""
    exact = as_exact(matrix)
    data: list[list[int | str]] = [[0] * exact.shape[1] for _ in range(exact.shape[0])]
    for i, row in from_domain_matrix_rows(exact).items():
        for j, x in row.items():
            data[i][j] = _number_to_data(x, exact.domain)
    return data


def _number_to_data(x: Scalar, domain: Domain) -> int | str:
    value = expression(x, domain)
    return int(value) if value.is_Integer else str(value)


def entries_to_data(exact: DomainMatrix) -> list[list[int | str]]:
    """The non-zero entries of an exact matrix in order, [row, column, integer or text], read back by `entries_from_data`."""
    texts: dict[Scalar, int | str] = {}

    def text(x: Scalar) -> int | str:
        if x not in texts:
            texts[x] = _number_to_data(x, exact.domain)
        return texts[x]

    rows = sorted(from_domain_matrix_rows(exact).items())
    return [[i, j, text(x)] for i, row in rows for j, x in sorted(row.items())]


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


def described(G: Group) -> str:
    """A group for what is claimed of it: a name that says which it is, or one in quotes with the order that was computed.

    Anyone may call a group D4.

    Examples
    --------
    >>> from grouprep import Dihedral, FiniteGroup
    >>> described(Dihedral(4)), described(FiniteGroup.from_permutations([[0]], name="D4"))
    ('D4', '"D4" (order 1, 1 generator)')
    """
    if G.is_product:
        return " x ".join(map(described, G.factors))
    if _is_named(G):
        return G.name
    size = f"order {format_order(int(G.order))}" if G.is_finite else "infinite"
    count = len(G.generator_names)
    return f'"{G.name:.60}" ({size}, {count} generator{"s" if count > 1 else ""})'
