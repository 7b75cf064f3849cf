"""The layers of the two packages, and what their source says of them: imports, circles, libraries, private attributes.

Everything is read off the source with ``ast``; nothing of the project is imported. `python tests/support/architecture.py` counts it.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("grouprep", "projectors")


@dataclass(frozen=True)
class Layer:
    """One floor of the house: the rooms that share it, and what it is for.

    A room is a module or a package, with all that is in it and is not a room of its own; "projectors.hom" is one, and
    "projectors.solvers". "=projectors" is the package's `__init__.py` alone.
    """

    rooms: tuple[str, ...]
    title: str


# From the ground up. A layer may import the layers above it in this list; rooms that share a layer may import each other,
# as long as no circle arises.
LAYERS = (
    Layer(
        ("grouprep.errors", "grouprep.markup", "grouprep.progress", "grouprep.summary", "grouprep.typing"),
        "errors, types, what is shown",
    ),
    Layer(("grouprep.linalg",), "exact and float linear algebra"),
    Layer(("grouprep.groups",), "groups, homomorphisms"),
    Layer(("grouprep.representations",), "representations, their algebra"),
    Layer(
        (
            "grouprep.character_tables",
            "grouprep.characters",
            "grouprep.haar",
            "grouprep.invariants",
            "grouprep.irreps",
            "grouprep.quadrature",
        ),
        "what is known of a group",
    ),
    Layer(("grouprep.point_groups",), "point groups, molecules"),
    Layer(("grouprep.families",), "a file a family"),
    Layer(("=grouprep",), "public names"),
    Layer(("grouprep.interop", "grouprep.testing"), "neighbours, laws"),
    Layer(("projectors.arrays",), "array libraries"),
    Layer(("projectors.structure",), "a class a structure"),
    Layer(("projectors.solvers",), "a file a solver"),
    Layer(("projectors.decompose",), "sums of irreps"),
    Layer(
        ("=projectors.solvers", "projectors.solvers.auto", "projectors.solvers.registry", "projectors.solvers.schur"),
        "solvers that know irreps",
    ),
    Layer(
        ("projectors.cards", "projectors.certify", "projectors.explain", "projectors.files"),
        "what is proved of a solution",
    ),
    Layer(("projectors.hom",), "Hom(V, W)"),
    Layer(("projectors.penalties", "projectors.polynomials"), "norms, penalties, bounds; polynomial maps"),
    Layer(("=projectors",), "public names"),
    Layer(("projectors.models",), "a model's layers as operators"),
    Layer(("projectors.jax", "projectors.torch"), "adapters"),
    Layer(("projectors.interop",), "neighbours"),
    Layer(("projectors.baselines", "projectors.torch.baselines"), "what others do"),
    Layer(("projectors.testing",), "laws"),
    Layer(("projectors.demo", "projectors.report"), "tables and pictures"),
    Layer(("projectors.cli",), "the command"),
    Layer(("projectors.__main__", "grouprep.__main__"), "python -m grouprep, python -m projectors"),
)


# --- modules


def module_name(path: Path, root: Path = ROOT) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def modules(root: Path = ROOT) -> dict[str, Path]:
    return {module_name(path, root): path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))}


def is_within(module: str, room: str) -> bool:
    """Whether a module belongs to a room."""
    if room.startswith("="):
        return module == room[1:]
    return module == room or module.startswith(f"{room}.")


def room_of(module: str, layers: tuple[Layer, ...] = LAYERS) -> str | None:
    """The smallest room a module belongs to; None if it has been given none."""
    rooms = [room for layer in layers for room in layer.rooms if is_within(module, room)]
    return max(rooms, key=len, default=None)


def rank(room: str, layers: tuple[Layer, ...] = LAYERS) -> int:
    return next(number for number, layer in enumerate(layers) if room in layer.rooms)


# --- imports


@dataclass(frozen=True)
class Import:
    """One import of one module by another.

    Attributes
    ----------
    function : the function that contains it, "" at the top; methods with their class, "Group.trivial".
    """

    importer: str
    target: str
    lineno: int
    function: str = ""

    def __str__(self) -> str:
        where = f" inside {self.function}" if self.function else ""
        return f"{self.importer}, line {self.lineno}: imports {self.target}{where}"


class ImportCollector(ast.NodeVisitor):
    """Collects the imports of a module, but not those that only a type checker sees."""

    def __init__(self, module: str, is_package: bool, known: frozenset[str]) -> None:
        self.module, self.is_package, self.known = module, is_package, known
        self.scopes: list[str] = []
        self.depth = 0
        self.found: list[Import] = []

    def add(self, target: str, node: ast.AST) -> None:
        function = ".".join(self.scopes) if self.depth else ""
        self.found.append(Import(self.module, target, node.lineno, function))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        source = node.module or ""
        if node.level:
            parts = self.module.split(".")
            parts = parts[: len(parts) - node.level + self.is_package]
            source = ".".join([*parts, source] if source else parts)
        names = [f"{source}.{alias.name}" for alias in node.names]
        for target in dict.fromkeys(name if name in self.known or source in SPREAD else source for name in names):
            self.add(target, node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in {"import_module", "__import__"} and node.args:
            argument = node.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                self.add(argument.value, node)
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        test = node.test
        if (test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")) == "TYPE_CHECKING":
            for statement in node.orelse:
                self.visit(statement)
        else:
            self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.scopes.append(node.name)
        self.generic_visit(node)
        self.scopes.pop()

    def visit_function(self, node: ast.AST) -> None:
        self.scopes.append(getattr(node, "name", "<lambda>"))
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1
        self.scopes.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_function


def imports_of(source: str, module: str, is_package: bool, known: frozenset[str]) -> list[Import]:
    collector = ImportCollector(module, is_package, known)
    collector.visit(ast.parse(source))
    return collector.found


@functools.cache
def all_imports(root: Path = ROOT) -> tuple[Import, ...]:
    known = frozenset(modules(root))
    return tuple(
        found
        for module, path in modules(root).items()
        for found in imports_of(path.read_text(encoding="utf-8"), module, path.name == "__init__.py", known)
    )


def internal_imports(root: Path = ROOT) -> list[Import]:
    return [found for found in all_imports(root) if found.target.split(".")[0] in PACKAGES]


def upward(found: Import, layers: tuple[Layer, ...] = LAYERS) -> tuple[str, str] | None:
    """(importing room, imported room) if the import points up."""
    source, target = room_of(found.importer, layers), room_of(found.target, layers)
    if source is None or target is None:
        return None
    return (source, target) if rank(target, layers) > rank(source, layers) else None


# --- circles


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The sets of two or more modules that all reach each other, each sorted (Tarjan's strong components)."""
    numbers: dict[str, int] = {}
    lows: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        numbers[node] = lows[node] = len(numbers)
        stack.append(node)
        for target in sorted(graph.get(node, ())):
            if target not in numbers:
                visit(target)
                lows[node] = min(lows[node], lows[target])
            elif target in stack:
                lows[node] = min(lows[node], numbers[target])
        if lows[node] == numbers[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(graph):
        if node not in numbers:
            visit(node)
    return found


def import_graph(imports: Iterable[Import]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for found in imports:
        if found.target != found.importer:
            graph.setdefault(found.importer, set()).add(found.target)
    return graph


# --- libraries

LIGHT = {*sys.stdlib_module_names, "numpy", "array_api_compat", *PACKAGES}
SLOW_PARTS = {"array_api_compat.numpy", "array_api_compat.torch", "importlib.metadata"}  # of what is light otherwise
SPREAD = {"scipy"}  # libraries whose parts load one by one


def library(target: str) -> str | None:
    """The library whose loading an import costs; None for the standard library, numpy and the project itself."""
    parts = target.split(".")
    if target in SLOW_PARTS:
        return target
    if parts[0] in LIGHT:
        return None
    return ".".join(parts[:2]) if parts[0] in SPREAD or parts[-1].startswith("_") else parts[0]


def loaded_by(module: str, imports: Iterable[Import]) -> set[str]:
    """The libraries that importing a module loads: its own, those of what it imports at its top, those of its packages."""
    at_top: dict[str, list[str]] = {}
    for found in imports:
        if not found.function:
            at_top.setdefault(found.importer, []).append(found.target)
    seen: set[str] = set()
    queue, libraries = [module], set()
    while queue:
        current = queue.pop()
        if current in seen:
            continue
        seen.add(current)
        if name := library(current):
            libraries.add(name)
        parts = current.split(".")
        if parts[0] in PACKAGES:
            queue += [".".join(parts[:k]) for k in range(1, len(parts))]
        queue += at_top.get(current, [])
    return libraries


def without_reason(imports: Iterable[Import]) -> list[Import]:
    """The imports inside functions that load no library which their module has not loaded already."""
    imports = list(imports)
    loaded = functools.cache(lambda module: frozenset(loaded_by(module, imports)))
    return [found for found in imports if found.function and not loaded(found.target) - loaded(found.importer)]


# --- private attributes


@dataclass(frozen=True)
class PrivateRead:
    """One use of a private name of another module."""

    module: str
    name: str
    lineno: int
    how: str

    def __str__(self) -> str:
        return f"{self.module}, line {self.lineno}: {self.how}"


PROTOCOLS = {"_asdict", "_fields", "_make", "_replace"}  # of named tuples; _x_ is a protocol too, as in _repr_latex_


def is_private(name: str) -> bool:
    return name.startswith("_") and name != "_" and not name.endswith("_") and name not in PROTOCOLS


class PrivateCollector(ast.NodeVisitor):
    """Collects what a module defines, and which private attributes of objects other than self and cls it uses."""

    def __init__(self, module: str, known: frozenset[str]) -> None:
        self.module, self.known = module, known
        self.defined: set[str] = set()
        self.used: list[PrivateRead] = []

    def use(self, name: str, node: ast.AST, how: str) -> None:
        if is_private(name):
            self.used.append(PrivateRead(self.module, name, node.lineno, how))

    def visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.defined.add(node.name)
        self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_function

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.defined.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if is_own(node.value):
            if isinstance(node.ctx, ast.Store):
                self.defined.add(node.attr)
        else:
            self.use(node.attr, node, ast.unparse(node))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"getattr", "hasattr", "setattr", "delattr", "__setattr__"} and len(node.args) > 1:
            holder, attribute = node.args[:2]
            if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
                if is_own(holder) and name in {"setattr", "__setattr__"}:
                    self.defined.add(attribute.value)
                elif not is_own(holder):
                    self.use(attribute.value, node, ast.unparse(node))
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        holder, key = node.value, node.slice
        if isinstance(holder, ast.Attribute) and holder.attr == "__dict__" and isinstance(key, ast.Constant):
            if is_own(holder.value):
                self.defined.add(str(key.value))
            else:
                self.use(str(key.value), node, ast.unparse(node))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Name) and target.id == "__slots__" for target in node.targets):
            self.defined |= {str(x.value) for x in ast.walk(node.value) if isinstance(x, ast.Constant)}
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module and not node.level:
            for alias in node.names:
                if f"{node.module}.{alias.name}" not in self.known:
                    self.use(alias.name, node, f"from {node.module} import {alias.name}")


