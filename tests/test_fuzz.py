"""The harness of `make fuzz`: a few cases of each subject, faults planted on purpose, and that a run repeats."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
QUICK = ["groups", "representations", "exact-bases", "basis-files", "weights", "command-lines"]


def fuzz(*arguments):
    """Exit code and output of `python tests/fuzz`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "tests/fuzz"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def counts(output):
    """{title: (cases, answered, refused, failures)} of the table."""
    rows = re.findall(r"^\| ([^|]+?) +\| +([\d,]+) \| +([\d,]+) \| +([\d,]+) \| +([\d,]+) \|$", output, re.MULTILINE)
    return {title: tuple(int(x.replace(",", "")) for x in numbers) for title, *numbers in rows}


def test_a_few_cases_of_some_subjects():
    code, output = fuzz(*QUICK, "--cases", 60)
    assert code == 0, output
    found = counts(output)
    assert len(found) == len(QUICK) + 1
    assert found["all"][0] >= 60
    assert output.splitlines()[-1] == f"{found['all'][0]} passed, 0 failed (seed 0)"


def test_a_planted_fault_is_noticed_made_small_and_repeated():
    code, output = fuzz("planted-wrong", "--cases", 40)
    assert code == 1
    assert "  case:   [101]\n" in output
    assert re.search(r"passed, [1-9]\d* failed \(seed 0\)$", output.strip())
    (command,) = re.findall(r"repeat: python tests/fuzz (.*)", output)
    code, output = fuzz(*shlex.split(command))
    assert code == 1
    assert "the sum is 101" in output


def test_a_certificate_that_checks_no_residual_is_noticed():
    code, output = fuzz("planted-trusting", "--cases", 60)
    assert code == 1
    assert "what is no basis is proved" in output
    case = json.loads(re.search(r"case:   (.*)", output)[1])
    assert len(case["changes"]) == 1


@pytest.mark.parametrize(
    ("case", "expected"),
    [(6, "no answer"), (7, "the process died"), (8, "of CPU time"), (9, "MemoryError"), (5, "held")],
)
def test_what_ends_the_process_is_a_failure(case, expected):
    code, output = fuzz("planted-hostile", "--case", case)
    assert code == (expected != "held")
    assert expected in output


def test_a_run_repeats():
    first, second = (fuzz("planted-wrong", "--cases", 30, "--seed", 5)[1] for _ in range(2))
    assert first.partition("|")[2] == second.partition("|")[2]
    assert counts(first)["all"][0] == 30


def test_unknown_subjects():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "tests/fuzz"), "bass"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 2
    assert "no subject bass; there are groups, " in done.stderr
