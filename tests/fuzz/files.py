"""Hostile files: each ends in a GroupRepError or in a right answer, within a bound of time and memory."""

import ast
import copy
import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from engine import HELD, REFUSED, Subject
from hypothesis import strategies as st
from plain import closure, round_key

__all__ = ["SUBJECTS", "hostile", "spoilt_text"]

Data = Any

# Values that a reader may stumble over

NUMBERS = [
    0,
    1,
    -1,
    2,
    3,
    True,
    None,
    10**6,
    10**9,
    2**31,
    2**63 - 1,
    2**63,
    -(2**63),
    10**40,
    0.5,
    1e308,
    1.7,
    float("nan"),
    float("inf"),
]
TEXTS = [
    "", " ", "1/0", "0^0", "1/3", "I", "2^(1/97)+3^(1/89)", "(1+2^(1/3)+3^(1/5))^500", "(1+sqrt(2))^(1/9999)", "(1+I)^(1/5)+(1-I)^(1/7)",
    "*".join(["(10^3000)"] * 900), "sqrt(6)-zeta(8,3)+sqrt(sqrt(-2))", "2^10000*3^9000", "zeta(99999999)", "zeta(10007)", "sqrt(10^400+1)",
    "cos(2*pi/10007)", "exp(exp(exp(9)))", "exp(1)", "pi", "1e400", "0x10", "1_000", "sqrt(-1)", "sqrt(sqrt(sqrt(7)))",
    "(" * 99 + "1" + ")" * 99,
    "+".join(["1"] * 4000), "-" * 3000 + "1", "__import__('os').system('true')", "lambda: 1", "[1]", "{}", "a", "x" * 5000,
    "\x00", "\x1b[31mred", "\u202e", "(1 2 3)", "(1 2)(2 3)", "(0 1)", "(1 1)", "()", "(1 1000000000)", "(1 2", "D4",
    "C9999", "S9", "D4xC2", "SO(3)",
    "O(1,3)", "C" + "9" * 400, "SO(30)", "SU(50)", "C0", "Sp(3)", "D4x" * 40 + "D4", "regular", "defining^9", "regular^3", "2*regular",
    "sym(40, defining)", "ext(2, regular)", "10^9*trivial", "grid(8,8)", "grid(10^5,10^5)", "irrep(E1)",
    "factor(0, defining)", "a^5000", "a^99999",
    "(a b)^50000", "a^-1", "(((a", "a b a^-1 b^-1", "b",
]  # fmt: skip
_SHAPES = [[], {}, [[]], [[1]], [[1, 0], [0, 1]], [[0, -1], [1, 0]], [[1, 1], [0, 1]], [[1, 0]], [1, 0], [0, 1], [0, 0], [2, 1], [1.7, 0.2],
           ["1", "0"], [True, False], [1, 0, 2], list(range(300)), [[0] * 40] * 40, {"a": 1}, {"rows": [[1]]}, {"perm": [0]},
           {"perm": [1, 0], "rows": [[1]]}, {"perm": [0], "phase": [5723372036854775808], "modulus": 7000000000000000000},
           {"perm": [0], "phase": [1], "modulus": 100000000}, {"generators": ["a"], "relators": ["a^5000"]},
           {"generators": ["a"], "relators": []},
           {"generators": ["a", "b"], "relators": ["a^2", "b^2"]}, {"expression": "regular"}, {"images": {"a": [[1]]}}]  # fmt: skip
_KEYS = ["name", "degree", "permutations", "matrices", "table", "presentation", "algebra", "components",
         "product", "catalogue", "representations", "perm", "phase", "modulus", "rows", "group", "images",
         "V", "W", "dim", "shape", "basis", "format", "version", "a", "r", "constructor"]  # fmt: skip

hostile = st.one_of(
    st.sampled_from(range(len(NUMBERS))).map(lambda i: ["number", i]),
    st.sampled_from(range(len(TEXTS))).map(lambda i: ["text", i]),
    st.sampled_from(_SHAPES).map(lambda value: ["value", value]),
    st.integers(1, 2000).map(lambda depth: ["deep", depth]),
    st.text(max_size=12).map(lambda text: ["value", text]),
)


def value_of(choice: Data) -> Data:
    kind, x = choice
    if kind == "deep":
        return f"@deep{x}"  # nested by `dug`, in the text
    return {"number": NUMBERS, "text": TEXTS}[kind][x] if kind != "value" else copy.deepcopy(x)


