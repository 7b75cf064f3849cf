"""Running the command in this process or as its own, and the arguments that many of its tests share."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

from click.testing import CliRunner

from projectors.cli.app import app
from projectors.cli.schemas import read_schema, schema_name

ROOT = Path(__file__).resolve().parents[2]

SQUARE = """\
name = "square"
[permutations]
r = "(1 2 3 4)"
s = "(2 4)"
[representations.sign]
images = { r = [[-1]], s = [[1]] }
"""


def run(*arguments):
    """The exit code, stdout and stderr of a command; a traceback is a failure of the test."""
    result = CliRunner().invoke(app, [str(a) for a in arguments], prog_name="grouprep")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout, result.stderr


def run_json(*arguments):
    code, out, err = run(*arguments, "--json")
    assert code == 0, err
    assert err == ""
    return valid(arguments[0], json.loads(out))


def valid(command, record):
    """The record, which is what the schema of the command says, and names it."""
    import jsonschema

    jsonschema.validate(record, read_schema(command), cls=jsonschema.Draft202012Validator)
    assert record["schema"] == schema_name(command)
    return record


def refused(*arguments, code=2):
    """The one line on stderr with which a command ends; nothing is on stdout."""
    found, out, err = run(*arguments)
    assert found == code, err
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    return err


def started(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    command = [sys.executable, "-m", "projectors", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False, **options)


def on_terminal(*arguments, columns=80):
    """What a person sees of a command on a terminal of so many columns."""
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 200, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "projectors", *map(str, arguments)]
    with subprocess.Popen(
        command,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment | {"PYTHONPATH": str(ROOT), "TERM": "xterm"},
    ) as process:
        os.close(terminal)
        seen = bytearray()
        try:
            while part := os.read(master, 65536):
                seen += part
        except OSError:  # Linux: the other side is closed
            pass
        assert process.wait(timeout=120) == 0
    os.close(master)
    return seen.decode().replace("\r\n", "\n")


PAIR = ("--in", "natural", "--out", "natural")
LAYER = ("--group", "D4", "--in", "grid(8,8)", "--out", "2*regular")
