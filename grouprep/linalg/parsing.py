"""Numbers as people write them: a safe parser of text, and the algebraic atoms that a sympy expression is built from."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

from grouprep.errors import GroupRepError, TooLarge
from grouprep.linalg.budget import BITS, DEPTH, EXPONENT, FACTORED, MARKS, RADICAND, TEXT, require
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy import Expr

__all__ = [
    "Atom",
    "Unrecognised",
    "atoms",
    "evaluate",
    "height",
    "parse_expression",
    "squarefree",
    "syntax_tree",
    "turn",
]

_FUNCTIONS = ("sqrt", "exp", "cos", "sin", "zeta", "Rational")
_NAMES = ("pi", "I", "i")


def parse_expression(text: str) -> Expr:
    """The exact number that a text writes, as a sympy expression; nothing in the text is ever executed.

    Parameters
    ----------
    text : integers, + - * / ** (or ^), parentheses, pi, I (or i), sqrt(x), exp(x), cos(x), sin(x), Rational(p, q), and
        zeta(n) or zeta(n, k) for exp(2 pi I k/n).

    Returns
    -------
    A sympy Expr without free symbols and without floats.

    Raises
    ------
    GroupRepError
        If the text holds anything else, is longer than 10,000 characters, nested deeper than 100, or has an exponent
        beyond 10,000; the message shows the text and the part that is wrong.

    Examples
    --------
    >>> from grouprep.linalg.parsing import parse_expression
    >>> parse_expression("(1 + sqrt(5))/2^3")
    1/8 + sqrt(5)/8
    >>> parse_expression("0.5")
    Traceback (most recent call last):
    ...
    grouprep.errors.GroupRepError: cannot read '0.5': '0.5' is a decimal and not exact; write a fraction such as 1/2

    References
    ----------
    Python Software Foundation, The Python Language Reference, section 6 (the grammar of expressions).
    """
    if not isinstance(text, str):
        raise GroupRepError(f"a text is needed, not {type(text).__name__}")
    require(len(text), TEXT, f"cannot read {_short(text)!r}: its characters are")
    source = " ".join(text.split()).replace("^", "**")
    if not source:
        raise GroupRepError("cannot read an empty text as a number; write 0 for zero")
    value = _Reader(text, source).read(syntax_tree(source, f"cannot read {_short(text)!r}:"), 0)
    require(height(value), BITS, f"cannot read {_short(text)!r}: its bits are up to")
    return value


def syntax_tree(source: str, what: str) -> ast.expr:
    """The syntax tree of an expression, refused by counts that are the same for every Python, not by how deep one recurses.

    Raises
    ------
    GroupRepError
        If it is no expression; TooLarge if it is nested too deeply. Messages begin with `what`.
    """
    parentheses, depth = _nesting(source)
    require(parentheses, DEPTH, f"{what} it is nested too deeply, parentheses to the depth")
    require(depth, MARKS, f"{what} it is nested too deeply, operators to the depth")
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise GroupRepError(f"{what} {getattr(error, 'msg', None) or error}") from None
    except (RecursionError, MemoryError):  # a caller that is itself deep in recursion
        raise TooLarge(f"{what} it is nested too deeply") from None


_MARKS = re.compile(r"[(\[{]|[)\]}]|\*\*|//|[^\w\s]|\b(?:not|and|or|if|else|in|is|lambda|await|for)\b")


def _nesting(source: str) -> tuple[int, int]:
    """How deep parentheses stand inside each other, and a bound on the depth of the syntax tree: operators count too."""
    levels, deepest = (
        [[0, 0]],
        0,
    )  # for each open parenthesis, the operators in it and the depth of what is closed in it
    for mark in _MARKS.findall(source):
        if mark in "([{":
            levels.append([0, 0])
            deepest = max(deepest, len(levels) - 1)
        elif mark in ")]}" and len(levels) > 1:
            inner = sum(levels.pop()) + 1
            levels[-1][1] = max(levels[-1][1], inner)
        else:
            levels[-1][0] += 1
    return deepest, sum(map(sum, levels))


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:60] + " ... " + text[-10:]


class _Reader:
    """Turns the syntax tree of one text into a sympy expression."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source, self.bytes = text, source, source.encode()  # one line, whose columns count bytes

    def fail(self, node: ast.AST, reason: str, kind: type[GroupRepError] = GroupRepError) -> GroupRepError:
        part = ast.get_source_segment(self.source, node) or ""
        return kind(f"cannot read {_short(self.text)!r}: {_short(part)!r} {reason}")

    def read(self, node: ast.expr, depth: int) -> Scalar:
        require(depth, 2 * DEPTH, f"cannot read {_short(self.text)!r}: it is nested too deeply, to the depth")
        if isinstance(node, ast.Constant):
            return self.constant(node)
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
            operand = self.read(node.operand, depth + 1)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.BinOp):
            return self.binary(node, depth)
        if isinstance(node, ast.Call):
            return self.call(node, depth)
        raise self.fail(node, "is not allowed in a number")

    def constant(self, node: ast.Constant) -> Scalar:
        from sympy import Integer

        if type(node.value) is int:
            if not self.bytes[node.col_offset : node.end_col_offset].isdigit():
                raise self.fail(node, "is not a plain integer; write decimal digits alone")
            return Integer(node.value)
        if isinstance(node.value, float | complex):
            raise self.fail(node, "is a decimal and not exact; write a fraction such as 1/2")
        raise self.fail(node, "is not allowed in a number")

    def name(self, node: ast.Name) -> Scalar:
        from sympy import I, pi

        if node.id not in _NAMES:
            known = ", ".join(_NAMES + _FUNCTIONS)
            raise self.fail(node, f"is not a known name; known are {known}")
        return pi if node.id == "pi" else I

    def binary(self, node: ast.BinOp, depth: int) -> Scalar:
        spine: list[ast.BinOp] = []  # a + b + c + ... is a left spine: walk it in a loop, not by recursion
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            spine.append(left)
            left = left.left
        value = self.read(left, depth + 1)
        terms: list[Scalar] = []  # of the sum at the end of the spine, added all at once
        for step in reversed(spine):
            right = self.read(step.right, depth + 1)
            if isinstance(step.op, ast.Add | ast.Sub):
                terms.append(value)
                value = right if isinstance(step.op, ast.Add) else -right
            else:
                value = self.apply(step, self.total(step, [*terms, value]), right)
                terms = []
        return self.total(node, [*terms, value])

    def total(self, node: ast.expr, terms: list[Scalar]) -> Scalar:
        from sympy import Add

        return self.small(node, Add(*terms) if len(terms) > 1 else terms[0])

    def small(self, node: ast.expr, value: Scalar) -> Scalar:
        """A rational number that Python can print, or an irrational one."""
        if value.is_Rational and _bits(value) > BITS:
            raise self.fail(node, f"is too large, it has {_bits(value):,} bits; the limit is {BITS:,}", TooLarge)
        return value

    def apply(self, node: ast.BinOp, left: Scalar, right: Scalar) -> Scalar:
        match node.op:
            case ast.Mult():
                return self.small(node, left * right)
            case ast.Div():
                if right.is_zero:
                    raise self.fail(node, "divides by zero")
                return self.small(node, left / right)
            case ast.Pow():
                return self.power(node, left, right)
        raise self.fail(node, "uses an operator that is not allowed; allowed are + - * / ** ^")

    def power(self, node: ast.expr, base: Scalar, exponent: Scalar) -> Scalar:
        if not exponent.is_Rational:
            raise self.fail(node, "has an exponent that is not a rational number")
        if abs(exponent.p) > EXPONENT or exponent.q > EXPONENT:
            raise self.fail(node, f"has an exponent beyond {EXPONENT:,}", TooLarge)
        if base.is_zero and exponent < 0:
            raise self.fail(node, "divides by zero")
        if base.is_Rational and (_bits(base) - 1) * abs(exponent) > BITS:
            raise self.fail(node, f"is too large, it has more bits than the limit of {BITS:,}", TooLarge)
        if base.is_Rational and exponent.q > 1 and _bits(base) > RADICAND:
            raise self.fail(
                node, f"has a root of a number of {_bits(base):,} bits; the limit is {RADICAND} bits", TooLarge
            )
        result = base**exponent
        if any(abs(e.p) > EXPONENT for e in _exponents(result)):
            raise self.fail(node, f"has an exponent beyond {EXPONENT:,}", TooLarge)
        return self.small(node, result)

    def call(self, node: ast.Call, depth: int) -> Scalar:
        import sympy

        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _FUNCTIONS:
            raise self.fail(node.func, f"is not a known function; known are {', '.join(_FUNCTIONS)}")
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            raise self.fail(node, "has arguments by name")
        arguments = [self.read(a, depth + 1) for a in node.args]
        least, most = {"Rational": (1, 2), "zeta": (1, 2)}.get(name, (1, 1))
        if not least <= len(arguments) <= most:
            raise self.fail(node, f"has {len(arguments)} arguments; {name} takes {most}")
        if name == "Rational":
            return self.rational(node, arguments)
        if name == "zeta":
            return self.zeta(node, arguments)
        if name == "sqrt":
            return self.power(node, arguments[0], sympy.Rational(1, 2))
        return getattr(sympy, name)(arguments[0])

    def rational(self, node: ast.Call, arguments: list[Scalar]) -> Scalar:
        if not all(a.is_Rational for a in arguments):
            raise self.fail(node, "needs integers")
        if len(arguments) == 2 and arguments[1] == 0:
            raise self.fail(node, "divides by zero")
        return arguments[0] / arguments[1] if len(arguments) == 2 else arguments[0]

    def zeta(self, node: ast.Call, arguments: list[Scalar]) -> Scalar:
        from sympy import I, exp, pi

        if not all(a.is_Integer for a in arguments) or arguments[0] < 1:
            raise self.fail(node, "needs a positive integer n (and an integer k)")
        return exp(2 * pi * I * (arguments[1] if len(arguments) == 2 else 1) / arguments[0])


