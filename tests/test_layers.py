"""Imports point down only, without circles; the packages are light to import; modules keep their private names.

The laws are read off the source: see `architecture`. Nothing of the project is imported here, except in subprocesses and
by the tests of ``__all__``.
"""

import functools
import importlib.util
import inspect
import re
import subprocess
import sys

import pytest
from architecture import (
    LAYERS,
    PACKAGES,
    ROOT,
    Import,
    Layer,
    all_imports,
    all_private_reads,
    circles,
    import_graph,
    imports_of,
    internal_imports,
    is_within,
    loaded_by,
    modules,
    private_reads,
    room_of,
    upward,
    without_reason,
)
from cases import cases
from kernels import KERNELS, require_triton

# Methods that are mere doorways to what stands above, or beside: module and method -> what a user finds behind it. They may
# import it inside the function. All of them belong to the classes that users hold in their hands.
DOORWAYS: dict[str, str] = {
    "grouprep.groups.base.Group.__mul__": "G * H",
    "grouprep.groups.base.Group.grid": "G.grid(shape)",
    "grouprep.groups.base.Group.irrep": "G.irrep(label)",
    "grouprep.groups.base.Group.irreps": "G.irreps()",
    "grouprep.groups.base.Group.kernel": "G.kernel((5, 5))",
    "grouprep.groups.base.Group.pullback": "(G * H).pullback(0, V)",
    "grouprep.groups.base.Group.trivial": "G.trivial()",
    "grouprep.groups.finite.FiniteGroup.character_table": "G.character_table()",
    "grouprep.groups.finite.FiniteGroup.defining": "G.defining()",
    "grouprep.groups.finite.FiniteGroup.natural": "G.natural()",
    "grouprep.groups.finite.FiniteGroup.permutation": "G.permutation(action)",
    "grouprep.groups.finite.FiniteGroup.quotient": "G.quotient(N)",
    "grouprep.groups.finite.FiniteGroup.regular": "G.regular()",
    "grouprep.groups.finite.FiniteGroup.subgroups": "G.subgroups()",
    "grouprep.groups.finite.FiniteGroup.wreath": "G.wreath(n)",
    "grouprep.groups.homomorphism.Homomorphism.kernel": "f.kernel()",
    "grouprep.groups.lie.LieGroup.contains": "G.contains(g)",
    "grouprep.groups.lie.LieGroup.defining": "G.defining()",
    "grouprep.groups.lie.LieGroup.sample": "G.sample(n, rng)",
    "grouprep.representations.base.Representation.__add__": "V + W",
    "grouprep.representations.base.Representation.__mul__": "V * W, n * V",
    "grouprep.representations.base.Representation.__new__": "Representation(G, images={...})",
    "grouprep.representations.base.Representation.__pow__": "V ** k",
    "grouprep.representations.base.Representation.change_basis": "V.change_basis(S)",
    "grouprep.representations.base.Representation.character": "V.character",
    "grouprep.representations.base.Representation.conjugate": "V.conjugate",
    "grouprep.representations.base.Representation.dual": "V.dual",
    "grouprep.representations.base.Representation.exterior_power": "V.exterior_power(k)",
    "grouprep.representations.base.Representation.induce": "V.induce(f)",
    "grouprep.representations.base.Representation.kernel": "V.kernel()",
    "grouprep.representations.base.Representation.multiplicities": "V.multiplicities()",
    "grouprep.representations.base.Representation.joint": "V.joint(W)",
    "grouprep.representations.base.Representation.restrict": "V.restrict(f)",
    "grouprep.representations.base.Representation.symmetric_power": "V.symmetric_power(k)",
    "grouprep.representations.base.Representation.to_dict": "V.to_dict()",
    "grouprep.representations.base.Representation.unitary": "V.unitary()",
}
# What is loaded when it is first asked for, because most programs never ask: who imports it inside functions, and what it is.
ON_DEMAND: dict[str, tuple[str, ...]] = {
    "grouprep.families": ("grouprep.irreps", "grouprep.point_groups", "grouprep.character_tables"),  # a family's irreps
    "grouprep.irreps.catalogue": ("grouprep.irreps.finite",),  # irreps of a group of no family
    "grouprep.irreps.product": (
        "grouprep.irreps.finite",
    ),  # irreps of products over a smaller field than their factors'
}
FACADES = {"Group", "FiniteGroup", "Homomorphism", "LieGroup", "Representation"}

