"""The command where it cannot do what it is asked: bad input, exit codes, interrupts, terminals."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cases import cases
from commands import LAYER, PAIR, ROOT, SQUARE, refused, run, run_json, started

import projectors.cli
from grouprep import GroupRepError
from projectors.cli import main
from projectors.cli.inputs import load_weights

# --- bad input: groups and representations

GROUP_FILES = {
    "typo": (SQUARE.replace("permutations", "permutatons"), 'did you mean "permutations"'),
    "truncated": (SQUARE[:40], "truncated"),
    "empty": ("", "exactly one of"),
    "not a homomorphism": (SQUARE.replace("s = [[1]]", "s = [[1, 0], [0, 1]]"), "representations.sign"),
    "breaks a relation": (SQUARE.replace("r = [[-1]]", 'r = [["I"]]'), "representations.sign"),
    "not square": (SQUARE.replace("s = [[1]]", "s = [[1, 0]]"), "square matrix"),
    "infinite": ("matrices = { a = [[1, 1], [0, 1]] }", "infinite"),
    "NaN": ("matrices = { a = [[nan, 1], [0, 1]] }", "NaN"),
    "code": ("matrices = { a = [[\"__import__('os')\"]] }", "generators"),
    "two kinds": ('catalogue = "D4"\nproduct = ["D4", "C2"]', "exactly one of"),
    "no permutation": ('permutations = { a = "(1 2 2)" }', "each point must occur once"),
    "no name": ("catalogue = 1", '"D4"'),
    "no product": ("product = 3", "product"),
    "no presentation": ("presentation = 3", "presentation"),
    "no exponent": ('presentation = { generators = ["a"], relators = ["a^x"] }', "needs an integer"),
    "no list of words": ('presentation = { generators = ["a"], relators = "a^2" }', "relators must be a list"),
    "no words": ('presentation = { generators = ["a"], relators = [2] }', "relators must be a list"),
    "no algebra": ("algebra = [3]", "rows"),
    "counted from 1": ("permutations = { a = [2, 3, 1] }", '"(1 2 3)"'),
    "counted from 0": ('permutations = { a = "(0 1 2)" }', "count from 1"),
    "built in": (SQUARE.replace("[representations.sign]", "[representations.regular]"), "another name"),
    "a function": (SQUARE.replace("[representations.sign]", "[representations.sym]"), "another name"),
    "no word": (SQUARE.replace("[representations.sign]", '[representations."my sign"]'), "is no name"),
    "a keyword": (SQUARE.replace("[representations.sign]", "[representations.lambda]"), "is no name"),
    "no images": (SQUARE.replace("{ r = [[-1]], s = [[1]] }", "3"), "images"),
    "more digits than Python writes": ('matrices = { a = [["2^10000*3^9000"]] }', "infinite"),
}

# Words with which Python speaks of its own affairs; none belongs into a message.
PYTHON = re.compile(
    r"object|'(int|str|float|list|dict)'|attribute|argument|iterable|subscript|invalid literal|unhashable|broadcast"
)


@pytest.mark.parametrize("case", GROUP_FILES)
def test_bad_group_files(folder, case):
    content, expected = GROUP_FILES[case]
    Path("bad.toml").write_text(content)
    message = refused("info", "bad.toml")
    assert "bad.toml" in message
    assert expected in message
    assert not PYTHON.search(message)


@cases(
    ("arguments", "expected"),
    [
        (("info", "Foo"), '"Foo" is unknown'),
        (("info", "missing.toml"), "No such file"),
        (("info", "C0"), "n >= 1"),
        (("basis", "D4", "--in", "regulr", "--out", "regular"), '--in: representation "regulr"'),
        (("basis", "D4", "--in", "regular", "--out", "gird(8,8)"), 'did you mean "grid"'),
        (("basis", "D4", "--in", "2", "--out", "regular"), "is the number 2"),
        (("basis", "D4", "--in", "regular +", "--out", "regular"), "not an expression"),
        (("basis", "D4", "--in", "grid(8,7)", "--out", "regular"), "does not map this grid to itself"),
        (("basis", "S10", "--in", "regular", "--out", "regular"), "3,628,800"),
        (("basis", "D4", "--in", "grid(100000,100000)", "--out", "regular"), "GB"),
        (("basis", "SO(3)", "--in", "regular", "--out", "defining"), "infinite"),
        (("basis", "SO(3)", "--in", "defining", "--out", "defining", "--solver", "orbits"), "orbits"),
        (("basis", "D4", "--in", "1000000*regular", "--out", "1000000*regular", "--save", "huge.json"), "at most"),
        (("verify", "missing.json"), "No such file"),
        (("verify", "square.toml"), "not a saved basis"),
        (("info", "a\0b.toml"), "cannot read"),
        (("verify", "a\0b.json"), "cannot read"),
        (("penalty", "a\0b.npy", *LAYER), "cannot read"),
        (("basis", "D4", "--in", "regular", "--out", "regular", "--save", "a\0b.json"), "cannot write"),
        (("basis", "D4", "--in", "regular", "--out", "regular", "--save", ""), "empty"),
        (("decompose", "D4", "regular", "--save", ""), "empty"),
        (("decompose", "D4", "regular", "--save", "a\0b.npy"), "cannot write"),
        (("demo", "--output", ""), "--output is empty"),
        (("demo", "--output", "a\0b"), "--output"),
    ],
)
def test_bad_arguments(folder, arguments, expected):
    before = sorted(os.listdir())
    assert expected in refused(*arguments)
    assert sorted(os.listdir()) == before


def test_too_large_to_solve():
    assert "GB" in refused("basis", "S5", "--in", "regular^3", "--out", "regular^2")


# --- bad input: files


def test_save_into_missing_folder_leaves_nothing(folder):
    before = sorted(os.listdir())
    assert "cannot write" in refused("basis", "square.toml", *PAIR, "--save", "missing/f.json")
    Path("taken").mkdir()
    assert "cannot write" in refused("basis", "square.toml", *PAIR, "--save", "taken")
    assert sorted(os.listdir()) == sorted([*before, "taken"])
    assert os.listdir("taken") == []


def test_truncated_basis(folder):
    run("basis", "square.toml", *PAIR, "--save", "f.json")
    Path("f.json").write_text(Path("f.json").read_text()[:100])
    assert "truncated" in refused("verify", "f.json")


def bad_weights(path):
    """Write one bad file of weights; the name says which."""
    good = Path("w.npy").read_bytes()
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000000, 1000000), }".ljust(117) + b"\n"
    {
        "nan.npy": lambda: np.save(path, np.full((16, 64), np.nan)),
        "inf.npy": lambda: np.save(path, np.full((16, 64), np.inf)),
        "object.npy": lambda: np.save(path, np.array([{}, 1], dtype=object)),
        "object.npz": lambda: np.savez(path, a=np.array([{}, 1], dtype=object)),
        "text.npy": lambda: np.save(path, np.array(["a"])),
        "scalar.npy": lambda: np.save(path, np.float64(1)),
        "none.npy": lambda: np.save(path, np.zeros((0, 64))),
        "shape.npy": lambda: np.save(path, np.zeros((64, 16))),
        "cut.npy": lambda: Path(path).write_bytes(good[:300]),
        "head.npy": lambda: Path(path).write_bytes(good[:20]),
        "empty.npy": lambda: Path(path).write_bytes(b""),
        "version.npy": lambda: Path(path).write_bytes(good[:6] + b"\x07\x07" + good[8:]),
        "header.npy": lambda: Path(path).write_bytes(good[:10] + b"[" * 118 + good[128:]),
        "code.npy": lambda: Path(path).write_bytes(
            good[:10] + b"__import__('os').getcwd()".ljust(117) + b"\n" + good[128:]
        ),
        "negative.npy": lambda: Path(path).write_bytes(good.replace(b"(16, 64)", b"(-6, 64)")),
        "pair.npy": lambda: np.save(path, np.zeros(4, dtype=[("a", "f8"), ("b", "i4")])),
        "folder.npy": lambda: Path(path).mkdir(),
        "pipe.npy": lambda: os.mkfifo(path),
        "garbage.npz": lambda: Path(path).write_bytes(b"hello world"),
        "cut.npz": lambda: Path(path).write_bytes(Path("two.npz").read_bytes()[:300]),
        "huge.npy": lambda: Path(path).write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header),
        "model.pt": lambda: Path(path).write_bytes(b"x"),
    }[path]()


@cases(
    ("path", "expected"),
    [
        ("nan.npy", "NaN"),
        ("inf.npy", "infinite"),
        ("object.npy", "pickled objects"),
        ("object.npz", "pickled objects"),
        ("text.npy", "not numbers"),
        ("scalar.npy", "single number"),
        ("none.npy", "no entries"),
        ("shape.npy", "looks transposed"),
        ("cut.npy", "truncated"),
        ("head.npy", "truncated"),
        ("empty.npy", "truncated"),
        ("version.npy", "not a valid .npy"),
        ("header.npy", "not a valid .npy"),
        ("code.npy", "not a valid .npy"),
        ("negative.npy", "not a valid .npy"),
        ("pair.npy", "not numbers"),
        ("folder.npy", "not a regular file"),
        ("pipe.npy", "not a regular file"),
        ("garbage.npz", "pickled objects"),
        ("cut.npz", "truncated"),
        ("huge.npy", "memory"),
        ("model.pt", ".safetensors"),
    ],
)
def test_bad_weights(folder, path, expected):
    bad_weights(path)
    message = refused("penalty", path, *LAYER)
    assert path in message
    assert expected in message
    assert not PYTHON.search(message.replace("object.np", "").replace("pickled objects", ""))


def test_the_declared_shape_is_compared_before_anything_is_unpacked(folder, monkeypatch):
    np.savez_compressed("large.npz", a=np.zeros((3000, 1000)))
    monkeypatch.setattr("projectors.cli.weights._from_archive", lambda *_: pytest.fail("was unpacked"))
    assert "3000 x 1000" in refused("penalty", "large.npz", *LAYER)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_numbers_that_are_not_there_get_no_memory(folder, monkeypatch, suffix):
    """A header declares 2 GiB, the file or the entry of the archive has 1 MiB."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (16384, 16384), }".ljust(117) + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(1 << 20)
    path = Path(f"bomb{suffix}")
    if suffix == ".npy":
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.npy", content)
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("was read"))
    with pytest.raises(GroupRepError, match="truncated: it declares 2,147,483,648 bytes of numbers and has 1,048,576"):
        load_weights(path)