def is_own(node: ast.expr) -> bool:
    """Whether an expression is the object whose method this is, its class, or the class above it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id == "super" or (node.func.id == "type" and len(node.args) == 1 and is_own(node.args[0]))
    return isinstance(node, ast.Name) and node.id in {"self", "cls", "mcs"}


def private_reads(source: str, module: str, known: frozenset[str] = frozenset()) -> list[PrivateRead]:
    collector = PrivateCollector(module, known)
    collector.visit(ast.parse(source))
    return [use for use in collector.used if use.name not in collector.defined]


def all_private_reads(root: Path = ROOT) -> list[PrivateRead]:
    known = frozenset(modules(root))
    return [
        use
        for module, path in modules(root).items()
        for use in private_reads(path.read_text(encoding="utf-8"), module, known)
    ]


def summary(root: Path = ROOT) -> dict[str, int]:
    """The sizes of what the laws forbid, and of what they are about."""
    internal, imports = internal_imports(root), all_imports(root)
    found = circles(import_graph(internal))
    return {
        "modules": len(modules(root)),
        "lines": sum(len(path.read_text(encoding="utf-8").splitlines()) for path in modules(root).values()),
        "circles": len(found),
        "modules in circles": sum(map(len, found)),
        "imports inside functions": sum(bool(one.function) for one in imports),
        "of these, of no library": len(without_reason(imports)),
        "private names of other modules": len(all_private_reads(root)),
    }


if __name__ == "__main__":
    for what, number in summary(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT).items():
        print(f"{number:7,}  {what}")
