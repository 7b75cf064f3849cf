"""Means with standard errors, paired differences, and markdown: what reports are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from studies.harness.records import Record, Results

__all__ = ["Estimate", "difference", "estimate", "markdown", "paired", "percent", "summary", "summary_table"]


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error over seeds."""

    mean: float
    error: float
    count: int

    def is_above(self, value: float = 0.0, errors: float = 2.0) -> bool:
        """Whether the mean lies above a value by so many standard errors; a single run never does."""
        return self.count > 1 and self.mean - errors * self.error > value

    def text(self, scale: float = 1.0, digits: int = 2, sign: bool = False) -> str:
        """`mean ± error`, scaled."""
        head = f"{scale * self.mean:+.{digits}f}" if sign else f"{scale * self.mean:.{digits}f}"
        return head if self.count < 2 else f"{head} ± {scale * self.error:.{digits}f}"


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of some values and its standard error; values that are none (null) make it not a number."""
    found = [math.nan if v is None else v for v in values]
    error = stdev(found) / math.sqrt(len(found)) if len(found) > 1 and all(map(math.isfinite, found)) else math.nan
    return Estimate(mean(found), error, len(found))


def summary(results: Results, task: str, budget: str = "steps", metric: str = "score") -> dict[str, Estimate]:
    """A metric of every method's tests on a task, in the order of the file."""
    found: dict[str, list[float]] = {}
    for r in results.where(phase="test", task=task, budget=budget):
        found.setdefault(r["method"], []).append(r.get(metric, math.nan))
    return {method: estimate(values) for method, values in found.items()}


def _by_seed(results: Results, task: str, method: str, budget: str, metric: str) -> dict[int, float]:
    return {r["seed"]: r[metric] for r in results.where(phase="test", task=task, method=method, budget=budget)}


def difference(
    results: Results, task: str, method: str, other: str, budget: str = "steps", metric: str = "score"
) -> Estimate:
    """method - other, seed by seed: what the choice of data and of first weights does is the same for both."""
    a, b = (_by_seed(results, task, m, budget, metric) for m in (method, other))
    return estimate([a[seed] - b[seed] for seed in a if seed in b])


def paired(
    results: Results, task: str, reference: str, budget: str = "steps", metric: str = "score"
) -> dict[str, Estimate]:
    """The paired difference of every method to one of them."""
    return {m: difference(results, task, m, reference, budget, metric) for m in summary(results, task, budget)}


def collapsed(results: Results, task: str, method: str, budget: str) -> str:
    """How many of a method's tests collapsed, of how many."""
    found = results.where(phase="test", task=task, method=method, budget=budget)
    return f"{sum(r['collapsed'] for r in found)} / {len(found)}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def percent(e: Estimate, sign: bool = False) -> str:
    """In percent, one digit."""
    return e.text(100, 1, sign)


def summary_table(
    results: Results,
    task: str,
    reference: str,
    scale: float = 1.0,
    digits: int = 2,
    score: str = "score",
) -> str:
    """One row a method: chosen setting, score at equal steps and at equal time, paired differences, defect, collapsed runs, price."""
    price: Record = next(iter(results.where(phase="price", task=task)), {"seconds": {}})["seconds"]
    base = price.get("plain") or next(iter(price.values()), math.nan)
    by_steps, by_time = (summary(results, task, b) for b in ("steps", "time"))
    defects = summary(results, task, "steps", "defect")
    rows = []
    for method, e in by_steps.items():
        setting = results.where(phase="test", task=task, method=method, budget="steps")[0]
        rows.append(
            [
                method,
                f"{setting['rate']:g} / {setting['strength']:g}",
                e.text(scale, digits),
                difference(results, task, method, reference).text(scale, digits, sign=True)
                if method != reference
                else "",
                by_time[method].text(scale, digits) if method in by_time else "",
                f"{defects[method].mean:.2g}",
                collapsed(results, task, method, "steps"),
                f"{price[method] / base:.2f}" if method in price else "",
            ]
        )
    head = [
        "method",
        "rate / strength",
        score,
        f"minus {reference}",
        f"{score}, equal time",
        "defect",
        "collapsed",
        "step",
    ]
    return markdown(head, rows)
