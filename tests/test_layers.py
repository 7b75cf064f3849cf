"""Imports point down only, the packages are light to import, and modules stay small.

The layers are read off the source with ``ast``: nothing of the project is imported here, except in subprocesses and by
the tests of ``__all__``.
"""

import ast
import functools
import importlib
import inspect
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("grouprep", "projectors")

# From the ground up. A layer may import the layers above it in this list; layers that share a line may import each
# other, as long as no cycle arises. ``grouprep`` and ``projectors`` alone mean the two packages' __init__.py.
LAYERS: list[tuple[str, ...]] = [
    ("grouprep.errors", "grouprep.typing"),
    ("grouprep.linalg",),
    ("grouprep.groups",),
    ("grouprep.representations",),
    ("grouprep.characters", "grouprep.haar", "grouprep.irreps", "grouprep.quadrature"),
    ("grouprep",),
    ("grouprep.interop", "grouprep.testing"),
    (
        "projectors.adapted",
        "projectors.arrays",
        "projectors.basis",
        "projectors.blocks",
        "projectors.certificate",
        "projectors.evidence",
        "projectors.exact_decomposition",
        "projectors.explain",
        "projectors.files",
        "projectors.decompose.gauge",
        "projectors.decompose",
        "projectors.orthonormal",
        "projectors.projection",
        "projectors.schur",
        "projectors.solvers",
        "projectors.spectral",
    ),
    ("projectors.hom",),
    ("projectors.penalties",),
    ("projectors",),
    ("projectors.baselines", "projectors.jax", "projectors.torch"),
    ("projectors.cli", "projectors.demo", "projectors.report", "projectors.testing"),
    ("projectors.__main__",),
]

# Upward imports inside a function: (importing layer, imported layer) -> why a user finds this doorway there.
FACADES: dict[tuple[str, str], str] = {
    ("grouprep.groups", "grouprep.representations"): "G.trivial(), G.defining(), G.regular(), G.grid(...)",
    ("grouprep.groups", "grouprep.haar"): "G.sample(n, rng) of a Lie group",
    ("grouprep.groups", "grouprep.irreps"): "G.irreps(), G.irrep(label), G.character_table()",
    ("grouprep.representations", "grouprep.characters"): "V.character",
    ("grouprep.representations", "grouprep.irreps"): "V.multiplicities()",
}

# Nothing imports these; their users do.
ENDS = {"grouprep.interop", "projectors.__main__"}

# Libraries that only their adapters import, wherever in the code.
ADAPTED = {"torch", "jax", "emlp", "e3nn", "escnn"}
ADAPTERS = ("grouprep.interop", "projectors.baselines", "projectors.jax", "projectors.torch")

# Libraries that neither ``import grouprep`` nor ``import projectors`` loads.
HEAVY = ("scipy", "sympy", "flint", "matplotlib", "rich", "click", "torch", "jax")

MAX_LINES = 450


