"""Runs a study: choice on validation data, the price of a step, test at equal steps and at equal time, jobs of its own.

Jobs are told by flat keys, done in worker processes of one thread each, and written as they end. A job whose record is there is not
done again.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import torch
from tqdm import tqdm

from studies.harness.errors import StudyError
from studies.harness.problem import Problem, Settings, Study
from studies.harness.records import Record, Results
from studies.harness.training import Run, step_seconds, train

__all__ = ["chosen", "header", "load", "run", "settings_of"]


def load(name: str) -> Study:
    """The study of that name."""
    try:
        module = importlib.import_module(f"studies.{name}.study")
    except ModuleNotFoundError as error:
        if error.name in (f"studies.{name}", f"studies.{name}.study"):
            raise StudyError(f"there is no study {name!r}; `python -m studies list` names them") from None
        raise
    study = module.STUDY
    assert isinstance(study, Study)
    return study


def settings_of(study: Study, mode: str) -> Settings:
    """Its settings for "full", "smoke" or "gpu"."""
    found = {"full": study.full, "smoke": study.smoke, "gpu": study.gpu}[mode]
    if found is None:
        raise StudyError(f"the study {study.name} has no settings for a GPU")
    if mode == "gpu" and not torch.cuda.is_available():
        raise StudyError("--gpu needs a GPU that torch sees; without the option the study runs on the CPU")
    if mode != "smoke":
        for module, install in study.needs.items():
            if importlib.util.find_spec(module) is None:
                raise StudyError(f"the study {study.name} needs {module}: {install}")
    return found


def header(study: Study, mode: str, settings: Settings) -> Record:
    """What the results of a run have in common."""
    return {"study": study.name, "version": study.version, "mode": mode, "settings": asdict(settings)}


@lru_cache(maxsize=8)
def _problem(name: str, mode: str, task: str, seed: int) -> Problem:
    study = load(name)
    return study.tasks[task](seed, settings_of(study, mode))


def _outcome(problem: Problem, done: Run, part: str) -> Record:
    """What a run is told to have reached on validation or test data; collapsed runs count with the trivial score."""
    found: dict[str, float] = problem.evaluate(done.net, part) if done.is_finite else {"score": math.nan}
    collapsed = not math.isfinite(found["score"]) or found["score"] <= problem.floor
    if not math.isfinite(found["score"]):
        found = {"score": problem.floor}
    return {**found, "collapsed": collapsed}


def _timed(name: str, mode: str, key: Record, results: Results) -> Record:
    """One job, in this process, and its CPU seconds."""
    start = time.process_time()
    found = _do(name, mode, key, results)
    return {**found, "cpu": round(time.process_time() - start, 3)}


def _do(name: str, mode: str, key: Record, results: Results) -> Record:
    study, phase = load(name), key["phase"]
    settings = settings_of(study, mode)
    if phase == "price":
        problem = _problem(name, mode, key["task"], settings.choose_seeds[0])
        return {
            "seconds": step_seconds(
                problem, study.methods, settings.rates[0], settings.price_rounds, device=settings.device
            )
        }
    if phase in ("choose", "test"):
        problem = _problem(name, mode, key["task"], key["seed"])
        method = study.method(key["method"])
        done = train(problem, method, key["rate"], key["strength"], key["seed"], key["steps"], settings.device)
        part = "validation" if phase == "choose" else "test"
        found = _outcome(problem, done, part)
        if phase == "test":
            found["validation"] = _outcome(problem, done, "validation")["score"]
            found["defect"] = problem.defect(done.net) if done.is_finite else math.nan
        return {**found, "seconds": done.seconds}
    extra = next(e for e in study.extras if e.name == phase)
    return extra.run({k: v for k, v in key.items() if k != "phase"}, settings, results)


def _work(name: str, mode: str, key: Record, records: list[tuple[Record, Record]]) -> Record:
    """One job, in a worker: what is done so far comes along for a study's own jobs."""
    torch.set_num_threads(1)
    return _timed(name, mode, key, _Known(records))


class _Known(Results):
    """Results in memory alone."""

    def __init__(self, records: list[tuple[Record, Record]]) -> None:
        self._records = {str(k): {**key, **found} for k, (key, found) in enumerate(records)}