# Private names of other people's libraries, where they give no public one.
FOREIGN: dict[str, str] = {
    "_BatchNorm": "torch: the class of its batch normalisations",
    "_C": "torch: where it says whether a transformation of torch.func is active, as autograd.Function asks",
    "_ConvNd": "torch: the class of its convolutions",
    "_ConvTransposeNd": "torch: the class of its transposed convolutions",
    "_InstanceNorm": "torch: the class of its instance normalisations",
    "_are_functorch_transforms_active": "torch: whether a transformation of torch.func is active",
    "_current_level": "torch: whether forward-mode differentiation is active",
    "_dynamo_marked_constant": "torch: what torch.compiler.assume_constant_result sets, without importing torch",
    "_forward_pre_hooks": "torch: the hooks of its older utilities, which compute a weight",
    "_modules": "torch: the modules of a module by name, ten times as fast as an attribute",
    "_tensor_name": "torch: the parameter that a pruning hook computes",
    "_orig_mod": "torch: the model inside a compiled one",
    "_parameters": "torch: the parameters of a module by name, a quarter of the time of asking each of hundreds of layers",
    "_qkv_same_embed_dim": "torch: whether an attention has one packed weight",
}

# Nothing imports these; their users do.
ENDS = {"grouprep.interop", "grouprep.__main__", "projectors.__main__", "projectors.interop"}

# Libraries that only their adapters import, wherever in the code.
ADAPTED = {
    "torch",
    "jax",
    "emlp",
    "e3nn",
    "escnn",
    "xarray",
    "spglib",
    "ase",
    "pymatgen",
    "pynauty",
    "qutip",
    "quimb",
    "cvxpy",
}
ADAPTERS = ("grouprep.interop", "projectors.baselines", "projectors.interop", "projectors.jax", "projectors.torch")
ARRAYS = ("array_api_compat", "projectors.arrays")  # the library of array libraries, and the one room that imports it

# Libraries that neither ``import grouprep`` nor ``import projectors`` loads.
HEAVY = ("scipy", "sympy", "flint", "matplotlib", "rich", "click", "torch", "jax", "array_api_compat.numpy")


def is_doorway(found: Import) -> bool:
    """Whether an import inside a function of `grouprep` is the doorway's."""
    return f"{found.importer}.{found.function}" in DOORWAYS


def is_on_demand(found: Import) -> bool:
    """Whether an import inside a function is of what is loaded when it is first asked for."""
    return any(
        is_within(found.importer, importer) and any(is_within(found.target, target) for target in targets)
        for importer, targets in ON_DEMAND.items()
    )


def listing(problems: list[object]) -> str:
    return "\n  " + "\n  ".join(map(str, problems))


# --- the reader of sources is itself tested


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
        f = lambda: __import__("deep")
