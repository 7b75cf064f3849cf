"""`python -m studies`: list the studies, fetch their data, run them, write their reports and the page of claims."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from studies import claims
from studies.harness.errors import StudyError
from studies.harness.problem import Study
from studies.harness.records import Results
from studies.harness.reporting import STUDIES, report, results_path
from studies.harness.runner import header, load, run, settings_of


def names() -> list[str]:
    """The studies there are."""
    return sorted(path.parent.name for path in STUDIES.glob("*/study.py"))


def _run(study: Study, mode: str, workers: int, out: Path | None) -> None:
    path = out or results_path(study, mode)
    with Results(path, header(study, mode, settings_of(study, mode))) as results:
        if len(results):
            print(f"{path} has {len(results)} jobs already: they are not done again", flush=True)
        run(study, mode, results, workers)


def _smoke(study: Study) -> None:
    """A tiny run into a folder that is thrown away, and its report."""
    if study.smoke_tasks:
        tasks = {label: study.tasks[label] for label in study.smoke_tasks}
        study = replace(study, tasks=tasks, methods=tuple(m.trying(*m.strengths[:1]) for m in study.methods))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        with Results(path, header(study, "smoke", study.smoke)) as results:
            run(study, "smoke", results, progress=False)
        count = len(results)
        made = study.report(Results.open(path))
    print(f"{study.name}: {count} jobs, report of {len(made.text.splitlines())} lines, {len(made.figures)} pictures")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m studies", description="Studies of projection penalties on real tasks."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="say which studies there are")
    commands.add_parser("claims", help="write docs/claims.md from the results of all studies")
    for command, about in {
        "fetch": "download a study's data, checked",
        "run": "run studies; a run that was killed goes on where it stopped",
        "report": "write README and pictures from the results",
    }.items():
        one = commands.add_parser(command, help=about)
        one.add_argument("names", nargs="*", metavar="NAME", help="studies; none: all")
        if command == "run":
            one.add_argument("--smoke", action="store_true", help="a tiny run and its report, kept nowhere")
            one.add_argument("--gpu", action="store_true", help="the sizes for one GPU")
            one.add_argument("--workers", type=int, default=2, help="processes, one thread each (2)")
            one.add_argument("--out", type=Path, help="the results file, of one study")
    arguments = parser.parse_args()
    try:
        return _command(arguments)
    except StudyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "studies").split(".")[0] in ("studies", "grouprep", "projectors"):
            raise
        print(f'error: this needs {error.name}: pip install --editable ".[studies,plot,torch]"', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130


def _command(arguments: argparse.Namespace) -> int:
    if arguments.command == "list":
        for name in names():
            print(f"{name:12} {load(name).title}")
        return 0
    if arguments.command == "claims":
        done = [s for s in map(load, names()) if results_path(s).exists()]
        claims.write({s.name: s.report(Results.open(results_path(s))).findings for s in done})
        return 0
    studies = [load(name) for name in arguments.names or names()]
    for study in studies:
        if arguments.command == "fetch":
            print(f"{study.name}: {'nothing to download' if study.data is None else study.data()}")
        elif arguments.command == "report":
            report(study, Results.open(results_path(study)))
        elif arguments.smoke:
            _smoke(study)
        else:
            if arguments.out and len(studies) > 1:
                raise StudyError("--out is the file of one study: name it")
            _run(study, "gpu" if arguments.gpu else "full", arguments.workers, arguments.out)
    return 0