def safetensors(path, dtype, shape, content, **more):
    """A .safetensors file of one array, and of more headers that point to it."""
    entry = {"dtype": dtype, "shape": shape, "data_offsets": [0, len(content)]}
    header = json.dumps({"fc": entry, **more}).encode()
    Path(path).write_bytes(len(header).to_bytes(8, "little") + header + content)


def test_bfloat16(folder):
    """What has eight significant bits is kept as it is; the rest is what the upper half of a float32 says."""
    pytest.importorskip("safetensors")
    T = np.random.default_rng(1).normal(size=(16, 64)).astype("<f4")
    upper = (T.view("<u4") >> 16).astype("<u2")
    safetensors("b.safetensors", "BF16", [16, 64], upper.tobytes())
    read = load_weights("b.safetensors").matrix
    assert np.array_equal(read, (upper.astype("<u4") << 16).view("<f4"))
    assert np.abs(read - T).max() <= 2**-7 * np.abs(T).max()
    assert run_json("penalty", "b.safetensors", *LAYER)["array"]["shape"] == [16, 64]
    exact = np.array([[1.0, -2.5], [0.15625, 384.0]], dtype="<f4")
    safetensors("c.safetensors", "BF16", [2, 2], (exact.view("<u4") >> 16).astype("<u2").tobytes())
    assert np.array_equal(load_weights("c.safetensors").matrix, exact)


