"""Annotations of a model in a TOML file.

group = "D4"                                       # a name, or a table as in a group file

[representations.features]                         # optional, as in a group file
expression = "16*regular"

[layers."conv1"]                                   # a name or pattern
input = "3*trivial"
output = "features"
# grid = "9*trivial"    bias = false    layout = "HWIO"    stacked = 1 (the last two for JAX)

[layers."blocks.*.attention"]
query = "features"                                 # key, value, out default to it
head = "4*regular"

[layers.pair]
inputs = ["features", "features"]                  # a bilinear layer
output = "trivial"

[layers.mixer]
parameter = "kernel"                               # one parameter; layout = "io"    rows = [0, 64]
input = "features"
output = "features"
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike

from grouprep.errors import GroupRepError
from grouprep.groups.base import Group
from grouprep.groups.files import group_from_dict, group_from_name
from grouprep.groups.plain_data import check_keys, read_data_file
from grouprep.representations import Representation
from grouprep.representations.expression import parse_representation
from grouprep.representations.files import named_representations
from projectors.models.specs import AttentionSpec, BilinearSpec, LayerSpec, ParameterSpec, Spec

__all__ = ["load_spec"]

_PLAIN = ("input", "output", "grid", "bias", "layout", "stacked")
_BILINEAR = ("inputs", "output", "bias")
_ATTENTION = ("query", "key", "value", "out", "head", "form", "bias")
_PARAMETER = ("parameter", "input", "output", "layout", "rows")


def load_spec(path: str | PathLike[str]) -> dict[str, Spec]:
    """The specification in a TOML file, for `EquivariancePenalty`.

    Raises
    ------
    GroupRepError
        If the file is missing or not of the form shown in the module; the message names the place.
    """
    data, where = read_data_file(path), str(path)
    check_keys(data, ("group", "representations", "layers"), where)
    group = data.get("group")
    if isinstance(group, str):
        G = group_from_name(group)
    elif isinstance(group, Mapping):
        G = group_from_dict(group, f"{where}: group")
    else:
        raise GroupRepError(f'{where}: group is missing; write group = "D4" or a table [group]')
    named = named_representations(G, data.get("representations", {}), where)
    layers = data.get("layers")
    if not isinstance(layers, Mapping) or not layers:
        raise GroupRepError(f"{where}: no layers; write tables [layers.NAME] with input and output")
    return {name: _spec(table, G, named, f'{where}: layers."{name}"') for name, table in layers.items()}


def _spec(table: object, G: Group, named: Mapping[str, Representation], where: str) -> Spec:
    if not isinstance(table, Mapping):
        raise GroupRepError(f"{where}: a table is needed, got {table!r:.60}")

    def read(key: str) -> Representation:
        if key not in table:
            raise GroupRepError(f"{where}: {key} is missing")
        return _representation(table[key], G, named, f"{where}: {key}")

    def maybe(key: str) -> Representation | None:
        return read(key) if key in table else None

    def flag(key: str, default: bool) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            raise GroupRepError(f"{where}: {key} is true or false, got {value!r:.40}")
        return value

    if "query" in table:
        check_keys(table, _ATTENTION, where)
        return AttentionSpec(
            read("query"),
            maybe("key"),
            maybe("value"),
            maybe("out"),
            read("head"),
            flag("form", False),
            flag("bias", True),
        )
    if "inputs" in table:
        check_keys(table, _BILINEAR, where)
        inputs = table["inputs"]
        if not isinstance(inputs, list) or len(inputs) != 2:
            raise GroupRepError(f"{where}: inputs is a list of two representations, got {inputs!r:.60}")
        V1, V2 = (_representation(text, G, named, f"{where}: inputs") for text in inputs)
        return BilinearSpec(V1, V2, read("output"), flag("bias", True))
    if "parameter" in table:
        check_keys(table, _PARAMETER, where)
        rows = table.get("rows")
        if rows is not None and (
            not isinstance(rows, list) or len(rows) != 2 or not all(type(r) is int and r >= 0 for r in rows)
        ):
            raise GroupRepError(f"{where}: rows = [start, stop] are two integers, got {rows!r:.40}")
        layout = table.get("layout", "oi")
        return ParameterSpec(
            table["parameter"], read("input"), read("output"), layout, None if rows is None else (rows[0], rows[1])
        )
    check_keys(table, _PLAIN, where)
    layout, stacked = table.get("layout"), table.get("stacked", 0)
    return LayerSpec(read("input"), read("output"), maybe("grid"), flag("bias", True), layout, stacked)


def _representation(text: str, G: Group, named: Mapping[str, Representation], where: str) -> Representation:
    try:
        return parse_representation(G, text, named)
    except GroupRepError as error:
        raise type(error)(f"{where}: {error}") from None