"""
    known = frozenset({"p.q.sibling"})
    found = imports_of(source, "p.q", True, known)
    at_import = {one.target for one in found if not one.function}
    assert at_import == {"a.b", "p.q", "p.q.sibling", "p.up", "typing", "shown", "in_class"}
    inside = {one.target: one.function for one in found if one.function}
    assert inside == {"inner": "C.method", "dynamic": "C.method", "deep": "C.method.<lambda>"}
    assert imports_of("from .sibling import x", "p.q.m", False, known)[0].target == "p.q.sibling"
    assert len(imports_of("from a import x, y, z", "p", False, known)) == 1


def test_rooms_are_the_smallest_that_hold_a_module():
    layers = (Layer(("p.low",), ""), Layer(("=p", "p.a"), ""), Layer(("p.low.high",), ""))
    rooms = {m: room_of(m, layers) for m in ("p", "p.low", "p.low.x", "p.low.high.y", "p.lower", "p.a.b")}
    assert rooms == {
        "p": "=p", "p.low": "p.low", "p.low.x": "p.low", "p.low.high.y": "p.low.high", "p.lower": None, "p.a.b": "p.a",
    }  # fmt: skip
    assert upward(Import("p.low.x", "p.low.high", 1), layers) == ("p.low", "p.low.high")
    assert upward(Import("p.low.high", "p.low.x", 1), layers) is None
    assert upward(Import("p.a.b", "p", 1), layers) is None


def test_upward_imports_are_recognised():
    assert upward(Import("grouprep.linalg.fields", "grouprep.groups.base", 1)) is not None
    assert upward(Import("grouprep.groups.finite", "grouprep", 1)) == ("grouprep.groups", "=grouprep")
    assert upward(Import("grouprep.haar", "projectors.hom", 1, "f")) is not None
    assert upward(Import("grouprep.groups.base", "grouprep.linalg", 1)) is None
    assert upward(Import("projectors.hom", "grouprep", 1)) is None
    assert upward(Import("projectors.cli.main", "projectors", 1)) is None


def test_circles_are_found():
    graph = {"a": "b", "b": "c", "c": "ad", "d": "e", "e": "", "f": "g", "g": "f", "h": "h"}
    assert sorted(circles(graph)) == [["a", "b", "c"], ["f", "g"]]
    assert circles({"a": "bc", "b": "c"}) == []
    inside = [Import("p.a", "p.b", 1), Import("p.b", "p.a", 1, "f"), Import("p.a", "p.a", 1)]
    assert circles(import_graph(inside)) == [["p.a", "p.b"]]


def test_an_import_inside_a_function_has_a_reason_if_it_loads_a_library():
    imports = [
        Import("grouprep.light", "math", 1),
        Import("grouprep.heavy", "sympy", 1),
        Import("grouprep.on_heavy", "grouprep.heavy", 1),
        Import("grouprep.some", "scipy.linalg", 1),
    ]
    assert loaded_by("grouprep.on_heavy", imports) == {"sympy"}
    assert loaded_by("grouprep.light", imports) == set()
    assert loaded_by("grouprep.sub.m", [Import("grouprep.sub", "torch", 1)]) == {"torch"}

    def refused(importer: str, target: str) -> bool:
        return bool(without_reason([*imports, Import(importer, target, 2, "f")]))

    assert not refused("grouprep.light", "sympy.polys")
    assert not refused("grouprep.light", "grouprep.on_heavy")
    assert not refused("grouprep.some", "scipy.sparse")
    assert not refused("grouprep.light", "importlib.metadata")
    assert refused("grouprep.light", "json")
    assert refused("grouprep.heavy", "grouprep.light")
    assert refused("grouprep.on_heavy", "sympy"), "it is loaded already"
    assert refused("grouprep.some", "scipy.linalg")


def test_private_attributes_of_others_are_seen():
    source = """
from other import _hidden, shown
import other._module
class C:
    __slots__ = ("_slot",)
    _field: int
    def __init__(self):
        self._set = 1
        object.__setattr__(self, "_frozen", 2)
        self.__dict__["_kept"] = 3
    def mine(self, x):
        return self._inherited, super()._above, type(self)._of_class, cls._made
    def same_module(self, x):
        return x._slot, x._field, x._set, x._frozen, x._kept, x._method, x.__class__, x._repr_latex_(), x._replace(a=1)
    def _method(self):
        return self.V._foreign, x._other, getattr(x, "_named"), x.__dict__["_hung"]
