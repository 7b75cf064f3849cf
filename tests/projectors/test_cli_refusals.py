"""The command where it cannot do what it is asked: bad input, exit codes, interrupts, terminals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import LAYER, PAIR, ROOT, SQUARE, refused, run, started

import projectors.cli
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
}


@pytest.mark.parametrize("case", GROUP_FILES)
def test_bad_group_files(folder, case):
    content, expected = GROUP_FILES[case]
    Path("bad.toml").write_text(content)
    message = refused("info", "bad.toml")
    assert "bad.toml" in message
    assert expected in message


@pytest.mark.parametrize(
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
        "garbage.npz": lambda: Path(path).write_bytes(b"hello world"),
        "cut.npz": lambda: Path(path).write_bytes(Path("two.npz").read_bytes()[:300]),
        "huge.npy": lambda: Path(path).write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header),
        "model.pt": lambda: Path(path).write_bytes(b"x"),
    }[path]()


@pytest.mark.parametrize(
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


def test_broken_pipe_is_quiet(folder):
    command = [sys.executable, "-m", "projectors", "basis", "S5", "--in", "natural^3", "--out", "natural", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141