@pytest.mark.parametrize("dtype", ["F64", "F16", "I32", "U8", "BOOL", "C64"])
def test_every_kind_of_number_is_read(folder, dtype):
    pytest.importorskip("safetensors")
    T = np.ones((16, 64), dtype={"F64": "f8", "F16": "f2", "I32": "i4", "U8": "u1", "BOOL": "?", "C64": "c8"}[dtype])
    safetensors("k.safetensors", dtype, [16, 64], T.tobytes())
    assert np.array_equal(load_weights("k.safetensors").matrix, T)


@pytest.mark.parametrize("dtype", ["F8_E4M3", "F8_E5M2"])
def test_eight_bit_floats_are_refused(folder, dtype):
    pytest.importorskip("safetensors")
    safetensors("f.safetensors", dtype, [16, 64], bytes(1024))
    message = refused("penalty", "f.safetensors", *LAYER)
    assert dtype in message
    assert "bfloat16" in message
    assert "truncated" not in message


def test_weights_that_are_missing_or_need_a_key(folder):
    assert "no such file" in refused("penalty", "missing.npy", *LAYER)
    assert "--key: a, b" in refused("penalty", "two.npz", *LAYER)
    assert 'no array "c"' in refused("penalty", "two.npz", "--key", "c", *LAYER)
    assert "single array" in refused("penalty", "w.npy", "--key", "c", *LAYER)
    with pytest.raises(ValueError, match="no such file"):
        load_weights("missing.npz")


