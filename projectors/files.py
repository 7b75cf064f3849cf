"""Saved bases: JSON files with the group, V, W and an exact basis, proved anew from the file alone."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from grouprep.characters import count_intertwiners
from grouprep.errors import CertificateError, GroupRepError, printable, shown
from grouprep.groups.plain_data import (
    check_keys,
    described,
    entries_from_data,
    entries_to_data,
    integer,
    read_data_file,
)
from grouprep.linalg.budget import FILE_BYTES, require
from grouprep.linalg.spaces import ExactSpace
from grouprep.linalg.sparse import sparse_matrix
from grouprep.representations import Representation
from grouprep.representations.files import representation_from_dict
from grouprep.typing import Scalar
from projectors.certify import Certificate, certify_spaces

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from projectors.hom import Hom

__all__ = ["load_basis", "save_basis", "verify", "write_bytes", "write_text"]

FORMAT = "grouprep-basis"
_KEYS = ("format", "version", "V", "W", "dim", "shape", "basis")


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file in one step: it is complete, or it is not there (or what was there before).

    Raises
    ------
    GroupRepError
        If the folder does not exist or cannot be written.
    """
    try:
        if not isinstance(path, str | Path):
            raise GroupRepError(f"the file to write must be named by a text or a Path, got {shown(path)}")
        if not str(path):
            raise GroupRepError("the name of the file to write is empty")
        target = Path(path).resolve()
        if not target.name or (target.exists() and not target.is_file()):
            raise GroupRepError(f"cannot write {path}: it is a folder or a device; name a file")
        draft = target.with_name(f".{secrets.token_hex(8)}.draft")
    except (OSError, ValueError, RuntimeError) as error:
        raise (
            error if isinstance(error, GroupRepError) else GroupRepError(f"cannot write {str(path)!r:.80}: {error}")
        ) from None
    try:
        with draft.open("xb") as file:
            file.write(content)
        draft.replace(target)
    except BaseException as error:  # an interruption leaves no draft either
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise GroupRepError(f"cannot write {path}: {error.strerror or error}") from None


def write_text(path: str | Path, text: str) -> None:
    """Write a text file (UTF-8) as `write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def save_basis(H: Hom, path: str | Path) -> None:
    """Write H's exact basis with all that its proof needs. Entries are written as (row, column, text).

    Raises
    ------
    GroupRepError
        If H is not exact, or only up to square roots (large spins), or the file cannot be written; TooLarge if it would be longer
        than what `verify` reads.
    """
    basis = H.exact_basis()
    if basis.squares is not None:
        raise GroupRepError(
            f"{H} is exact up to square roots that no one field is given for; save the basis of the rational forms instead: "
            "Hom(V.rational()[0], W.rational()[0]).save(path)"
        )
    n = H.shape[1]
    elements: list[list[list[int | str]]] = [[] for _ in range(len(basis))]
    for k, place, value in entries_to_data(basis.rows):
        elements[int(k)].append([*divmod(int(place), n), value])
    data = {
        "format": FORMAT, "version": 1, "V": H.V.to_dict(), "W": H.W.to_dict(),
        "dim": len(basis), "shape": list(H.shape), "basis": elements,
    }  # fmt: skip
    content = json.dumps(data, separators=(",", ":")) + "\n"
    require(len(content), FILE_BYTES, f"cannot write {path}, which nothing would read: its bytes are")
    write_text(path, content)


def load_basis(path: str | Path) -> tuple[Representation, Representation, ExactSpace]:
    """V, W and the basis in a file; V and W are proved to be representations, the basis is not checked (see `verify`).

    Raises
    ------
    GroupRepError
        If the file is not a saved basis, or is truncated.
    """
    data = read_data_file(path)
    where = str(path)
    if data.get("format") != FORMAT:
        raise GroupRepError(f'{where} is not a saved basis: "format" is {data.get("format")!r:.40}, not "{FORMAT}"')
    check_keys(data, _KEYS, where)
    if type(data.get("version")) is not int or data["version"] != 1:
        raise GroupRepError(f"{where} has version {data.get('version')!r:.40}; this release reads version 1")
    if missing := [k for k in _KEYS if k not in data]:
        raise GroupRepError(f"{where}: the keys {', '.join(missing)} are missing")
    V = representation_from_dict(data["V"], f"{where}: V")
    W = V if data["W"] == data["V"] else representation_from_dict(data["W"], f"{where}: W")
    if V.group != W.group:
        raise GroupRepError(f"{where}: V and W are representations of different groups")
    if data["shape"] != [W.dim, V.dim] or any(type(n) is not int for n in data["shape"]):
        raise GroupRepError(f"{where}: shape is {data['shape']!r:.40}, the representations give {[W.dim, V.dim]}")
    return V, W, ExactSpace((W.dim, V.dim), _read_rows(data, (W.dim, V.dim), where))


def _read_rows(data: Mapping[str, Scalar], shape: tuple[int, int], where: str) -> DomainMatrix:
    m, n = shape
    basis, dim = data["basis"], integer(data["dim"], f"{where}: dim")
    if not isinstance(basis, list) or len(basis) != dim:
        raise GroupRepError(f"{where}: basis must be a list of {dim:,} elements")
    elements, domain = entries_from_data(basis, shape, f"{where}: basis")
    rows = {k: {i * n + j: x for (i, j), x in entries.items()} for k, entries in enumerate(elements)}
    return sparse_matrix(rows, (len(basis), m * n), domain)


def _subject(path: str | Path, V: Representation, W: Representation) -> str:
    """What was proved: the names are the file's own, the order of the group and the dimensions are computed."""
    group = described(V.group)
    owner = "the file's group " if group.startswith('"') else ""
    spaces = f'V = the file\'s "{V!s:.60}" of dimension {V.dim:,}, W = the file\'s "{W!s:.60}" of dimension {W.dim:,}'
    return f"{printable(str(path))}: Hom(V, W) of {owner}{group}, {spaces}"


def verify(path: str | Path) -> Certificate:
    """Prove a saved basis from the file alone: that V and W are representations, and the claims of `Hom.certify`.

    Raises
    ------
    CertificateError
        If a claim is false.
    GroupRepError
        If the file is damaged; NotAHomomorphism if V or W is not a representation.
    """
    V, W, space = load_basis(path)
    count = count_intertwiners(V, W)
    pair = (V, W)
    try:
        return certify_spaces(_subject(path, V, W), {pair: 1}, {pair: space}, count)
    except CertificateError as error:
        raise CertificateError(f"{path}: {error}") from None
