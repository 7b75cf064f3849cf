"""The group of commands: help screens that keep indented paragraphs as they are written, and one way to run it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from inspect import cleandoc
from typing import Any, NoReturn

import click
from click.shell_completion import shell_complete

from projectors.cli.failures import exit_code

__all__ = ["Application", "Command", "verbatim"]

_COMPLETE = "_GROUPREP_COMPLETE"


def verbatim(text: str | None) -> str | None:
    r"""A help text whose paragraphs with indented lines, examples say, click does not wrap: it takes a backspace for that.

    Examples
    --------
    >>> from projectors.cli.application import verbatim
    >>> verbatim("A group.\n\nExamples:\n  grouprep info D4")
    'A group.\n\n\x08\nExamples:\n  grouprep info D4'
    """
    if text is None:
        return None
    return "\n\n".join(f"\b\n{part}" if "\n  " in part else part for part in re.split(r"\n\n+", cleandoc(text)))


class Command(click.Command):
    """A command with a help text as `verbatim` gives it."""

    def __init__(self, name: str | None = None, *, help: str | None = None, **options: Any) -> None:
        super().__init__(name, help=verbatim(help), **options)


class Application(click.Group):
    """The group of commands, which ends as `failures.exit_code` says."""

    command_class = Command

    def __init__(self, name: str | None = None, *, help: str | None = None, **options: Any) -> None:
        super().__init__(name, help=verbatim(help), **options)

    def run(self, argv: Sequence[str] | None = None) -> object:
        """Run the command that the arguments name; errors are raised."""
        if instruction := os.environ.get(_COMPLETE):
            return shell_complete(self, {}, "grouprep", _COMPLETE, instruction)
        try:
            with self.make_context("grouprep", list(sys.argv[1:] if argv is None else argv)) as context:
                return self.invoke(context)
        except click.exceptions.Exit as end:  # --help and --version
            return end.exit_code

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> NoReturn:
        """Run a command, and exit with its code."""
        sys.exit(exit_code(lambda: self.run(args)))
