"""Groups from names ("D4", "SO(3)", "D4xC2") and from TOML or JSON files of generators; groups as plain data.

A file has a name and one of these (matrix entries are integers or text such as "sqrt(3)/2"; text is parsed, never executed):

    permutations = { r = "(1 2 3 4)", s = "(2 4)" }     # cycles of 1-based points; or lists of images of 0..n-1; degree = n
    matrices     = { r = [[0, -1], [1, 0]] }            # a finite group of matrices
    table        = [[0, 1], [1, 0]]                     # a multiplication table
    presentation = { generators = ["r", "s"], relators = ["r^4", "s^2", "(r s)^2"] }
    algebra      = { A1 = [[0, -1], [1, 0]] }           # a Lie group, with components = { h1 = [[1, 0], [0, -1]] }
    product      = ["D4", "C2"]                         # names, or tables like these
    semidirect   = { normal = "C7", complement = "C3", action = [["(1 3 5 7 2 4 6)"]] }     # images of N's generators by each of K's
    wreath       = ["C2", "S4"]
    catalogue    = "D4"

and [representations.NAME] tables (see `grouprep.representations.files`). Lists may stand in place of tables of generators.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

from grouprep.errors import GroupRepError, shown
from grouprep.groups.base import Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.groups.plain_data import Table, check_keys, matrices_from_data, read_data_file, text_list
from grouprep.groups.product import direct_product
from grouprep.groups.registry import families, member
from grouprep.groups.semidirect import SemidirectProduct, WreathProduct
from grouprep.linalg.budget import NAME, require

__all__ = ["group_from_dict", "group_from_name", "load_group"]

_EXAMPLES = {
    "permutations": '{ r = "(1 2 3 4)", s = "(2 4)" }',
    "matrices": "{ r = [[0, -1], [1, 0]] }",
    "table": "[[0, 1], [1, 0]]",
    "presentation": '{ generators = ["r", "s"], relators = ["r^4", "s^2", "(r s)^2"] }',
    "algebra": "{ A1 = [[0, -1], [1, 0]] }",
    "product": '["D4", "C2"]',
    "semidirect": '{ normal = "C7", complement = "C3", action = [["(1 3 5 7 2 4 6)"]] }',
    "wreath": '["C2", "S4"]',
    "catalogue": '"D4"',
}
_KEYS = (*_EXAMPLES, "name", "degree", "components", "representations")


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
    if not isinstance(source, str | PathLike):
        raise GroupRepError(f'source must be a name such as "D4", or the path of a file, got {shown(source)}')
    text = str(source)
    if text.lower().endswith((".toml", ".json")):
        return group_from_dict(read_data_file(source), text)
    return group_from_name(text)


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
    kinds = [k for k in _EXAMPLES if k in data]
    if len(kinds) != 1:
        raise GroupRepError(
            f"{where}: exactly one of {', '.join(_EXAMPLES)} is needed, found {', '.join(kinds) or 'none'}"
        )
    name = data.get("name", "")
    if not isinstance(name, str):
        raise GroupRepError(f"{where}: name must be text, got {name!r:.60}")
    kind = kinds[0]
    for key, owner in (("degree", "permutations"), ("components", "algebra")):
        if key in data and kind != owner:
            raise GroupRepError(f'{where}: "{key}" goes with "{owner}", not with "{kind}"')
    try:
        group: Group = _READERS[kind](dict(data), name)
    except GroupRepError as error:
        raise type(error)(f"{where}: {error}") from None
    except RecursionError:
        raise GroupRepError(f'{where}: "{kind}" is nested too deeply') from None
    except (TypeError, KeyError, AttributeError, ValueError, IndexError, OverflowError):
        raise GroupRepError(
            f"{where}: {kind} = {reprlib.repr(data[kind])} does not have the form of {kind} = {_EXAMPLES[kind]}"
        ) from None
    return group


def _entries(data: Table, what: str) -> list[Any] | dict[str, Any]:
    value = data[what]
    if not isinstance(value, list | dict) or not value:
        raise GroupRepError(f'"{what}" must be a non-empty table of named generators, or a list of them')
    return value


def _read_permutations(data: Table, name: str) -> Group:
    degree = data.get("degree")
    if degree is not None and (isinstance(degree, bool) or not isinstance(degree, int) or not 1 <= degree <= 10**6):
        raise GroupRepError(f"degree must be an integer from 1 to 1,000,000, got {degree!r:.40}")
    return FiniteGroup.from_permutations(_entries(data, "permutations"), name=name, degree=degree)


def _read_matrices(data: Table, name: str) -> Group:
    return FiniteGroup.from_matrices(matrices_from_data(data["matrices"], "matrices"), name=name)


def _read_table(data: Table, name: str) -> Group:
    return FiniteGroup.from_table(data["table"], name=name)


def _read_presentation(data: Table, name: str) -> Group:
    table = data["presentation"]
    if not isinstance(table, dict) or set(table) < {"generators", "relators"}:
        raise GroupRepError('"presentation" must be a table of generators and relators')
    check_keys(table, ("generators", "relators"), "presentation")
    generators, relators = (text_list(table[key], f"presentation.{key}") for key in ("generators", "relators"))
    return FiniteGroup.from_presentation(generators, relators, name=name)


def _read_algebra(data: Table, name: str) -> Group:
    algebra = matrices_from_data(data["algebra"], "algebra")
    components = data.get("components", [])
    if components not in ([], {}):
        components = matrices_from_data(components, "components")
    generators, parts = (list(x.values()) if isinstance(x, dict) else list(x) for x in (algebra, components))
    return LieGroup.from_algebra(generators, parts, name=name)


def _read_product(data: Table, name: str) -> Group:
    given = data["product"]
    if not isinstance(given, list) or len(given) < 2:
        raise GroupRepError('"product" must be a list of at least two factors')
    return direct_product([H for p in given for H in _part(p, "product").factors])


def _part(given: object, where: str) -> Group:
    """A group by its name, or by a table."""
    return group_from_name(given) if isinstance(given, str) else group_from_dict(given, where)  # type: ignore[arg-type]


def _finite_part(given: object, where: str) -> FiniteGroup:
    G = _part(given, where)
    if not isinstance(G, FiniteGroup):
        raise GroupRepError(f"{where}: {G} is infinite; finite groups are needed")
    return G


def _read_semidirect(data: Table, name: str) -> Group:
    table = data["semidirect"]
    if not isinstance(table, dict) or set(table) < {"normal", "complement", "action"}:
        raise GroupRepError('"semidirect" must be a table of normal, complement and action')
    check_keys(table, ("normal", "complement", "action"), "semidirect")
    N, K = (_finite_part(table[key], f"semidirect.{key}") for key in ("normal", "complement"))
    return SemidirectProduct(N, K, table["action"], name=name)


def _read_wreath(data: Table, name: str) -> Group:
    given = data["wreath"]
    if not isinstance(given, list) or len(given) != 2:
        raise GroupRepError('"wreath" must be a list of two groups')
    base, top = (_finite_part(p, "wreath") for p in given)
    return WreathProduct(base, top, name=name)


def _read_catalogue(data: Table, name: str) -> Group:
    if not isinstance(data["catalogue"], str):
        raise GroupRepError(f'catalogue must be a name such as "D4", got {data["catalogue"]!r:.60}')
    return group_from_name(data["catalogue"])


_READERS: dict[str, Callable[[Table, str], Group]] = {
    "permutations": _read_permutations,
    "matrices": _read_matrices,
    "table": _read_table,
    "presentation": _read_presentation,
    "algebra": _read_algebra,
    "product": _read_product,
    "semidirect": _read_semidirect,
    "wreath": _read_wreath,
    "catalogue": _read_catalogue,
}


def group_from_name(name: str) -> Group:
    """The group of a registered family with a name, such as D4, SO(3) or Sp(4,R), or a product of such, D4xC2.

    Raises
    ------
    GroupRepError
        If there is no such group; the message lists the names.
    """
    require(len(name), NAME, "the name of a group has characters:")
    text = name.strip()
    found = member(text)
    if found is not None:
        return found
    parts = re.split(r"\s*[x×]\s*(?![^(]*\))", text)
    if len(parts) > 1 and all(parts):
        return direct_product([H for part in parts for H in group_from_name(part).factors])
    meant = "x".join(map(_meant, re.split(r"[x×*]", text)))
    raise GroupRepError(
        f'group "{name:.80}" is unknown; '
        + (f'did you mean "{meant}"? ' if all(map(_meant, re.split(r"[x×*]", text))) else "")
        + f"known are {', '.join(F.example for F in families())} with any number, products such as D4xC2, and files ending in "
        ".toml or .json"
    )


def _meant(text: str) -> str:
    """The name that was probably meant by one that is unknown, D4 by "d_4" or "DihedralGroup(4)"; empty if none is close."""
    plain = re.sub(r"group|[\s_/{}^]", "", text, flags=re.IGNORECASE)
    plain += ")" * ("(" in plain and ")" not in plain)
    for F in families():
        symbol = re.match(r"[A-Za-z]*", F.example)[0]  # type: ignore[index]
        for beginning in sorted({symbol, F.name}, key=len, reverse=True):
            if plain.lower().startswith(beginning.lower()):
                rest = plain[len(beginning) :]
                for found in (symbol + rest, F.example if not rest else ""):
                    if found and F.reads(found):
                        return found
    return plain if any(F.reads(plain) for F in families()) else ""
