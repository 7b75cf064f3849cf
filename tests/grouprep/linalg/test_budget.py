"""Short names, texts and files ask for little: each is answered or refused with a number, in little memory and time."""

import subprocess
import sys
from pathlib import Path

import pytest

from grouprep import Dihedral, TooLarge, load_group
from grouprep.linalg import budget
from grouprep.linalg.budget import require
from grouprep.representations.expression import parse_representation

ROOT = Path(__file__).resolve().parents[3]
MEMORY = 3 << 30  # of address space, which threads and libraries reserve without using it
SECONDS = 60  # of a processor, for all that one case does and the start of Python

BASIS = """
import json, pathlib, projectors.files
def saved(group, V, dim=1):
    V = {"group": group, "images": V}
    data = {"format": "grouprep-basis", "version": 1, "V": V, "W": V, "dim": 1, "shape": [dim, dim], "basis": [[[0, 0, 1]]]}
    pathlib.Path("small.json").write_text(json.dumps(data))
    return projectors.files.verify("small.json")
"""


def outcome(code, folder):
    """What some code ends with in a process that may use little: "done", or the error of the family that it raises."""
    script = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
from grouprep.errors import GroupRepError
try:
    exec({code!r})
    print("done")
except GroupRepError as error:
    print(type(error).__name__, error)
"""
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("saved({'permutations': {'a': [1, 0]}}, {'a': {'perm': [0], 'phase': [1], 'modulus': 10**8}})", "100,000,000"),
        (
            "saved({'permutations': {'a': [1, 0]}}, {'a': {'perm': [0], 'phase': [5 * 10**7], 'modulus': 10**8}})",
            "done",
        ),
        ("saved({'presentation': {'generators': ['a'], 'relators': ['a^5000']}}, {'a': {'perm': [0]}})", "done"),
        (
            "saved({'presentation': {'generators': ['a'], 'relators': []}}, {'a': {'perm': [0]}})",
            "the group is infinite, its",
        ),
        (
            "saved({'presentation': {'generators': ['a', 'b'], 'relators': ['a^2', 'b^2']}}, {})",
            "the group is infinite, a sub",
        ),
        ("saved({'catalogue': 'C2'}, {'r': {'rows': [['2^(1/97)+3^(1/89)']]}})", "8,633; the limit is 32"),
        ("saved({'catalogue': 'C2'}, {'r': {'rows': [['(1+2^(1/3)+3^(1/5))^500']]}})", "r^2 = 1"),
        ("saved({'catalogue': 'C2'}, {'r': {'rows': [['sqrt(6)-zeta(8,3)+sqrt(sqrt(-2))']]}})", "r^2 = 1"),
        ("saved({'catalogue': 'C9999'}, {'r': {'perm': [0]}})", "done"),
        ("saved({'catalogue': 'x'.join(['C9999'] * 200)}, {})", "the limit is 20,000,000"),
    ],
)
def test_small_files(code, expected, tmp_path):
    assert expected in outcome(BASIS + code, tmp_path)


@pytest.mark.parametrize("name", ["C9999", "D9999", "S9999", "C9999xD9999", "x".join(["C2"] * 60)])
def test_names_with_large_numbers(name, tmp_path):
    code = f"""
from projectors.cli.inputs import read_group
from projectors.cli.records import group_record
import json
record = group_record(read_group({name!r}))
json.dumps(record)
assert {{r["name"]: r["dim"] for r in record["representations"]}}["trivial"] == 1
"""
    assert outcome(code, tmp_path) == "done"


def test_the_regular_representation_is_known_before_its_elements_are_listed():
    V = load_group("C9999").regular()
    assert (V.dim, V.field, V.is_unitary, str(V.domain)) == (9999, "real", True, "ZZ")
    assert "_listing" not in V.group.__dict__


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("grid(9999, 9999)", "99,980,001; the limit is 4,000,000"),
        ("trivial+" * 300 + "trivial", "2,407; the limit is 2,000"),
        ("+".join(["1"] * 900), "done"),
        ("(" * 101 + "trivial" + ")" * 101, "101; the limit is 100"),
        ("dual(" * 101 + "trivial" + ")" * 101, "101; the limit is 100"),
    ],
)
def test_expressions_for_representations(text, number):
    if number == "done":
        assert parse_representation(Dihedral(4), f"({text}) * trivial").dim == 900
        return
    with pytest.raises(TooLarge, match=number):
        parse_representation(Dihedral(4), text)


def test_names_of_groups_are_short():
    with pytest.raises(TooLarge, match="the limit is 2,000"):
        load_group("x".join(["C2"] * 2000))


@pytest.mark.parametrize("suffix", ["json", "toml"])
def test_nesting_is_counted(suffix, tmp_path):
    for depth in (101, 500, 2_000) + ((100_000,) if suffix == "json" else ()):
        path = tmp_path / f"deep.{suffix}"
        inner = '{"a":' * depth + "1" + "}" * depth if suffix == "json" else "a." * depth + "a = 1"
        path.write_text(inner, encoding="utf-8")
        with pytest.raises(TooLarge, match="the limit of 100 levels"):
            load_group(path)


def test_limits_are_numbers_and_messages_name_both():
    limits = {name: getattr(budget, name) for name in budget.__all__ if name.isupper()}
    assert all(type(n) is int and n > 0 for n in limits.values())
    with pytest.raises(TooLarge, match="the thing is 11; the limit is 10; take less"):
        require(11, 10, "the thing is", "take less")
    require(10, 10, "the thing is")
