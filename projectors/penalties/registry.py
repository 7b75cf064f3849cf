"""Norms by name: "frobenius", "frobenius-squared", "spectral", "schatten(3)", "mixed(2,1)", "induced(inf)".

A name is the word that a class was registered with, a hyphen and the name of each flag that is set, and its numbers in parentheses.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from inspect import Parameter, signature
from typing import TypeVar

from grouprep.errors import GroupRepError, shown
from projectors.penalties.base import Norm

__all__ = ["norm_named", "norm_names", "register"]

N = TypeVar("N", bound=type[Norm])
_CLASSES: dict[str, type[Norm]] = {}


def register(word: str) -> Callable[[N], N]:
    """Give a class of norms its name, so that `norm_named` and the command line know it.

    Parameters
    ----------
    word : of small letters. The parameters of the class are numbers, or flags that are False by default.

    Raises
    ------
    GroupRepError
        If the name is empty or no such word, or another class has it.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from projectors.penalties import Frobenius, Nuclear, Norm
    >>> @register("sum")
    ... @dataclass(frozen=True)
    ... class Sum(Norm):
    ...     def _value(self, xp, A):
    ...         return Frobenius().value(A) + Nuclear().value(A)
    ...
    ...     def _subgradient(self, xp, A):
    ...         return Frobenius().subgradient(A) + Nuclear().subgradient(A)
    >>> norm_named("sum") == Sum()
    True
    """

    def registered(norm: N) -> N:
        if not isinstance(word, str) or not re.fullmatch("[a-z]+", word):
            raise GroupRepError(
                f'{norm.__name__} is a norm without a name: register("{word}") needs a word of small letters'
            )
        known = _CLASSES.get(word)
        if known is not None and (known.__module__, known.__qualname__) != (norm.__module__, norm.__qualname__):
            raise GroupRepError(
                f'"{word}" is already the name of {known.__name__}; give {norm.__name__} a name of its own'
            )
        _CLASSES[word] = norm
        norm.word = word
        return norm

    return registered


def norm_named(name: str) -> Norm:
    """The norm with a name.

    Parameters
    ----------
    name : such as "spectral" or "mixed(2,1)"; numbers that are left out are the class's defaults.

    Raises
    ------
    GroupRepError
        If there is none of that name, which lists those there are; or if its numbers give no norm.

    Examples
    --------
    >>> norm_named("mixed(3, 1.5)"), norm_named("frobenius-squared").name
    (Mixed(p=3, q=1.5), 'frobenius-squared')
    """
    if not isinstance(name, str):
        raise GroupRepError(
            f'norm = {shown(name)} must be a name, such as "spectral"; there are {", ".join(norm_names())}'
        )
    found = re.fullmatch(r"([a-z]+)((?:-[a-z]+)*)(?:\(([^()]+)\))?", name)
    if found and found[1] in _CLASSES:
        norm, given = _CLASSES[found[1]], found[2].split("-")[1:]
        numbers, flags = _parameters(norm)
        try:
            values = [_number(text) for text in found[3].split(",")] if found[3] else []
        except ValueError:
            values = [0.0] * (len(numbers) + 1)
        if len(values) <= len(numbers) and set(given) <= set(flags):
            return norm(*values, **dict.fromkeys(given, True))
    meant = difflib.get_close_matches(name.lower(), norm_names(), 1)
    hint = f'; did you mean "{meant[0]}"?' if meant else ""
    raise GroupRepError(f'norm = "{name:.60}" is unknown; there are {", ".join(norm_names())}{hint}')


def norm_names() -> tuple[str, ...]:
    """The forms of all names, in the order of registration.

    Examples
    --------
    >>> norm_names()[:3]
    ('frobenius', 'frobenius-squared', 'mixed(p,q)')
    """
    out = []
    for word, norm in _CLASSES.items():
        numbers, flags = _parameters(norm)
        ending = f"({','.join(numbers)})" if numbers else ""
        out += [word + flag + ending for flag in ("", *(f"-{flag}" for flag in flags))]
    return tuple(out)


def _parameters(norm: type[Norm]) -> tuple[list[str], list[str]]:
    """The numbers and the flags that a class takes."""
    parameters: list[Parameter] = list(signature(norm).parameters.values())
    return [p.name for p in parameters if p.default is not False], [p.name for p in parameters if p.default is False]


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value