@dataclass(frozen=True)
class Import:
    """One import of one module by another."""

    importer: str
    target: str
    lineno: int
    in_function: bool

    def __str__(self) -> str:
        where = " inside a function" if self.in_function else ""
        return f"{self.importer}, line {self.lineno}: imports {self.target}{where}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def modules() -> dict[str, Path]:
    return {module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


def rank(layer: str) -> int:
    return next(number for number, layers in enumerate(LAYERS) if layer in layers)


def layer_of(module: str) -> str | None:
    """The layer of one of the project's modules; None if it has been given none."""
    known = {layer for layers in LAYERS for layer in layers}
    if module in PACKAGES:
        return module
    layer = ".".join(module.split(".")[:2])
    return layer if layer in known else None


class ImportCollector(ast.NodeVisitor):
    """Collects the imports of a module, but not those that only a type checker sees."""

    def __init__(self, module: str, is_package: bool, known: frozenset[str]) -> None:
        self.module, self.is_package, self.known = module, is_package, known
        self.depth = 0
        self.found: list[Import] = []

    def add(self, target: str, node: ast.AST) -> None:
        self.found.append(Import(self.module, target, node.lineno, self.depth > 0))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        source = node.module or ""
        if node.level:
            parts = self.module.split(".")
            parts = parts[: len(parts) - node.level + self.is_package]
            source = ".".join([*parts, source] if source else parts)
        for alias in node.names:
            submodule = f"{source}.{alias.name}"
            self.add(submodule if submodule in self.known else source, node)

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

    def visit_function(self, node: ast.AST) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_function


def imports_of(source: str, module: str, is_package: bool, known: frozenset[str]) -> list[Import]:
    collector = ImportCollector(module, is_package, known)
    collector.visit(ast.parse(source))
    return collector.found


@functools.cache
def all_imports() -> tuple[Import, ...]:
    known = frozenset(modules())
    return tuple(
        found
        for module, path in modules().items()
        for found in imports_of(path.read_text(encoding="utf-8"), module, path.name == "__init__.py", known)
    )


def internal_imports() -> list[Import]:
    return [found for found in all_imports() if found.target.split(".")[0] in PACKAGES]


def upward(found: Import) -> tuple[str, str] | None:
    """(importing layer, imported layer) if the import points up."""
    source, target = layer_of(found.importer), layer_of(found.target)
    if source is None or target is None or source == target:
        return None
    return (source, target) if rank(target) > rank(source) else None


def listing(problems: list[object]) -> str:
    return "\n  " + "\n  ".join(map(str, problems))


# --- the reader of imports is itself tested


def test_collector_sees_every_kind_of_import():
    source = """
import a.b
from . import sibling, other
from .sibling import name
from ..up import name
from typing import TYPE_CHECKING
import typing
if TYPE_CHECKING:
    import hidden
else:
    import shown
if typing.TYPE_CHECKING:
    from hidden import name
class C:
    import in_class
    def method(self):
        import inner
        importlib.import_module("dynamic")
"""
    known = frozenset({"p.q.sibling"})
    found = imports_of(source, "p.q", True, known)
    at_import = {one.target for one in found if not one.in_function}
    assert at_import == {"a.b", "p.q", "p.q.sibling", "p.up", "typing", "shown", "in_class"}
    assert {one.target for one in found if one.in_function} == {"inner", "dynamic"}
    assert imports_of("from .sibling import x", "p.q.m", False, known)[0].target == "p.q.sibling"


def test_upward_imports_are_recognised():
    assert upward(Import("grouprep.linalg.fields", "grouprep.groups.base", 1, False)) is not None
    assert upward(Import("grouprep.groups.finite", "grouprep", 1, False)) == ("grouprep.groups", "grouprep")
    assert upward(Import("grouprep.haar", "projectors.hom", 1, True)) is not None
    assert upward(Import("grouprep.groups.base", "grouprep.linalg", 1, False)) is None
    assert upward(Import("projectors.hom", "grouprep", 1, False)) is None
    assert upward(Import("projectors.cli.main", "projectors", 1, False)) is None


# --- the layers


def test_every_module_has_a_layer():
    lost = [module for module in modules() if layer_of(module) is None]
    assert not lost, "give these modules a layer in LAYERS, or a place in an existing one:" + listing(lost)


def test_every_internal_import_meets_a_module():
    lost = [found for found in internal_imports() if found.target not in modules()]
    assert not lost, listing(lost)


def test_imports_point_down():
    wrong = [
        found for found in internal_imports() if (pair := upward(found)) and not (found.in_function and pair in FACADES)
    ]
    assert not wrong, "imports point down only (docs: CONTRIBUTING.md, Layers):" + listing(wrong)


def test_grouprep_never_imports_projectors():
    wrong = [one for one in internal_imports() if one.importer.startswith("grouprep") and "projectors" in one.target]
    assert not wrong, listing(wrong)
    assert not [pair for pair in FACADES if pair[0].startswith("grouprep") and pair[1].startswith("projectors")]


def test_facades_are_in_use():
    used = {pair for found in internal_imports() if found.in_function and (pair := upward(found))}
    assert not set(FACADES) - used, "remove from FACADES:" + listing(sorted(set(FACADES) - used))


def test_nothing_imports_the_ends():
    wrong = [
        found
        for found in internal_imports()
        if layer_of(found.target) in ENDS and layer_of(found.importer) != layer_of(found.target)
    ]
    assert not wrong, listing(wrong)


def test_only_adapters_import_their_libraries():
    wrong = [
        found
        for found in all_imports()
        if found.target.split(".")[0] in ADAPTED and layer_of(found.importer) not in ADAPTERS
    ]
    assert not wrong, listing(wrong)


def test_no_cycles_among_modules():
    graph: dict[str, set[str]] = {module: set() for module in modules()}
    for found in internal_imports():
        if not found.in_function and found.target != found.importer:
            graph[found.importer].add(found.target)
    state: dict[str, bool] = {}  # False while on the current path, True once done

    def visit(module: str, path: tuple[str, ...]) -> None:
        if state.get(module) is False:
            pytest.fail("modules import each other: " + " -> ".join([*path[path.index(module) :], module]))
        if module in state:
            return
        state[module] = False
        for target in sorted(graph.get(module, ())):
            visit(target, (*path, module))
        state[module] = True

    for module in graph:
        visit(module, ())


# --- what importing costs


@pytest.mark.parametrize("package", PACKAGES)
def test_import_is_light(package):
    code = f"import sys, {package}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [], f"import {package} loads {run.stdout.strip()}"


# --- the public names


def public_modules() -> list[str]:
    private = (".__main__", *ADAPTERS)
    return [
        module
        for module in modules()
        if not module.endswith(private) and not any(part.startswith("_") for part in module.split("."))
    ]


def public_members(cls: type) -> list[str]:
    """Names of the functions and properties that the class itself defines; tests are described by their names."""
    kinds = (property, functools.cached_property, classmethod, staticmethod)
    return [
        name
        for name, value in vars(cls).items()
        if not name.startswith(("_", "test_")) and (isinstance(value, kinds) or inspect.isfunction(value))
    ]


def documented(cls: type, member: str) -> bool:
    """Whether the member has a docstring, own or inherited, or the docstring of a class above describes it by name."""
    return any(
        getattr(vars(base).get(member), "__doc__", None) or re.search(rf"\b{member}\b", base.__doc__ or "")
        for base in cls.__mro__
        if base is not object
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_declare_their_public_names(package):
    names = importlib.import_module(package).__all__
    assert len(names) == len(set(names))
    assert not [name for name in names if name.startswith("_") and name != "__version__"]
    assert set(names) <= set(dir(importlib.import_module(package))), "dir() of a lazy package lists __all__"


@pytest.mark.parametrize("module", public_modules())
def test_public_names_exist_and_are_documented(module):
    loaded = importlib.import_module(module)
    assert loaded.__doc__, f"{module} has no docstring"
    for name in getattr(loaded, "__all__", ()):
        assert hasattr(loaded, name), f"{module}.__all__ names {name}, which does not exist"
        value = getattr(loaded, name)
        if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value):
            documentation = value.__doc__ or ""
            generated = inspect.isclass(value) and documentation.startswith(f"{name}(")
            assert documentation.strip(), f"{module}.{name} has no docstring"
            assert not generated, f"{module}.{name} has only the docstring that dataclass generates"
        if inspect.isclass(value) and value.__module__.split(".")[0] in PACKAGES:
            bare = [member for member in public_members(value) if not documented(value, member)]
            assert not bare, f"{module}.{name}: no docstring, own or inherited, for {bare}"


# --- sizes and folders


def test_modules_are_short():
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in modules().items()}
    long = [f"{module}: {length} lines" for module, length in lengths.items() if length > MAX_LINES]
    assert not long, f"a module has one idea, and at most {MAX_LINES} lines:" + listing(long)


def test_test_folders_are_no_packages_and_shadow_nothing():
    tests = ROOT / "tests"
    assert not list(tests.rglob("__init__.py"))
    folders = {path.name for path in tests.rglob("*") if path.is_dir()}
    assert not folders & {*ADAPTED, *HEAVY, "numpy"}
