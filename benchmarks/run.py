"""Measure every case, ours and emlp beside each other: python benchmarks/run.py [--help].

Each measurement is a fresh process on one core. README.md says what is measured and how.
"""

from __future__ import annotations

import argparse
import fnmatch
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import worker
from cases import CASES, Case
from check import TARGETS, misses_of_case, ratio

HERE = Path(__file__).resolve().parent
LIBRARIES = ("grouprep", "numpy", "scipy", "sympy", "python-flint", "emlp", "jax", "jaxlib")
VERSIONS = (
    "import importlib.metadata as m, json, sys\n"
    "found = {}\n"
    "for name in sys.argv[1:]:\n"
    "    try: found[name] = m.version(name)\n"
    "    except m.PackageNotFoundError: pass\n"
    "print(json.dumps(found))"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the cases asked for, write the results, print the table."""
    options = arguments().parse_args(argv)
    chosen = [c for c in CASES if fnmatch.fnmatch(c.name, options.cases)]
    if not chosen:
        print(f"no case matches {options.cases!r}; there are: {', '.join(c.name for c in CASES)}", file=sys.stderr)
        return 2
    training = {} if options.no_training or options.no_ours else measure_training(options)
    worker.pin_to_one_core()
    peer_python = None if options.no_peer else options.peer_python
    results: dict[str, Any] = {"machine": machine(peer_python), "repeat": options.repeat, "cases": {}}
    results["training"] = training
    for c in chosen:
        sides: dict[str, Any] = {"title": c.title}
        if not options.no_ours:
            sides["ours"] = best(measure_ours(c, options.timeout) for _ in range(repeats(c, options)))
            say(f"{c.name}: ours {short(sides['ours'])}")
        if c.kind == "hom" and peer_python:
            sides["emlp"] = best(
                measure([peer_python, str(HERE / "peer_emlp.py"), c.name], options.peer_timeout)
                for _ in range(options.peer_repeat)
            )
            say(f"{c.name}: emlp {short(sides['emlp'])}")
        results["cases"][c.name] = sides
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print_table(results)
    print_proofs(results)
    print_training(training)
    return 0


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure grouprep beside its peers.")
    parser.add_argument("--cases", default="*", metavar="GLOB", help="which cases, by name (default: all)")
    parser.add_argument(
        "--repeat", type=at_least_one, default=3, metavar="N", help="our processes a case; the best counts"
    )
    parser.add_argument(
        "--peer-repeat", type=at_least_one, default=1, metavar="N", help="the same for the peer (default: 1)"
    )
    parser.add_argument("--no-peer", action="store_true", help="measure our side only")
    parser.add_argument("--no-ours", action="store_true", help="measure the peer only")
    parser.add_argument("--no-training", action="store_true", help="leave the training steps out")
    parser.add_argument(
        "--training-repeat", type=at_least_one, default=40, metavar="N", help="rounds of training steps (default: 40)"
    )
    parser.add_argument("--peer-python", default=sys.executable, metavar="PYTHON", help="interpreter that has emlp")
    parser.add_argument("--timeout", type=float, default=120, metavar="S", help="wall seconds for one of our processes")
    parser.add_argument("--peer-timeout", type=float, default=300, metavar="S", help="the same for the peer")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "latest.json", help="where the results go")
    return parser


def at_least_one(text: str) -> int:
    """A positive number from the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


# Measuring


def repeats(c: Case, options: argparse.Namespace) -> int:
    """How often our side is measured; an import is short and so noisy that five times are the least."""
    repeat: int = options.repeat
    return max(5, repeat) if c.kind == "import" else repeat


def measure_ours(c: Case, timeout: float) -> dict[str, Any]:
    """One process of our side."""
    if c.kind == "import":
        return measure_command([sys.executable, *c.command], timeout)
    if c.kind == "command":
        script = Path(sys.executable).parent / "grouprep"
        command = [str(script)] if script.exists() else [sys.executable, "-m", "projectors"]
        return measure_command([*command, *c.command], timeout)
    return measure([sys.executable, str(HERE / "ours.py"), c.name], timeout)


def measure_training(options: argparse.Namespace) -> dict[str, Any]:
    """Training steps with and without penalties (training.py), with one thread and with two: {threads: cases}."""
    found: dict[str, Any] = {}
    for threads in (1, 2):
        target = options.out.parent / f".training-{threads}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(HERE / "training.py"), "--threads", str(threads), "--json", str(target)]
        say(f"training steps, {threads} thread{'s' * (threads > 1)}")
        path = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        counts = {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL")}
        variables = {**os.environ, "PYTHONPATH": path, **counts}
        command += ["--repeat", str(options.training_repeat)]
        done = subprocess.run(command, env=variables, text=True, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            found[str(threads)] = {"status": "failed", "error": lines[-1][:300]}
            continue
        found[str(threads)] = json.loads(target.read_text(encoding="utf-8"))
        target.unlink()
    return found


def environment() -> dict[str, str]:
    """The environment of every process: one thread, and this folder's libraries first."""
    path = [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, **worker.ENVIRONMENT, "PYTHONPATH": os.pathsep.join(path)}


def measure(command: Sequence[str], timeout: float) -> dict[str, Any]:
    """The last line that a worker prints, or how it failed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment(), check=False)
    except subprocess.TimeoutExpired:
        return {"status": "did not finish", "limit": timeout}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return {"status": "failed", "error": lines[-1][:300]}
    return {"status": "ok", **json.loads(done.stdout.strip().splitlines()[-1])}


def measure_command(command: Sequence[str], timeout: float) -> dict[str, Any]:
    """CPU (user + system) and wall seconds of a command from start to exit."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment(), check=False)
    except subprocess.TimeoutExpired:
        return {"status": "did not finish", "limit": timeout}
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        return {"status": "failed", "error": (done.stderr.strip().splitlines() or ["no message"])[-1][:300]}
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"status": "ok", "cpu": cpu, "wall": wall}


def best(runs: Any) -> dict[str, Any]:
    """The run with the least CPU time, with the times of all; the first failure if there is one."""
    done: list[dict[str, Any]] = []
    for run in runs:
        if run["status"] != "ok":
            return dict(run)
        done.append(run)
    least = min(done, key=lambda run: run["cpu"])
    return {**least, "wall": min(run["wall"] for run in done), "all_cpu": [run["cpu"] for run in done]}


def machine(peer_python: str | None) -> dict[str, Any]:
    """What the numbers depend on; no names of hosts, users or folders."""
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "threads": 1,
        "python": platform.python_version(),
        "libraries": versions(sys.executable, LIBRARIES[:5]),
        "peer_libraries": versions(peer_python, LIBRARIES[1:]) if peer_python else {},
    }


def versions(python: str, names: Sequence[str]) -> dict[str, str]:
    """The versions of packages that an interpreter has."""
    done = subprocess.run([python, "-c", VERSIONS, *names], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


# Showing


def say(line: str) -> None:
    """Progress, on standard error."""
    print(line, file=sys.stderr, flush=True)


def short(side: dict[str, Any] | None) -> str:
    """One side of a case in a few words."""
    if side is None:
        return "-"
    if side["status"] == "ok":
        return f"{seconds(side['cpu'])} CPU"
    if side["status"] == "did not finish":
        return f"not in {side['limit']:.0f} s"
    name = re.match(r"([\w.]*\.)?(\w+(Error|Exception|Exit))\b", side["error"])
    return name[2] if name else "failed"


def seconds(value: float) -> str:
    """Seconds with three figures."""
    return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def error(side: dict[str, Any] | None) -> str:
    """The residual of a side, if it has one."""
    return "-" if side is None or side.get("residual") is None else f"{side['residual']:.0e}"


def rows(results: dict[str, Any]) -> list[list[str]]:
    """The table's lines."""
    targets = json.loads(TARGETS.read_text(encoding="utf-8"))["cases"]
    table = []
    for name, sides in results["cases"].items():
        ours, peer = sides.get("ours"), sides.get("emlp")
        missed = misses_of_case(name, sides, targets.get(name, {})) if ours else []
        times = ratio(sides)
        table.append(
            [
                sides["title"],
                *(str((side or {}).get("dimension", "-")) for side in (ours, peer)),
                short(ours),
                seconds(ours["wall"]) if ours and "wall" in ours else "-",
                short(peer),
                "-" if times is None else f"1/{1 / times:,.0f}",
                *(error(side) for side in (ours, peer)),
                *(f"{side['peak_mb']:.0f}" if "peak_mb" in (side or {}) else "-" for side in (ours, peer)),
                "missed" if missed else "ok" if ours else "-",
            ]
        )
    return table


HEAD = ["case", "dim", "emlp", "ours CPU", "wall", "emlp CPU", "ratio", "residual", "emlp", "MB", "emlp", "target"]


def print_table(results: dict[str, Any]) -> None:
    """Print the table, with rich where it is installed."""
    lines = rows(results)
    if importlib.util.find_spec("rich") and sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(title="grouprep beside emlp")
        for i, head in enumerate(HEAD):
            table.add_column(head, justify="left" if i == 0 else "right", no_wrap=True)
        for line in lines:
            table.add_row(*line, style="red" if line[-1] == "missed" else None)
        Console().print(table)
        return
    widths = [max(len(line[i]) for line in [HEAD, *lines]) for i in range(len(HEAD))]
    for line in [HEAD, *lines]:
        padded = zip(line[1:], widths[1:], strict=True)
        cells = [line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in padded)]
        print("  ".join(cells))


def print_proofs(results: dict[str, Any]) -> None:
    """CPU seconds of each basis, its certificate, and proving its file; the target is 5 times the basis, or 1 s."""
    for name, sides in results["cases"].items():
        ours = sides.get("ours") or {}
        if "share" in ours:
            parts = "  ".join(f"{what} {seconds(ours[what]):>8}" for what in ("basis", "verify"))
            print(
                f"{name:24}  certify {seconds(ours['cpu']):>8}  {parts}  shares of the limit {ours['share']:.2f} {ours['file']:.2f}"
            )


def print_training(training: dict[str, Any]) -> None:
    """Ratios of training steps with a penalty to those without, one line for a model and number of threads."""
    for threads, document in training.items():
        if "cases" not in document:
            print(f"training, {threads} threads: {document['error']}")
            continue
        for name, case in document["cases"].items():
            ratios = "  ".join(f"{k} {r:.3f}" for k, r in case["ratios"].items() if k != "plain")
            print(f"training {name}, threads {threads}: step {case['seconds']['plain'] * 1e3:.1f} ms  {ratios}")


if __name__ == "__main__":
    sys.exit(main())
