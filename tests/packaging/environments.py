"""Environments, filled by uv from the indexes that pip is set up with: a tenth of the time that pip takes.

    python tests/packaging/environments.py --constraint constraints.txt --editable ".[test]"

installs into the environment of the interpreter that runs it, as `pip install` with these arguments would; pip does it where uv cannot.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What a command prints; one that fails ends the program with what it said."""
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False, env=_environment()
    )
    if done.returncode:
        sys.exit(f"error: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


@cache
def _pip_settings() -> dict[str, list[str]]:
    """What pip is set up with, by its files and then by variables of the environment."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found: dict[str, list[str]] = {}
    for scope in (r"(?:global|install)", r":env:"):
        for name, value in re.findall(rf"^{scope}\.([\w-]+)='(.*)'$", listed.stdout, flags=re.MULTILINE):
            found[name] = value.replace("\\n", " ").split()
    return found


def _pip_setting(name: str) -> list[str]:
    return _pip_settings().get(name, [])


def _environment() -> dict[str, str]:
    certificates = _pip_setting("cert")
    return os.environ | ({"SSL_CERT_FILE": certificates[0]} if certificates else {})


def sources(first: Path | None = None) -> list[str]:
    """Options of uv that name the indexes of pip, and before them a local one."""
    options = ["--index-strategy", "unsafe-best-match"]  # of all indexes, as pip does
    for setting in ("find-links", "extra-index-url"):
        options += [part for where in _pip_setting(setting) for part in (f"--{setting}", where)]
    options += [part for where in _pip_setting("constraint") for part in ("--constraint", where)]
    options += [part for where in _pip_setting("index-url")[:1] for part in ("--default-index", where)]
    return options if first is None else [*options, "--index", first.as_uri()]


def install(folder: Path, *what: str | Path, index: Path | None = None) -> Path:
    """A new environment with what is named and what that needs, whose parts fit each other; its interpreter."""
    uv = [sys.executable, "-m", "uv"]
    python = folder / "bin" / "python"
    run(*uv, "venv", "--quiet", "--python", sys.executable, folder)
    constraints = ROOT / "constraints.txt"
    run(*uv, "pip", "install", "--quiet", "--python", python, "--constraint", constraints, *sources(index), *what)
    run(*uv, "pip", "check", "--python", python)
    return python


def main() -> int:
    """Install what the arguments name into this environment."""
    uv = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        sys.executable,
        *sources(),
        *sys.argv[1:],
    ]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *sys.argv[1:]]
    return (
        subprocess.run(uv, check=False, env=_environment()).returncode and subprocess.run(pip, check=False).returncode
    )


if __name__ == "__main__":
    sys.exit(main())