def dug(text: str) -> bytes:
    """The text with its "@deep9" nested, [[[[[[[[[1]]]]]]]]], and its keys "@twin V" twins of others, "V"."""
    text = text.replace('"@twin ', '"')
    return re.sub(r'"@deep(\d+)"', lambda m: "[" * int(m[1]) + "1" + "]" * int(m[1]), text).encode(errors="replace")


# A change: where (steps down the tree, modulo what is there), what to do, and with what

_WHERE = st.lists(st.integers(0, 7), min_size=1, max_size=5)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _WHERE, hostile),
        st.tuples(st.just("put"), _WHERE, hostile),
        st.tuples(st.sampled_from(["remove", "repeat", "swap"]), _WHERE, st.integers(0, 7)),
        st.tuples(st.sampled_from(["rename", "add"]), _WHERE, st.sampled_from(_KEYS)),
        st.tuples(st.just("twin"), _WHERE, hostile),
    ).map(list),
    min_size=1,
    max_size=3,
)
_BYTES = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "cut", "double"]), st.integers(0, 999), st.integers(0, 255)
    ).map(list),
    min_size=1,
    max_size=4,
)


def changed(data: Data, changes: Data) -> Data:
    """Plain data after the changes."""
    data = copy.deepcopy(data)
    for kind, where, what in changes:
        parent, key, here = None, None, data
        for step in where:
            if not isinstance(here, dict | list) or not here:
                break
            parent, key = here, list(here)[step % len(here)] if isinstance(here, dict) else step % len(here)
            here = parent[key]
        if parent is None:
            continue
        if kind == "put":
            parent[key] = value_of(what)
        elif kind == "remove":
            del parent[key]
        elif kind == "repeat" and isinstance(parent, list):
            parent.append(copy.deepcopy(here))
        elif kind == "swap":
            keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
            other = keys[what % len(keys)]
            parent[key], parent[other] = parent[other], parent[key]
        elif kind == "rename" and isinstance(parent, dict):
            parent[what] = parent.pop(key)
        elif kind == "twin" and isinstance(parent, dict):
            parent[f"@twin {key}"] = value_of(what) if what[0] != "text" else copy.deepcopy(here)
        elif kind == "add" and isinstance(parent, dict):
            parent[what] = copy.deepcopy(here)
    return data


def spoilt_text(content: bytes, changes: Data) -> bytes:
    """Bytes after the changes; places are in thousandths of the length."""
    out = bytearray(content)
    for kind, where, byte in changes:
        i = where * len(out) // 1000
        if kind == "set" and out:
            out[i] = byte
        elif kind == "insert":
            out.insert(i, byte)
        elif kind == "delete" and out:
            del out[i]
        elif kind == "cut":
            del out[i:]
        elif kind == "double":
            out[i:i] = out[i : i + byte]
    return bytes(out)


# Group files

