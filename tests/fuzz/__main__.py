"""Random cases against independent judgements: `make fuzz`, or `python tests/fuzz [SUBJECT ...]`. See docs/reliability.md."""

import argparse
import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from engine import ROOT, Subject, Tally, Worker, serve
from subjects import search_named, subjects

REPORT = ROOT / "docs/reliability.md"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests/fuzz", description=__doc__)
    parser.add_argument("subject", nargs="*", help="which to try; all by default")
    parser.add_argument("--seconds", type=float, default=120, help="wall time of the whole run")
    parser.add_argument(
        "--cases", type=int, help="how many cases in all, instead of a time; then the run repeats exactly"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="subjects that are tried at the same time")
    parser.add_argument("--case", metavar="JSON", help="judge this one case of a subject")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    parser.add_argument("--serve", metavar="SUBJECT", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    known = subjects()
    if options.serve:
        serve(known[options.serve])
        return 0
    if unknown := [name for name in options.subject if name not in known]:
        parser.error(f"no subject {', '.join(unknown)}; there are {', '.join(known)}")
    if options.case is not None:
        if len(options.subject) != 1:
            parser.error("--case needs the one subject that it is a case of")
        return _judge_one(known[options.subject[0]], json.loads(options.case))
    names = options.subject or [name for name in known if not name.startswith("planted")]
    tallies = _search_all(names, options.seed, options.cases, options.seconds, max(options.workers, 1))
    table = _table(tallies)
    print(table)
    for tally in tallies:
        _print_failures(tally)
    failed = sum(t.failures for t in tallies)
    if options.write:
        _write(table, options)
    print(f"{sum(t.cases for t in tallies) - failed:,} passed, {failed:,} failed (seed {options.seed})")
    return 1 if failed else 0


def _judge_one(subject: Subject, case: object) -> int:
    worker = Worker(subject)
    found = worker.judge(case)
    worker.close()
    print("\n".join(found[key] for key in ("verdict", "where", "message") if key in found))
    return 1 if found["verdict"] == "failed" else 0


def _search_all(names: Sequence[str], seed: int, cases: int | None, seconds: float, workers: int) -> list[Tally]:
    workers = min(workers, len(names))
    each = None if cases is None else -(-cases // len(names))
    share = None if each is not None else seconds * workers / len(names)
    found: dict[str, Tally] = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        running = [pool.submit(search_named, name, seed, each, share) for name in names]
        for done in as_completed(running):
            tally = done.result()
            found[tally.name] = tally
            print(
                f"{tally.title}: {tally.cases:,} cases, {tally.failures:,} failures, {tally.seconds:.0f} s", flush=True
            )
    return [found[name] for name in names]


def _table(tallies: Sequence[Tally]) -> str:
    lines = [
        "| subject | cases | answered rightly | refused rightly | failures |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [f"| {t.title} | {t.cases:,} | {t.held:,} | {t.refused:,} | {t.failures:,} |" for t in tallies]
    total = [sum(column) for column in zip(*((t.cases, t.held, t.refused, t.failures) for t in tallies), strict=True)]
    return "\n".join([*lines, "| all | " + " | ".join(f"{n:,}" for n in total) + " |"])


def _print_failures(tally: Tally) -> None:
    for failure in tally.failed.values():
        text = json.dumps(failure.case)
        print(f"\n{tally.title}: {failure.where} ({failure.count:,} cases)\n{failure.message}")
        print(f"  case:   {text}")
        print(f"  repeat: python tests/fuzz {tally.name} --case {shlex.quote(text)}")


def _write(table: str, options: argparse.Namespace) -> None:
    commit = subprocess.run(["git", "describe", "--always"], capture_output=True, text=True, cwd=ROOT, check=False)
    bound = f"CASES={options.cases}" if options.cases is not None else f"SECONDS={options.seconds:g}"
    head = (
        f"`make fuzz {bound} SEED={options.seed}` on {time.strftime('%Y-%m-%d')}, at revision {commit.stdout.strip()}:"
    )
    text = REPORT.read_text(encoding="utf-8")
    new = f"<!-- counts -->\n{head}\n\n{table}\n<!-- end of counts -->"
    text = re.sub(r"<!-- counts -->.*<!-- end of counts -->", lambda _: new, text, flags=re.DOTALL)
    REPORT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
