"""How the command ends: the one place where results, errors, interrupts and broken pipes become messages and exit codes."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Callable
from typing import IO

import click

from grouprep.errors import CertificateError, GroupRepError, printable_lines

__all__ = ["BAD_INPUT", "BROKEN_PIPE", "BUG", "CHECK_FAILED", "INTERRUPTED", "Failure", "exit_code"]

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


def exit_code(work: Callable[[], object]) -> int:
    """Do the work of a command, print what went wrong, and give the exit code; only a bug prints a traceback.

    Parameters
    ----------
    work : the command; what it returns is its exit code if that is an integer, else all went well.

    Examples
    --------
    >>> from projectors.cli.failures import exit_code
    >>> exit_code(lambda: None)
    0
    """
    _prepare_streams()
    try:
        result = work()
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except BrokenPipeError:
        return BROKEN_PIPE
    except BaseException as error:
        failure = _failure(error)
        with contextlib.suppress(OSError, ValueError):  # nobody reads the messages
            text = io.StringIO()
            if failure is None:
                traceback.print_exception(error, file=text)
                failure = Failure("this is a bug in grouprep; please report it with the lines above", BUG)
            failure.show(text)
            sys.stderr.write(printable_lines(text.getvalue()))  # whatever was in arguments, paths and files
            sys.stderr.flush()
        return failure.exit_code if failure else BUG
    finally:
        _drop_unwritten()


def _failure(error: BaseException) -> click.ClickException | None:
    """The message and exit code that an error ends the command with; None for a bug."""
    match error:
        case click.ClickException():
            # click leaves colours out where it prints to no terminal, and types the message as final
            setattr(error, "message", printable_lines(error.message))  # noqa: B010
            return error
        case KeyboardInterrupt() | click.Abort():
            return Failure("interrupted", INTERRUPTED)
        case CertificateError():
            return Failure(str(error), CHECK_FAILED)
        case GroupRepError():
            return Failure(str(error))
        case OSError():
            return Failure(f"{error.filename or 'input/output'}: {error.strerror or error}")
        case MemoryError():
            return Failure("not enough memory; take smaller representations, or free some")
        case RecursionError():
            return Failure("the input is nested too deeply")
        case OverflowError():
            return Failure(f"a number in the input is too large ({error})")
        case ValueError() if "integer string conversion" in str(error):
            return Failure("a number has more digits than are written; scale the input down")
        case _:
            return None


def _prepare_streams() -> None:
    """A terminal without a character shows "?" instead of failing; what goes to a closed stream goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed before the command began (`>&-`)
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the process
        if hasattr(stream := getattr(sys, name), "reconfigure"):
            stream.reconfigure(errors="replace")


def _drop_unwritten() -> None:
    """Let what cannot be written any more go nowhere, so that the interpreter does not complain at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                devnull = os.open(os.devnull, os.O_WRONLY)
                os.dup2(devnull, stream.fileno())
                os.close(devnull)
