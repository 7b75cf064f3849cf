"""Bad command lines: a documented exit code, an error without a traceback, JSON that can be read."""

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from engine import HELD, REFUSED, Subject, Wrong
from files import TEXTS
from hypothesis import strategies as st

__all__ = ["SUBJECTS"]

Data = Any

_GROUPS = [
    "D4",
    "C3",
    "S3",
    "Q8",
    "SO(3)",
    "O(2)",
    "SU(2)",
    "O(1,3)",
    "C2xC2",
    "good.toml",
    "bad.toml",
    "good.json",
    "Foo",
    "C0",
    "d4",
    "missing.toml",
]
_SPACES = ["trivial", "defining", "natural", "regular", "2*regular + trivial", "defining^2",
           "sym(2, defining)", "ext(2, defining)", "grid(3,3)",
           "irrep(E1)", "irrep(9)", "dual(defining)", "sign", "regulr", "2", "0*trivial", "-1*trivial",
           "factor(0, defining)", "defining +", "grid(8,8)",
           "defining^99", "conj(defining)", "10^6*defining", "sym(99, natural)", "ext(5, defining)"]  # fmt: skip
_FILES = [
    "good.npy",
    "two.npz",
    "good.json",
    "good.toml",
    "saved.json",
    "missing.npy",
    "cut.npy",
    "folder",
    "",
    "/dev/null",
    "x\0y.npy",
]
_WORDS = st.one_of(
    st.sampled_from(_GROUPS),
    st.sampled_from(_SPACES),
    st.sampled_from(_FILES),
    st.sampled_from(TEXTS),
    st.text(max_size=8),
    st.sampled_from(
        [
            "--json",
            "--exact",
            "--help",
            "-h",
            "--version",
            "--",
            "-",
            "--in",
            "--solver",
            "--jsn",
            "-x",
            "--field=real",
            "--per-irrep",
        ]
    ),
)
_NORMS = ["frobenius", "spectral", "nuclear", "frobenius-squared", "induced(1)", "x", ""]
_SOLVERS = ["auto", "orbits", "constraint", "modular", "sparse", "float", "schur", "averaging", "none", ""]


def _some(*options: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    return st.tuples(*(st.one_of(st.just([]), option) for option in options)).map(
        lambda parts: [x for part in parts for x in part]
    )


def _option(name: str, values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.sampled_from(values).map(lambda value: [name, value])


_GROUP = st.one_of(st.sampled_from(_GROUPS), st.sampled_from(_GROUPS), st.sampled_from(TEXTS))
_SPACE = st.one_of(st.sampled_from(_SPACES), st.sampled_from(_SPACES), st.sampled_from(TEXTS))
_FLAG = st.just(["--json"])
_PAIR = st.tuples(_SPACE, _SPACE).map(lambda pair: ["--in", pair[0], "--out", pair[1]])
_INNER = _option("--inner", ["invariant", "euclidean", "x"])


def _line(*parts: Any) -> st.SearchStrategy[list[str]]:
    return st.tuples(*parts).map(lambda got: [x for part in got for x in ([part] if isinstance(part, str) else part)])


_LINES = st.one_of(
    _line(st.just("info"), _GROUP, _some(_FLAG)),
    _line(st.just("basis"), _GROUP, _PAIR, _some(_FLAG, st.just(["--exact"]), _INNER, _option("--solver", _SOLVERS),
                                                _option("--save", ["out.json", "folder", "", "no/out.json", "x\0.json", "/dev/null"]))),
    _line(st.just("decompose"), _GROUP, _SPACE, _some(_FLAG, st.just(["--exact"]), _option("--field", ["real", "complex", "x"]),
                                                      _option("--save", ["u.npy", "folder", ""]))),
    _line(st.just("verify"), st.sampled_from(_FILES), _some(_FLAG)),
    _line(st.just("penalty"), st.sampled_from(_FILES), _GROUP.map(lambda g: ["--group", g]), _PAIR,
          _some(_FLAG, _INNER, _option("--norm", _NORMS), _option("--part", ["residual", "equivariant", "x"]),
          _option("--key", ["a", "b", ""]),
                st.just(["--per-irrep"]))),
    st.lists(_WORDS, max_size=5),
)  # fmt: skip


@st.composite
def _cases(draw: st.DrawFn) -> Data:
    """A command line, of which a word may be replaced, left away or repeated."""
    line = draw(_LINES)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        if line:
            k = draw(st.integers(0, len(line) - 1))
            change = draw(st.sampled_from(["replace", "drop", "repeat"]))
            line = line[:k] + {"replace": [draw(_WORDS)], "drop": [], "repeat": [line[k]] * 2}[change] + line[k + 1 :]
    return ["verify" if word == "demo" else word for word in line]


def _prepare() -> None:
    if Path("good.toml").exists():
        return
    Path("good.toml").write_text(
        '[permutations]\nr = "(1 2 3)"\ns = "(1 2)"\n[representations.sign]\nimages = { r = [[1]], s = [[-1]] }\n'
    )
    Path("bad.toml").write_text('[permutatons]\nr = "(1 2 3)"\n')
    Path("good.json").write_text('{"matrices": {"a": [[0, -1], [1, 0]]}}')
    np.save("good.npy", np.arange(9.0).reshape(3, 3))
    np.savez("two.npz", a=np.ones((2, 2)), b=np.eye(4))
    Path("cut.npy").write_bytes(Path("good.npy").read_bytes()[:70])
    Path("folder").mkdir()
    from grouprep import Dihedral
    from projectors import commutant

    commutant(Dihedral(4).natural()).save("saved.json")


def check_line(case: Data) -> str:
    from projectors.cli import main

    _prepare()
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(case)
    said, complaint = (stream.buffer.getvalue().decode() for stream in _flushed(out, err))
    if code not in (0, 1, 2) or "Traceback" in said + complaint:
        frames = re.findall(r'File "(\S*(?:grouprep|projectors)/\S*)", line (\d+), in (\w+)', complaint)
        last = f"{Path(frames[-1][0]).name}:{frames[-1][1]} {frames[-1][2]}" if frames else ""
        raise Wrong(f"exit code {code} in {last}", f"exit code {code}\n{complaint[-1500:]}")
    if code == 0:
        if "--json" in case and not {"-h", "--help", "--version"} & set(case):
            json.loads(said)
        return HELD
    lines = complaint.strip().splitlines()
    assert lines, f"exit code {code} and not a word on stderr"
    assert lines[-1].lower().startswith(("error: ", "try ")) or "Usage:" in complaint, (
        f"what is wrong? {complaint[-500:]}"
    )
    assert not any((ord(c) < 32 and c not in "\n\t") or ord(c) == 127 for c in complaint), (
        f"control characters in {complaint!r:.500}"
    )
    return REFUSED


def _flushed(*streams: io.TextIOWrapper) -> list[Any]:
    for stream in streams:
        stream.flush()
    return list(streams)


SUBJECTS = [Subject("command-lines", "command lines, good and bad", _cases(), check_line, seconds=10)]
