"""Groups, permutations and character tables as GAP writes them; text is parsed, never executed.

GAP multiplies permutations from left to right: (1,2)*(2,3) is first (1,2), then (2,3). Products and conjugates in a text are read so; what
comes out is a permutation, and those are the same on both sides, points counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from grouprep import Alternating, Cyclic, Dicyclic, Dihedral, FiniteGroup, Symmetric
from grouprep.character_tables.cyclotomics import as_cyclotomic
from grouprep.character_tables.table import CharacterTable
from grouprep.errors import GroupRepError, TooLarge, UnsupportedGroup, nearest, shown
from grouprep.groups import Group
from grouprep.groups.permutations import as_permutation, cycle_string
from grouprep.groups.product import direct_product

if TYPE_CHECKING:
    from sympy import Expr

__all__ = ["group_from_gap", "to_gap"]

_LENGTH = 1_000_000  # characters of a text
_DEPTH = 50  # brackets inside each other
_POINTS = 1_000_000  # a permutation's largest point
_EXPONENT = 10**9

Cycles = dict[int, int]  # a permutation: where it sends the points that it moves, counted from 1


def group_from_gap(text: str, name: str = "") -> Group:
    """The group that a text of GAP describes.

    Parameters
    ----------
    text : `Group((1,2),(1,2,3))` or `Group([...])`, of permutations, with `*`, `/`, `^` (powers and conjugates), or of square matrices
        whose entries are rational numbers, E(n) and Sqrt(d); `SymmetricGroup(n)`, `AlternatingGroup(n)`, `CyclicGroup(n)`,
        `DihedralGroup(2n)` (GAP counts elements), `QuaternionGroup(4n)`, `DicyclicGroup(4n)`, `AbelianGroup([...])`, `TrivialGroup()` and
        `DirectProduct(...)` of these. "G := ", the prompt "gap> " and semicolons around it are left out.
    name : how a group of permutations or matrices is printed.

    Returns
    -------
    For generators a FiniteGroup with these generators, acting on as many points as they move; for names one of the catalogue.

    Raises
    ------
    GroupRepError
        If the text is not understood; the message shows the place.
    UnsupportedGroup
        If it needs a library of GAP (`SmallGroup`), or matrices over finite fields.

    Examples
    --------
    >>> group_from_gap("G := Group((1,2,3,4), (1,2)*(1,3));").order, group_from_gap("DihedralGroup(8)")
    (24, FiniteGroup('D4', degree=4))
    >>> group_from_gap("Group((1,2),(1,2,3)")
    Traceback (most recent call last):
    ...
    grouprep.errors.GroupRepError: GAP: expected "," or ")" here:
    Group((1,2),(1,2,3)
                       ^

    References
    ----------
    The GAP Group, GAP - Groups, Algorithms, and Programming, reference manual, chapters 42, 43 and 50.
    """
    if not isinstance(text, str):
        raise GroupRepError(f"text must be GAP's, such as 'Group((1,2),(1,2,3))', got {shown(text)}")
    if len(text) > _LENGTH:
        raise TooLarge(f"the text has {len(text):,} characters, the limit is {_LENGTH:,}")
    return _Parser(text, name).whole()


class _Parser:
    """One statement, by recursive descent; every token knows its place."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text.replace("\\\n", ""), name  # GAP breaks long lines by a backslash
        start = re.match(r"\s*(gap>\s*)?([A-Za-z_]\w*\s*:=\s*)?", self.text)
        assert start is not None
        self.place = start.end()
        self.depth = 0

    # Tokens

    def skip(self) -> None:
        blank = re.compile(r"(\s|#[^\n]*)*").match(self.text, self.place)
        assert blank is not None
        self.place = blank.end()

    def take(self, pattern: str) -> str:
        """The next token if it matches, else nothing."""
        self.skip()
        found = re.compile(pattern).match(self.text, self.place)
        if not found:
            return ""
        self.place = found.end()
        return found[0]

    def refusal(self, what: str, place: int | None = None, kind: type[GroupRepError] = GroupRepError) -> GroupRepError:
        at = self.place if place is None else place
        begin = self.text.rfind("\n", 0, at) + 1
        end = self.text.find("\n", at)
        line = self.text[begin : len(self.text) if end < 0 else end]
        left = max(0, at - begin - 60)
        return kind(f"GAP: {what} here:\n{line[left : left + 100]}\n{' ' * (at - begin - left)}^")

    def need(self, pattern: str, what: str) -> str:
        self.skip()
        found = self.take(pattern)
        if not found:
            raise self.refusal(f"expected {what}")
        return found

    # Statements

    def whole(self) -> Group:
        self.skip()
        start = self.place
        value = self.sum()
        while self.take(";"):
            pass
        self.skip()
        if self.place < len(self.text):
            raise self.refusal("expected the end")
        if not isinstance(value, Group):
            raise self.refusal("a group was expected, such as Group((1,2),(1,2,3)) or SymmetricGroup(4),", start)
        return value

    def sum(self) -> Any:
        value = self.product()
        while sign := self.take(r"[+-]"):
            at = self.place
            other = self.product()
            self.numbers([value, other], at)
            value = value + other if sign == "+" else value - other
        return value

    def product(self) -> Any:
        value = self.power()
        while sign := self.take(r"[*/]"):
            at = self.place
            other = self.power()
            if isinstance(value, dict) and isinstance(other, dict):
                value = _times(value, other if sign == "*" else _inverse(other))
            else:
                self.numbers([value, other], at)
                if sign == "/" and other == 0:
                    raise self.refusal("division by 0", at)
                value = value * other if sign == "*" else value / other
        return value

    def power(self) -> Any:
        value = self.atom()
        if not self.take(r"\^"):
            return value
        at = self.place
        other = self.atom()
        if self.take(r"\^"):
            raise self.refusal("^ twice in a row: set brackets", self.place - 1)
        if isinstance(value, dict) and isinstance(other, dict):
            return _times(_times(_inverse(other), value), other)
        k = self.integer(other, at)
        if isinstance(value, dict):
            return _power(value, k)
        self.numbers([value], at)
        if abs(k) > 1000 or (k < 0 and value == 0):
            raise self.refusal("no number to raise to this power", at)
        return value**k

    def numbers(self, values: list[Any], at: int) -> None:
        if any(isinstance(x, dict | list | Group) for x in values):
            raise self.refusal("two numbers or two permutations were expected around this", at - 1)

    def integer(self, value: Any, at: int) -> int:
        if isinstance(value, dict | list | Group) or value != _whole_number(value):
            raise self.refusal("an integer was expected", at)
        if abs(value) > _EXPONENT:
            raise self.refusal(f"the number is larger than {_EXPONENT:,}", at, TooLarge)
        return int(value)

    def atom(self) -> Any:
        self.depth += 1
        if self.depth > _DEPTH:
            raise self.refusal(f"more than {_DEPTH} brackets inside each other", kind=TooLarge)
        try:
            return self._atom()
        finally:
            self.depth -= 1

    def _atom(self) -> Any:
        self.skip()
        at = self.place
        if self.take("-"):
            value = self.atom()
            self.numbers([value], at + 1)
            return -value
        if digits := self.take(r"\d+"):
            if len(digits) > 1000:
                raise self.refusal("a number with more than 1000 digits", at, TooLarge)
            return Fraction(int(digits))
        if self.take(r"\["):
            return self.items("]")
        if self.take(r"\("):
            value = self.bracket()
            return self.cycles(value) if isinstance(value, dict) else value
        name = self.take(r"[A-Za-z_]\w*")
        if not name:
            raise self.refusal("expected a group, a permutation, a list or a number")
        self.need(r"\(", f'"(" behind {name[:40]}')
        return self.call(name, at, self.items(")"))

    def items(self, end: str) -> list[Any]:
        """Values up to a closing bracket; of `[a..b]` the range."""
        if self.take(re.escape(end)):
            return []
        out: list[Any] = []
        while True:
            at = self.place
            filtered = self.take(r"Is\w+")
            if not filtered:
                out.append(self.sum())
            if end == "]" and self.take(r"\.\."):
                first, last = self.integer(out.pop(), at), self.integer(self.sum(), at)
                if last - first > _POINTS:
                    raise self.refusal(f"a range longer than {_POINTS:,}", at, TooLarge)
                out += map(Fraction, range(first, last + 1))
            if self.take(re.escape(end)):
                return out
            self.need(",", f'"," or "{end}"')

    def bracket(self) -> Any:
        """Behind "(": one cycle, or a value in brackets."""
        at = self.place - 1
        if self.take(r"\)"):
            return {}
        points = [self.sum()]
        if self.take(r"\)"):
            return points[0]
        while not self.take(r"\)"):
            self.need(",", '"," or ")"')
            points.append(self.sum())
        numbers = [self.integer(p, at) for p in points]
        if len(set(numbers)) < len(numbers):
            raise self.refusal("a point occurs twice in this cycle", at)
        if min(numbers) < 1:
            raise self.refusal("points count from 1, in this cycle", at)
        if max(numbers) > _POINTS:
            raise self.refusal(f"a point larger than {_POINTS:,} in this cycle", at, TooLarge)
        return dict(zip(numbers, numbers[1:] + numbers[:1], strict=True))

    def cycles(self, first: Cycles) -> Cycles:
        """A cycle and those that stand directly behind it."""
        out = dict(first)
        while self.take(r"\("):
            at = self.place - 1
            more = self.bracket()
            if not isinstance(more, dict):
                raise self.refusal('"*" or "," is missing before this', at)
            if out.keys() & more.keys():
                raise self.refusal('cycles that stand together have no common point; write "*" between them,', at)
            out |= more
        return out

    # Names

    def call(self, name: str, at: int, arguments: list[Any]) -> Any:
        if name == "Group":
            return self.group(at, arguments)
        if name in ("E", "Sqrt"):
            n = self.integer(arguments[0], at) if len(arguments) == 1 else 0
            if name == "E" and not 1 <= n <= 1000:
                raise self.refusal("E(n) takes one n from 1 to 1000", at)
            return _root_of_unity(n) if name == "E" else _square_root(n)
        if name == "Z" or name in ("GL", "SL", "GF"):
            raise self.refusal("finite fields are not read", at, UnsupportedGroup)
        if name in ("SmallGroup", "PrimitiveGroup", "TransitiveGroup"):
            raise self.refusal(
                "this needs a library of GAP; print there Image(IsomorphismPermGroup(G)) and give that text;",
                at,
                UnsupportedGroup,
            )
        if name == "DirectProduct":
            if not arguments or not all(isinstance(x, Group) for x in arguments):
                raise self.refusal("groups were expected as arguments", at)
            return direct_product([H for x in arguments for H in x.factors]) if len(arguments) > 1 else arguments[0]
        if name == "TrivialGroup":
            return Cyclic(1)
        if name == "AbelianGroup" and len(arguments) == 1 and isinstance(arguments[0], list) and arguments[0]:
            orders = [self.integer(x, at) for x in arguments[0]]
            if min(orders) < 1:
                raise self.refusal("orders are positive", at)
            return direct_product([Cyclic(n) for n in orders]) if len(orders) > 1 else Cyclic(orders[0])
        if name not in _NAMED:
            known = [*_NAMED, "Group", "AbelianGroup", "TrivialGroup", "DirectProduct"]
            raise self.refusal(f"{name[:40]} is unknown, {nearest(name, known)}", at)
        step, make, what = _NAMED[name]
        if len(arguments) == 1 and isinstance(arguments[0], list):
            points = [self.integer(x, at) for x in arguments[0]]
            if name not in ("SymmetricGroup", "AlternatingGroup") or points != list(range(1, len(points) + 1)):
                raise self.refusal(
                    "one number was expected, or the points [1..n] of SymmetricGroup or AlternatingGroup", at
                )
            arguments = [Fraction(len(points))]
        n = self.integer(arguments[0], at) if len(arguments) == 1 else 0
        if n < 1 or n % step:
            raise self.refusal(f"{name} takes {what}", at)
        try:
            return make(n)
        except GroupRepError as error:
            raise self.refusal(str(error), at, type(error)) from None

    def group(self, at: int, arguments: list[Any]) -> FiniteGroup:
        if arguments and isinstance(arguments[0], list) and not _is_matrix(arguments[0]):
            if len(arguments) > 2:
                raise self.refusal("Group takes generators, or a list of them and the identity,", at)
            arguments = arguments[0] if arguments[0] or len(arguments) == 1 else arguments[1:]
        if not arguments:
            raise self.refusal("Group() has no generators; the trivial group is Group(())", at)
        if all(isinstance(x, dict) for x in arguments):
            degree = max(1, *(max(x, default=1) for x in arguments))
            images = [[x.get(k, k) - 1 for k in range(1, degree + 1)] for x in arguments]
            return FiniteGroup.from_permutations(images, name=self.name)
        if all(_is_matrix(x) for x in arguments):
            if len({(len(x), *map(len, x)) for x in arguments}) > 1 or any(
                len(r) != len(x) for x in arguments for r in x
            ):
                raise self.refusal("matrices are square and of one size", at)
            return FiniteGroup.from_matrices(arguments, name=self.name)
        raise self.refusal("generators are permutations, or matrices (lists of rows)", at)


def _whole_number(value: Any) -> Any:
    """The integer that a number is, or None."""
    return int(value) if getattr(value, "denominator", 0) == 1 or getattr(value, "is_integer", False) is True else None


_NAMED: dict[str, tuple[int, Callable[[int], Group], str]] = {
    "SymmetricGroup": (1, Symmetric, "one positive integer, the number of points"),
    "AlternatingGroup": (1, Alternating, "one positive integer, the number of points"),
    "CyclicGroup": (1, Cyclic, "one positive integer"),
    "DihedralGroup": (2, lambda n: Dihedral(n // 2), "the number of elements, which is even"),
    "QuaternionGroup": (4, lambda n: Dicyclic(n // 4), "the number of elements, a multiple of 4"),
    "DicyclicGroup": (4, lambda n: Dicyclic(n // 4), "the number of elements, a multiple of 4"),
}


def _is_matrix(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, list) and row and not isinstance(row[0], list | dict) for row in value)
    )


def _root_of_unity(n: int) -> Expr:
    from sympy import I, Rational, cos, pi, sin

    return cos(2 * pi * Rational(1, n)) + I * sin(2 * pi * Rational(1, n))


def _square_root(n: int) -> Expr:
    from sympy import sqrt

    root: Expr = sqrt(n)
    return root


def _times(a: Cycles, b: Cycles) -> Cycles:
    """First a, then b."""
    out = {x: b.get(a.get(x, x), a.get(x, x)) for x in {*a, *b}}
    return out


def _inverse(a: Cycles) -> Cycles:
    return {y: x for x, y in a.items()}


def _power(a: Cycles, k: int) -> Cycles:
    if k < 0:
        return _power(_inverse(a), -k)
    out: Cycles = {}
    while k:
        if k & 1:
            out = _times(out, a)
        a, k = _times(a, a), k >> 1
    return out


# --- out


def to_gap(obj: object, representatives: str | Sequence[object] | None = None) -> str:
    """A finite group, a permutation or a character table as text for GAP.

    Parameters
    ----------
    obj : a FiniteGroup, which is written by its generating permutations; an element as its images (degree,); a character table.
    representatives : of a character table, one element for each class in the order that its columns shall have: permutations, or what
        GAP prints of `List(ConjugacyClasses(G), Representative)`. By default the columns stand as in the table. Rows are by degree, the
        trivial character first.

    Returns
    -------
    `Group([ (1,2,3), (1,2) ])`, `(1,2,3)`, or `ConvertToCharacterTable(rec(...))` with sizes, orders, power maps for all primes that
    divide the order, and exact values, E(n) for exp(2 pi i/n).

    Raises
    ------
    GroupRepError
        If the object is none of these, or the representatives do not meet each class once.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> to_gap(Symmetric(3)), to_gap([1, 0, 3, 2])
    ('Group([ (1,2,3), (1,2) ])', '(1,2)(3,4)')
    >>> print(to_gap(Symmetric(3).character_table()))
    ConvertToCharacterTable( rec(
    UnderlyingCharacteristic := 0,
    Identifier := "S3",
    Size := 6,
    SizesCentralizers := [ 6, 3, 2 ],
    OrdersClassRepresentatives := [ 1, 3, 2 ],
    ComputedPowerMaps := [ , [ 1, 2, 1 ], [ 1, 1, 3 ] ],
    Irr := [
    [ 1, 1, 1 ],
    [ 1, 1, -1 ],
    [ 2, -1, 0 ] ] ) )
    """
    if isinstance(obj, CharacterTable):
        return _table(obj, representatives)
    if representatives is not None:
        raise GroupRepError("representatives are those of the classes of a character table")
    if isinstance(obj, FiniteGroup):
        return "Group([ " + ", ".join(_cycles(p) for p in obj.generators) + " ])"
    if isinstance(obj, Group):
        raise UnsupportedGroup(f"{obj} is not finite; GAP takes finite groups")
    return _cycles(as_permutation(obj, "obj"))


def _cycles(perm: Any) -> str:
    return cycle_string(perm).replace(" ", ",")


def _table(table: CharacterTable, representatives: str | Sequence[object] | None) -> str:
    columns = list(range(len(table))) if representatives is None else _columns(table, representatives)
    place = {c: k for k, c in enumerate(columns)}
    classes = [table.classes[c] for c in columns]
    order = int(table.group.order)
    rows = sorted(table.irreducibles, key=lambda chi: (chi.degree, any(x != 1 for x in chi.values)))
    primes = _primes(order)
    maps = [""] * max(primes, default=0)
    for p in primes:
        powers = table.power_map(p)
        maps[p - 1] = _list(str(place[powers[c]] + 1) for c in columns)
    entries = {
        "UnderlyingCharacteristic": "0",
        "Identifier": '"' + re.sub(r'[\\"]', "", str(table.group)) + '"',
        "Size": str(order),
        "SizesCentralizers": _list(str(order // c.size) for c in classes),
        "OrdersClassRepresentatives": _list(str(c.order) for c in classes),
        "ComputedPowerMaps": _list(maps),
        "Irr": "[\n" + ",\n".join(_list(_number(chi.values[c]) for c in columns) for chi in rows) + " ]",
    }
    return "ConvertToCharacterTable( rec(\n" + ",\n".join(f"{k} := {v}" for k, v in entries.items()) + " ) )"


def _list(items: Any) -> str:
    return "[ " + ", ".join(items) + " ]"


def _primes(n: int) -> list[int]:
    from sympy import primefactors

    return [int(p) for p in primefactors(n)]


def _columns(table: CharacterTable, representatives: str | Sequence[object]) -> list[int]:
    if isinstance(representatives, str):
        parser = _Parser(representatives, "")
        value = parser.sum()
        if not isinstance(value, list) or not all(isinstance(x, dict) for x in value):
            raise parser.refusal("a list of permutations was expected", 0)
        degree = table.group.degree
        if any(max(x, default=1) > degree for x in value):
            raise GroupRepError(f"representatives move points beyond {degree}, on which {table.group} acts")
        representatives = [[x.get(k, k) - 1 for k in range(1, degree + 1)] for x in value]
    number = {c.name: k for k, c in enumerate(table.classes)}
    columns = [number[table.class_of(g).name] for g in representatives]
    if sorted(columns) != list(range(len(table))):
        missing = [c.name for k, c in enumerate(table.classes) if k not in columns]
        raise GroupRepError(
            f"representatives must meet each of the {len(table)} classes once; there are {len(columns)}, "
            f"and none of {', '.join(missing)[:80] or 'more'}"
        )
    return columns


def _number(value: object) -> str:
    """A cyclotomic number as GAP writes it."""
    x = as_cyclotomic(value)
    terms = []
    for k, c in x.terms.items():
        root = "" if k == 0 else f"E({x.conductor})" + (f"^{k}" if k > 1 else "")
        terms.append(str(c) if not root else root if c == 1 else f"-{root}" if c == -1 else f"{c}*{root}")
    return "+".join(terms).replace("+-", "-") or "0"
