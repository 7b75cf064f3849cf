"""The one family of errors that both packages raise."""

__all__ = [
    "AmbiguousRank",
    "CertificateError",
    "DimensionMismatch",
    "GroupRepError",
    "IllConditioned",
    "NotAHomomorphism",
    "NotUnitary",
    "TooLarge",
    "UnsupportedGroup",
]


class GroupRepError(ValueError):
    """Base of every error of grouprep and projectors; its message names the argument and the remedy."""


class NotAHomomorphism(GroupRepError):
    """Images of generators break a relation of the group; the message names the relation."""


class NotUnitary(GroupRepError):
    """An invariant positive-definite form is needed and there is none, or none was declared."""


class AmbiguousRank(GroupRepError):
    """The numbers leave a rank open: no clear gap separates zero from non-zero."""


class IllConditioned(AmbiguousRank):
    """Floats cannot carry a result to the accuracy that is promised; the message gives the condition number."""


class DimensionMismatch(GroupRepError):
    """Shapes, dimensions or groups of two arguments do not fit each other."""


class UnsupportedGroup(GroupRepError):
    """The group cannot do what was asked, for example it is infinite, not compact, or too little is known of it."""


class CertificateError(GroupRepError):
    """A claim about a basis, a dimension or a file was checked and is false."""


class TooLarge(GroupRepError):
    """The result would exceed a stated bound; the message gives the number."""