# --- the command as a process


def test_help_has_examples():
    code, out, _ = run("--help")
    assert code == 0
    assert "Examples" in out
    for command in ("info", "basis", "verify", "penalty", "demo"):
        code, out, _ = run(command, "--help")
        assert code == 0
        assert f"grouprep {command}" in out


def test_usage_errors_are_exit_code_2():
    code, _, err = run("basis", "D4", "--in", "regular")
    assert code == 2
    assert "--out" in err
    assert run("basis", "D4", *PAIR, "--exat")[0] == 2
    assert run("nothing")[0] == 2
    assert run("--version")[0] == 0


@pytest.mark.parametrize("control", ["\x1b[2J", "\x1f", "\x07", "\u202e", "\r", "\x9b"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("basis", "D4", *PAIR, "{}"),
        ("basis", "D4", *PAIR, "--{}"),
        ("basis", "D4", *PAIR, "--solver", "{}"),
        ("{}",),
        ("info", "{}"),
        ("info", "{}.toml"),
        ("verify", "{}.json"),
        ("penalty", "{}.npy", *LAYER),
        ("decompose", "D4", "{}"),
    ],
)
def test_controls_in_arguments_reach_no_terminal(arguments, control):
    code, out, err = run(*(a.format(control) for a in arguments))
    assert code == 2
    assert not out
    assert all(line.isprintable() for line in err.split("\n")), repr(err)
    assert control.encode("unicode_escape").decode() in err


@pytest.mark.parametrize(
    "arguments",
    [("info", "{}.toml"), ("verify", "{}.json"), ("penalty", "{}.npy", *LAYER), ("basis", "D4", *PAIR, "--save", "{}")],
)
@pytest.mark.parametrize("name", ["a" * 5_000, "no/" * 3_000])
def test_names_of_files_that_are_too_long(arguments, name):
    code, _, err = run(*(a.format(name) for a in arguments))
    assert code == 2
    assert "Traceback" not in err
    with pytest.raises(GroupRepError):
        load_weights(f"{name}.npy")


def test_main_returns_exit_codes(capsys):
    assert main(["info", "D4"]) == 0
    assert main(["info", "Foo"]) == 2
    assert "unknown" in capsys.readouterr().err


