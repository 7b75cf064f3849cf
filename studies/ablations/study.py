"""Ablations: norms, frames, lambda_G, where the symmetry may break, start, schedule, strength and learning rate, by effect size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from math import inf, log10
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from projectors.penalties import Entrywise, Frobenius, Mixed, Norm, Nuclear, Spectral
from projectors.penalties import penalty as norm_of
from projectors.torch import EquivariancePenalty, constrain_, equivariant_start_
from studies.ablations.design import Effects, fit, fraction
from studies.digits.study import problem as digits
from studies.harness import Extra, Method, Prepared, Problem, Report, Results, Settings, Study, markdown, train
from studies.rings.study import problem as rings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FACTORS", "NORMS", "STUDY", "ablated"]

NORMS: dict[str, Norm] = {
    "Frobenius squared": Frobenius(squared=True),
    "Frobenius": Frobenius(),
    "spectral": Spectral(),
    "nuclear": Nuclear(),
    "entrywise 1": Entrywise(1),
    "entrywise infinity": Entrywise(inf),
    "mixed (2, 1)": Mixed(2, 1),
    "mixed (2, infinity)": Mixed(2, inf),
}
FACTORS = {
    "frame": ("spatial", "spectral"),
    "start": ("plain", "equivariant"),
    "schedule": ("constant", "falling to 0"),
    "may break": ("everywhere", "in the last layer"),
    "lambda_G": ("0", "lambda_perp / 100"),
    "strength": ("low", "high"),
    "learning rate": ("low", "high"),
}
TASKS = {
    "digits": ("D4, every 6 and 9 upright", lambda seed, settings: digits("D4", 1.0, seed, settings)),
    "rings": ("SO(2), wave of amplitude 0.5", lambda seed, settings: rings(0.5, seed, settings)),
}
RATES = {"digits": (2.5e-3, 5e-3), "rings": (1e-2, 3e-2)}
SQUARED, OTHERS = (
    (0.3, 3.0),
    (2.0, 6.0),
)  # of the square lambda itself; of other norms the penalty of the plain first weights


class _Term:
    """lambda (1 - k / steps or 1) sum of N(T - P(T)) in a frame, and lambda_G sum of N(P(T)), at step k."""

    def __init__(
        self, pen: EquivariancePenalty, norm: Norm, frame: str, strength: float, along: float, steps: int
    ) -> None:
        self.pen, self.norm, self.frame, self.steps, self.done = pen, norm, frame, steps, 0
        self.strength, self.along = strength, along

    def value(self, part: str = "residual") -> torch.Tensor:
        """The sum over the layers."""
        values = [norm_of(t.read(), t.hom, self.norm, part, self.frame).sum() for t in self.pen.terms]
        return torch.stack(values).sum()

    def __call__(self, x: torch.Tensor, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        now = self.strength * (1 - self.done / self.steps if self.steps else 1)
        self.done += 1
        total = now * self.value()
        return total + self.along * self.value("equivariant") if self.along else total


def ablated(norm: str, levels: Sequence[int]) -> Method:
    """The penalty of one norm at the levels of `FACTORS`, in the loss."""
    frame, start, schedule, where, along, strength, _ = levels

    def prepare(net: nn.Module, problem: Problem, _: float, generator: torch.Generator, steps: int) -> Prepared:
        N, last = NORMS[norm], list(problem.spec)[-1]
        lam = SQUARED[strength]
        if norm != "Frobenius squared":
            with torch.no_grad():
                drawn = _Term(EquivariancePenalty(net, problem.spec), N, FACTORS["frame"][frame], 1.0, 0.0, 0).value()
            lam = OTHERS[strength] / float(drawn)
        if start:
            equivariant_start_(net, problem.spec, generator=generator)
        soft = {k: v for k, v in problem.spec.items() if not where or fnmatchcase(k, last)}
        if where:
            constrain_(net, {k: v for k, v in problem.spec.items() if k not in soft})
        pen = EquivariancePenalty(net, soft)
        return Prepared(net, _Term(pen, N, FACTORS["frame"][frame], lam, lam * along / 100, steps if schedule else 0))

    return Method(norm, (0.0,), prepare)


# Jobs


def _keys(settings: Settings) -> list[dict[str, Any]]:
    _, blocks = fraction()
    chosen = list(enumerate(blocks))[:: settings.sizes["every"]]
    return [{"task": t, "seed": settings.test_seeds[b], "run": k} for t in TASKS for k, b in chosen]


def _run(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    first, *levels = fraction()[0][key["run"]]
    task = TASKS[key["task"]][1](key["seed"], settings)
    rate, norm = RATES[key["task"]][levels[-1]], list(NORMS)[first]
    done = train(task, ablated(norm, levels), rate, 0.0, key["seed"], settings.steps, settings.device)
    found = task.evaluate(done.net, "validation") if done.is_finite else {"score": task.floor}
    defect = task.defect(done.net) if done.is_finite else inf
    names = {"norm": norm, **{name: FACTORS[name][level] for name, level in zip(FACTORS, levels, strict=True)}}
    collapsed = found["score"] <= task.floor
    return {
        **names,
        "score": max(found["score"], task.floor),
        "defect": defect,
        "collapsed": collapsed,
        "seconds": done.seconds,
    }


# The report


def _levels(r: dict[str, Any]) -> tuple[int, ...]:
    return (list(NORMS).index(r["norm"]), *(FACTORS[name].index(r[name]) for name in FACTORS))


def _effects(results: Results, task: str, value: Callable[[dict[str, Any]], float]) -> Effects:
    found = results.where(phase="design", task=task)
    return fit([_levels(r) for r in found], [r["seed"] for r in found], [value(r) for r in found])


def _score(r: dict[str, Any]) -> float:
    return 100 * float(r["score"])


def _log_defect(r: dict[str, Any]) -> float:
    """Of a network that answers the same to everything, and of one that diverged, the defect says nothing: 1 e-4 at least, 1 at most."""
    return log10(min(max(r["defect"] if r["defect"] is not None else 1.0, 1e-4), 1.0))


def _factor_table(results: Results) -> str:
    found = {task: (_effects(results, task, _score), _effects(results, task, _log_defect)) for task in TASKS}
    rows = []
    for k, (name, (low, high)) in enumerate(FACTORS.items()):
        cells = [f"{name}: {high}, not {low}"]
        for accuracy, defect in found.values():
            times = 10 ** defect.steps[k]
            cells += [
                f"{accuracy.steps[k]:+.1f} ± {accuracy.step_error:.1f}",
                f"{100 * accuracy.shares[k + 1]:.0f} %",
                f"x {times:.2f}",
            ]
        rows.append(cells)
    cells = ["norm: best minus worst mean"]
    for accuracy, defect in found.values():
        spread = float(np.ptp(accuracy.means))
        cells += [
            f"{spread:.1f} ± {2**0.5 * accuracy.error:.1f}",
            f"{100 * accuracy.shares[0]:.0f} %",
            f"x {10 ** float(np.ptp(defect.means)):.2f}",
        ]
    rows.append(cells)
    for title, share in (("seed", "blocks"), ("interactions and chance", "residual")):
        rows.append([title, *(c for a, _ in found.values() for c in ("", f"{100 * getattr(a, share):.0f} %", ""))])
    head = ["choice"]
    for task in TASKS:
        head += [f"{task}: accuracy, points", "share of variance", "equivariance error"]
    return markdown(head, rows)


def _norm_table(results: Results) -> str:
    rows = []
    found = {task: (_effects(results, task, _score), _effects(results, task, _log_defect)) for task in TASKS}
    for k, norm in enumerate(NORMS):
        cells = [norm]
        for task, (accuracy, defect) in found.items():
            cells.append(f"{accuracy.means[k]:.1f} ± {accuracy.error:.1f}")
            for frame in FACTORS["frame"]:
                scores = [_score(r) for r in results.where(phase="design", task=task, norm=norm, frame=frame)]
                cells.append(f"{np.mean(scores):.1f}" if scores else "")
            cells.append(f"{10 ** defect.means[k]:.2g}")
        rows.append(cells)
    head = ["norm"]
    for task in TASKS:
        head += [f"{task}: mean", *FACTORS["frame"], "error"]
    return markdown(head, rows)


def _figure(results: Results) -> Figure:
    from matplotlib.figure import Figure

    fig = Figure(figsize=(11, 6), layout="constrained")
    axes = fig.subplots(2, len(TASKS))
    for (upper, lower), task in zip(axes.T, TASKS, strict=True):
        e = _effects(results, task, _score)
        labels = [f"{name}: {high}" for name, (_, high) in FACTORS.items()]
        upper.errorbar(e.steps[::-1], range(len(labels)), xerr=2 * e.step_error, fmt="o", capsize=3)
        upper.set_yticks(range(len(labels)), labels[::-1] if upper is axes[0, 0] else [""] * len(labels))
        upper.axvline(0, color="black", linewidth=0.7)
        upper.set(title=f"{task}: {TASKS[task][0]}", xlabel="change of accuracy, points (bars: two standard errors)")
        lower.errorbar(e.means[::-1], range(len(NORMS)), xerr=2 * e.error, fmt="o", capsize=3, color="tab:red")
        lower.set_yticks(range(len(NORMS)), list(NORMS)[::-1] if lower is axes[1, 0] else [""] * len(NORMS))
        lower.set(xlabel="mean accuracy, % (bars: two standard errors)")
    return fig


def _findings(results: Results) -> dict[str, tuple[str, str]]:
    found = {task: _effects(results, task, _score) for task in TASKS}
    names, out = list(NORMS), {}

    def told(one: str, other: str) -> list[tuple[float, float, str]]:
        rows = []
        for task, e in found.items():
            d, error = float(e.means[names.index(one)] - e.means[names.index(other)]), 2**0.5 * e.error
            rows.append((d, error, f"{task} {d:+.1f} ± {error:.1f}"))
        return rows

    entry = told("entrywise infinity", "Frobenius squared")
    hurts = [d < -2 * error for d, error, _ in entry]
    errors = {t: 10 ** _effects(results, t, _log_defect).means for t in TASKS}
    one, two = (names.index(n) for n in ("entrywise infinity", "Frobenius squared"))
    looser = [e[one] > 2 * e[two] for e in errors.values()]
    texts = ", ".join(t for *_, t in entry)
    left = ", ".join(f"{t} {e[one]:.2g} and {e[two]:.2g}" for t, e in errors.items())
    verdict = "reproduced" if all(hurts) else "refuted" if not any(hurts) and not any(looser) else "open"
    out["entrywise"] = (
        verdict,
        f"entrywise infinity minus squared Frobenius, points of accuracy: {texts}; equivariance errors: {left}",
    )
    mixed = told("mixed (2, 1)", "Frobenius") + told("mixed (2, infinity)", "Frobenius")
    similar = all(abs(d) <= 2 * error for d, error, _ in mixed)
    first, second = (", ".join(t for *_, t in mixed[k : k + len(found)]) for k in (0, len(found)))
    out["mixed"] = (
        "reproduced" if similar else "open",
        f"minus Frobenius, points of accuracy: (2, 1): {first}; (2, infinity): {second}",
    )
    k = list(FACTORS).index("lambda_G")
    helps = [e.steps[k] > 2 * e.step_error for e in found.values()]
    along = ", ".join(f"{task} {e.steps[k]:+.1f} ± {e.step_error:.1f}" for task, e in found.items())
    out["lambda_g"] = (
        "reproduced" if all(helps) else "open",
        f"lambda_G = lambda_perp / 100 minus none, points of accuracy: {along}",
    )
    best = {task: names[int(np.argmax(e.means))] for task, e in found.items()}
    tops = []
    for task, e in found.items():
        top, own = float(e.means.max()), max(float(e.means[names.index(n)]) for n in ("Frobenius", "Frobenius squared"))
        tops.append(f"{task}: {best[task]}, {top - own:+.1f} ± {2**0.5 * e.error:.1f} to the better Frobenius norm")
    verdict = "reproduced" if all(name.startswith("Frobenius") for name in best.values()) else "open"
    out["frobenius"] = (verdict, f"norm with the best mean accuracy, all other choices averaged: {'; '.join(tops)}")
    return out


def _beyond(results: Results) -> str:
    """The choices whose effect is beyond two standard errors, in a sentence for each task."""
    out = []
    for task in TASKS:
        e = _effects(results, task, _score)
        seen = [
            f"{name}, {high}: {step:+.1f}"
            for (name, (_, high)), step in zip(FACTORS.items(), e.steps, strict=True)
            if abs(step) > 2 * e.step_error
        ]
        low, high = (list(NORMS)[int(f(e.means))] for f in (np.argmin, np.argmax))
        out.append(
            f"On {task} these choices change accuracy by more than two standard errors: {'; '.join(seen) or 'none'}. "
            f"Of the norms, {high} has the best mean and {low} the worst."
        )
    return " ".join(out)


def report(results: Results) -> Report:
    """Tables of effects, and the picture."""
    parts = [
        _beyond(results),
        "Effects on validation accuracy and on the equivariance error (a factor), all other choices averaged, with standard errors:",
    ]
    parts += [
        _factor_table(results),
        "Means of the norms in %, over both frames and in each; geometric means of the equivariance error:",
        _norm_table(results),
    ]
    for task in TASKS:
        found = results.where(phase="design", task=task)
        parts.append(
            f"Collapsed runs, {task}: {sum(r['collapsed'] for r in found)} of {len(found)}, counted with the trivial score."
        )
    return Report("\n\n".join(parts), {"study_ablations.png": _figure(results)}, _findings(results))


_SIZES = {
    "training": 300,
    "channels": 32,
    "batch": 32,
    "generated": None,
    "points": 350,
    "validation": 2000,
    "test": 1,
    "frequency": 3,
    "every": 1,
}

STUDY = Study(
    name="ablations",
    title="which choices of a projection penalty matter",
    version=1,
    full=Settings(steps=250, rates=(), choose_seeds=(), test_seeds=(300, 301, 302, 303), sizes=_SIZES),
    smoke=Settings(
        steps=2,
        rates=(),
        choose_seeds=(),
        test_seeds=(300, 301, 302, 303),
        sizes=_SIZES
        | {"training": 20, "channels": 8, "batch": 8, "generated": 84, "points": 20, "validation": 20, "every": 9},
    ),
    gpu=Settings(steps=600, rates=(), choose_seeds=(), test_seeds=(300, 301, 302, 303), device="cuda", sizes=_SIZES),
    report=report,
    extras=(Extra("design", _keys, _run),),
    needs={"sklearn": 'pip install ".[studies]"'},
)