def _exponents(expr: Scalar) -> list[Scalar]:
    from sympy import Pow

    return [p.exp for p in expr.atoms(Pow) if p.exp.is_Rational]


def _bits(q: Scalar) -> int:
    return max(int(q.p).bit_length(), int(q.q).bit_length())


def height(expr: Scalar) -> int:
    """An upper bound on the logarithmic height of an algebraic number in bits: what it takes to write it, for each degree.

    Examples
    --------
    >>> from grouprep.linalg.parsing import height, parse_expression
    >>> height(parse_expression("(1 + sqrt(2))^100"))
    300

    References
    ----------
    M. Waldschmidt, Diophantine Approximation on Linear Algebraic Groups (2000), section 3.2.
    """
    return ceil(_height(expr))


def _height(e: Scalar) -> float:
    if e.is_Rational:
        return _bits(e)
    if e.is_Add:
        return sum(map(_height, e.args)) + len(e.args) - 1
    if e.is_Mul:
        return sum(map(_height, e.args))
    if e.is_Pow and e.exp.is_Rational:
        return abs(int(e.exp.p)) / int(e.exp.q) * _height(e.base)
    return 1  # I, roots of unity, cosines


class Unrecognised(Exception):
    """The expression is not built from square roots, roots of unity, cosines and rational numbers."""


