"""What a person sees: tables, and matrices as text."""

from typing import Any, TypeAlias

from grouprep.errors import printable_lines

__all__ = ["Record", "printable_record"]

Record: TypeAlias = dict[str, Any]
"""What was found out, as plain data: what the command prints as JSON, and what tables are made from."""


def printable_record(record: Any) -> Any:
    r"""A record for a terminal: names and paths in it may hold what would move its cursor, and print as escapes.

    Examples
    --------
    >>> from projectors.report import printable_record
    >>> printable_record({"in": "V\\x1b[2J", "dims": [2, 3]})
    {'in': 'V\\x1b[2J', 'dims': [2, 3]}
    """
    match record:
        case str():
            return printable_lines(record)
        case dict():
            return {printable_lines(key): printable_record(value) for key, value in record.items()}
        case list() | tuple():
            return [printable_record(value) for value in record]
    return record
