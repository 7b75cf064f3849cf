"""Clean environments for what was built, made by uv from the indexes that pip is set up with."""

from __future__ import annotations

import os
import subprocess
import sys
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


def _pip_setting(name: str) -> list[str]:
    command = [sys.executable, "-m", "pip", "config", "get", f"global.{name}"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.split() if found.returncode == 0 else []


def _environment() -> dict[str, str]:
    certificates = _pip_setting("cert")
    return os.environ | ({"SSL_CERT_FILE": certificates[0]} if certificates else {})


def sources(first: Path | None = None) -> list[str]:
    """Options of uv that name the indexes of pip, and before them a local one."""
    options = ["--index-strategy", "unsafe-best-match"]  # of all indexes, as pip does
    for setting in ("find-links", "extra-index-url"):
        options += [part for where in _pip_setting(setting) for part in (f"--{setting}", where)]
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
