"""Tables, sentences and the picture of the study "molecules"."""

from __future__ import annotations

from typing import Any

from studies.harness import Report, Results, difference, markdown, summary, summary_table
from studies.harness.tables import Estimate, estimate
from studies.molecules.methods import BY_HAND, METHODS, PENALTY
from studies.molecules.tasks import FIELDS, INVARIANTS

__all__ = ["LONGER", "TASK", "report"]

TASK = "field 0.3"  # of the jobs beside the comparison itself
PROJECTION = [m.name for m in METHODS if m.name.startswith(("penalty", "split"))]
OTHERS = ("residual pathways", "sampled operators, K = 1", "sampled outputs, K = 1", "augmentation", "weight decay")
LONGER = ("plain", "exact", "residual pathways", PENALTY, "split frame", "penalty, last layer alone")
BUDGETS = {"steps": "at equal steps", "time": "at equal time"}


def _points(e: Estimate) -> str:
    return e.text(100, 1, sign=True)


def _known(results: Results) -> list[str]:
    """The tasks of this run."""
    return [task for task in (*FIELDS, INVARIANTS) if results.where(phase="test", task=task)]


def _wins(results: Results, task: str, budget: str) -> list[str]:
    """Methods whose error is below that of exact *and* plain by more than two standard errors, with both differences, the best first."""
    found = []
    for m in METHODS:
        over = [difference(results, task, m.name, other, budget) for other in ("exact", "plain")]
        if m.name not in ("exact", "plain") and all(d.is_above() for d in over):
            found.append((over[0].mean, f"{m.name} ({_points(over[0])} / {_points(over[1])})"))
    return [words for _, words in sorted(found, reverse=True)]


def _comparison(results: Results) -> str:
    out = []
    for task in _known(results):
        out.append(f"### {task}\n")
        out.append(summary_table(results, task, "exact", 100, 1, "minus error, %") + "\n")
        for budget, words in BUDGETS.items():
            better = "; ".join(_wins(results, task, budget)) or "none"
            out.append(
                f"Better than exact *and* plain beyond two standard errors {words} (points on each): {better}.\n"
            )
        best = {b: max(PROJECTION, key=lambda m: summary(results, task, b)[m].mean) for b in BUDGETS}
        rows = [
            [f"{ours}, {words}", *(_points(difference(results, task, ours, o, b)) for o in ("exact", *OTHERS))]
            for b, words in BUDGETS.items()
            for ours in dict.fromkeys((best[b], "split frame"))
        ]
        out.append(
            "The projection method with the least error (named after the test, so with some luck), and the split frame over all "
            "layers, minus others, in points:\n"
        )
        out.append(markdown(["", "exact", *OTHERS], rows) + "\n")
    return "\n".join(out)


def _sampled(results: Results, kind: str, count: int, budget: str) -> dict[int, float]:
    """Scores by seed."""
    name = f"sampled {kind}, K = {count}"
    if count == 1:
        found = results.where(phase="test", task=TASK, method=name, budget=budget)
    else:
        found = results.where(phase="samples", method=name, budget=budget)
    return {r["seed"]: r["score"] for r in found}


def _against_penalty(results: Results, kind: str, count: int, budget: str) -> Estimate:
    right = {r["seed"]: r["score"] for r in results.where(phase="test", task=TASK, method=PENALTY, budget=budget)}
    found = _sampled(results, kind, count, budget)
    return estimate([found[seed] - right[seed] for seed in found])


def _gradient_error(results: Results, count: int, pool: int) -> float:
    return float(results.where(phase="gradients", samples=count, pool=pool)[0]["error"])


def _needed(results: Results, kind: str, budget: str) -> str:
    """The fewest samples with which the error is not above that with the exact penalty by more than two standard errors."""
    gaps = {k: _against_penalty(results, kind, k, budget) for k in (1, 4, 16)}
    return next((f"K = {k}" for k, e in gaps.items() if e.mean + 2 * e.error >= 0), "none of K = 1, 4, 16")


