"""Tables, sentences and pictures from the results."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import mean
from typing import TYPE_CHECKING, Any

from studies.ct.data import MISSING
from studies.ct.extras import NORMS, NORMS_TASK, PICTURED, PLAIN_START, SQUARED, START, SWEEP, unpacked
from studies.harness import Report, Results, difference, markdown, summary, summary_table
from studies.harness.tables import Estimate, estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["report"]

OURS = (SQUARED, PLAIN_START, "split frame")
OTHERS = ("plain", "exact", "residual pathways", "relaxed sharing", "augmentation", "sampled operators, K = 1")
SURE = 2.78  # standard errors: 95 % of five seeds; several norms are compared
SETTINGS = ("plain", START, *map(str, SWEEP), "exact")


def _tasks(results: Results) -> list[str]:
    return list(dict.fromkeys(r["task"] for r in results.where(phase="test")))


def _across(results: Results, metric: str, digits: int, budget: str = "steps") -> str:
    """A metric: a row a method, a column a task."""
    tasks = _tasks(results)
    found = {task: summary(results, task, budget, metric) for task in tasks}
    rows = [
        [method, *(found[t][method].text(1, digits) if method in found[t] else "" for t in tasks)]
        for method in found[tasks[0]]
    ]
    return markdown(["method", *tasks], rows)


def _pairs(results: Results, task: str, ours: str, budget: str, metric: str = "score") -> list[str]:
    done = {r["method"] for r in results.where(phase="test", task=task, budget=budget)}
    return [
        difference(results, task, ours, o, budget, metric).text(1, 3 if metric == "ssim" else 2, sign=True)
        if {ours, o} <= done
        else ""
        for o in OTHERS
    ]


def _decides(results: Results) -> str:
    """The projection methods against others, seed by seed."""
    rows = [
        [task, ours, what, *_pairs(results, task, ours, budget, metric)]
        for task in _tasks(results)
        for ours in OURS
        for what, budget, metric in (
            ("PSNR, equal steps", "steps", "score"),
            ("PSNR, equal time", "time", "score"),
            ("SSIM, equal steps", "steps", "ssim"),
        )
    ]
    return markdown(["task", "method", "measure", *(f"minus {o}" for o in OTHERS)], rows)


# Norms


def _norm_scores(results: Results, metric: str = "score") -> dict[str, dict[int, float]]:
    """Norm -> seed -> metric; the squared Frobenius norm is among the methods."""
    found = {
        PLAIN_START: {
            r["seed"]: r[metric]
            for r in results.where(phase="test", task=NORMS_TASK, method=PLAIN_START, budget="steps")
        }
    }
    for name in NORMS:
        if runs := results.where(phase="norms", norm=name):
            found[name] = {r["seed"]: r.get(metric) for r in runs}
    return found


def _against_squared(results: Results, name: str, metric: str = "score") -> Estimate:
    scores = _norm_scores(results, metric)
    base = scores[PLAIN_START]
    return estimate([v - base[s] for s, v in scores[name].items() if s in base and v is not None])


def _norm_steps(results: Results) -> dict[str, float]:
    """Seconds of a step with each norm over those of a step without."""
    found = results.where(phase="norms, price")
    if not found:
        return {}
    step = found[0]["step"]
    return {PLAIN_START if name == SQUARED else name: seconds / step["plain"] for name, seconds in step.items()}


def _norms(results: Results) -> str:
    steps, rows = _norm_steps(results), []
    for name, scores in _norm_scores(results).items():
        ours = results.where(phase="norms", norm=name) or results.where(
            phase="test", task=NORMS_TASK, method=PLAIN_START, budget="steps"
        )
        rows.append(
            [
                "Frobenius(squared=True)" if name == PLAIN_START else name,
                f"{ours[0]['rate']:g} / {ours[0]['strength']:g}",
                estimate(list(scores.values())).text(1, 2),
                "" if name == PLAIN_START else _against_squared(results, name).text(1, 2, sign=True),
                estimate([r.get("ssim", math.nan) for r in ours]).text(1, 3),
                f"{mean(r['defect'] for r in ours if r['defect'] is not None):.2g}",
                f"{sum(r['collapsed'] for r in ours)} / {len(ours)}",
                f"{steps[name]:.2f}" if name in steps else "",
            ]
        )
    head = ["norm", "rate / strength", "gain, dB", "minus squared", "SSIM", "defect", "collapsed", "step / plain"]
    return markdown(head, rows)


# Strength against breaking


def _swept(results: Results, missing: int, setting: str, metric: str) -> dict[int, float]:
    runs = results.where(phase="strengths", missing=missing, setting=setting)
    return {r["seed"]: r[metric] for r in runs if r.get(metric) is not None}


def _above_plain(results: Results, missing: int, setting: str) -> Estimate:
    plain = _swept(results, missing, "plain", "score")
    return estimate([v - plain[s] for s, v in _swept(results, missing, setting, "score").items() if s in plain])


def _named(setting: str) -> str:
    """For an axis."""
    words = {"plain": "plain", START: "equiv.\nstart", "exact": "exact"}
    return words.get(setting) or f"{float(setting):g}"


def _strengths(results: Results) -> str:
    rows = []
    for setting in SETTINGS:
        cells = []
        for missing in MISSING:
            gain = _swept(results, missing, setting, "score")
            defect = _swept(results, missing, setting, "defect")
            if gain:
                cells.append(f"{estimate(list(gain.values())).text(1, 2)} ({mean(defect.values()):.2g})")
        if cells:
            name = setting if setting in ("plain", START, "exact") else f"lambda = {float(setting):g}"
            rows.append([name, *cells])
    return markdown(["", *(f"{m} degrees missing" for m in MISSING)], rows)


# Pictures


def _pictures(results: Results) -> Figure | None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    records = results.where(phase="pictures")
    if not records:
        return None
    names = ("truth", "before", *PICTURED)
    titles = {"truth": "without metal", "before": "with metal", SQUARED: "penalty"}
    gray, signed = plt.get_cmap("gray", 20), plt.get_cmap("RdBu", 9)  # few levels: small files
    figure, axes = plt.subplots(2 * len(records), len(names), figsize=(7, 2.9 * len(records)), layout="constrained")
    for k, record in enumerate(records):
        shown = {name: unpacked(text) for name, text in record["images"].items()}
        metal = shown["truth"] >= 2.99
        for column, name in enumerate(names):
            above, below = axes[2 * k, column], axes[2 * k + 1, column]
            above.imshow(shown[name], cmap=gray, vmin=0, vmax=2, interpolation="nearest")
            decibels = f"{record['psnr'][name]:.1f} dB" if name in record["psnr"] else record["task"].split(", ")[1]
            above.set_title(f"{titles.get(name, name)}\n{decibels}", fontsize=8)
            if name != "truth":
                error = shown[name] - shown["truth"]
                error[metal] = 0
                below.imshow(error, cmap=signed, vmin=-1, vmax=1, interpolation="nearest")
            if name == "before":
                below.set_ylabel("minus truth", fontsize=8)
            for axis in (above, below):
                axis.set(xticks=[], yticks=[])
                axis.spines[:].set_visible(False)
    return figure


def _gains(results: Results) -> Figure:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    tasks = _tasks(results)
    methods = [m for m in summary(results, tasks[0]) if m != "plain"]
    figure, axes = plt.subplots(1, len(tasks), figsize=(3.1 * len(tasks) + 1, 3.4), sharey=True, layout="constrained")
    for axis, task in zip(axes if len(tasks) > 1 else [axes], tasks):
        for budget, shift, color in (("steps", 0.12, "tab:blue"), ("time", -0.12, "tab:orange")):
            done = [m for m in ("plain", *methods) if results.where(phase="test", task=task, method=m, budget=budget)]
            if "plain" not in done:
                continue
            found = [difference(results, task, m, "plain", budget) for m in done[1:]]
            places = [-methods.index(m) + shift for m in done[1:]]
            errors = [2 * e.error if math.isfinite(e.error) else 0.0 for e in found]
            axis.errorbar(
                [e.mean for e in found], places, xerr=errors, fmt="o", ms=4, color=color, label=f"equal {budget}"
            )
        axis.axvline(0, color="black", lw=0.7)
        axis.set(title=task, xlabel="dB above plain (bars: 2 s.e.)", yticks=[-k for k in range(len(methods))])
        axis.set_yticklabels(methods, fontsize=8)
    (axes[0] if len(tasks) > 1 else axes).legend(fontsize=7)
    return figure


def _strength_figure(results: Results) -> Figure | None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    if not results.where(phase="strengths"):
        return None
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    places = range(len(SETTINGS))
    for k, missing in enumerate(MISSING):
        found = [_above_plain(results, missing, s) if _swept(results, missing, s, "score") else None for s in SETTINGS]
        at = [p for p, e in zip(places, found) if e is not None]
        kept = [e for e in found if e is not None]
        errors = [e.error if math.isfinite(e.error) else 0.0 for e in kept]
        left.errorbar(
            [p + 0.08 * (k - 1) for p in at],
            [e.mean for e in kept],
            yerr=errors,
            marker="o",
            ms=4,
            label=f"{missing} degrees missing",
        )
        defects = [mean(_swept(results, missing, SETTINGS[p], "defect").values()) for p in at]
        right.plot(at, [max(d, 1e-3) for d in defects], marker="o", ms=4)
    left.axhline(0, color="black", lw=0.7)
    left.set(ylabel="dB above plain, validation (bars: s.e.)", xlabel="lambda of the squared Frobenius norm")
    right.set(ylabel="defect (lowest: below 0.001)", yscale="log", xlabel="lambda of the squared Frobenius norm")
    for axis in (left, right):
        axis.set_xticks(
            list(places),
            [_named(s) for s in SETTINGS],
            fontsize=8,
        )
    left.legend(fontsize=8)
    return figure


# What is said of the paper's claims


def _verdict(is_so: bool, is_not: bool) -> str:
    return "reproduced" if is_so else "refuted" if is_not else "open"


def _approximate(results: Results) -> tuple[str, str]:
    """Tasks whose scanner breaks the symmetry; of the projection methods the one that is told is the best at equal steps."""
    told, wins, loses = [], False, True
    for task in _tasks(results):
        scores = summary(results, task)
        if " 0 degrees" in task or not set(OURS) <= set(scores):
            continue
        for budget in ("steps", "time"):
            for ours in OURS:
                pair = [difference(results, task, ours, other, budget) for other in ("exact", "plain")]
                wins = wins or all(e.is_above() for e in pair)
                loses = loses and any(_is_below(e) for e in pair)
        best = max(OURS, key=lambda m: scores[m].mean)
        texts = [
            f"{difference(results, task, best, 'exact', budget).text(1, 2, sign=True)} dB to exact and "
            f"{difference(results, task, best, 'plain', budget).text(1, 2, sign=True)} to plain at equal {budget}"
            for budget in ("steps", "time")
        ]
        told.append(f"{task}, {best}: " + ", ".join(texts))
    return _verdict(wins, bool(told) and loses), "; ".join(told)


def _is_below(e: Estimate, errors: float = 2.0) -> bool:
    return e.count > 1 and e.mean + errors * e.error < 0


def _quality(results: Results) -> tuple[str, str]:
    """Each penalty against the other ways of being nearly equivariant, at equal steps."""
    others = ("residual pathways", "relaxed sharing", "augmentation")
    told, worse = [], {}
    for ours in (SQUARED, PLAIN_START):
        found = {(t, o): difference(results, t, ours, o) for t in _tasks(results) for o in others}
        worse[ours] = [_is_below(e) for e in found.values()]
        cells = [f"{o} " + ", ".join(found[t, o].text(1, 2, sign=True) for t in _tasks(results)) for o in others]
        told.append(f"{ours} minus " + "; ".join(cells))
    text = f"PSNR in dB ({'; '.join(_tasks(results))}), equal steps: " + ". ".join(told)
    return _verdict(not any(worse[PLAIN_START]), all(worse[PLAIN_START])), text


def _sampling(results: Results) -> tuple[str, str]:
    """What each adds to a step of the plain network, in steps of the plain network."""
    told, cheaper = [], []
    for r in results.where(phase="price"):
        step = r["seconds"]
        added = {name: step[name] / step["plain"] - 1 for name in step}
        sampled = [added[name] for name in step if name.startswith("sampled")]
        cheaper += [added[SQUARED] < s for s in sampled]
        listed = ", ".join(f"{name} {added[name]:.2f}" for name in step if name.startswith("sampled"))
        told.append(f"{r['task']}: penalty {added[SQUARED]:.2f}, {listed}")
    return _verdict(all(cheaper), not any(cheaper)), "time added to a plain step, in plain steps: " + "; ".join(told)


def _monotone(results: Results) -> tuple[str, str]:
    falls, told = [], []
    for missing in MISSING:
        defects = [mean(_swept(results, missing, str(s), "defect").values()) for s in SWEEP]
        falls.append(all(b <= a for a, b in pairwise(defects)))
        told.append(f"{missing} degrees: " + ", ".join(f"{d:.2g}" for d in defects))
    what = "defect at lambda = " + ", ".join(f"{s:g}" for s in SWEEP) + ": "
    return _verdict(all(falls), not any(falls)), what + "; ".join(told)


def _about_norms(results: Results) -> dict[str, tuple[str, str]]:
    found = {name: _against_squared(results, name) for name in NORMS}
    steps = _norm_steps(results)
    out = {}

    def told(name: str) -> str:
        return f"{name} minus squared Frobenius {found[name].text(1, 2, sign=True)} dB"

    better = [n for n, e in found.items() if n != "Frobenius" and e.is_above()]
    worse = [n for n, e in found.items() if _is_below(e)]
    best = [n for n in found if n != "Frobenius"]
    text = f"better beyond two standard errors: {', '.join(better) or 'none'}; worse: {', '.join(worse) or 'none'}"
    if steps:
        cheapest = min(steps[PLAIN_START], steps["Frobenius"])
        text += f"; step / plain: squared {steps[PLAIN_START]:.2f}, Frobenius {steps['Frobenius']:.2f}, others "
        text += f"{min(steps[n] for n in best):.2f} to {max(steps[n] for n in best):.2f}"
        is_best = not better and cheapest <= min(steps[n] for n in best)
        out["frobenius"] = (_verdict(is_best, bool(better)), text)
        ratio = steps["Spectral"] / min(steps[PLAIN_START], steps["Frobenius"]) - 1
        verdict = _verdict(0.10 <= ratio <= 0.15, not 0.05 <= ratio <= 0.20)
        out["spectral"] = (
            verdict,
            f"a step with Spectral() takes {100 * ratio:+.0f} % of one with the cheaper Frobenius norm",
        )
    e = found["Mixed(2, 1)"]
    is_other = _is_below(e, SURE) or e.is_above(errors=SURE)
    out["mixed"] = (_verdict(abs(e.mean) <= 2 * e.error, is_other), told("Mixed(2, 1)"))
    e = found["Entrywise(inf)"]
    out["entrywise"] = (_verdict(_is_below(e, SURE), e.is_above(errors=SURE)), told("Entrywise(inf)"))
    return out


def _findings(results: Results) -> dict[str, tuple[str, str]]:
    out = {"approximate": _approximate(results), "quality": _quality(results), "sampling": _sampling(results)}
    if all(_swept(results, missing, str(s), "defect") for missing in MISSING for s in SWEEP):
        out["monotone"] = _monotone(results)
    if all(results.where(phase="norms", norm=name) for name in NORMS):
        out |= _about_norms(results)
    return out


def report(results: Results) -> Report:
    """The tables, the pictures and what is said of the claims."""
    parts = [
        "Gain in PSNR over leaving the image as it is, in dB, off the metal (mean and standard error over seeds, equal steps):",
        _across(results, "score", 2),
        "The projection methods minus others, seed by seed (PSNR in dB):",
        _decides(results),
        "SSIM, equal steps:",
        _across(results, "ssim", 3),
        "Gain in dB on the test slices when the patient lies a quarter turn round in the same scanner, as no training slice does:",
        _across(results, "turned", 2),
    ]
    for task in _tasks(results):
        parts += [f"### {task}", summary_table(results, task, "residual pathways", score="gain, dB")]
    if results.where(phase="norms"):
        parts += [f"### Norms ({NORMS_TASK})", _norms(results)]
    if results.where(phase="strengths"):
        parts += [
            "### Strength against breaking",
            "C4, squared Frobenius norm from plain first weights, first learning rate, validation data, three seeds: gain in dB (defect).",
            _strengths(results),
        ]
    figures: dict[str, Any] = {
        "study_ct.png": _pictures(results),
        "study_ct_gains.png": _gains(results),
        "study_ct_strengths.png": _strength_figure(results),
    }
    findings = _findings(results)
    if findings:
        listed = [[claim, verdict, measured] for claim, (verdict, measured) in findings.items()]
        parts += ["### The paper's claims", markdown(["claim", "verdict", "measured"], listed)]
    return Report("\n\n".join(parts), {n: f for n, f in figures.items() if f is not None}, findings)
