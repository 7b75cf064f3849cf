"""The folder that the demonstration writes to."""

from __future__ import annotations

from pathlib import Path

from grouprep.errors import GroupRepError

__all__ = ["make_folder"]


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
    if not str(path):
        raise GroupRepError("--output is empty; name a folder, or . for this one")
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GroupRepError(f"--output: cannot make the folder {folder}: {error.strerror or error}") from None
    except ValueError as error:  # a NUL in the name
        raise GroupRepError(f"--output: cannot make the folder {str(path)!r:.80}: {error}") from None
    return folder