Atom = tuple[str, Scalar]  # ("sqrt", d), ("root", Fraction r), ("cos", Fraction r), ("nested", expr)


def turn(angle: Scalar) -> Fraction | None:
    """The fraction r with angle = 2 pi r modulo 2 pi, in [0, 1), or None."""
    from sympy import expand, pi

    ratio = angle / (2 * pi)
    if not ratio.is_Rational:
        ratio = expand(ratio)
    return Fraction(int(ratio.p), int(ratio.q)) % 1 if ratio.is_Rational else None


def _exponential(expr: Scalar) -> Fraction | None:
    from sympy import I

    return turn(expr.exp / I)


@lru_cache(maxsize=4096)
def atoms(expr: Expr) -> frozenset[Atom]:
    """The atoms that `evaluate` will ask for; raises Unrecognised."""
    found: set[Atom] = set()

    def note(kind: str) -> Callable[[Scalar], int]:
        def remember(value: Scalar) -> int:
            found.add((kind, value))
            return 1

        return remember

    _walk(expr, lambda q: 1, note("root"), note("cos"), note("sqrt"), note("nested"), arithmetic=False)
    return frozenset(found)


def evaluate(
    expr: Expr,
    rational: Callable[[Scalar], Scalar],
    root: Callable[[Fraction], Scalar],
    two_cos: Callable[[Fraction], Scalar],
    sqrt: Callable[[int], Scalar],
    nested: Callable[[Expr], Scalar],
) -> Scalar:
    """The value of an expression in any field that knows rationals, exp(2 pi i r), 2 cos(2 pi r), sqrt(d) and sqrt(expr).

    d is a squarefree integer other than 0 and 1. Raises Unrecognised for any other kind of number, and ZeroDivisionError.
    """
    return _walk(expr, rational, root, two_cos, sqrt, nested, arithmetic=True)