def test_missing_extra(monkeypatch, capsys):
    monkeypatch.setattr(projectors.cli, "find_spec", lambda name: None)
    assert main(["info", "D4"]) == 2
    message = capsys.readouterr().err
    assert message == "error: the command needs click and rich: pip install grouprep[cli]\n"


def test_interrupt(monkeypatch):
    def interrupted(text):
        raise KeyboardInterrupt

    monkeypatch.setattr("projectors.cli.app.read_group", interrupted)
    assert main(["info", "D4"]) == 130


@pytest.fixture
def interruptible():
    """SIGINT raises, also in children: a shell starts what runs in the background with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_says_so(monkeypatch, capsys):
    monkeypatch.setattr("projectors.cli.app.read_group", lambda text: signal.raise_signal(signal.SIGINT))
    assert main(["info", "D4"]) == 130
    assert capsys.readouterr().err == "error: interrupted\n"


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("module", ["projectors.certify", "numpy", "click", "projectors.cli.app", "rich"])
def test_an_interrupt_while_importing_is_quiet(module, tmp_path):
    """Ctrl-C at the moment when a module begins to load: no traceback, whatever was loaded before."""
    (tmp_path / "sitecustomize.py").write_text(
        f"""
import signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
"""
    )
    result = started("info", "D4", env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    assert result.returncode in (130, -signal.SIGINT)
    assert result.stderr in ("", "error: interrupted\n")


def test_an_interrupted_import_is_the_programs_own_affair():
    """Only the command ends by itself; a program that imports the package sees the interrupt."""
    program = """
import builtins, signal, sys
load = builtins.__import__
def interrupting(name, *rest):
    if name == "projectors.hom": raise KeyboardInterrupt
    return load(name, *rest)
builtins.__import__ = interrupting
try:
    import projectors
except KeyboardInterrupt:
    print("seen")
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert result.stdout == "seen\n"


def test_a_bug_is_reported_as_one(monkeypatch, capsys):
    def broken(text):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("projectors.cli.app.read_group", broken)
    assert main(["info", "D4"]) == 70
    message = capsys.readouterr().err
    assert "oops" in message
    assert "report" in message


def test_process_exit_codes(folder):
    good = started("basis", "D4", "--in", "regular", "--out", "regular", "--json", cwd=folder)
    assert good.returncode == 0
    assert json.loads(good.stdout)["dim"] == 8
    assert good.stderr == ""
    bad = started("info", "Foo", cwd=folder)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.startswith("error: ")


def test_terminal_without_unicode(folder):
    result = started("basis", "D4", *PAIR, "--exact", cwd=folder, env={"PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert result.stderr == ""


STREAMS = {
    "closed output": ("info S4 >&-", 0, ""),
    "closed output, json": ("info S4 --json >&-", 0, ""),
    "closed output, bad input": ("info Foo >&-", 2, "error: "),
    "closed messages": ("info Foo 2>&-", 2, ""),
    "all closed": ("info Foo <&- >&- 2>&-", 2, ""),
    "full output": ("info S4 >/dev/full", 2, "error: "),
    "full output, help": ("--help >/dev/full", 2, "error: "),
    "full output, json": ("info S4 --json >/dev/full", 2, "error: "),
    "full messages": ("info Foo 2>/dev/full", 2, ""),
    "no reader": ("info S4 | true; exit ${PIPESTATUS[0]}", 141, ""),
    "no reader of help": ("--help | true; exit ${PIPESTATUS[0]}", 141, ""),
    "no reader of a version": ("--version | true; exit ${PIPESTATUS[0]}", 141, ""),
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("case", STREAMS)
def test_streams_that_take_nothing(case):
    arguments, code, message = STREAMS[case]
    result = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m projectors {arguments}"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == code
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == bool(message)


def test_broken_pipe_is_quiet(folder):
    command = [sys.executable, "-m", "projectors", "basis", "S5", "--in", "natural^3", "--out", "natural", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141
