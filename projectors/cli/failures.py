"""How the command ends: exit codes, one-line errors without a traceback, interrupts and broken pipes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import IO

import click

from grouprep.errors import CertificateError, GroupRepError, printable_lines

__all__ = ["BAD_INPUT", "BUG", "CHECK_FAILED", "INTERRUPTED", "Application", "Failure", "run"]

CHECK_FAILED, BAD_INPUT, BUG, INTERRUPTED, BROKEN_PIPE = 1, 2, 70, 130, 141


class Failure(click.ClickException):
    """An error that ends the command with a message on stderr and an exit code.

    Parameters
    ----------
    message : what is wrong, and the remedy.
    exit_code : see `projectors.cli.main`.
    """

    def __init__(self, message: str, exit_code: int = BAD_INPUT) -> None:
        super().__init__(printable_lines(message))
        setattr(self, "exit_code", exit_code)  # noqa: B010 - click types it as a class variable

    def show(self, file: IO[str] | None = None) -> None:
        """Print the message on stderr."""
        print(f"error: {self.message}", file=file or sys.stderr)


class Application(click.Group):
    """The group of commands, with the one place where errors become exit codes."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; GroupRepError and unreadable files become exit code 2, false certificates 1."""
        try:
            result: object = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _discard_output()
            raise click.exceptions.Exit(BROKEN_PIPE) from None
        except CertificateError as error:
            raise Failure(str(error), CHECK_FAILED) from None
        except GroupRepError as error:
            raise Failure(str(error)) from None
        except OSError as error:
            raise Failure(f"{error.filename or 'input/output'}: {error.strerror or error}") from None
        except MemoryError:
            raise Failure("not enough memory; take smaller representations, or free some") from None
        except RecursionError:
            raise Failure("the input is nested too deeply") from None
        except OverflowError as error:
            raise Failure(f"a number in the input is too large ({error})") from None


def _discard_output() -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not complain at its end."""
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)
    except (OSError, ValueError):
        pass


def run(app: click.Group, argv: Sequence[str] | None) -> int:
    """Run the application and give its exit code; only a bug prints a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without a character shows "?" instead of failing
    try:
        app.main(args=None if argv is None else list(argv), prog_name="grouprep", windows_expand_args=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        traceback.print_exc()
        print("error: this is a bug in grouprep; please report it with the lines above", file=sys.stderr)
        return BUG
    return 0
