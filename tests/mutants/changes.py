"""Every small change of a module that a test should notice: the operators of cosmic-ray, and three that drop a second parameter."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.operators.provider import OperatorProvider

# Of cosmic-ray's, those after which the code still runs: a test notices "Add" become "BitAnd" whatever it looks at.
PAIRS = {
    "ReplaceBinaryOperator": "Add_Sub Sub_Add Mul_Add Div_Mul FloorDiv_Mul Mod_FloorDiv Pow_Mul LShift_RShift RShift_LShift",
    "ReplaceComparisonOperator": "Lt_LtE LtE_Lt Gt_GtE GtE_Gt Eq_NotEq NotEq_Eq Eq_LtE Eq_GtE",
    "ReplaceUnaryOperator": "USub_UAdd Delete_Not",
}
PLAIN = ("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
         "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer", "NumberReplacer")  # fmt: skip

TOGETHER = ("arith_expr", "term", "power", "and_test", "or_test")
CONVERSIONS = {
    "bool",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "set",
    "str",
    "super",
    "tuple",
    "cast",
    "range",
    "len",
}
WORDS = ("raise_stmt", "decorator", "annassign", "import_name", "import_from", "assert_stmt", "fstring", "tfpdef")


class _Own(Operator):
    @classmethod
    def arguments(cls) -> Sequence[object]:
        return ()


class DropOperand(_Own):
    """a * b + c -> a * b, and each other part left out in turn; so with `and`, `or`, `**`, `-`, `/`."""

    def mutation_positions(self, node):
        if node.type in TOGETHER and "**" not in (c.get_code().strip() for c in node.children[:-2]):
            for _ in node.children[::2]:
                yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        kept = list(node.children)
        del kept[max(2 * index - 1, 0) : 2 * index + 1 if index else 2]
        return _as_expression(node, "".join(c.get_code() for c in kept))

    @classmethod
    def examples(cls):
        return Example("a * b", " b"), Example("x = a or b or c", "x = a or c", occurrence=1)


class DropCall(_Own):
    """conjugate(x) -> x, x.conj() -> x, x.T -> x."""

    def mutation_positions(self, node):
        if node.type == "atom_expr" and self._inner(node) is not None:
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        return _as_expression(node, self._inner(node))

    def _inner(self, node):
        last, before = node.children[-1], node.children[:-1]
        code = "".join(c.get_code() for c in before)
        if last.type != "trailer":
            return None
        if last.children[0].value == "." and last.children[1].value in ("T", "real", "imag", "dual", "conjugate"):
            return code
        if last.children[0].value != "(" or code.strip().split(".")[-1] in CONVERSIONS or code.strip()[0].isupper():
            return None
        inner = last.children[1:-1]
        if not inner and before[-1].type == "trailer" and before[-1].children[0].value == ".":
            return "".join(c.get_code() for c in before[:-1])
        if len(inner) == 1 and inner[0].type not in ("arglist", "argument"):
            return f"({inner[0].get_code()})"
        return None

    @classmethod
    def examples(cls):
        return Example("y = conjugate(x)", "y = (x)"), Example("y = x.conj()", "y = x")


class FirstOnly(_Own):
    """for x in xs -> for x in list(xs)[:1], in comprehensions too."""

    def mutation_positions(self, node):
        if node.type in ("for_stmt", "sync_comp_for", "comp_for") and node.children[0].get_code().strip() == "for":
            yield node.children[3].start_pos, node.children[3].end_pos

    def mutate(self, node, index):
        code = node.children[3].get_code()
        node.children[3] = parso.parse(f" list(({code.strip()}))[:1]")
        return node

    @classmethod
    def examples(cls):
        return Example("[f(x) for x in xs]", "[f(x) for x in list((xs))[:1]]"), Example(
            "for x in xs: f(x)", "for x in list((xs))[:1]: f(x)"
        )


def _as_expression(node, code: str):
    return parso.parse(node.get_first_leaf().prefix + code.strip())


OWN = {c.__name__: c for c in (DropOperand, DropCall, FirstOnly)}
NAMES = (*OWN, *(f"{k}_{p}" for k, pairs in PAIRS.items() for p in pairs.split()), *PLAIN)


def operator(name: str) -> Operator:
    """The operator of a name, of cosmic-ray's or one of the three above."""
    found: Operator = (OWN[name] if name in OWN else OperatorProvider()[name])()
    return found


def family(name: str) -> str:
    """What is drawn first when a sample is: all comparisons are one kind of change, all numbers another."""
    return name.split("_")[0]


@dataclass(frozen=True)
class Change:
    """One change of one file: the occurrence-th place where the operator applies, at a line."""

    path: str
    name: str
    occurrence: int
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column} {self.name}#{self.occurrence}"

    def apply(self, source: str) -> str:
        """The changed source."""
        changed = mutate_code(source, operator(self.name), self.occurrence)
        if changed is None or changed == source:
            raise LookupError(f"{self} changes nothing; the file is not the one that the sample was drawn from")
        return changed


def _is_spoken(node) -> bool:
    """Whether a node is in an error message, an annotation, or what only type checkers run: no test need look there."""
    if node.parent.type == "argument" and node.parent.children[0].get_code().strip() == "strict":
        return True  # zip(..., strict=True) guards against a mistake that is not there
    while node is not None:
        parent = node.parent
        if node.type in WORDS or (node.type == "if_stmt" and node.children[1].get_code().strip() == "TYPE_CHECKING"):
            return True
        if parent is not None and parent.type == "funcdef" and node is not parent.children[-1]:
            return True
        node = parent
    return False


def changes(path: Path, root: Path) -> Iterator[Change]:
    """All changes of a file, in order."""
    nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
    for name in NAMES:
        op = operator(name)
        places = ((node, start) for node in nodes for start, _ in op.mutation_positions(node))
        for occurrence, (node, (line, column)) in enumerate(places):
            if not _is_spoken(node):
                yield Change(path.relative_to(root).as_posix(), name, occurrence, line, column)


def sample(files: Sequence[Path], root: Path, number: int, seed: str) -> list[Change]:
    """Different changes of the files, drawn by the seed: first the kind of change, then the place."""
    rng = random.Random(seed)
    kinds: dict[str, list[Change]] = {}
    for file in files:
        for change in changes(file, root):
            kinds.setdefault(family(change.name), []).append(change)
    drawn: list[Change] = []
    while kinds and len(drawn) < number:
        kind = rng.choice(sorted(kinds))
        change = kinds[kind].pop(rng.randrange(len(kinds[kind])))
        if not kinds[kind]:
            del kinds[kind]
        drawn.append(change)
    return drawn
