"""What a person sees: tables, and matrices as text."""

from typing import Any, TypeAlias

__all__ = ["Record"]

Record: TypeAlias = dict[str, Any]
"""What was found out, as plain data: what the command prints as JSON, and what tables are made from."""
