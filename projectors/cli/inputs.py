"""What the command's arguments name: groups, representations and weights."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.groups.base import Group
from grouprep.representations.base import Representation
from grouprep.representations.expression import parse_representation
from grouprep.representations.files import load_representations
from grouprep.typing import Array

__all__ = ["GroupSource", "Weights", "load_weights", "packaged_examples", "read_group"]


# What numpy and zipfile raise on files that are damaged, or not what their names say.
DAMAGED = (
    ValueError, EOFError, KeyError, TypeError, SyntaxError, NotImplementedError, OverflowError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class GroupSource:
    """A group, the representations that its file names, and the file if there is one."""

    group: Group
    named: Mapping[str, Representation]
    path: str | None

    def representation(self, text: str, option: str) -> Representation:
        """The representation that the expression given to an option describes.

        Raises
        ------
        GroupRepError
            If the expression is none; the message names the option.
        """
        try:
            return parse_representation(self.group, text, self.named)
        except GroupRepError as error:
            raise type(error)(f"{option}: {error}") from None


def packaged_examples() -> dict[str, Path]:
    """The group files that come with the package, by name.

    Examples
    --------
    >>> from projectors.cli.inputs import packaged_examples
    >>> packaged_examples()["rubik"].name
    'rubik.toml'
    """
    folder = Path(str(files("grouprep.groups") / "data"))
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def read_group(text: str) -> GroupSource:
    """The group with a name, in a TOML or JSON file, or among the packaged examples.

    Parameters
    ----------
    text : "D4", "SO(3)", "D4xC2", "square.toml", "rubik".

    Raises
    ------
    GroupRepError
        If there is no such group, or its file cannot be used.

    Examples
    --------
    >>> from projectors.cli.inputs import read_group
    >>> read_group("D4").group.order
    8
    """
    examples = packaged_examples()
    if text.lower() in examples:
        text = str(examples[text.lower()])
    group, named = load_representations(text)
    is_file = text.lower().endswith((".toml", ".json"))
    return GroupSource(group, named, text if is_file else None)


@dataclass(frozen=True)
class Weights:
    """A matrix of weights in double precision, and what was done to the array to make it one."""

    source: str
    matrix: Array
    key: str | None
    shape: tuple[int, ...]
    note: str | None


def load_weights(path: str, key: str | None = None) -> Weights:
    """The matrix in a .npy, .npz or .safetensors file; higher arrays (out, ...) are flattened to (out, product of the rest).

    Parameters
    ----------
    path : the file; pickled objects in it are refused.
    key : which array, where the file holds several.

    Raises
    ------
    GroupRepError
        If the file cannot be read, is truncated or pickled, or the array is not one of finite numbers.
    """
    name, array = _read_array(path, key)
    where = path if name is None else f"{path}: {name}"
    if array.dtype.kind not in "biufc":
        raise GroupRepError(f"{where} holds {array.dtype}, not numbers")
    if array.size == 0:
        raise GroupRepError(f"{where} has shape {array.shape} and no entries")
    matrix = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    if bad := int(np.count_nonzero(~np.isfinite(matrix))):
        raise GroupRepError(f"{where} has {bad:,} entries that are NaN or infinite; every entry must be finite")
    return _as_matrix(matrix, name, where)


def _as_matrix(array: Array, key: str | None, where: str) -> Weights:
    if array.ndim == 0:
        raise DimensionMismatch(f"{where} is a single number; a matrix (dim W, dim V) is needed")
    if array.ndim == 1:
        note = f"a vector of length {len(array)} is read as the matrix {len(array)} x 1 (a bias: --in trivial)"
        return Weights(where, array[:, None], key, array.shape, note)
    matrix = array.reshape(array.shape[0], -1)
    if array.ndim == 2:
        return Weights(where, matrix, key, array.shape, None)
    shape = " x ".join(map(str, array.shape))
    note = f"{shape} is flattened to {matrix.shape[0]} x {matrix.shape[1]}"
    return Weights(where, matrix, key, array.shape, note)


def _read_array(path: str, key: str | None) -> tuple[str | None, Array]:
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in (".npy", ".npz", ".safetensors"):
        raise GroupRepError(
            f"{path}: weights are read from .npy, .npz and .safetensors files; "
            "save others with numpy.save(file, array) or safetensors"
        )
    if not file.exists():
        raise GroupRepError(f"cannot read {path}: no such file")
    try:
        return _read_safetensors(path, key) if suffix == ".safetensors" else _read_numpy(path, key)
    except GroupRepError:
        raise
    except OSError as error:
        raise GroupRepError(f"cannot read {path}: {error.strerror or error}") from None
    except DAMAGED as error:
        if "pickle" in str(error):
            raise GroupRepError(
                f"{path} holds pickled objects, or is no {suffix} file; pickles can run code and are never read: "
                "save plain arrays of numbers"
            ) from None
        raise GroupRepError(f"{path} is not a valid {suffix} file, or is truncated: {error}") from None
    except MemoryError:
        raise GroupRepError(f"{path} declares an array that does not fit into memory, or is truncated") from None


def _read_numpy(path: str, key: str | None) -> tuple[str | None, Array]:
    with open(path, "rb") as file:  # np.load(path) leaves a damaged archive open
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            if key is not None:
                raise GroupRepError(f"{path} holds a single array without a name; leave --key {key} away")
            return None, loaded
        with loaded:
            chosen = _choose(list(loaded.files), key, path)
            return chosen, np.asarray(loaded[chosen])


def _read_safetensors(path: str, key: str | None) -> tuple[str | None, Array]:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise GroupRepError(f"{path}: reading safetensors files needs: pip install grouprep[safetensors]") from None
    try:
        with safe_open(path, framework="numpy") as tensors:
            name = _choose(list(tensors.keys()), key, path)
            return name, np.asarray(tensors.get_tensor(name))
    except SafetensorError as error:
        raise GroupRepError(f"{path} is not a valid .safetensors file, or is truncated: {error}") from None


def _choose(names: Sequence[str], key: str | None, path: str) -> str:
    """The array that is meant: the one with the key, or the only one."""
    if not names:
        raise GroupRepError(f"{path} holds no arrays")
    listing = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    if key is None and len(names) == 1:
        return names[0]
    if key is None:
        raise GroupRepError(f"{path} holds {len(names)} arrays; choose one with --key: {listing}")
    if key not in names:
        raise GroupRepError(f'{path} has no array "{key}"; it holds {listing}')
    return key
