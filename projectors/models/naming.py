"""Names and fnmatch patterns: those of a specification, and values given for all layers at once or by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

from grouprep.errors import GroupRepError

__all__ = ["check_spec", "closest", "find", "is_pattern", "match", "refuse_unmatched", "value_for"]

_T = TypeVar("_T")


def is_pattern(name: str) -> bool:
    """Whether a name is a pattern."""
    return any(c in name for c in "*?[")


def find(pattern: str, names: Collection[str]) -> list[str]:
    """The name itself, or else the names that match a pattern; the name of the whole, "", matches none.

    Examples
    --------
    >>> find("encoder.*", ["encoder.0", "encoder.1", "head"]), find("head", ["head"])
    (['encoder.0', 'encoder.1'], ['head'])
    """
    return [pattern] if pattern in names else [name for name in names if name and fnmatchcase(name, pattern)]


def closest(name: str, known: Collection[str], otherwise: str) -> str:
    """The known names closest to a misspelt one, as a question; if none is close, another text."""
    close = difflib.get_close_matches(name, known, 3, 0.5)
    return "did you mean " + " or ".join(f'"{one}"' for one in close) + "?" if close else otherwise


def check_spec(spec: object, what: str, example: str) -> None:
    """Check that a specification is a mapping that names something by text.

    Parameters
    ----------
    spec : the argument; what : what it names, "layer" or "parameter"; example : a name.

    Raises
    ------
    GroupRepError
        If it is no mapping, is empty, or has a name that is no text.
    """
    if not isinstance(spec, Mapping):
        raise GroupRepError(f"spec must be a mapping from {what} names to (V, W), got {type(spec).__name__}")
    if not spec:
        raise GroupRepError(f'spec is empty; give at least one {what}, such as {{"{example}": (V, W)}}')
    for name in spec:
        if not isinstance(name, str):
            raise GroupRepError(f'spec: {what}s are named by text such as "{example}", got {name!r:.40}')


def match(
    spec: Mapping[str, _T], select: Callable[[str, _T], Collection[str]], missing: Callable[[str], str]
) -> Iterator[tuple[str, str, _T]]:
    """(name, pattern, what is said of it) of all that a specification means, in its order.

    Parameters
    ----------
    spec : what is said by name or pattern.
    select : the names that a pattern means; missing : what an error says of a pattern that means none.

    Raises
    ------
    GroupRepError
        If a pattern means nothing, or two mean one name.

    Examples
    --------
    >>> names = ["a", "b"]
    >>> list(match({"*": 1}, lambda pattern, _: find(pattern, names), lambda pattern: "no such layer"))
    [('a', '*', 1), ('b', '*', 1)]
    """
    chosen: dict[str, str] = {}
    for pattern, value in spec.items():
        names = select(pattern, value)
        if not names:
            raise GroupRepError(f"spec: {missing(pattern)}")
        for name in names:
            if name in chosen:
                raise GroupRepError(f'spec: "{name}" is matched by both "{chosen[name]}" and "{pattern}"')
            chosen[name] = pattern
            yield name, pattern, value


def refuse_unmatched(given: object, names: Collection[str], what: str) -> None:
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
            close = difflib.get_close_matches(str(pattern), names, 3, 0.5) or list(names)[:12]
            raise GroupRepError(f'{what}: nothing in spec is named "{pattern}"; there are {", ".join(close)}')


def value_for(name: str, given: Mapping[str, _T] | _T, default: _T, what: str) -> _T:
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
