"""The one family of errors that both packages raise, and what their messages say of a name that is unknown."""

import difflib
import reprlib
from collections.abc import Iterable

__all__ = [
    "AmbiguousRank",
    "CertificateError",
    "DimensionMismatch",
    "GroupRepError",
    "NotAHomomorphism",
    "NotUnitary",
    "TooLarge",
    "UnsupportedGroup",
    "nearest",
    "printable",
    "printable_lines",
    "shown",
]


def printable(text: object) -> str:
    r"""Text in which whatever does not print (controls, marks that turn the direction of a line) is written as an escape.

    Examples
    --------
    >>> from grouprep.errors import printable
    >>> printable("D4"), printable("D4\x1b[2J")
    ('D4', 'D4\\x1b[2J')
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def printable_lines(text: str) -> str:
    """Text as `printable` makes it, its lines apart: for what the code itself writes in several."""
    return "\n".join(map(printable, text.split("\n")))


class GroupRepError(ValueError):
    """Base of every error of grouprep and projectors; its message names the argument and the remedy, and prints as it is."""

    def __init__(self, message: object = "") -> None:
        super().__init__(printable_lines(str(message)))


class NotAHomomorphism(GroupRepError):
    """Images of generators break a relation of the group; the message names the relation."""


class NotUnitary(GroupRepError):
    """An invariant positive-definite form is needed and there is none, or none was declared."""


class AmbiguousRank(GroupRepError):
    """The numbers leave a rank open: no clear gap separates zero from non-zero."""


class DimensionMismatch(GroupRepError):
    """Shapes, dimensions or groups of two arguments do not fit each other."""


class UnsupportedGroup(GroupRepError):
    """The group cannot do what was asked, for example it is infinite, not compact, or too little is known of it."""


class CertificateError(GroupRepError):
    """A claim about a basis, a dimension or a file was checked and is false."""


class TooLarge(GroupRepError):
    """The result would exceed a stated bound; the message gives the number."""


def nearest(name: object, known: Iterable[object], shown: int = 20) -> str:
    """What a message says after an unknown name: the known one that was probably meant, or those that there are.

    Parameters
    ----------
    name : what was given.
    known : the names that there are.
    shown : how many are listed at most.

    Examples
    --------
    >>> from grouprep.errors import nearest
    >>> nearest("regulr", ["trivial", "regular"]), nearest("x", ["trivial", "regular"])
    ('did you mean "regular"?', 'known are trivial, regular')
    """
    names = [str(k) for k in known]
    lower = {k.lower(): k for k in reversed(names)}
    close = difflib.get_close_matches(str(name).lower(), lower, 1)
    if close:
        return f'did you mean "{lower[close[0]]}"?'
    return f"known are {', '.join(names[:shown])}" + (", ..." if len(names) > shown else "")


def shown(value: object, length: int = 60) -> str:
    """What a message shows of a value that was given: its beginning, on one line.

    Examples
    --------
    >>> from grouprep.errors import shown
    >>> import numpy as np
    >>> shown(np.eye(2)), shown("x" * 100, 8)
    ('array([[1., 0.], [0., 1.]])', "'xxxxxxx")
    """
    return f"{' '.join(_REPR.repr(value).split()):.{length}}"


_REPR = reprlib.Repr()
_REPR.maxother = _REPR.maxstring = 200
