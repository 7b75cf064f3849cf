"""Irreps, character tables and Wigner matrices beside GAP, spherical and e3nn: python benchmarks/peers.py --out FILE.

GAP is called as a program, the others in processes of their own with the interpreter of --peer-python. A peer that is not there is
reported as "not installed"; one that takes longer than --timeout as "did not finish".
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cases import case
from run import best, machine, measure, measure_ours, say, short

Side = dict[str, Any]

PERMUTATIONS = {
    "S5": "SymmetricGroup(5)",
    "S6": "SymmetricGroup(6)",
    "A5": "AlternatingGroup(5)",
    "A6": "AlternatingGroup(6)",
    "SL(2,5)": "SL(2,5)",
    "GL(2,3)": "GL(2,3)",
    "Oh": "DirectProduct(SymmetricGroup(4),CyclicGroup(2))",
    "PSL(2,7)": "Group((1,2,3,4,5,6,7),(2,3)(4,7))",
    "M11": "Group((1,2,3,4,5,6,7,8,9,10,11),(3,7,11,8)(4,10,5,6))",
    "M12": "Group((1,2,3,4,5,6,7,8,9,10,11),(3,7,11,8)(4,10,5,6),(1,12)(2,11)(3,6)(4,8)(5,9)(7,10))",
    "S12": "SymmetricGroup(12)",
}
WORK = {"irreps": "IrreducibleRepresentations(G)", "table": "Irr(G)"}

SPHERICAL = """
import json, time
import numpy, quaternionic, spherical
q = numpy.random.default_rng(0).standard_normal((1000, 4))
R = quaternionic.array(q / numpy.linalg.norm(q, axis=-1, keepdims=True))
W = spherical.Wigner(30)
W.D(R[:2])  # compiles
start = time.process_time()
W.D(R)
print(json.dumps({"cpu": time.process_time() - start, "wall": 0.0}))
"""
E3NN_WIGNER = """
import json, time
import torch
from e3nn import o3
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
a, b, c = o3.rand_angles(1000)
o3.wigner_D(1, a, b, c)
start = time.process_time()
for l in range(1, 12):  # the largest that it has
    o3.wigner_D(l, a, b, c)
print(json.dumps({"cpu": time.process_time() - start, "wall": 0.0, "note": "l = 1..11 alone"}))
"""
E3NN_COUPLINGS = """
import json, time
import torch
from e3nn import o3
o3.wigner_3j(1, 1, 1)
start = time.process_time()
for a in range(9):
    for b in range(9):
        for l in range(abs(a - b), min(a + b, 11) + 1):
            o3.wigner_3j(a, b, l)
print(json.dumps({"cpu": time.process_time() - start, "wall": 0.0, "note": "l <= 11 alone"}))
"""

CASES = (
    *(f"irreps-{g}" for g in ("S5", "S6", "A5", "A6", "SL(2,5)", "GL(2,3)", "Oh", "PSL(2,7)", "M11")),
    *(f"table-{g}" for g in ("M12", "S12")),
    "wigner-d",
    "clebsch-gordan",
)


def gap(name: str, timeout: float) -> Side:
    """CPU seconds that GAP takes, of its own clock."""
    program = shutil.which("gap")
    if program is None:
        return {"status": "not installed"}
    c = case(name)
    lines = [
        f"G := {PERMUTATIONS[c.group]};;",
        "start := Runtime();;",
        f"found := {WORK[c.kind]};;",
        'Print("took ", Runtime() - start, "\\n");',
        "QUIT;",
    ]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "case.g"
        script.write_text("\n".join(lines), encoding="utf-8")
        try:
            done = subprocess.run(
                [program, "-q", str(script)], capture_output=True, text=True, timeout=timeout, check=False, input=""
            )
        except subprocess.TimeoutExpired:
            return {"status": "did not finish", "limit": timeout}
    found = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("took ")]
    if not found:
        return {"status": "failed", "error": (done.stdout + done.stderr).strip()[-300:] or "no answer"}
    return {"status": "ok", "cpu": int(found[0]) / 1000, "wall": int(found[0]) / 1000}


def python_peer(module: str, code: str) -> Callable[[str, str, float], Side]:
    """A peer that is a Python library, by what it runs."""

    def run(name: str, python: str, timeout: float) -> Side:
        there = subprocess.run(
            [python, "-c", f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"],
            check=False,
        )
        if there.returncode:
            return {"status": "not installed"}
        return measure([python, "-c", code], timeout)

    return run


PYTHON_PEERS: dict[str, dict[str, Callable[[str, str, float], Side]]] = {
    "wigner-d": {"spherical": python_peer("spherical", SPHERICAL), "e3nn": python_peer("e3nn", E3NN_WIGNER)},
    "clebsch-gordan": {"e3nn": python_peer("e3nn", E3NN_COUPLINGS)},
}


def words(side: Side) -> str:
    """One side in a few words."""
    return "not installed" if side["status"] == "not installed" else short(side)


def main() -> int:
    """Measure, print the table of ratios, write the results."""
    parser = argparse.ArgumentParser(
        description="Measure irreps, tables and Wigner matrices beside GAP, spherical and e3nn."
    )
    parser.add_argument(
        "--peer-python", default=sys.executable, metavar="PYTHON", help="interpreter with spherical, e3nn"
    )
    parser.add_argument("--cases", default="*", metavar="GLOB", help="which cases, by name (default: all)")
    parser.add_argument("--timeout", type=float, default=60, metavar="S", help="wall seconds of one process")
    parser.add_argument("--repeat", type=int, default=2, metavar="N", help="our processes a case; the best counts")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "peers.json")
    options = parser.parse_args()
    results: dict[str, Any] = {"machine": machine(None), "cases": {}}
    for name in fnmatch.filter(CASES, options.cases):
        ours = best(measure_ours(case(name), options.timeout) for _ in range(options.repeat))
        peers = PYTHON_PEERS.get(name)
        found = (
            {"GAP": gap(name, options.timeout)}
            if peers is None
            else {peer: run(name, options.peer_python, options.timeout) for peer, run in peers.items()}
        )
        sides = {"ours": ours, **found}
        results["cases"][name] = sides
        ratios = "  ".join(
            f"{peer} {words(side)}"
            + (f" ({ours['cpu'] / side['cpu']:.3g} of it)" if "cpu" in side and side["cpu"] and "cpu" in ours else "")
            for peer, side in found.items()
        )
        say(f"{name:18} ours {words(ours):14} {ratios}")
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
