"""Subjects, the process that a case runs in, and the search for a small case that fails.

A case is plain data (JSON), so that it can be printed, sent to another process and given again on a command line. Hypothesis draws the
cases and makes failing ones smaller; a process of its own runs them, within a bound of CPU time and of memory, and is replaced if it dies.
"""

import contextlib
import faulthandler
import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy

__all__ = ["HELD", "REFUSED", "SKIPPED", "Failed", "Subject", "Tally", "Worker", "Wrong", "search", "serve"]

HELD, REFUSED, SKIPPED = "held", "refused", "skipped"
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
_ROUND = 500  # cases that are drawn with one seed
_ATTEMPTS = 300  # runs that may be spent on making one failing case smaller
_PATIENCE = 40.0  # and seconds


@dataclass(frozen=True)
class Subject:
    """What is tried, and how it is judged.

    name : as on the command line. title : as in the table.
    cases : plain data, which JSON can write.
    check : gives HELD, REFUSED (bad input got its error) or SKIPPED (too large to be judged; not counted); any exception is a failure.
    seconds : CPU time that a case may take; of the clock's time, four times as much and five seconds.
    megabytes : that it may add to the process.
    imports : modules that are loaded before the first case.
    """

    name: str
    title: str
    cases: SearchStrategy[Any]
    check: Callable[[Any], str]
    seconds: float = 20
    megabytes: int = 2048
    imports: tuple[str, ...] = ("projectors", "projectors.files", "sympy", "scipy.sparse")


@dataclass
class Failed:
    """A kind of failure: where it was raised, the smallest case found, what it said, and how many cases failed so."""

    where: str
    case: object
    message: str
    count: int = 1


@dataclass
class Tally:
    """The outcome of one subject."""

    name: str
    title: str
    held: int = 0
    refused: int = 0
    failed: dict[str, Failed] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def failures(self) -> int:
        return sum(f.count for f in self.failed.values())

    @property
    def cases(self) -> int:
        return self.held + self.refused + self.failures


# The process of the cases