GROUPS: list[Data] = [
    {"name": "square", "permutations": {"r": "(1 2 3 4)", "s": "(2 4)"},
    "representations": {"sign": {"images": {"r": [[-1]], "s": [[1]]}}}},
    {"matrices": {"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}, "representations": {"two": {"expression": "2*defining"}}},
    {"name": "rotations", "matrices": {"r": [["sqrt(2)/2", "-sqrt(2)/2"], ["sqrt(2)/2", "sqrt(2)/2"]]}},
    {"table": [[0, 1, 2], [1, 2, 0], [2, 0, 1]]},
    {"presentation": {"generators": ["r", "s"], "relators": ["r^4", "s^2", "(r s)^2"]}},
    {"algebra": {"A1": [[0, -1], [1, 0]]}, "components": {"h1": [[1, 0], [0, -1]]}},
    {"algebra": [[[0, -1, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, -1], [0, 1, 0]], [[0, 0, 1], [0, 0, 0], [-1, 0, 0]]]},
    {"product": ["D4", {"permutations": [[1, 0]]}]},
    {"catalogue": "D4", "representations": {"p": {"permutations": {"r": [1, 2, 3, 0], "s": [0, 3, 2, 1]}}}},
    {"permutations": [[1, 2, 0], [1, 0, 2]], "degree": 3},
]  # fmt: skip


def _toml(data: Data) -> str:
    """Plain data as TOML, tables inline; ValueError for what TOML cannot say."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(_toml, data)) + "]"
    if data is None:
        raise ValueError("TOML has no null")
    return (
        {float("inf"): "inf"}.get(data, "nan" if data != data else json.dumps(data))
        if isinstance(data, float)
        else json.dumps(data)
    )


def _write_group(data: Data, case: Data) -> Path:
    path = Path("group.toml" if case["toml"] else "group.json")
    try:
        text = "\n".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in data.items()) if case["toml"] else json.dumps(data)
    except (ValueError, AttributeError):
        text = ""
    content = spoilt_text(dug(text), case["bytes"])
    path.write_bytes(content)
    return path


def check_group_file(case: Data) -> str:
    from grouprep import GroupRepError
    from grouprep.representations.files import load_representations
    from projectors.cli.inputs import GroupSource
    from projectors.cli.records import group_record

    path = _write_group(changed(GROUPS[case["file"]], case["changes"]), case)
    try:
        G, named = load_representations(path)
        group_record(GroupSource(G, named, str(path)))
    except GroupRepError:
        return REFUSED
    if not G.is_finite or G.order > 500 or G.degree > 50:
        return HELD
    generators = [tuple(map(int, g)) for g in G.generators]
    found = closure(generators, tuple(range(G.degree)), lambda p, q: tuple(p[x] for x in q), tuple)
    assert len(found) == G.order, f"order {G.order}, but the generators have {len(found)} products"
    for name, V in named.items():
        if V.dim <= 20:
            require_representation(G, V, name)
    return HELD


def require_representation(G: Any, V: Any, name: str) -> None:
    """The products of the pairs (g, V(g)) are as many as those of the g."""
    pairs = [(tuple(map(int, g)), np.asarray(V(g), dtype=complex)) for g in G.generators]
    if max(np.abs(M).max(initial=0) for _, M in pairs) > 1e3:
        return
    both = closure(
        pairs, (tuple(range(G.degree)), np.eye(V.dim, dtype=complex)),
        lambda x, y: (tuple(x[0][i] for i in y[0]), x[1] @ y[1]), lambda x: (x[0], round_key(x[1])), 3 * int(G.order) + 10,
    )  # fmt: skip
    assert len(both or ()) == G.order, f"{name} is accepted and is no representation"


# Saved bases


def _saved(k: int) -> Data:
    from grouprep import SO, Cyclic, Dihedral, FiniteGroup, Quaternion
    from projectors import Hom, commutant

    skew = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
    H = [
        lambda: commutant(Cyclic(4).defining()), lambda: commutant(Dihedral(5).defining()),
        lambda: Hom(Quaternion().regular(), Quaternion().defining()),
        lambda: Hom(skew.defining() ** 2, skew.defining()), lambda: Hom(SO(3).defining() ** 2, SO(3).defining()),
        lambda: commutant(Cyclic(3).natural()), lambda: Hom(Dihedral(4).trivial(), Dihedral(4).defining()),
        lambda: commutant(FiniteGroup.from_presentation(["a"], ["a^3"]).natural()),
    ][k]()  # fmt: skip
    path = Path(f"saved{k}.json")
    if not path.exists():
        H.save(path)
    return json.loads(path.read_text())


def check_saved_file(case: Data) -> str:
    from grouprep import GroupRepError
    from projectors.files import verify

    data = changed(_saved(case["file"]), case["changes"])
    text = json.dumps(data)
    path = Path("basis.json")
    path.write_bytes(spoilt_text(dug(text), case["bytes"]))
    try:
        certificate = verify(path)
    except GroupRepError:
        return REFUSED
    str(certificate)
    read = json.loads(path.read_text(encoding="utf-8-sig"))
    if certificate.proved:
        require_basis(read, certificate.dim)
    return HELD


def number(text: Data) -> complex:
    """A number in a file, by a reader of our own, in floats."""
    if isinstance(text, int | float):
        return complex(text)

    def read(node: ast.AST) -> complex:
        if isinstance(node, ast.Constant):
            return complex(node.value)
        if isinstance(node, ast.Name):
            return {"I": 1j, "i": 1j, "pi": np.pi + 0j}[node.id]
        if isinstance(node, ast.UnaryOp):
            return -read(node.operand) if isinstance(node.op, ast.USub) else read(node.operand)
        if isinstance(node, ast.BinOp):
            a, b = read(node.left), read(node.right)
            return {
                ast.Add: lambda: a + b,
                ast.Sub: lambda: a - b,
                ast.Mult: lambda: a * b,
                ast.Div: lambda: a / b,
                ast.Pow: lambda: a**b,
            }[type(node.op)]()
        assert isinstance(node, ast.Call)
        x, *rest = [read(arg) for arg in node.args]
        return {"sqrt": lambda: x**0.5, "exp": lambda: np.exp(x), "cos": lambda: np.cos(x), "sin": lambda: np.sin(x),
        "Rational": lambda: x / rest[0],
                "zeta": lambda: np.exp(2j * np.pi * (rest[0] if rest else 1) / x)}[node.func.id]()  # fmt: skip

    return read(ast.parse(text.strip().replace("^", "**"), mode="eval").body)


def _image(data: Data) -> np.ndarray:
    if "rows" in data:
        return np.array([[number(x) for x in row] for row in data["rows"]], dtype=complex)
    n = len(data["perm"])
    M = np.zeros((n, n), dtype=complex)
    for j, i in enumerate(data["perm"]):
        M[i, j] = np.exp(2j * np.pi * (data.get("phase", [0] * n)[j] % data.get("modulus", 1)) / data.get("modulus", 1))
    return M


def require_basis(data: Data, dim: int) -> None:
    """What the file says is a basis: intertwining, independent, and as many as the mean of the characters over all products."""
    V, W = ({g: _image(m) for g, m in data[side]["images"].items()} for side in "VW")
    m, n = data["shape"]
    X = np.zeros((len(data["basis"]), m, n), dtype=complex)
    for k, element in enumerate(data["basis"]):
        for i, j, x in element:
            X[k, i, j] = number(x)
    size = max([1.0, *(np.abs(M).max() for M in (*V.values(), *W.values()))]) * max(np.abs(X).max(initial=0), 1e-300)
    assert set(V) == set(W), "V and W have different generators"
    assert len(X) == data["dim"] == dim
    for g in V:
        assert np.abs(W[g] @ X - X @ V[g]).max(initial=0) <= 1e-6 * size * max(m, n), (
            f"proved, and the generator {g} is not intertwined"
        )
    if dim:
        rows = X.reshape(dim, -1)
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        assert np.linalg.matrix_rank(rows, tol=1e-9) == dim, "proved, and the elements are dependent"
    if "algebra" in data["V"]["group"] or size > 1e6 or any(np.abs(M).max() > 1e3 for M in (*V.values(), *W.values())):
        return
    pairs = [(V[g], W[g]) for g in V]
    found = closure(pairs, (np.eye(n, dtype=complex), np.eye(m, dtype=complex)), lambda x, y: (x[0] @ y[0], x[1] @ y[1]),
                    lambda x: round_key(x[0]) + round_key(x[1]))  # fmt: skip
    if found is None:
        assert _is_lie(data["V"]["group"]), "proved, and the images generate no finite group of that size"
        return
    if not _is_lie(data["V"]["group"]):
        count = np.mean([np.trace(a).conjugate() * np.trace(b) for a, b in found.values()])
        assert abs(count - dim) < 1e-6, f"proved to have dimension {dim}, the characters count {count}"


def _is_lie(group: Data) -> bool:
    return "algebra" in group or (
        str(group.get("catalogue", "")).startswith(("S", "O", "U")) and "(" in group["catalogue"]
    )


# Weights


def _weights(k: int) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    A = np.arange(6.0).reshape(2, 3)
    if k == 0:
        np.save(buffer, A)
        return ".npy", buffer.getvalue()
    if k == 1:
        np.savez(buffer, a=A, b=A.astype(np.float16))
        return ".npz", buffer.getvalue()
    if k == 2:
        np.savez_compressed(buffer, a=np.zeros((40, 40)))
        return ".npz", buffer.getvalue()
    from safetensors.numpy import save

    return ".safetensors", save({"a": A})


_DTYPES = ["<f8", ">f4", "<f2", "<i8", "|b1", "|O", "<U5", "<c16", "<M8[s]", "|V8", "<f16", "", "f8,i4"]
_SIZES = st.lists(st.sampled_from([0, 1, 2, 3, -1, 6, 10**6, 2**31, 2**62, 10**30]), max_size=4)


def check_weights(case: Data) -> str:
    from grouprep import GroupRepError
    from projectors.cli.inputs import load_weights

    suffix, content = _weights(case["file"])
    if case["header"] is not None:
        descr, shape, declared, order = case["header"]
        if suffix == ".safetensors":
            text = json.dumps({"a": {"dtype": declared, "shape": shape, "data_offsets": [0, 48]}}).encode()
            content = len(text).to_bytes(8, "little") + text + bytes(48)
        else:
            text = repr({"descr": descr, "fortran_order": order, "shape": tuple(shape)}).encode().ljust(117) + b"\n"
            inner = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(48)
            content = inner if suffix == ".npy" else _zip({"a.npy": inner})
    path = Path("weights" + suffix)
    path.write_bytes(spoilt_text(content, case["bytes"]))
    try:
        found = load_weights(str(path), case["key"])
    except GroupRepError:
        return REFUSED
    assert found.matrix.ndim == 2
    assert np.isfinite(found.matrix).all()
    if suffix != ".safetensors":
        try:
            plain = np.load(path, allow_pickle=False)
            plain = plain if isinstance(plain, np.ndarray) else plain[found.key]
        except ValueError:  # an archive behind other bytes, which numpy does not look for
            return HELD
        assert np.array_equal(found.matrix.ravel(), plain.ravel()), "other numbers than the file holds"
    return HELD


def _zip(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


# Things that are no files

_KINDS = [
    "endless",
    "fifo",
    "folder",
    "broken link",
    "circle",
    "nothing",
    "empty",
    "nul",
    "long",
    "unreadable",
    "bomb",
    "zeros",
    "device link",
]


def check_odd(case: Data) -> str:
    from grouprep import GroupRepError, load_group
    from projectors.cli.inputs import load_weights
    from projectors.files import verify
    from projectors.models.files import load_spec

    suffix = case["suffix"]
    path: Any = Path("odd" + suffix)
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    kind = case["kind"]
    if kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "device link":
        path.symlink_to("/dev/urandom")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "broken link":
        path.symlink_to("nowhere")
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "zeros":
        path.write_bytes(bytes(1 << 20))
    elif kind == "bomb":
        head = repr({"descr": "<f8", "fortran_order": False, "shape": (1 << 14, 1 << 14)}).encode().ljust(117) + b"\n"
        path.write_bytes(
            _zip({"a.npy": b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + bytes(64 << 20)})
        )
    elif kind == "nul":
        path = f"a\0b{suffix}"
    elif kind == "long":
        path = "a" * 5000 + suffix
    elif kind == "unreadable":
        path.write_text("{}")
        path.chmod(0)
    elif kind == "nothing":
        path = suffix
    read = {"verify": verify, "group": load_group, "spec": load_spec, "weights": load_weights}[case["reader"]]
    try:
        read(str(path))
    except GroupRepError:
        return REFUSED
    raise AssertionError(f"{kind} is read by {case['reader']}")


def _cases(count: int, **more: st.SearchStrategy[Data]) -> st.SearchStrategy[Data]:
    some = st.one_of(st.just([]), st.just([]), st.just([]), _BYTES)
    return st.fixed_dictionaries({"file": st.integers(0, count - 1), "changes": CHANGES, "bytes": some, **more})


_HEADER = st.tuples(
    st.sampled_from(_DTYPES),
    _SIZES,
    st.sampled_from(["F64", "F32", "BF16", "F8_E4M3", "I64", "BOOL", "X"]),
    st.booleans(),
).map(list)
_WEIGHTS = st.fixed_dictionaries({
    "file": st.integers(0, 3), "bytes": st.one_of(st.just([]), _BYTES), "header": st.one_of(st.none(), _HEADER),
    "key": st.sampled_from(["a", "a", "b", None, "", "a.npy", "../x"]),
})  # fmt: skip
_ODD = st.fixed_dictionaries({
    "kind": st.sampled_from(_KINDS), "suffix": st.sampled_from([".json", ".toml", ".npy", ".npz", ".safetensors", ".JSON", ""]),
    "reader": st.sampled_from(["verify", "group", "spec", "weights"]),
})  # fmt: skip

SUBJECTS = [
    Subject(
        "group-files",
        "group files, hostile",
        _cases(len(GROUPS), toml=st.booleans()),
        check_group_file,
        seconds=10,
        megabytes=1024,
    ),
    Subject("basis-files", "saved bases, hostile", _cases(8), check_saved_file, seconds=10, megabytes=1024),
    Subject("weights", "weights, hostile", _WEIGHTS, check_weights, seconds=10, megabytes=1024),
    Subject("odd-files", "what is no file", _ODD, check_odd, seconds=5, megabytes=1024),
]
