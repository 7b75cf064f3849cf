"""`make mutants`: change the code in one place, run the tests that watch the place, and say which changes nobody notices.

A sample is drawn by a seed, the same number from each room of the packages. Every worker has a copy of the working tree;
a change that breaks no test of its selection (table.py) survives. docs/testing.md says how to read the list.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from changes import Change, sample
from table import ROOMS, stages

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
ENVIRONMENT = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
GREEN: set[tuple[str, ...]] = set()
CLOCK = itertools.count(
    int(time.time())
)  # a different second for every change of a file, or Python reads the old bytecode


def main() -> int:
    options = _options()
    deadline = time.monotonic() + options.seconds
    drawn = [
        change
        for room, patterns in ROOMS.items()
        if not options.rooms or room in options.rooms
        for change in sample(_files(patterns), ROOT, options.number, f"{options.seed} {room}")
        if options.only in str(change)
    ]
    copies: queue.SimpleQueue[Path] = queue.SimpleQueue()
    results: list[tuple[Change, str]] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        for k in range(options.jobs):
            copies.put(_copy(Path(folder) / str(k)))

        def judge(change: Change) -> None:
            if time.monotonic() > deadline:
                return
            tree = copies.get()
            try:
                start = time.monotonic()
                outcome = _outcome(tree, change, options)
            finally:
                copies.put(tree)
            results.append((change, outcome))
            print(f"{outcome:9} {time.monotonic() - start:5.0f} s  {change}", flush=True)
            if outcome == "survived":
                print(_difference(change), flush=True)

        try:
            list(pool.map(judge, drawn))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return _summary(results, len(drawn))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", default=sys.executable, help="the interpreter that runs the tests")
    parser.add_argument("--seed", default="0", help="of the sample")
    parser.add_argument("--number", type=int, default=12, help="changes drawn from each room")
    parser.add_argument("--seconds", type=float, default=1800, help="after which no further change is tried")
    parser.add_argument(
        "--timeout", type=float, default=300, help="seconds for the tests of one change; more is noticed"
    )
    parser.add_argument("--jobs", type=int, default=2, help="changes that are tried at a time")
    parser.add_argument("--only", default="", help="of the sample, what contains this text, such as linalg/forms.py:31")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all if none is named")
    return parser.parse_args()


def _files(patterns: tuple[str, ...]) -> list[Path]:
    return sorted(file for pattern in patterns for file in ROOT.glob(pattern) if file.name != "__init__.py")


def _copy(tree: Path) -> Path:
    """The working tree as git sees it, uncommitted files too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


def _outcome(tree: Path, change: Change, options: argparse.Namespace) -> str:
    """Noticed, timed out, or survived, after the selections of the module's tests in turn."""
    file, source = tree / change.path, (ROOT / change.path).read_text(encoding="utf-8")
    for selection in stages(change.path):
        _write(file, change.apply(source))
        code = _pytest(tree, selection, options)
        _write(file, source)
        if code != 0:
            _require_green(tree, tuple(s for s in selection if s != change.path), options)
            return "timed out" if code is None else "noticed"
    return "survived"


def _require_green(tree: Path, selection: tuple[str, ...], options: argparse.Namespace) -> None:
    """Without a change the tests pass, in time; asked once for each selection, when it has noticed something."""
    if selection not in GREEN:
        if _pytest(tree, selection, options) != 0:
            raise SystemExit(f"without any change, this fails or takes too long: pytest {' '.join(selection)}")
        GREEN.add(selection)


def _write(file: Path, source: str) -> None:
    file.write_text(source, encoding="utf-8")
    os.utime(file, (stamp := next(CLOCK), stamp))


def _pytest(tree: Path, selection: tuple[str, ...], options: argparse.Namespace) -> int | None:
    """The exit code of pytest, or None if it had to be ended."""
    process = subprocess.Popen(
        [options.python, "-m", "pytest", *FLAGS, *selection],
        cwd=tree, env=os.environ | ENVIRONMENT | {"PYTHONPATH": str(tree)}, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return process.wait(options.timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _difference(change: Change) -> str:
    source = (ROOT / change.path).read_text(encoding="utf-8")
    lines = difflib.unified_diff(source.split("\n"), change.apply(source).split("\n"), n=0, lineterm="")
    return "\n".join(f"    {line}" for line in lines if not line.startswith(("---", "+++", "@@")))


def _summary(results: list[tuple[Change, str]], drawn: int) -> int:
    survivors = [change for change, outcome in results if outcome == "survived"]
    print(f"\n{len(results) - len(survivors)} of {len(results)} changes noticed, {drawn - len(results)} not tried")
    return int(10 * len(survivors) > len(results))


if __name__ == "__main__":
    sys.exit(main())