class Wrong(AssertionError):
    """A failure that says itself where it belongs, as cases that fail in one place are counted as one."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.where = where


class _TimeUp(BaseException):
    """The CPU time of a case is spent; no `except Exception` keeps it."""


def serve(subject: Subject) -> None:
    """Judge the cases that come as lines on stdin; a line of JSON on stdout for each, and one when ready."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    faulthandler.enable()
    for module in subject.imports:
        import_module(module)
    print("{}", file=answers, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for line in requests:
            faulthandler.dump_traceback_later(4 * subject.seconds + 4)  # says where a call hangs that no signal ends
            print(json.dumps(judge(subject, json.loads(line))), file=answers, flush=True)


class _Clock:
    """The CPU time of a case: raises when it is spent, and remembers, should someone have kept the exception."""

    spent = False

    def ring(self, *_: object) -> None:
        self.spent = True
        raise _TimeUp


def judge(subject: Subject, case: object) -> dict[str, str]:
    """{"verdict": held, refused or failed}, and for a failure where it was raised and the last lines of its traceback."""
    clock = _Clock()
    late = f"more than {subject.seconds:g} s of CPU time"
    try:
        with _bounded(subject, clock), warnings.catch_warnings():
            warnings.simplefilter("error")
            verdict = subject.check(case)
        return {"verdict": verdict} if not clock.spent else {"verdict": "failed", "where": late, "message": late}
    except _TimeUp as error:
        return _failure(error, late)
    except Exception as error:
        return _failure(error, f"{late if clock.spent else ''}{type(error).__name__}: {error}")


@contextlib.contextmanager
def _bounded(subject: Subject, clock: _Clock):
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(OSError, ValueError):  # where the system does not say or does not let us
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + (subject.megabytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    signal.signal(signal.SIGPROF, clock.ring)
    signal.setitimer(signal.ITIMER_PROF, subject.seconds, 2.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _failure(error: BaseException, message: str) -> dict[str, str]:
    frames = traceback.extract_tb(error.__traceback__)
    frames = [f for f in frames if f.name not in ("judge", "_bounded", "ring")]
    ours = [f for f in frames if Path(f.filename).is_relative_to(ROOT) and ".venv" not in f.filename]
    last = (ours or frames)[-1]
    where = f"{type(error).__name__.lstrip('_')} in {Path(last.filename).name}:{last.lineno} {last.name}"
    where = getattr(error, "where", where)
    trail = "\n".join(f"  {_short(f.filename)}:{f.lineno} {f.name}: {f.line}" for f in frames[-6:])
    return {"verdict": "failed", "where": where, "message": f"{message[:2000]}\n{trail}"}


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else "/".join(path.parts[-3:])


class Worker:
    """The process that judges the cases of a subject, started anew when it has died or does not answer."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the worker
        self.process: subprocess.Popen[bytes] | None = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, str(HERE), "--serve", self.subject.name]
        self.errors.truncate(0)
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=environment,
            start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError(f"the process of {self.subject.name} does not start:\n{self._said()}")
        return process

    def _said(self) -> str:
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace").split("\nExtension modules")[0][-3000:]

    def judge(self, case: object) -> dict[str, str]:
        """As the function; a process that dies, or gives no answer in time, is a failure."""
        self.process = self.process or self._start()
        pipe_in, pipe_out = self.process.stdin, self.process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        with contextlib.suppress(BrokenPipeError):
            pipe_in.write(json.dumps(case).encode() + b"\n")
            pipe_in.flush()
        wall = 4 * self.subject.seconds + 5
        answer = pipe_out.readline() if select.select([pipe_out], [], [], wall)[0] else None
        if answer:
            verdict: dict[str, str] = json.loads(answer)
            return verdict
        self.close()
        what = f"no answer within {wall:g} s" if answer is None else "the process died"
        said = self._said()
        ours = [
            f
            for f in re.findall(r'File "(.*?)", line (\d+) in (\w+)', said)
            if Path(f[0]).is_relative_to(ROOT) and ".venv" not in f[0]
        ]
        where = f"{what} in {Path(ours[0][0]).name}:{ours[0][1]} {ours[0][2]}" if ours else what
        return {"verdict": "failed", "where": where, "message": f"{what}\n{said}"}

    def close(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
        self.process = None


# The search


class _Over(BaseException):
    """The round ends here; hypothesis lets it pass."""


def search(subject: Subject, number: int, cases: int | None, seconds: float | None) -> Tally:
    """Try cases until as many are done, or the time is over; what fails in a new place is made small first.

    number : the seed. With `cases` the outcome depends on these two alone.
    """
    tally = Tally(subject.name, subject.title)
    worker = Worker(subject)
    start = time.monotonic()

    def over() -> bool:
        return tally.cases >= cases if cases is not None else time.monotonic() - start >= (seconds or 0)

    try:
        turn = 0
        while not over():
            done = tally.cases
            _round(subject, worker, tally, number * 1_000_003 + turn, over)
            turn += 1
            if tally.cases == done:  # every case that there is has been drawn
                break
    finally:
        worker.close()
    tally.seconds = time.monotonic() - start
    return tally


def _round(subject: Subject, worker: Worker, tally: Tally, number: int, over: Callable[[], bool]) -> None:
    new: list[Failed] = []
    attempts, begun = 0, 0.0

    @seed(number)
    @settings(
        max_examples=_ROUND, database=None, deadline=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet, report_multiple_bugs=False,
    )  # fmt: skip
    @given(subject.cases)
    def body(case: object) -> None:
        nonlocal attempts, begun
        if new:
            attempts += 1
            if attempts > _ATTEMPTS or time.monotonic() - begun > _PATIENCE:
                raise _Over
        elif over():
            raise _Over
        verdict = worker.judge(case)
        failed = verdict["verdict"] == "failed"
        if new:
            failed = failed and verdict["where"] == new[0].where
            if failed and len(json.dumps(case)) <= len(json.dumps(new[0].case)):
                new[0].case, new[0].message = case, verdict["message"]
        elif failed and verdict["where"] in tally.failed:
            tally.failed[verdict["where"]].count += 1
            failed = False
        elif failed:
            new.append(Failed(verdict["where"], case, verdict["message"]))
            tally.failed[verdict["where"]] = new[0]
            begun = time.monotonic()
        elif verdict["verdict"] != SKIPPED:
            tally.held += verdict["verdict"] == HELD
            tally.refused += verdict["verdict"] == REFUSED
        assert not failed

    try:
        body()
    except (_Over, AssertionError):
        pass
    except Exception as error:  # hypothesis on a case that fails now and then
        if not new:
            raise
        new[0].message += f"\n  ({type(error).__name__} when it was made smaller)"
