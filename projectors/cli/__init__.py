"""The command `grouprep`: what a group, an equivariant basis, a saved basis or trained weights are, on the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

__all__ = ["main"]

_NEEDED = ("click", "rich")
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code.

    Parameters
    ----------
    argv : the arguments after the command's name; those of the process by default.

    Returns
    -------
    0 if all went well, 1 if a check failed (a certificate is false), 2 for input that cannot be used, 130 if interrupted,
    141 if the reader of its output went away, 70 for a bug of the program itself.

    Examples
    --------
    >>> from projectors.cli import main
    >>> main(["verify", "no-such-file.json"])
    2
    """
    try:
        missing = [name for name in _NEEDED if not _installed(name)]
        if missing:
            print(f"error: the command needs {' and '.join(missing)}: pip install grouprep[cli]", file=sys.stderr)
            return 2
        from projectors.cli.failures import exit_code

        return exit_code(lambda: _run(argv))
    except KeyboardInterrupt:  # while the above was imported
        return _INTERRUPTED


def _run(argv: Sequence[str] | None) -> object:
    from projectors.cli.app import app

    return app.run(argv)


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # a name that was blocked, or half imported
        return False
