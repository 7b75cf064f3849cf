"""Representations as plain data, and the named representations of a group file.

A group file may hold tables [representations.NAME] with one of

    expression   = "2*regular + trivial"
    permutations = { r = "(1 2)", s = "()" }            # a permutation for every generator
    images       = { r = [[-1]], s = [[1]] }            # a matrix for every generator
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from grouprep.errors import GroupRepError
from grouprep.groups.base import Group
from grouprep.groups.files import group_from_dict, load_group
from grouprep.groups.permutations import as_permutation
from grouprep.groups.plain_data import (
    check_keys,
    entries_from_data,
    entries_to_data,
    integer,
    matrices_from_data,
    matrix_from_data,
    matrix_to_data,
    read_data_file,
)
from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg.budget import ROOT_ORDER, SPARSE_SIZE
from grouprep.linalg.sparse import Rows, sparse_matrix
from grouprep.representations.base import Representation
from grouprep.representations.expression import check_new_name, parse_representation
from grouprep.representations.images import ImageRepresentation

__all__ = ["load_representations", "named_representations", "representation_from_dict", "representation_to_dict"]

_EXAMPLES = {
    "expression": '"2*regular + trivial"',
    "permutations": '{ r = "(1 2)", s = "()" }',
    "images": "{ r = [[-1]], s = [[1]] }",
}


def load_representations(source: str | PathLike[str]) -> tuple[Group, dict[str, Representation]]:
    """The group with a name or in a file, and the representations that the file names.

    Raises
    ------
    GroupRepError
        As `load_group`, and if a named representation is not one.
    """
    if not str(source).lower().endswith((".toml", ".json")):
        return load_group(source), {}
    data = read_data_file(source)
    G = group_from_dict(data, str(source))
    return G, named_representations(G, data.get("representations", {}), str(source))


def named_representations(G: Group, tables: object, where: str) -> dict[str, Representation]:
    """The representations in the tables [representations.NAME] of a file, in their order; later ones may use earlier ones."""
    if not isinstance(tables, Mapping):
        raise GroupRepError(f"{where}: representations must be a table of tables, got {tables!r:.60}")
    named: dict[str, Representation] = {}
    for name, table in tables.items():
        place = f"{where}: representations.{name}"
        if not isinstance(table, Mapping):
            raise GroupRepError(f"{place}: a table is needed, got {table!r:.60}")
        check_keys(table, tuple(_EXAMPLES), place)
        if len(table) != 1:
            raise GroupRepError(f"{place}: exactly one of expression, permutations, images is needed")
        try:
            check_new_name(name)
            if "expression" in table:
                named[name] = parse_representation(G, table["expression"], named)
            elif "permutations" in table:
                named[name] = _from_permutations(G, table["permutations"], name)
            else:
                named[name] = ImageRepresentation(G, matrices_from_data(table["images"], "images"), name=name)
        except GroupRepError as error:
            raise type(error)(f"{place}: {error}") from None
        except (TypeError, KeyError, AttributeError, ValueError, IndexError, OverflowError, RecursionError):
            (kind,) = table
            raise GroupRepError(
                f"{place}: {kind} = {reprlib.repr(table[kind])} does not have the form of {kind} = {_EXAMPLES[kind]}"
            ) from None
    return named


def _from_permutations(G: Group, table: Mapping[str, object] | Sequence[object], name: str) -> Representation:
    given = G.by_generator(table)
    degree = max(len(as_permutation(p, a.label)) for a, p in given.items())
    images = {a: Monomial(as_permutation(p, a.label, degree)) for a, p in given.items()}
    return ImageRepresentation(G, images, name=name)


_SPARSE = 8  # a matrix with fewer than one entry in eight is written by entries


def image_to_data(image: Image) -> dict[str, object]:
    """A matrix as plain data: monomial ones by permutation and phase, sparse ones by entries, others by rows of text."""
    if isinstance(image, Monomial):
        data: dict[str, object] = {"perm": image.perm.tolist()}
        if image.modulus > 1:
            data |= {"phase": image.phase.tolist(), "modulus": image.modulus}
        return data
    exact = as_exact(image)
    if exact.nnz() * _SPARSE > exact.shape[0] ** 2 or exact.shape[0] > SPARSE_SIZE:
        return {"rows": matrix_to_data(exact)}
    return {"size": exact.shape[0], "entries": entries_to_data(exact)}


def image_from_data(data: object, where: str) -> object:
    """Read back `image_to_data`."""
    if not isinstance(data, Mapping):
        raise GroupRepError(f"{where}: a table is needed, got {data!r:.60}")
    check_keys(data, ("perm", "phase", "modulus", "rows", "size", "entries"), where)
    if set(data) == {"rows"}:
        return matrix_from_data(data["rows"], f"{where}.rows")
    if set(data) == {"size", "entries"}:
        n = integer(data["size"], f"{where}.size", 1, SPARSE_SIZE)
        (entries,), domain = entries_from_data([data["entries"]], (n, n), f"{where}.entries")
        rows: Rows = {}
        for (i, j), x in entries.items():
            rows.setdefault(i, {})[j] = x
        return sparse_matrix(rows, (n, n), domain)
    if set(data) not in ({"perm"}, {"perm", "phase", "modulus"}):
        raise GroupRepError(
            f"{where}: rows alone, perm alone or with phase and modulus, or size with entries are needed, found {', '.join(data) or 'none'}"
        )
    modulus = integer(data.get("modulus", 1), f"{where}.modulus", 1, ROOT_ORDER)
    for key in data.keys() & {"perm", "phase"}:
        if not isinstance(data[key], list):
            raise GroupRepError(f"{where}.{key} must be a list of integers, got {data[key]!r:.60}")
    try:
        return Monomial(data["perm"], data.get("phase"), modulus)
    except GroupRepError as error:
        raise type(error)(f"{where}: {error}") from None


def representation_to_dict(V: Representation) -> dict[str, object]:
    """The group and the exact images of its generators; GroupRepError for float representations."""
    if V.domain is None:
        raise GroupRepError(f"{V} has float generators; only exact representations are written to files")
    images = {str(a): image_to_data(m) for a, m in V.images.items()}
    return {"group": V.group.to_dict(), "name": str(V), "images": images}


def representation_from_dict(data: Mapping[str, Any], where: str = "representation") -> Representation:
    """The representation in plain data, proved to be one.

    Raises
    ------
    GroupRepError
        If the data is not what `to_dict` gives; NotAHomomorphism if the images are not a representation.
    """
    if not isinstance(data, Mapping):
        raise GroupRepError(f"{where}: a table is needed, got {data!r:.60}")
    check_keys(data, ("group", "name", "images"), where)
    for key in ("group", "images"):
        if not isinstance(data.get(key), Mapping):
            raise GroupRepError(f'{where}: the table "{key}" is missing')
    G = group_from_dict(data["group"], f"{where}.group")
    images = {k: image_from_data(m, f"{where}.images.{k}") for k, m in data["images"].items()}
    name = data.get("name", "")
    if not isinstance(name, str):
        raise GroupRepError(f"{where}: name must be text, got {name!r:.60}")
    return ImageRepresentation(G, images, name=name)