"""
    assert {use.name for use in private_reads(source, "m")} == {"_hidden", "_foreign", "_other", "_named", "_hung"}
    assert private_reads("from p import _m", "p.a", frozenset({"p._m"})) == []


# --- the layers


def test_every_module_has_a_layer():
    lost = [module for module in modules() if room_of(module) is None]
    assert not lost, "give these modules a room in architecture.LAYERS, or a place in an existing one:" + listing(lost)


def test_every_room_exists():
    rooms = [room for layer in LAYERS for room in layer.rooms]
    assert len(rooms) == len(set(rooms))
    empty = [room for room in rooms if not any(room_of(module) == room for module in modules())]
    assert not empty, "remove from architecture.LAYERS:" + listing(empty)
    others = [*ENDS, *ADAPTERS]
    gone = [room for room in others if not any(is_within(module, room) for module in modules())]
    assert not gone, listing(gone)


def test_every_internal_import_meets_a_module():
    lost = [found for found in internal_imports() if found.target not in modules()]
    assert not lost, listing(lost)


def test_imports_point_down():
    wrong = [found for found in internal_imports() if upward(found) and not is_doorway(found)]
    assert not wrong, "imports point down only (docs: CONTRIBUTING.md, Layers):" + listing(wrong)


def test_grouprep_never_imports_projectors():
    wrong = [one for one in internal_imports() if one.importer.startswith("grouprep") and "projectors" in one.target]
    assert not wrong, listing(wrong)


def test_no_circles_among_modules():
    """Imports inside functions count: a circle that is closed at run time is one."""
    open_ = [found for found in internal_imports() if not is_doorway(found)]
    found = [" ".join(circle) for circle in circles(import_graph(open_))]
    assert not found, "modules import each other:" + listing(found)


def test_doorways_are_methods_of_groups_and_representations():
    wrong = [door for door in DOORWAYS if door.split(".")[-2] not in FACADES or not door.startswith("grouprep.")]
    assert not wrong, listing(wrong)
    assert all(DOORWAYS.values())


def test_doorways_are_in_use():
    used = {f"{found.importer}.{found.function}" for found in internal_imports() if found.function}
    assert not set(DOORWAYS) - used, "remove from DOORWAYS:" + listing(sorted(set(DOORWAYS) - used))


def test_imports_inside_functions_have_a_reason():
    wrong = [found for found in without_reason(all_imports()) if not (is_doorway(found) or is_on_demand(found))]
    assert not wrong, "these load no library that was not there, so they stand at the top:" + listing(wrong)


def test_what_is_loaded_on_demand_is_not_loaded_before():
    """Each entry is in use, and `import projectors` loads none of the rooms that only irreps of some groups need."""
    used = {
        (importer, target)
        for importer, targets in ON_DEMAND.items()
        for target in targets
        for found in internal_imports()
        if found.function and is_within(found.importer, importer) and is_within(found.target, target)
    }
    listed = {(importer, target) for importer, targets in ON_DEMAND.items() for target in targets}
    assert used == listed, f"remove from ON_DEMAND: {listed - used}"
    rooms = (
        "grouprep.irreps.highest_weight",
        "grouprep.irreps.finite",
        "grouprep.point_groups",
        "grouprep.character_tables",
    )
    code = f"import sys, projectors; print(*(m for m in sys.modules if m.startswith({rooms!r})))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.split() == []


def test_names_that_are_loaded_later_are_there():
    import grouprep

    assert set(grouprep.__all__) <= set(dir(grouprep))
    assert all(getattr(grouprep, name) is not None for name in grouprep.__all__)
    assert grouprep.PointGroup.__module__ == "grouprep.point_groups.group"
    with pytest.raises(AttributeError, match="no attribute 'Pointgroup'"):
        grouprep.Pointgroup  # noqa: B018


def test_nothing_imports_the_ends():
    wrong = [
        found
        for found in internal_imports()
        for end in ENDS
        if is_within(found.target, end) and not any(is_within(found.importer, other) for other in ENDS)
    ]
    assert not wrong, listing(wrong)


def test_only_adapters_import_their_libraries():
    wrong = [
        found
        for found in all_imports()
        if found.target.split(".")[0] in ADAPTED and not any(is_within(found.importer, room) for room in ADAPTERS)
    ]
    assert not wrong, listing(wrong)


def test_only_the_arrays_know_array_libraries():
    library, room = ARRAYS
    wrong = [one for one in all_imports() if is_within(one.target, library) and not is_within(one.importer, room)]
    assert not wrong, listing(wrong)


# --- private names


def test_private_names_stay_in_their_module():
    wrong = [use for use in all_private_reads() if use.name not in FOREIGN]
    assert not wrong, "private names of other modules:" + listing(wrong)


def test_foreign_names_are_in_use():
    used = {use.name for use in all_private_reads()}
    assert not set(FOREIGN) - used, "remove from FOREIGN:" + listing(sorted(set(FOREIGN) - used))


# --- the picture


def test_the_picture_of_the_layers_is_up_to_date():
    specification = importlib.util.spec_from_file_location("layers", ROOT / "docs" / "layers.py")
    layers = importlib.util.module_from_spec(specification)
    sys.modules["layers"] = layers
    specification.loader.exec_module(layers)
    assert layers.PICTURE.read_text(encoding="utf-8") == layers.draw(), "make it anew: python docs/layers.py"


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


def is_adapted(module: str) -> bool:
    """Adapters load the libraries that the fast selection is without."""
    return any(is_within(module, room) for room in ADAPTERS)


@cases("module", [module for module in public_modules() if not is_adapted(module)])
def test_public_names_exist_and_are_documented(module):
    check_public_names(module)


@pytest.mark.slow
@cases("module", [module for module in public_modules() if is_adapted(module)])
def test_public_names_of_adapters_exist_and_are_documented(module):
    if f"{module.replace('.', '/')}.py" in KERNELS:
        require_triton()
    check_public_names(module)


def check_public_names(module: str) -> None:
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


# --- folders


def test_test_folders_are_no_packages_and_shadow_nothing():
    tests = ROOT / "tests"
    assert not list(tests.rglob("__init__.py"))
    folders = {path.name for path in tests.rglob("*") if path.is_dir()}
    assert not folders & {*ADAPTED, *HEAVY, "numpy"}
