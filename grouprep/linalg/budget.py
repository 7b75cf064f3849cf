"""The budget of work: how much one input may ask for, compared before anything is computed or allocated.

A short text or file can name enormous work: the root of unity of order 10^8, a field of degree 8,633, a group of 10^9 elements.
Each reader and solver counts what it is about to do, and `require` refuses it with the number. Memory of results, which grows
with what a user asks for, is predicted by `grouprep.linalg.memory`.
"""

from __future__ import annotations

from grouprep.errors import TooLarge

__all__ = [
    "BITS",
    "COSETS",
    "CYCLOTOMIC_DEGREE",
    "DENSE_WORK",
    "DEPTH",
    "ELEMENTS",
    "EXACT_WORK",
    "EXPONENT",
    "FACTORED",
    "FIELD_DEGREE",
    "FILE_BYTES",
    "GENERAL_DEGREE",
    "IMAGES",
    "LETTERS",
    "MARKS",
    "NAME",
    "NUMBER_BITS",
    "PIXELS",
    "POINTS",
    "PRINTED",
    "RADICAND",
    "ROOT_ORDER",
    "SINGLE_DEGREE",
    "SPARSE_SIZE",
    "SUMMANDS",
    "TEXT",
    "figure",
    "require",
]

# Files and text
FILE_BYTES = 64 << 20  # of a group or basis in text; as plain data it takes some ten times as much
DEPTH = 100  # tables, lists or parentheses inside each other; a saved product of products has about ten
MARKS = 1_000  # operators in a row, a + b + ...; the syntax trees of all supported Pythons hold twice as many
TEXT = 10_000  # characters of a number
NAME = 2_000  # characters of an expression for a representation, and of the name of a group

# Numbers
PRINTED = 14_000  # bits of an integer in a file: 4,214 digits, and Python reads and writes numbers of up to 4,300
BITS = 40_000  # of a rational number, and of an algebraic one for each degree: TEXT digits have 33,220, the rest is for sums
EXPONENT = 10_000  # in a power, above or below
RADICAND = 500  # bits of a rational number under a root, which is not factored: 0.01 s
FACTORED = 160  # bits of a square root's integer, which is factored: two primes of 80 bits take 0.2 s
NUMBER_BITS = 10_000_000  # of an algebraic number, degree times bits of a coefficient: (1 + zeta(997))^9999 takes 0.3 s
CYCLOTOMIC_DEGREE = 10_000  # of the fields of roots of unity in general
FIELD_DEGREE = 1_000  # of cyclotomic fields that numbers are recognised in
GENERAL_DEGREE = 32  # of fields with several roots such as 2^(1/3): a primitive element takes a second
SINGLE_DEGREE = 500  # of fields with one such root: 2^(1/499) takes 0.4 s
ROOT_ORDER = 1 << 31  # of a root of unity: indices below 2^31 times phases, and sums of four phases, stay below 2^63

# Groups
POINTS = 1_000_000  # that a permutation moves: 8 MB for each generator
PIXELS = 4 * POINTS  # of a grid, which has few generators
IMAGES = 20 * POINTS  # of points under all generators of a product: 160 MB
ELEMENTS = 200_000  # of a group that is listed; S8 has 40,320, and one takes about 100 bytes + 8 for each point
COSETS = 20_000  # of the enumeration of a presentation: a tenth of a second; a user's max_cosets asks for more
LETTERS = 100_000  # of a relator; of all relators of a group ten times as many

# Representations
DENSE_WORK = 10**10  # operations of dense linear algebra in floats, n^3 for dimension n: half a minute on one core
EXACT_WORK = 10**8  # of exact linear algebra: twenty seconds over the rationals
SPARSE_SIZE = 2_000  # rows of a matrix that a file gives by its entries: 32 MB once it is dense
SUMMANDS = POINTS  # of a representation, copies counted where they are listed: a second or two


def require(count: int, limit: int, what: str, remedy: str = "") -> None:
    """Raise TooLarge, with both numbers, if the count of something exceeds its limit.

    Examples
    --------
    >>> from grouprep.linalg.budget import require
    >>> require(10, 20, "the group has order")
    >>> require(10**30, 10**6, "the group has order")
    Traceback (most recent call last):
    ...
    grouprep.errors.TooLarge: the group has order about 10^30; the limit is 1,000,000
    """
    if count > limit:
        hint = f"; {remedy}" if remedy else ""
        raise TooLarge(f"{what} {figure(count)}; the limit is {figure(limit)}{hint}")


def figure(n: int) -> str:
    """A number with thousands separated, or as a power of ten where it is astronomical."""
    return f"{n:,}" if n.bit_length() < 100 else f"about 10^{int(n.bit_length() * 0.30103)}"
