"""Representations from text such as "2*regular + trivial", "defining^2", "sym(2, defining)", "grid(8,8)"."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping

from grouprep.errors import GroupRepError, nearest, shown
from grouprep.groups.base import Group
from grouprep.representations.base import Representation

__all__ = ["check_new_name", "parse_representation"]

_NAMES = ("trivial", "defining", "natural", "regular")
_PARITY = re.compile(r"(?<![\w'\"/])(\d+[eo])(?![\w'\"])")  # 1o and 2e, labels of O(3) that Python would not read

_CALLS = {
    "grid": "grid(8, 8)",
    "sym": "sym(2, defining)",
    "ext": "ext(2, defining)",
    "dual": "dual(defining)",
    "conj": "conj(defining)",
    "factor": "factor(0, defining)",
    "irrep": "irrep(A1)",
}  # with an example of each


def check_new_name(name: str) -> None:
    """Raise unless an expression can use the name for a representation of one's own.

    Raises
    ------
    GroupRepError
        If it is a word of the expressions already, or no word.
    """
    if name in _NAMES or name in _CALLS:
        raise GroupRepError(
            f'"{name}" has a meaning in every group; choose another name for a representation of your own'
        )
    if not name.isidentifier() or keyword.iskeyword(name):
        raise GroupRepError(f"{name!r:.60} is no name for a representation; take letters, digits and _, such as V1")


def parse_representation(G: Group, text: str, named: Mapping[str, Representation] | None = None) -> Representation:
    """The representation of G that an expression describes.

    Parameters
    ----------
    G : the group.
    text : names trivial, defining, natural, regular and those in `named`; V + W, n*V, V*W (tensor product), V^k;
        grid(h, w), sym(k, V), ext(k, V), dual(V), conj(V), irrep(label); for products factor(i, V), with V read over factor i.
    named : further representations of G by name.

    Raises
    ------
    GroupRepError
        If the text is not such an expression; the message shows the text and what is wrong in it.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> parse_representation(Dihedral(4), "2*regular + defining^2").dim
    20
    """
    if not isinstance(G, Group):
        raise GroupRepError(f"G must be a Group such as Dihedral(4), got {shown(G)}")
    if not isinstance(text, str):
        raise GroupRepError(f"a representation is written as text, got {shown(text)}")
    if len(text) > 2_000:
        raise GroupRepError(f"representation: {len(text):,} characters; at most 2,000 are read")
    try:
        tree = ast.parse(_PARITY.sub(r"'\1'", " ".join(text.split())).replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise GroupRepError(
            f'representation "{text:.80}" is not an expression; write for example 2*regular + defining^2, or irrep(A1)'
        ) from None
    try:
        value = _Reader(text, named or {}).read(tree, G)
    except RecursionError:
        raise GroupRepError(f'representation "{text:.80}" is nested too deeply') from None
    if not isinstance(value, Representation):
        raise GroupRepError(f'representation "{text}" is the number {value}; write for example {value}*trivial')
    return value


class _Reader:
    def __init__(self, text: str, named: Mapping[str, Representation]) -> None:
        self.text, self.named = text, named

    def fail(self, what: str) -> GroupRepError:
        return GroupRepError(f'representation "{self.text:.80}": {what}')

    def read(self, node: ast.expr, G: Group) -> int | Representation:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        if isinstance(node, ast.Name):
            return self.name(node.id, G)
        if isinstance(node, ast.BinOp):
            return self.operation(node, G)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self.call(node.func.id, node.args, G)
        raise self.fail(f'"{ast.unparse(node)}" is not allowed here; use names, +, *, ^ and {", ".join(_CALLS)}')

    def name(self, name: str, G: Group) -> Representation:
        if name in self.named:
            if self.named[name].group != G:
                raise self.fail(f'"{name}" is a representation of {self.named[name].group}, not of {G}')
            return self.named[name]
        if name in _NAMES:
            value: Representation = getattr(G, name)()
            return value
        if name in _CALLS:
            raise self.fail(f'"{name}" takes arguments; write for example {_CALLS[name]}')
        raise self.fail(f'"{name}" is unknown; {nearest(name, [*self.named, *_NAMES, *_CALLS])}')

    def operation(self, node: ast.BinOp, G: Group) -> int | Representation:
        left, right = self.read(node.left, G), self.read(node.right, G)
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Add):
            if isinstance(left, int) and isinstance(right, int):
                return left + right
            if isinstance(left, Representation) and isinstance(right, Representation):
                return left + right
            number = left if isinstance(left, int) else right
            raise self.fail(f'"{ast.unparse(node)}" adds a number to a representation; write {number}*trivial')
        if isinstance(node.op, ast.Pow):
            if not isinstance(right, int) or isinstance(left, int):
                raise self.fail(f'"{ast.unparse(node)}": powers are V^k with an integer k')
            return left**right
        raise self.fail(f'"{ast.unparse(node)}": only +, * and ^ join representations')

    def call(self, name: str, arguments: list[ast.expr], G: Group) -> Representation:
        if name not in _CALLS:
            if name in _NAMES or name in self.named:
                raise self.fail(f'"{name}" takes no arguments; write {name} without parentheses')
            raise self.fail(f'"{name}(...)" is unknown; {nearest(name, list(_CALLS))}')
        if name == "grid":
            return G.grid([self.number(a, G, "grid(h, w)") for a in arguments])
        if name == "irrep":
            if len(arguments) != 1:
                raise self.fail(
                    'irrep(label) takes one label, such as irrep(A1), irrep(2), irrep("1o"), irrep((A1, 2))'
                )
            return G.irrep(_label(arguments[0]))
        if name in ("dual", "conj"):
            if len(arguments) != 1:
                raise self.fail(f"{name}(V) takes one representation")
            V = self.representation(arguments[0], G, f"{name}(V)")
            return V.dual if name == "dual" else V.conjugate
        if len(arguments) != 2:
            raise self.fail(f"{name}(k, V) takes a number and a representation")
        k = self.number(arguments[0], G, f"{name}(k, V)")
        if name == "factor":
            if not 0 <= k < len(G.factors):
                raise self.fail(f"factor({k}, ...): {G} has the factors 0..{len(G.factors) - 1}")
            return G.pullback(k, self.representation(arguments[1], G.factors[k], "factor(i, V)"))
        V = self.representation(arguments[1], G, f"{name}(k, V)")
        return V.symmetric_power(k) if name == "sym" else V.exterior_power(k)

    def number(self, node: ast.expr, G: Group, what: str) -> int:
        value = self.read(node, G)
        if not isinstance(value, int):
            raise self.fail(f'{what} takes integers, got "{ast.unparse(node)}"')
        return value

    def representation(self, node: ast.expr, G: Group, what: str) -> Representation:
        value = self.read(node, G)
        if not isinstance(value, Representation):
            raise self.fail(f'{what} takes a representation, got "{ast.unparse(node)}"')
        return value


def _label(node: ast.expr) -> object:
    """A label as it is written: a name, a number, 1/2, quoted text such as "1o", or a tuple of these."""
    if isinstance(node, ast.Tuple):
        return tuple(_label(part) for part in node.elts)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node).replace(" ", "")
