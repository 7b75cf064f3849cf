"""What the results of the rings say: tables, pictures, verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studies.harness import Report, Results, difference, markdown, percent, summary, summary_table
from studies.harness.tables import Estimate, estimate
from studies.rings.data import best_accuracy, rings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["report"]

OURS = "penalty, Frobenius squared"  # named before the run: the other forms of the penalty are told beside it
PENALTIES = (OURS, "penalty, Frobenius", "penalty, norms chosen", "split frame")
BEHIND = 0.03  # of accuracy
LEARNT = 0.6  # above this accuracy a network has learnt something
OTHERS = ("plain", "exact", "weight decay", "augmentation", "sampled outputs, K = 1", "residual pathways")


def report(results: Results) -> Report:
    """Accuracy against the wave, differences, the grid, samples, norms, the teacher."""
    tasks = list(dict.fromkeys(r["task"] for r in results.where(phase="test")))
    waves = {task: float(task.split()[1]) for task in tasks}
    middle = tasks[min(len(tasks) - 1, 2)]
    grid, found = _grid(results)
    approximate = _approximate(results, tasks)
    rule, follows = _rule(results)
    text = "\n\n".join(
        [
            "### Accuracy against the wave",
            "Test accuracy in percent at equal steps, mean ± standard error over seeds; a collapsed run counts with 50 "
            f"({_collapsed(results)} collapsed).",
            _accuracies(results, waves),
            _slow(results),
            _differences(results, tasks),
            "![accuracy against the wave](../../docs/images/study_rings.png)",
            "### At equal time",
            "Each method trains as many steps as take the CPU time of the exact network's at equal steps.",
            _accuracies(results, waves, "time"),
            f"### One task in full: {middle}",
            summary_table(results, middle, OURS, 100, 1, "accuracy"),
            "The defect is the largest relative change of the outputs over 40 random turns; a step is told in those of the plain network.",
            "### lambda_G x lambda_perp",
            grid,
            "![the grid](../../docs/images/study_rings_grid.png)",
            "### More samples a step",
            _samples(results, middle),
            "### Norms chosen by the rule",
            rule,
        ]
    )
    figures = {"study_rings.png": _picture(results, waves), "study_rings_grid.png": _landscape(results)}
    return Report(text, figures, {**found, "approximate": approximate, **_quality(results, tasks), **follows})


def _collapsed(results: Results) -> str:
    tests = results.where(phase="test")
    return f"{sum(r['collapsed'] for r in tests)} of {len(tests)} tests"


def _slow(results: Results) -> str:
    """The runs that make the large errors."""
    tests = results.where(phase="test", budget="steps")
    medians = {
        (r["task"], r["method"]): np.median(
            [q["score"] for q in tests if (q["task"], q["method"]) == (r["task"], r["method"])]
        )
        for r in tests
    }
    slow = [r for r in tests if r["score"] < medians[r["task"], r["method"]] - BEHIND]
    smallest = min(results.header["settings"]["rates"])
    early = sum(r["rate"] == smallest for r in slow)
    seeds = ", ".join(map(str, sorted({r["seed"] for r in slow})))
    return (
        f"Large errors are single runs that {results.header['settings']['steps']} steps left behind: {len(slow)} of {len(tests)} end "
        f"more than {100 * BEHIND:.0f} points below the median of their method and wave, {early} of them with the rate {smallest:g}, "
        f"with the seeds {seeds or 'none'}."
    )


def _accuracies(results: Results, waves: dict[str, float], budget: str = "steps") -> str:
    found = {task: summary(results, task, budget) for task in waves}
    rows = [[m, *(percent(found[task][m]) for task in waves)] for m in next(iter(found.values()))]
    if budget == "steps":
        for name, invariant in (("*best that sees the radius alone*", True), ("*best possible*", False)):
            rows.append([name, *(f"{100 * best_accuracy(w, invariant):.1f}" for w in waves.values())])
    return markdown(["method", *waves], rows)


def _differences(results: Results, tasks: list[str]) -> str:
    rows = []
    for ours in PENALTIES:
        for other in OTHERS:
            cells = [difference(results, task, ours, other) for task in tasks]
            rows.append([f"{ours} minus {other}", *(_bold(e) for e in cells)])
    head = "Paired differences in percent, seed by seed; bold: beyond two standard errors.\n\n"
    return head + markdown(["difference", *tasks], rows)


def _bold(e: Estimate) -> str:
    clear = e.is_above() or Estimate(-e.mean, e.error, e.count).is_above()
    return f"**{percent(e, sign=True)}**" if clear else percent(e, sign=True)


def _approximate(results: Results, tasks: list[str]) -> tuple[str, str]:
    """Where the penalty that was named before the run is better than exact and plain, beyond two standard errors."""
    won, told = [], []
    for task in tasks:
        exact, plain = (difference(results, task, OURS, other) for other in ("exact", "plain"))
        if exact.is_above() and plain.is_above():
            won.append(task)
            told.append(f"{task}: {percent(exact, True)} to exact, {percent(plain, True)} to plain")
    if not won:
        return "open", f"{OURS} is above exact and plain beyond two standard errors on none of {', '.join(tasks)}"
    return "reproduced", f"accuracy of {OURS} in %, paired: " + "; ".join(told)


def _quality(results: Results, tasks: list[str]) -> dict[str, tuple[str, str]]:
    """Whether the penalty is within a standard error of the best other method, or above it, on each task."""
    behind, told = 0, []
    for task in tasks:
        means = summary(results, task)
        best = max((m for m in means if m not in PENALTIES), key=lambda m: means[m].mean)
        e = difference(results, task, OURS, best)
        behind += e.mean + 2 * e.error < 0
        told.append(f"{task}: {percent(e, True)} to {best}")
    verdict = "refuted" if behind == len(tasks) else "reproduced" if not behind else "open"
    return {"quality": (verdict, f"{OURS} minus the best other method in %, paired: " + "; ".join(told))}


# The grid


def _cells(results: Results, metric: str) -> tuple[list[float], list[float], np.ndarray]:
    """The values (lambda_G, lambda_perp, seed) of the grid."""
    found = results.where(phase="grid")
    gs, ps, seeds = (sorted({r[k] for r in found}) for k in ("lambda_g", "lambda_perp", "seed"))
    values = np.full((len(gs), len(ps), len(seeds)), np.nan)
    for r in found:
        values[gs.index(r["lambda_g"]), ps.index(r["lambda_perp"]), seeds.index(r["seed"])] = r[metric]
    return gs, ps, values


def _grid(results: Results) -> tuple[str, dict[str, tuple[str, str]]]:
    gs, ps, defects = _cells(results, "defect")
    *_, scores = _cells(results, "score")
    rows = [
        [f"{g:g}", *(f"{100 * s:.1f} / {d:.2f}" for s, d in zip(scores[k].mean(-1), defects[k].mean(-1), strict=True))]
        for k, g in enumerate(gs)
    ]
    learnt = scores.mean(-1) > LEARNT
    both = learnt[:, 1:] & learnt[:, :-1]
    steps = np.diff(defects, axis=1)[both]
    down, count = int((steps < 0).sum()), steps.size
    falls = bool((np.diff(defects.mean(-1), axis=1)[both] < 0).all())
    ends = learnt[:, 0] & learnt[:, -1]
    factor = float((defects[ends, 0] / defects[ends, -1]).mean()) if ends.any() else float("nan")
    without, beside = scores[0, 1:].mean(-1).max(), scores[1:, 1:].mean(-1).max()
    text = (
        "Accuracy on validation data in percent / defect, means over seeds; columns: lambda_perp, rows: lambda_G, squared Frobenius "
        "norms; nothing is chosen from it.\n\n"
        + markdown(["", *(f"{p:g}" for p in ps)], rows)
        + f"\n\nWhere the network learns (above {100 * LEARNT:.0f}), the defect falls from one lambda_perp to the next in {down} of "
        f"{count} pairs of runs (its means {'always' if falls else 'not always'}), from the first to the last by a factor {factor:.0f}. "
        f"The best cell with both strengths has {100 * beside:.1f}, the best without lambda_G {100 * without:.1f}; "
        f"{int((~learnt).sum())} cells, those of the strongest lambda_G beside a lambda_perp, learn nothing."
    )
    verdict = "reproduced" if falls and count else "open"
    told = f"the defect falls in {down} of {count} steps of lambda_perp, in all by a factor {factor:.0f}"
    seeds = scores.shape[-1]
    helps = f"best cell of the grid with lambda_G {100 * beside:.1f} %, without {100 * without:.1f} % (validation, {seeds} seeds)"
    return text, {"monotone": (verdict, told), "lambda_g": ("open", helps)}


def _samples(results: Results, task: str) -> str:
    wave = task.removeprefix("wave ")
    seeds = {r["seed"] for r in results.where(phase="test", task=task)}

    def row(name: str, records: list[dict[str, Any]]) -> list[str]:
        assert {r["seed"] for r in records} == seeds
        score, defect, seconds = (estimate([r[k] for r in records]) for k in ("score", "defect", "seconds"))
        steps = results.header["settings"]["steps"]
        return [name, percent(score), defect.text(), f"{1e3 * seconds.mean / steps:.1f}"]

    rows = []
    for kind in ("sampled outputs", "sampled operators"):
        rows.append(
            row(f"{kind}, K = 1", results.where(phase="test", task=task, budget="steps", method=f"{kind}, K = 1"))
        )
        ks = sorted({r["samples"] for r in results.where(phase="samples", kind=kind)})
        rows += [row(f"{kind}, K = {k}", results.where(phase="samples", kind=kind, samples=k)) for k in ks]
    rows.append(row(OURS, results.where(phase="test", task=task, budget="steps", method=OURS)))
    head = (
        f"Wave {wave}, rate and strength as chosen for K = 1: the mean of the penalty does not depend on K. "
        "Milliseconds of CPU time a step.\n\n"
    )
    return head + markdown(["method", "accuracy", "defect", "ms a step"], rows)


# The rule


def _rule(results: Results) -> tuple[str, dict[str, tuple[str, str]]]:
    found = results.where(phase="norms")
    ways = list(dict.fromkeys(r["norm"] for r in found))
    waves = sorted({r["wave"] for r in found})
    rows = []
    for way in ways:
        cells = []
        for w in waves:
            e = estimate([r["score"] for r in found if r["norm"] == way and r["wave"] == w])
            d = estimate([r["defect"] for r in found if r["norm"] == way and r["wave"] == w])
            cells += [percent(e), d.text()]
        rows.append([way, *cells])
    text = (
        "All with lambda = N*(W), the strength that the noise of the gradients suggests, which nothing was tuned for; test accuracy "
        "in percent and defect.\n\n" + markdown(["norm", *(x for w in waves for x in (f"wave {w:g}", "defect"))], rows)
    )
    taught = results.where(phase="teacher")
    kinds = list(dict.fromkeys(r["kind"] for r in taught))
    rows, agrees = [], []
    for way in ways:
        cells = []
        for kind in kinds:
            records = [r for r in taught if r["kind"] == kind and r["norm"] == way]
            used = [r["used"] for r in records]
            counts = ", ".join(f"{used.count(u)} {u.split('(')[0].lower()}" for u in dict.fromkeys(used))
            cells.append(estimate([r["error"] for r in records]).text() + (f" ({counts})" if way == "chosen" else ""))
        rows.append([way, *cells])
    text += (
        "\n\nOne linear layer of 24 x 24, C4, learns a residual of known kind from 48 noisy samples: |T − truth|_F, all with "
        "lambda = N*(W); in brackets what was chosen.\n\n" + markdown(["norm", *kinds], rows)
    )
    for kind in kinds:
        by = {w: estimate([r["error"] for r in taught if r["kind"] == kind and r["norm"] == w]).mean for w in ways}
        fixed = [v for w, v in by.items() if w != "chosen"]
        agrees.append(f"{kind}: {by['chosen']:.2f}, fixed norms {min(fixed):.2f} to {max(fixed):.2f}")
    text += "\n\nErrors of the chosen norm beside the fixed ones: " + "; ".join(agrees) + "."
    return text, _balance(found, ways, waves[-1])


def _balance(found: list[dict[str, Any]], ways: list[str], wave: float) -> dict[str, tuple[str, str]]:
    """Whether no norm is better than Frobenius's beyond two standard errors, and none cheaper."""

    def values(way: str, key: str) -> list[float]:
        return [r[key] for r in sorted(found, key=lambda r: r["seed"]) if r["norm"] == way and r["wave"] == wave]

    others = [w for w in ways if w not in ("chosen", "Frobenius")]
    if len(values("Frobenius", "score")) < 2:
        return {}
    base, cost = values("Frobenius", "score"), sum(values("Frobenius", "seconds"))
    ahead = {w: estimate([a - b for a, b in zip(values(w, "score"), base, strict=True)]) for w in others}
    price = {w: sum(values(w, "seconds")) / cost for w in others}
    holds = not any(e.is_above() for e in ahead.values()) and min(price.values()) > 1
    told = "; ".join(f"{w} {percent(ahead[w], True)} for {price[w]:.2f} of the time" for w in others)
    return {
        "frobenius": (
            "reproduced" if holds else "refuted",
            f"wave {wave:g}, accuracy in %, paired to Frobenius: {told}",
        )
    }


