"""Files of the demonstration, each written in one step."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from grouprep.errors import GroupRepError

__all__ = ["make_folder", "write_bytes"]


def make_folder(path: str | Path) -> Path:
    """The folder, made if it is not there.

    Raises
    ------
    GroupRepError
        If it cannot be made, or is a file.

    Examples
    --------
    >>> from projectors.report.writing import make_folder
    >>> make_folder(".").is_dir()
    True
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GroupRepError(f"--output: cannot make the folder {folder}: {error.strerror or error}") from None
    return folder


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file in one step: it is complete, or it is not there (or what was there before).

    Raises
    ------
    GroupRepError
        If the folder does not exist or cannot be written.
    """
    target = Path(path)
    name = None
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except OSError as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        raise GroupRepError(f"cannot write {target}: {error.strerror or error}") from None