def chosen(results: Results, task: str, method: str) -> tuple[float, float]:
    """Rate and strength with the best mean validation score; of equals the strongest, then the smaller rate."""
    scores: dict[tuple[float, float], list[float]] = {}
    for r in results.where(phase="choose", task=task, method=method):
        scores.setdefault((r["rate"], r["strength"]), []).append(r["score"])
    if not scores:
        raise StudyError(f"nothing was tried for {method} on {task}")
    return max(scores, key=lambda k: (sum(scores[k]) / len(scores[k]), k[1], -k[0]))


def _choose_keys(study: Study, settings: Settings) -> Iterator[Record]:
    for task in study.tasks:
        for method in study.methods:
            for rate in settings.rates:
                for strength in method.strengths:
                    for seed in settings.choose_seeds:
                        yield {
                            "phase": "choose",
                            "task": task,
                            "method": method.name,
                            "rate": rate,
                            "strength": strength,
                            "seed": seed,
                            "steps": settings.steps,
                        }


def _steps_in_time(study: Study, settings: Settings, results: Results, task: str, method: str) -> int:
    """How many of a method's steps take as long as the reference's at equal steps."""
    price: dict[str, float] = results.where(phase="price", task=task)[0]["seconds"]
    return max(1, round(settings.steps * price[study.reference] / price[method]))


def _test_keys(study: Study, settings: Settings, results: Results) -> Iterator[Record]:
    for task in study.tasks:
        for method in study.methods:
            rate, strength = chosen(results, task, method.name)
            key = {"phase": "test", "task": task, "method": method.name, "rate": rate, "strength": strength}
            timed = _steps_in_time(study, settings, results, task, method.name)
            for seed in settings.test_seeds:
                yield {**key, "budget": "steps", "seed": seed, "steps": settings.steps}
                yield {**key, "budget": "time", "seed": seed, "steps": timed}


def run(study: Study, mode: str, results: Results, workers: int = 1, progress: bool = True) -> None:
    """Does what is left to be done, phase by phase."""
    settings = settings_of(study, mode)
    torch.set_num_threads(1)
    phases: list[tuple[str, Any]] = []
    if study.tasks and study.methods:
        phases += [
            ("choosing", lambda: _choose_keys(study, settings)),
            ("pricing", lambda: ({"phase": "price", "task": task} for task in study.tasks)),
            ("testing", lambda: _test_keys(study, settings, results)),
        ]
    for extra in study.extras:
        phases.append((extra.name, lambda extra=extra: ({"phase": extra.name, **key} for key in extra.keys(settings))))
    for title, keys in phases:
        _phase(study.name, mode, title, [k for k in keys() if k not in results], results, workers, progress)


def _phase(
    name: str, mode: str, title: str, keys: list[Record], results: Results, workers: int, progress: bool
) -> None:
    if not keys:
        return
    with tqdm(
        total=len(keys),
        desc=f"{name}: {title}",
        unit="job",
        mininterval=1 if sys.stderr.isatty() else 30,
        disable=not progress,
    ) as bar:
        for key, found in _done(name, mode, keys, results, workers):
            results.add(key, found)
            bar.update()


def _end_with_parent() -> None:
    """Workers end when the run is killed: what they would find has nowhere to go."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait_for_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_end, daemon=True).start()


def _done(name: str, mode: str, keys: list[Record], results: Results, workers: int) -> Iterable[tuple[Record, Record]]:
    if workers == 1 or len(keys) == 1:
        for key in keys:
            yield key, _timed(name, mode, key, results)
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_end_with_parent) as pool:
        left, running = iter(keys), {}
        records: list[tuple[Record, Record]] = (
            [({}, dict(r)) for r in results] if keys[0]["phase"] not in ("choose", "test", "price") else []
        )

        def more() -> None:
            for key in left:
                running[pool.submit(_work, name, mode, key, records)] = key
                if len(running) >= 2 * workers:
                    return

        more()
        try:
            while running:
                ended: set[Future[Record]] = wait(running, return_when=FIRST_COMPLETED).done
                for future in ended:
                    yield running.pop(future), future.result()
                more()
        finally:
            for future in running:
                future.cancel()
