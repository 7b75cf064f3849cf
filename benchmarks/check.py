"""Compare results with the targets: python benchmarks/check.py [RESULTS] [--partial]; exit code 1 if any is missed.

A target of a case is any of: dimension (equal), residual, orthonormality, cpu, seconds (wall), ratio (our CPU time to
the peer's, at most), certified (equal), or any other number of the results (at most), such as copies.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TARGETS = HERE / "targets.json"
FIELDS = {"residual": "residual", "orthonormality": "orthonormality", "cpu": "cpu", "seconds": "wall"}


def ratio(sides: Mapping[str, Any]) -> float | None:
    """Our CPU time to the peer's; None where one of them gave no result."""
    ours, peer = sides.get("ours") or {}, sides.get("emlp") or {}
    both = ours.get("status") == "ok" == peer.get("status")
    return ours["cpu"] / peer["cpu"] if both else None


def _status(side: Mapping[str, Any] | None) -> str:
    """Why a side has no result."""
    if not side:
        return "not measured"
    detail = side.get("error") or (f"in {side['limit']:g} s" if "limit" in side else "")
    return f"{side['status']} {detail}".rstrip()


def misses_of_case(name: str, sides: Mapping[str, Any], targets: Mapping[str, Any]) -> list[str]:
    """A line for each target that a case misses."""
    ours = sides.get("ours") or {"status": "not measured"}
    if ours["status"] != "ok":
        return [f"{name}: {_status(ours)}"]
    missed = []
    for target, wanted in targets.items():
        if target == "ratio":
            got = ratio(sides)
            if got is None:
                missed.append(f"{name}: ratio wanted at most {wanted}, but the peer: {_status(sides.get('emlp'))}")
        else:
            got = ours.get(FIELDS.get(target, target))
            if got is None:
                missed.append(f"{name}: {target} is missing or not finite")
        if got is None:
            continue
        if target in ("dimension", "certified"):
            if got != wanted:
                missed.append(f"{name}: {target} is {got}, wanted {wanted}")
        elif not got <= wanted:
            missed.append(f"{name}: {target} is {got:.3g}, wanted at most {wanted:g}")
    return missed


def misses(results: Mapping[str, Any], targets: Mapping[str, Any], partial: bool = False) -> list[str]:
    """A line for each target that the results miss; a case that was not measured misses, unless partial."""
    measured = results["cases"]
    return [
        line
        for name, wanted in targets["cases"].items()
        if name in measured or not partial
        for line in misses_of_case(name, measured.get(name, {}), wanted)
    ]


def misses_of_training(training: Mapping[str, Any], targets: Mapping[str, Any]) -> list[str]:
    """A line for each ratio of a training step to the step without a penalty that exceeds its target, with one thread and with two."""
    missed = []
    for threads in ("1", "2"):
        title, document = f"training on {threads} thread{'s' * (threads != '1')}", training.get(threads) or {}
        if "cases" not in document:
            missed.append(f"{title}: {document.get('error', 'not measured')}")
            continue
        for name, wanted in targets.items():
            ratios = document["cases"].get(name, {}).get("ratios", {})
            for penalty, most in wanted.items():
                if penalty not in ratios:
                    missed.append(f"{title}, {name}: {penalty} was not measured")
                elif not ratios[penalty] <= most:
                    missed.append(f"{title}, {name}: {penalty} is {ratios[penalty]:.3f}, wanted at most {most:g}")
    return missed


def main(argv: Sequence[str] | None = None) -> int:
    """Check a results file."""
    parser = argparse.ArgumentParser(description="Compare benchmark results with the targets.")
    parser.add_argument("results", type=Path, nargs="?", default=HERE / "results" / "latest.json")
    parser.add_argument("--targets", type=Path, default=TARGETS)
    parser.add_argument("--partial", action="store_true", help="judge only the cases that were measured")
    options = parser.parse_args(argv)
    try:
        results, targets = (json.loads(f.read_text(encoding="utf-8")) for f in (options.results, options.targets))
    except (OSError, json.JSONDecodeError) as error:
        print(f"cannot read the results or targets: {error}; run benchmarks/run.py first", file=sys.stderr)
        return 2
    missed = misses(results, targets, options.partial)
    if not options.partial or results.get("training"):
        missed += misses_of_training(results.get("training") or {}, targets["training"])
    for line in missed:
        print(f"missed  {line}")
    if not missed:
        print(f"all targets met ({sum(name in results['cases'] for name in targets['cases'])} cases)")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
