"""Values given for all parameters at once, or by their names and patterns."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from grouprep.errors import GroupRepError

__all__ = ["refuse_unmatched", "value_for"]


def refuse_unmatched(given: Any, names: Sequence[str], what: str) -> None:
    """Check that every name or pattern of a mapping is one that something in the specification bears.

    Parameters
    ----------
    given : a mapping from names or patterns to values; anything else passes.
    names : the names there are; what : how an error calls the argument.

    Raises
    ------
    GroupRepError
        If a name matches nothing; the closest ones are offered.
    """
    for pattern in given if isinstance(given, Mapping) else ():
        if not any(pattern == name or fnmatchcase(name, str(pattern)) for name in names):
            close = difflib.get_close_matches(str(pattern), names, 3, 0.5) or names[:12]
            raise GroupRepError(f'{what}: nothing in spec is named "{pattern}"; there are {", ".join(close)}')


def value_for(name: str, given: Any, default: float, what: str) -> Any:
    """The value for a name of what is given for all, or by name or pattern.

    Raises
    ------
    GroupRepError
        If two patterns match with neither of them the name itself.

    Examples
    --------
    >>> value_for("encoder.0", {"encoder.*": 0.5, "head": 2.0}, 1.0, "residual")
    0.5
    """
    if not isinstance(given, Mapping):
        return given
    if name in given:
        return given[name]
    matching = [pattern for pattern in given if fnmatchcase(name, pattern)]
    if len(matching) > 1:
        raise GroupRepError(f'{what}: "{name}" is matched by both "{matching[0]}" and "{matching[1]}"')
    return given[matching[0]] if matching else default