# Pictures

COLORS = {
    "plain": "C7",
    "exact": "k",
    "weight decay": "C5",
    "augmentation": "C8",
    "sampled outputs, K = 1": "C6",
    "sampled operators, K = 1": "C9",
    "residual pathways": "C1",
    OURS: "C0",
    "penalty, Frobenius": "C2",
    "penalty, norms chosen": "C3",
    "split frame": "C4",
}


def _picture(results: Results, waves: dict[str, float]) -> Figure:
    """The points at each wave, and the accuracy against it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 7.5), layout="constrained")
    cells = figure.add_gridspec(2, len(waves), height_ratios=(1, 2.2))
    for k, (task, wave) in enumerate(waves.items()):
        axis = figure.add_subplot(cells[0, k])
        x, y, _ = rings(400, wave, 3, np.random.default_rng(0))
        for ring, color in ((0, "C0"), (1, "C1")):
            axis.plot(*x[y[:, 0] == ring].T, ".", ms=3, color=color)
        axis.set(aspect="equal", xticks=[], yticks=[], title=task, xlim=(-2.4, 2.4), ylim=(-2.4, 2.4))
    axis = figure.add_subplot(cells[1, :])
    found = {task: summary(results, task) for task in waves}
    shown = [m for m in COLORS if m in next(iter(found.values()))]
    for k, method in enumerate(shown):
        es = [found[task][method] for task in waves]
        shift = 0.006 * (k - len(shown) / 2)
        style = {"marker": "o" if method in PENALTIES else "s", "ms": 5, "ls": "-" if method in PENALTIES else ":"}
        axis.errorbar(
            [w + shift for w in waves.values()],
            [100 * e.mean for e in es],
            [100 * e.error for e in es],
            color=COLORS[method],
            label=method,
            **style,
        )
    fine = np.linspace(0, 1, 21)
    axis.plot(
        fine, [100 * best_accuracy(w, True) for w in fine], "k--", lw=0.8, label="best that sees the radius alone"
    )
    axis.plot(fine, [100 * best_accuracy(w) for w in fine], "k-", lw=0.8, label="best possible")
    axis.set(xlabel="amplitude of the wave", ylabel="test accuracy, %")
    axis.legend(ncols=2, fontsize=8, loc="lower left")
    return figure


def _landscape(results: Results) -> Figure:
    """Accuracy and defect over lambda_G and lambda_perp."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.2), layout="constrained")
    axes = figure.subplots(1, 2)
    for axis, metric, title, scale in (
        (axes[0], "score", "accuracy on validation data, %", 100),
        (axes[1], "defect", "defect, the largest over 40 turns", 1),
    ):
        gs, ps, values = _cells(results, metric)
        mean = scale * values.mean(-1)
        image = axis.imshow(mean, aspect="auto", cmap="viridis")
        for (i, j), v in np.ndenumerate(mean):
            light = v > (mean.min() + mean.max()) / 2
            axis.text(
                j, i, f"{v:.1f}" if scale > 1 else f"{v:.2f}", ha="center", va="center", color="k" if light else "w"
            )
        axis.set(title=title, xlabel="lambda_perp", ylabel="lambda_G")
        axis.set_xticks(range(len(ps)), [f"{p:g}" for p in ps])
        axis.set_yticks(range(len(gs)), [f"{g:g}" for g in gs])
        figure.colorbar(image, ax=axis)
    return figure
