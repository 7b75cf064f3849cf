"""The matrix of weights in a file of arrays: what the header declares is judged before any number is read."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from os import PathLike
from pathlib import Path
from typing import IO

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg.memory import require_memory
from grouprep.summary import Summary
from grouprep.typing import Array

__all__ = ["Weights", "load_weights"]

SUFFIXES = (".npy", ".npz", ".safetensors")

# What numpy and zipfile raise on files that are damaged, or not what their names say.
_DAMAGED = (
    ValueError, EOFError, KeyError, TypeError, SyntaxError, NotImplementedError, OverflowError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip

# The numbers of a safetensors file as numpy stores them; bfloat16 is the upper half of a float32.
_STORED = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8", "I64": "<i8",
    "BF16": "<u2", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8",
}  # fmt: skip

_PICKLED = "pickles can run code and are never read: save plain arrays of numbers"


@dataclass(frozen=True, repr=False)
class Weights(Summary):
    """A matrix of weights in double precision, and what was done to the array to make it one."""

    source: str
    matrix: Array
    key: str | None
    shape: tuple[int, ...]
    note: str | None


@dataclass(frozen=True)
class _Declared:
    """An array as the header of a file declares it, the bytes that are there for its numbers; `read` gives them."""

    name: str | None
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    room: int
    read: Callable[[], Array]


Check = Callable[[tuple[int, int], str], None]
"""Raises if a matrix of a shape, named by a text, is not the one that is needed."""


def load_weights(path: str | PathLike[str], key: str | None = None, check: Check | None = None) -> Weights:
    """The matrix in a .npy, .npz or .safetensors file; higher arrays (out, ...) are flattened to (out, product of the rest).

    Parameters
    ----------
    path : the file; pickled objects in it are refused.
    key : which array, where the file holds several.
    check : called with the shape of the matrix and a name for messages before the numbers are read.

    Raises
    ------
    GroupRepError
        If the file cannot be read, is truncated or pickled, or the array is not one of finite numbers.
    TooLarge
        If the array does not fit into memory.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise GroupRepError(
            f"{path}: weights are read from .npy, .npz and .safetensors files; "
            "save others with numpy.save(file, array) or safetensors"
        )
    try:
        if not file.is_file():
            what = "it is not a regular file" if file.exists() else "no such file"
            raise GroupRepError(f"cannot read {path}: {what}")
        return _weights(file, key, check, _in_safetensors if suffix == ".safetensors" else _in_numpy)
    except GroupRepError:
        raise
    except OSError as error:
        raise GroupRepError(f"cannot read {path}: {error.strerror or error}") from None
    except _DAMAGED:
        raise GroupRepError(f"{path} is not a valid {suffix} file, or is truncated") from None


def _weights(
    file: Path, key: str | None, check: Check | None, opened: Callable[[Path, str | None], _Declared]
) -> Weights:
    declared = opened(file, key)
    where = str(file) if declared.name is None else f"{file}: {declared.name}"
    if declared.dtype.kind == "O":
        raise GroupRepError(f"{where} holds pickled objects; {_PICKLED}")
    if declared.dtype.kind not in "biufc":
        raise GroupRepError(f"{where} holds {declared.dtype}, not numbers")
    shape, note = _matrix_shape(declared.shape, where)
    double = np.dtype(complex if declared.dtype.kind == "c" else float)
    size = declared.dtype.itemsize + double.itemsize
    require_memory(prod(shape), f"reading {where} into memory", size, "or the file is damaged")
    if check is not None:
        check(shape, where)
    if (need := prod(shape) * declared.dtype.itemsize) > declared.room:
        raise GroupRepError(f"{where} is truncated: it declares {need:,} bytes of numbers and has {declared.room:,}")
    matrix = declared.read().reshape(shape).astype(double)
    if bad := int(np.count_nonzero(~np.isfinite(matrix))):
        raise GroupRepError(f"{where} has {bad:,} entries that are NaN or infinite; every entry must be finite")
    return Weights(where, matrix, declared.name, declared.shape, note)


def _matrix_shape(shape: tuple[int, ...], where: str) -> tuple[tuple[int, int], str | None]:
    """The shape of the matrix that an array is read as, and a note if it has not two axes."""
    if not shape:
        raise DimensionMismatch(f"{where} is a single number; a matrix (dim W, dim V) is needed")
    if 0 in shape:
        raise GroupRepError(f"{where} has shape {shape} and no entries")
    m, n = shape[0], prod(shape[1:])
    if len(shape) == 1:
        return (m, 1), f"a vector of length {m} is read as the matrix {m} x 1 (a bias: --in trivial)"
    return (m, n), None if len(shape) == 2 else f"{' x '.join(map(str, shape))} is flattened to {m} x {n}"


def _in_numpy(file: Path, key: str | None) -> _Declared:
    """The array in a .npy file, or the one that is meant in a .npz archive, whatever the file is called."""
    with file.open("rb") as stream:
        start = stream.read(6)
    if start.startswith(b"PK"):
        with zipfile.ZipFile(file) as archive:
            members = {name.removesuffix(".npy"): name for name in archive.namelist()}
            name = _choose(list(members), key, str(file))
            with archive.open(members[name]) as stream:
                shape, dtype = _header(stream)
                room = archive.getinfo(members[name]).file_size - stream.tell()
        return _Declared(name, shape, dtype, room, lambda: _from_archive(file, members[name]))
    if len(start) == 6 and start != b"\x93NUMPY":
        raise GroupRepError(f"{file} holds pickled objects, or is no {file.suffix} file; {_PICKLED}")
    if key is not None:
        raise GroupRepError(f"{file} holds a single array without a name; leave --key {key} away")
    with file.open("rb") as stream:
        shape, dtype = _header(stream)
        room = file.stat().st_size - stream.tell()
    return _Declared(None, shape, dtype, room, lambda: _from_array_file(file))


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    if np.lib.format.read_magic(stream) != (1, 0):  # others are for headers of more than 64 kB
        raise ValueError("not the header of an array of numbers")
    try:
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    except Exception as error:  # of whatever kind: numpy has Python's tokenizer and parser read the header
        raise ValueError("a damaged header") from error
    if any(n < 0 for n in shape):
        raise ValueError("a negative size")
    return tuple(shape), dtype


def _from_array_file(file: Path) -> Array:
    with file.open("rb") as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _from_archive(file: Path, member: str) -> Array:
    with zipfile.ZipFile(file) as archive, archive.open(member) as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _in_safetensors(file: Path, key: str | None) -> _Declared:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise GroupRepError(f"{file}: reading safetensors files needs: pip install grouprep[safetensors]") from None
    try:
        with safe_open(file, framework="numpy") as tensors:  # checks the whole header
            name = _choose(list(tensors.keys()), key, str(file))
    except SafetensorError as error:
        raise GroupRepError(f"{file} is not a valid .safetensors file, or is truncated: {error}") from None
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        entry = json.loads(stream.read(length))[name]
    kind, start = entry["dtype"], 8 + length + entry["data_offsets"][0]
    if kind not in _STORED:
        raise GroupRepError(
            f"{file}: {name} is stored as {kind}, whose numbers mean nothing without the scales that are kept apart from them; "
            "save it as float32, float16 or bfloat16"
        )
    stored = np.dtype(_STORED[kind])
    shape = tuple(entry["shape"])

    def read() -> Array:
        numbers = np.fromfile(file, stored, prod(shape), offset=start)
        return (numbers.astype("<u4") << 16).view("<f4") if kind == "BF16" else numbers

    return _Declared(name, shape, stored, entry["data_offsets"][1] - entry["data_offsets"][0], read)


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
