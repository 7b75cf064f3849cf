"""What the command prints with --json, as JSON Schemas with a version, one file for each command."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["SCHEMAS", "read_schema", "schema_name"]

SCHEMAS = ("info", "characters", "basis", "decompose", "irreps", "branch", "verify", "penalty", "demo")
_VERSION = 1


def schema_name(command: str) -> str:
    """The name and version of the schema of a command, which its record carries as "schema"."""
    return f"grouprep/{command}/{_VERSION}"


def read_schema(command: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what a command prints with --json.

    Parameters
    ----------
    command : one of `SCHEMAS`.

    Raises
    ------
    FileNotFoundError
        If there is no such command.

    Examples
    --------
    >>> from projectors.cli.schemas import read_schema
    >>> read_schema("verify")["required"]
    ['schema', 'file', 'proved', 'error', 'certificate']
    """
    text = files("projectors.cli.schemas").joinpath(f"{command}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
