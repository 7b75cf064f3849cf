"""The default look of an object on one line: its class, and what it was made from."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence, Set

from grouprep.errors import printable, shown

__all__ = ["Summary"]

_LENGTH = 40  # characters of one value
_TOTAL = 160  # of all
_LISTED = 4  # values of a short sequence


class Summary:
    """Base of classes without a text of their own: repr names the class and what an object was made from, without computing anything.

    Examples
    --------
    >>> import numpy as np
    >>> class Weighted(Summary):
    ...     def __init__(self, weights, name):
    ...         self.weights, self.name = weights, name
    >>> Weighted(np.ones((2, 3)), "mean")
    <Weighted weights=array (2, 3), name='mean'>
    """

    __slots__ = ()

    def __repr__(self) -> str:
        values = getattr(self, "__dict__", {})
        given = [
            f"{name}={brief(values[name] if name in values else getattr(self, name))}"
            for name in _parameters(type(self))
            if name in values or name in getattr(type(self), "__slots__", ())
        ]
        text = ", ".join(given)
        what = "" if not text else f" {text}" if len(text) <= _TOTAL else f" {text[:_TOTAL]}..."
        return f"<{type(self).__name__}{what}>"


def brief(value: object) -> str:
    """A value in a few words: arrays and long sequences by their sizes, functions and objects by their names.

    Examples
    --------
    >>> brief((1, 2)), brief(range(1000)), brief(len), brief({})
    ('(1, 2)', '1000 items', 'len', '0 items')
    """
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and not isinstance(value, Summary):
        return f"array {shape}"
    if isinstance(value, Mapping | Set) and type(value).__repr__ is not Summary.__repr__:
        return f"{len(value)} items"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        few = len(value) <= _LISTED and isinstance(value, tuple | list)
        return f"({', '.join(map(brief, value))})" if few else f"{len(value)} items"
    if inspect.isroutine(value) or inspect.isclass(value) or inspect.ismodule(value):
        return str(getattr(value, "__name__", type(value).__name__))
    if type(value).__repr__ in (object.__repr__, Summary.__repr__):
        return type(value).__name__ if type(value).__str__ is object.__str__ else printable(f"{value!s:.{_LENGTH}}")
    return shown(value, _LENGTH)


def _parameters(kind: type) -> tuple[str, ...]:
    """The names by which an object of a class is made."""
    try:
        return tuple(inspect.signature(kind).parameters)
    except (TypeError, ValueError):
        return ()