def _samples(results: Results) -> str:
    seconds = results.where(phase="prices", what="samples")[0]["seconds"]
    pool = max(r["pool"] for r in results.where(phase="gradients"))
    rows = []
    for kind in ("operators", "outputs"):
        for count in (1, 4, 16):
            gradient = [
                f"{100 * _gradient_error(results, count, p):.1f} %" if kind == "operators" else "" for p in (0, pool)
            ]
            scores = [_points(_against_penalty(results, kind, count, b)) for b in BUDGETS]
            price = seconds[f"sampled {kind}, K = {count}"] / seconds["plain"]
            rows.append([f"sampled {kind}, K = {count}", *gradient, f"{price:.2f}", *scores])
    for name in (PENALTY, "exact", "residual pathways"):
        rows.append(
            [
                name,
                "0" if name == PENALTY else "",
                "0" if name == PENALTY else "",
                f"{seconds[name] / seconds['plain']:.2f}",
                "",
                "",
            ]
        )
    one = _gradient_error(results, 1, 0)
    head = [
        "",
        "error of its gradient",
        f"with a pool of {pool}",
        "step / plain",
        f"minus {PENALTY}, equal steps",
        "equal time",
    ]
    return (
        f"### Samples ({TASK})\n\n"
        + markdown(head, rows)
        + f"\n\nThe error of the sampled operators' gradient is {100 * one:.1f} % with one sample and falls with the root of their number: "
        f"5 % take {max(1, round((one / 0.05) ** 2))}, 1 % takes {round((one / 0.01) ** 2)}. K = 4 and 16 use the rate and strength "
        "that were chosen for K = 1, whose expectation they share. Not worse than the exact penalty by more than two standard errors: of "
        f"operators {_needed(results, 'operators', 'steps')} at equal steps and {_needed(results, 'operators', 'time')} at equal time, of "
        f"outputs {_needed(results, 'outputs', 'steps')} and {_needed(results, 'outputs', 'time')}.\n"
    )


def _prices(results: Results) -> str:
    hand = results.where(phase="prices", what="by hand")[0]["seconds"]
    rows = [[name, f"{1e3 * s:.2f}", f"{s / hand['plain']:.2f}"] for name, s in hand.items()]
    out = "### What a step costs, in CPU milliseconds\n\n" + markdown(["method", "ms", "/ plain"], rows)
    names = [m.name for m in BY_HAND]
    out += (
        f"\n\n*By hand* ({', '.join(names)}) means code for this one representation, in which P is a mean over the diagonal of each l; the "
        "library's P knows no such thing, and is what was trained with. The layout of the features matters for both:\n\n"
    )
    layouts = [results.where(phase="prices", what=what)[0] for what in ("channel by channel", "degree by degree")]
    terms = list(layouts[0]["seconds"])
    rows = [[r["what"], *(f"{1e3 * r['seconds'][t]:.2f}" for t in terms)] for r in layouts]
    head = ["value and gradient of the penalty, ms", *(t if t == "exact" else f"sampled operators, {t}" for t in terms)]
    return out + markdown(head, rows) + "\n"


def _norms(results: Results) -> str:
    tested = results.where(phase="norms tested")
    plain = {r["seed"]: r["score"] for r in results.where(phase="test", task=TASK, method=PENALTY, budget="steps")}
    base = estimate(list(plain.values()))
    rows = [["squared Frobenius", "", base.text(100, 1), "", ""]]
    for norm in dict.fromkeys(r["norm"] for r in tested):
        found = [r for r in tested if r["norm"] == norm]
        rows.append(
            [
                norm,
                f"{found[0]['rate']:g} / {found[0]['strength']:g}",
                estimate([r["score"] for r in found]).text(100, 1),
                _points(estimate([r["score"] - plain[r["seed"]] for r in found])),
                f"{sum(r['collapsed'] for r in found)} / {len(found)}",
            ]
        )
    head = ["norm of the penalty", "rate / strength", "minus error, %", "minus squared Frobenius", "collapsed"]
    return f"### Norms ({TASK}, equal steps)\n\n" + markdown(head, rows) + "\n"


def _longer(results: Results) -> str:
    rows = []
    for name in LONGER:
        found = results.where(phase="longer", method=name)
        before = summary(results, TASK, "steps")[name]
        exact = {r["seed"]: r["score"] for r in results.where(phase="longer", method="exact")}
        rows.append(
            [
                name,
                before.text(100, 1),
                estimate([r["score"] for r in found]).text(100, 1),
                "" if name == "exact" else _points(estimate([r["score"] - exact[r["seed"]] for r in found])),
                f"{sum(r['collapsed'] for r in found)} / {len(found)}",
            ]
        )
    head = ["method", "minus error, %", "after four times the steps", "minus exact", "collapsed"]
    return f"### Four times the steps ({TASK}), rates and strengths as chosen before\n\n" + markdown(head, rows) + "\n"


def _free(results: Results) -> str:
    names = ("exact", "penalty, last layer alone", "split frame, last layer alone")
    rows = []
    for task in _known(results):
        found = {r["seed"]: r["score"] for r in results.where(phase="free tested", task=task)}
        scores = [
            {r["seed"]: r["score"] for r in results.where(phase="test", task=task, method=m, budget="steps")}
            for m in names
        ]
        gaps = [_points(estimate([other[seed] - found[seed] for seed in found])) for other in scores]
        rows.append([task, estimate(list(found.values())).text(100, 1), *gaps])
    head = ["task", "free last layer: minus error, %", *(f"{name}, minus that" for name in names)]
    return "### Is it the penalty, or the layer it stands in? (equal steps)\n\n" + markdown(head, rows) + "\n"