def _walk(
    expr: Scalar,
    rational: Callable[[Scalar], Scalar],
    root: Callable[[Fraction], Scalar],
    two_cos: Callable[[Fraction], Scalar],
    sqrt: Callable[[int], Scalar],
    nested: Callable[[Scalar], Scalar],
    arithmetic: bool,
) -> Scalar:
    from sympy import Rational, S, cos, exp, sin, tan

    def cosine(r: Fraction | None) -> Scalar:
        if r is None:
            raise Unrecognised
        return two_cos(min(r % 1, 1 - r % 1)) * (rational(Rational(1, 2)) if arithmetic else 1)

    def square_root(q: Scalar) -> Scalar:
        d, outside = squarefree(int(q.p) * int(q.q))
        factor = rational(Rational(outside, q.q))
        return factor if d == 1 else factor * sqrt(d)

    def power(base: Scalar, exponent: Scalar) -> Scalar:
        if not exponent.is_Rational:
            raise Unrecognised
        if base == -1:
            return root(Fraction(int(exponent.p), 2 * int(exponent.q)) % 1)
        if exponent.q > 2:
            raise Unrecognised
        if exponent.q == 1:
            value = walk(base)
        else:
            value = square_root(base) if base.is_Rational else nested(base)
        return value ** int(exponent.p) if arithmetic else value

    def walk(e: Scalar) -> Scalar:
        if e.is_Rational:
            return rational(e)
        if e is S.ImaginaryUnit:
            return sqrt(-1)
        if e is S.GoldenRatio:
            return (rational(S.One) + sqrt(5)) * (rational(S.Half) if arithmetic else 1)
        if e.is_Add or e.is_Mul:
            parts = [walk(a) for a in e.args]
            total = parts[0]
            for part in parts[1:]:
                total = total + part if e.is_Add else total * part
            return total if arithmetic else 1
        if isinstance(e, exp):
            r = _exponential(e)
            if r is None:
                raise Unrecognised
            return root(r)
        if e.is_Pow:
            return power(e.base, e.exp)
        if isinstance(e, cos | sin | tan):
            r = turn(e.args[0])
            if r is None:
                raise Unrecognised
            if isinstance(e, cos):
                return cosine(r)
            sine = cosine(r - Fraction(1, 4))
            return sine if isinstance(e, sin) else (sine / cosine(r) if arithmetic else cosine(r))
        raise Unrecognised

    return walk(expr)


def squarefree(n: int) -> tuple[int, int]:
    """(d, s) with n = d s^2 and d squarefree, d with the sign of n, for n other than 0; TooLarge beyond 160 bits."""
    from flint import fmpz

    if n.bit_length() > FACTORED:
        raise TooLarge(f"the square root of a number of {n.bit_length()} bits; the limit is {FACTORED} bits")
    d, s = (1 if n > 0 else -1), 1
    for p, e in fmpz(abs(n)).factor():
        d, s = d * int(p) ** (e % 2), s * int(p) ** (e // 2)
    return d, s