def _findings(results: Results) -> dict[str, tuple[str, str]]:
    broken = [t for t in _known(results) if FIELDS.get(t)]
    won = {t: [w for w in _wins(results, t, "time") if w.startswith(tuple(PROJECTION))] for t in broken}
    where = [t for t in broken if won[t]]
    told = "; ".join(f"{t}: {won[t][0]}" for t in where) or "in no field"
    out = {
        "approximate": (
            "reproduced" if where else "refuted",
            f"projection methods better than exact / plain beyond two s.e. at equal time, in points of relative error: {told}",
        )
    }
    seconds = results.where(phase="prices", what="samples")[0]["seconds"]
    ratios = ", ".join(f"{seconds[f'sampled operators, K = {k}'] / seconds[PENALTY]:.2f}" for k in (1, 4, 16))
    gaps = ", ".join(_points(_against_penalty(results, "operators", k, "steps")) for k in (1, 4, 16))
    needed, timely = (_needed(results, "operators", b) for b in BUDGETS)
    out["sampling"] = (
        "reproduced" if timely.startswith("none") else "open",
        f"O(3), l up to 3: a step with K = 1, 4, 16 sampled operators costs {ratios} of one with the exact penalty, and the "
        f"task's error is off by {gaps} points at equal steps; as good as the exact penalty within two s.e.: "
        f"{needed} at equal steps, {timely} at equal time",
    )
    pairs = []
    for t in _known(results):
        scores = summary(results, t, "time")
        ours, theirs = (max(names, key=lambda m: scores[m].mean) for names in (PROJECTION, OTHERS))
        pairs.append((t, ours, theirs, difference(results, t, ours, theirs, "time")))
    behind = [t for t, *_, d in pairs if d.mean + 2 * d.error < 0]
    out["quality"] = (
        "refuted" if behind else "reproduced",
        "best projection method minus best other method of approximate equivariance, equal time, in points: "
        + "; ".join(f"{t}: {ours} against {theirs} {_points(d)}" for t, ours, theirs, d in pairs)
        + "; the split frame over all layers against residual pathways: "
        + ", ".join(
            _points(difference(results, t, "split frame", "residual pathways", "time")) for t in _known(results)
        ),
    )
    return out


def _picture(results: Results) -> Any:
    """Error against the field, at equal time and at equal steps; error against the number of samples."""
    from matplotlib.figure import Figure

    tasks = [t for t in FIELDS if t in _known(results)]
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    axes = figure.subplots(1, 3)
    shown = [m.name for m in METHODS if m.name not in ("weight decay", "plain, then projected")]
    colors = {"plain": "0.55", "exact": "black"}
    colors |= {
        name: f"C{k}"
        for name, k in zip([m for m in shown if m not in colors], (0, 1, 2, 3, 4, 5, 6, 8, 9), strict=False)
    }
    for axis, (budget, words) in zip(axes, BUDGETS.items(), strict=False):
        for name in shown:
            es = [summary(results, t, budget)[name] for t in tasks]
            style = "-" if name in PROJECTION else (":" if name in ("plain", "exact") else "--")
            bars = {"ls": style, "marker": "o", "ms": 4, "lw": 1.4, "color": colors[name], "label": name}
            axis.errorbar(range(len(tasks)), [-100 * e.mean for e in es], [100 * e.error for e in es], **bars)
        axis.set_xticks(range(len(tasks)), [f"{FIELDS[t]:g}" for t in tasks])
        axis.set(
            xlabel="strength of the field, which breaks O(3)", ylabel="relative error of the dipole, %", title=words
        )
    axis = axes[2]
    for kind in ("operators", "outputs"):
        color = colors[f"sampled {kind}, K = 1"]
        for budget, style in (("steps", "-"), ("time", "--")):
            es = [estimate(list(_sampled(results, kind, k, budget).values())) for k in (1, 4, 16)]
            axis.errorbar(
                [1, 4, 16],
                [-100 * e.mean for e in es],
                [100 * e.error for e in es],
                ls=style,
                marker="o",
                ms=4,
                color=color,
                label=f"{kind}, {BUDGETS[budget]}",
            )
    for budget, style in (("steps", "-"), ("time", "--")):
        axis.axhline(
            -100 * summary(results, TASK, budget)[PENALTY].mean,
            ls=style,
            color=colors[PENALTY],
            lw=1.2,
            label=f"exact penalty, {BUDGETS[budget]}",
        )
    axis.set(xscale="log", xlabel="sampled elements in a step", ylabel="relative error of the dipole, %", title=TASK)
    axis.set_xticks([1, 4, 16], ["1", "4", "16"])
    axis.minorticks_off()
    axis.legend(fontsize=7)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncol=5, fontsize=8)
    return figure


def report(results: Results) -> Report:
    """Tables by task, samples, prices, norms; one picture; three verdicts."""
    text = "\n".join(
        [_comparison(results), _samples(results), _prices(results), _norms(results), _longer(results), _free(results)]
    )
    return Report(text, {"study_molecules.png": _picture(results)}, _findings(results))
