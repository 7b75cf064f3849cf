"""What the results say: tables, sentences and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import mean
from typing import TYPE_CHECKING, Any

from studies.harness import Report, Results, markdown, summary_table
from studies.harness.runner import chosen
from studies.harness.tables import Estimate, difference, estimate, summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DELTAS", "DOMAINS", "SHOWN", "label", "report"]

DELTAS = (0.0, 0.2, 0.4, 0.8)
SHOWN = 0.4  # in the picture of plumes
DOMAINS = {
    "train domain": "other trajectories of the training kind, from rest",
    "future": "the same, from where those end",
    "unseen": "from rest, five blobs of smoke for three, forces in the quarter of directions that training leaves out",
}
SQUARED, SPLIT = "penalty, Frobenius squared", "split frame"
OURS = (SQUARED, SPLIT)
RIVALS = ("augmentation", "residual pathways", "relaxed sharing", "sampled outputs, K = 1", "sampled operators, K = 1")
TOLD = "exact, told the axis"
COLOURS = {
    "plain": "#777777",
    "exact": "#000000",
    TOLD: "#999933",
    "augmentation": "#88ccee",
    "residual pathways": "#44aa99",
    "relaxed sharing": "#117733",
    "sampled outputs, K = 1": "#ddcc77",
    SQUARED: "#cc6677",
    SPLIT: "#882255",
}


def label(delta: float) -> str:
    """The task's label."""
    return f"delta {delta:g}"


def _deltas(results: Results) -> list[float]:
    return [d for d in DELTAS if results.where(phase="test", task=label(d))]


def best_of(results: Results, task: str, methods: Sequence[str]) -> str:
    """The method with the best mean validation score at its best setting: chosen without test data."""

    def score(method: str) -> float:
        rate, strength = chosen(results, task, method)
        found = results.where(phase="choose", task=task, method=method, rate=rate, strength=strength)
        return mean(r["score"] for r in found)

    return max(methods, key=score)


def _filled(results: Results) -> Results:
    """Runs that are not finite have no errors of their own: they count as "nothing changes", whose relative error is 1."""
    for r in results.where(phase="test"):
        for domain in DOMAINS:
            r.setdefault(domain, 1.0)
    return results


def _paired(results: Results, delta: float, method: str, other: str, budget: str, domain: str) -> Estimate:
    """The error of a method minus that of another, by seed; of no seeds where either was not run."""
    task = label(delta)
    if all(results.where(phase="test", task=task, method=m, budget=budget) for m in (method, other)):
        return difference(results, task, method, other, budget, domain)
    return Estimate(float("nan"), float("nan"), 0)


def _is_below(e: Estimate) -> bool:
    return Estimate(-e.mean, e.error, e.count).is_above()


def _is_above(e: Estimate) -> bool:
    return e.is_above()


def _percent(e: Estimate, sign: bool = False) -> str:
    return e.text(100, 1, sign) if e.count else ""


def _listed(items: Sequence[Any]) -> str:
    texts = [str(i) for i in items]
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " and " + texts[-1] if texts else "none"


def _is_better(results: Results, delta: float, method: str, budget: str, domain: str) -> bool:
    """Than exact and than plain, each by more than two standard errors."""
    return all(_is_below(_paired(results, delta, method, other, budget, domain)) for other in ("exact", "plain"))


def _decision(results: Results) -> tuple[str, str]:
    """The rows that decide, and what they say."""
    deltas = _deltas(results)
    best = {d: best_of(results, label(d), OURS) for d in deltas}
    rows = []
    for domain in DOMAINS:
        for delta in deltas:
            for method in OURS:
                cells = []
                for budget in ("steps", "time"):
                    found = [_paired(results, delta, method, other, budget, domain) for other in ("exact", "plain")]
                    yes = "**yes**" if _is_better(results, delta, method, budget, domain) else "no"
                    cells += [*(_percent(e, True) for e in found), yes] if found[0].count else ["", "", ""]
                star = " *" if method == best[delta] else ""
                rows.append([domain, f"{delta:g}", method.replace("penalty, ", "penalty ") + star, *cells])
    head = ["minus exact", "minus plain", "better than both"]
    table = markdown(["domain", "delta", "method", *head, *(f"{h}, equal time" for h in head)], rows)
    lines = []
    for who in ("the chosen one", *OURS):
        told = []
        for domain in DOMAINS:
            won = {
                budget: [
                    f"{d:g}"
                    for d in deltas
                    if _is_better(results, d, best[d] if who == "the chosen one" else who, budget, domain)
                ]
                for budget in ("steps", "time")
            }
            told.append(f"{domain} {_listed(won['steps'])} at equal steps, {_listed(won['time'])} at equal time")
        lines.append(f"- {who}: {'; '.join(told)}.")
    return table, "\n".join(lines)


def _against_rivals(results: Results) -> tuple[str, dict[float, tuple[str, Estimate]]]:
    rows, found = [], {}
    for delta in _deltas(results):
        task = label(delta)
        ours, rival = best_of(results, task, OURS), best_of(results, task, RIVALS)
        for domain in DOMAINS:
            e, t, told = (
                _paired(results, delta, ours, other, budget, domain)
                for other, budget in ((rival, "steps"), (rival, "time"), (TOLD, "steps"))
            )
            if domain == "train domain":
                found[delta] = rival, e
            rows.append([f"{delta:g}", domain, ours, rival, _percent(e, True), _percent(t, True), _percent(told, True)])
    head = ["delta", "domain", "projection method", "other method", "difference", "at equal time", f"minus {TOLD}"]
    return markdown(head, rows), found


def _errors(results: Results, domain: str) -> str:
    """Methods against delta: relative rollout errors in per cent."""
    deltas = _deltas(results)
    found = {d: summary(results, label(d), "steps", domain) for d in deltas}
    rows = [[method, *(_percent(found[d][method]) for d in deltas)] for method in found[deltas[0]]]
    if domain != "future":
        known = {r["delta"]: r[domain] for r in results.where(phase="mean force")}
        rows.append(["*the solver with the mean force*", *(f"{100 * known[d]:.1f}" for d in deltas)])
    return markdown(["method", *(f"delta {d:g}" for d in deltas)], rows)


def _defects(results: Results) -> tuple[str, bool]:
    """The defect of networks under the squared Frobenius penalty against its strength, and whether it always falls."""
    rows, falls = [], True
    for delta in _deltas(results):
        task = label(delta)
        rate, _ = chosen(results, task, SQUARED)
        by: dict[float, list[float]] = {}
        for r in results.where(phase="choose", task=task, method=SQUARED, rate=rate):
            by.setdefault(r["strength"], []).append(r.get("defect") or float("nan"))
        means = [estimate(by[s]).mean for s in sorted(by)]
        falls = falls and all(a > b for a, b in pairwise(means))
        rows.append([f"{delta:g}", *(f"{m:.3f}" for m in means)])
        head = ["delta", *(f"lambda_perp {s:g}" for s in sorted(by))]
    return markdown(head, rows), falls


def _edges(results: Results) -> str:
    """Which chosen strengths are the smallest or the largest that were tried."""
    found: dict[str, list[str]] = {"smallest": [], "largest": []}
    for delta in _deltas(results):
        for method in summary(results, label(delta)):
            tried = sorted({r["strength"] for r in results.where(phase="choose", task=label(delta), method=method)})
            _, strength = chosen(results, label(delta), method)
            for which, edge in (("smallest", tried[0]), ("largest", tried[-1])):
                if len(tried) > 1 and strength == edge:
                    found[which].append(f"{method} ({delta:g})")
    return (
        "Chosen strengths at the edge of what was tried, so that others might be better (delta in brackets): the smallest "
        f"of {'; '.join(found['smallest']) or 'none'}; the largest of {'; '.join(found['largest']) or 'none'}."
    )


def _norms(results: Results) -> str:
    """Skill on validation data of penalties in several norms, each at its best rate and strength."""
    rows = []
    names = ["Frobenius squared", *dict.fromkeys(r["norm"] for r in results.where(phase="norms"))]
    for name in names:
        own = (
            {"phase": "choose", "task": label(SHOWN), "method": SQUARED}
            if name == names[0]
            else {"phase": "norms", "norm": name}
        )
        by: dict[tuple[float, float], list[dict[str, Any]]] = {}
        for r in results.where(**own):
            by.setdefault((r["rate"], r["strength"]), []).append(r)
        best = max(by, key=lambda k: mean(r["score"] for r in by[k]))
        scores, defects, seconds = ([r[field] for r in by[best]] for field in ("score", "defect", "seconds"))
        rate, strength = best
        rows.append(
            [
                name,
                f"{rate:g} / {strength:g}",
                _percent(estimate(scores)),
                f"{mean(defects):.2g}",
                f"{mean(seconds):.1f}",
            ]
        )
    table = markdown(["norm", "rate / strength", "skill, %", "defect", "seconds of training"], rows)
    count = len(results.header["settings"]["choose_seeds"])
    return (
        f"Delta = {SHOWN:g}, on validation data alone, {count} seeds, each norm at the best of its rates and strengths; test data was not "
        f"used for it, and the seconds were measured on a machine that others used too:\n\n{table}"
    )


def _prices(results: Results) -> dict[str, float]:
    """Seconds of a step, the mean over tasks, in units of plain's."""
    found = [r["seconds"] for r in results.where(phase="price")]
    return {m: mean(f[m] / f["plain"] for f in found) for m in found[0]}


def _collapsed(results: Results) -> str:
    tests = results.where(phase="test")
    tried = results.where(phase="choose")
    by: dict[str, int] = {}
    for r in tests:
        by[r["method"]] = by.get(r["method"], 0) + r["collapsed"]
    named = _listed([f"{n} of {m}" for m, n in by.items() if n])
    lost = {d: sum(r[d] >= 1 for r in tests) for d in DOMAINS}
    return (
        f'Collapsed, that is no better than "nothing changes" on the train domain: {sum(by.values())} of {len(tests)} test runs '
        f"({named}), and {sum(r['collapsed'] for r in tried)} of {len(tried)} while choosing. Test runs whose error is 100 % or more, "
        "and counts as 100 %: " + ", ".join(f"{n} ({d})" for d, n in lost.items()) + "."
    )


def _findings(results: Results, rivals: dict[float, tuple[str, Estimate]], falls: bool) -> dict[str, tuple[str, str]]:
    won = []
    for delta in _deltas(results):
        ours = best_of(results, label(delta), OURS)
        if _is_better(results, delta, ours, "steps", "train domain"):
            exact, plain = (_paired(results, delta, ours, o, "steps", "train domain") for o in ("exact", "plain"))
            won.append(
                f"delta {delta:g} ({ours}): {_percent(exact, True)} against exact, {_percent(plain, True)} against plain"
            )
    price = _prices(results)
    worse = [d for d, (_, e) in rivals.items() if _is_above(e)]
    told = "; ".join(f"delta {d:g}: {_percent(e, True)} against {r}" for d, (r, e) in rivals.items())
    cheap = price[SQUARED] < min(price[r] for r in RIVALS if r.startswith("sampled"))
    sampled = ", ".join(f"{r} {price[r]:.2f}" for r in RIVALS if r.startswith("sampled"))
    return {
        "approximate": (
            "reproduced" if won else "refuted",
            f"percent of the rollout error of no change, train domain: {'; '.join(won)}"
            if won
            else "at no delta beyond two standard errors",
        ),
        "quality": (
            "refuted" if worse else "reproduced",
            f"percent of the rollout error of no change, the method chosen on validation data on either side: {told}",
        ),
        "monotone": (
            "reproduced" if falls else "refuted",
            "squared Frobenius, three strengths at each delta, two seeds",
        ),
        "sampling": (
            "reproduced" if cheap else "refuted",
            f"a step over plain's: squared Frobenius {price[SQUARED]:.2f}, split frame {price[SPLIT]:.2f}; {sampled}",
        ),
    }


def report(results: Results) -> Report:
    """Tables, sentences, pictures."""
    results = _filled(results)
    decides, sentence = _decision(results)
    rivals, found = _against_rivals(results)
    defects, falls = _defects(results)
    parts = [
        'All errors are those of rollouts, in per cent of the error of "nothing changes", mean ± standard error over seeds; differences '
        "are paired by seed, negative where the projection method is better.",
        "### What decides\n\nThere are two projection methods; * marks the one that is better on validation data, chosen for each delta "
        "before anything was tested. The deltas at which a method is better than exact *and* than plain, each by more than two standard "
        f"errors (the lines of the single methods are looked at after the fact):\n\n{sentence}",
        decides,
        "### Against other ways to break a symmetry\n\nThe other method is likewise the best on validation data of "
        f"{_listed(RIVALS)}. *{TOLD}* knows more than all of them: which vector breaks the symmetry.",
        rivals,
        "### Errors against delta",
    ]
    for domain, about in DOMAINS.items():
        parts += [f"**{domain}** ({about}), at equal steps:", _errors(results, domain)]
    parts += [
        "*The solver with the mean force* is the true flow for delta = 0: what not knowing the force's share delta n_x costs a model that "
        "knows all else.",
        _collapsed(results),
        _edges(results),
        "### Every method\n\nThe score is the skill, 100 % minus the error on the train domain; *step* is its CPU time in plain's; "
        "the defect is the equivariance error on validation inputs.",
    ]
    for delta in _deltas(results):
        parts += [f"**delta {delta:g}**", summary_table(results, label(delta), "exact", 100, 1, "skill, %")]
    parts += [
        "### Defect against strength\n\nSquared Frobenius penalty, at its chosen rate, means over the choosing seeds:",
        defects,
    ]
    parts += ["### Norms", _norms(results)]
    if left := [f"{d:g}" for d in DELTAS if d not in _deltas(results)]:
        parts.insert(0, f"Not run yet: delta {_listed(left)}; the same command does what is left.")
    if not results.where(phase="norms"):
        parts = parts[:-2]
    figures = {"study_plume.png": _plumes(results), "study_plume_error.png": _curves(results)}
    return Report("\n\n".join(parts), figures, _findings(results, found, falls))


# Pictures


def _curves(results: Results) -> Figure:
    from matplotlib.figure import Figure

    fig = Figure(figsize=(12, 4.6), layout="constrained")
    axes = fig.subplots(1, 3)
    deltas = _deltas(results)
    for axis, domain in zip(axes, DOMAINS):
        found = [summary(results, label(d), "steps", domain) for d in deltas]
        for k, (method, colour) in enumerate(COLOURS.items()):
            main = method in ("plain", "exact", *OURS)
            axis.errorbar(
                [d + 0.004 * (k - 4) for d in deltas],
                [100 * f[method].mean for f in found],
                yerr=[100 * f[method].error for f in found],
                color=colour,
                linewidth=2.2 if main else 1.0,
                linestyle="-" if main else "--",
                marker="o" if main else ".",
                markersize=5,
                capsize=2,
                label=method,
            )
        if domain != "future":
            known = {r["delta"]: r[domain] for r in results.where(phase="mean force")}
            axis.plot(deltas, [100 * known[d] for d in deltas], ":", color="black", label="solver with the mean force")
        axis.set(title=domain, xlabel="delta: how much the force depends on its direction")
    axes[0].set_ylabel("rollout error, % of that of no change")
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncol=5, fontsize=8)
    return fig


def _plumes(results: Results) -> Figure:
    """Smoke at the end of two rollouts, truth beside networks, and their errors."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    smokes_map, errors_map = (
        colormaps[name].resampled(17) for name in ("magma", "RdBu_r")
    )  # few colours: a small file
    found = {r["method"]: r for r in results.where(phase="pictures")}
    truth = np.array(found["truth"]["smoke"]) / 100  # (trajectories, times, rows, columns)
    directions = np.array(found["truth"]["directions"])
    horizon = results.header["settings"]["sizes"]["horizon"]
    names = list(found)
    fig = Figure(figsize=(1.9 * (1 + len(names)), 7.9), layout="constrained")
    axes = fig.subplots(4, 1 + len(names))
    high, most = float(truth.max()), 0.4 * float(truth.std())
    for trajectory, n in enumerate(directions):
        smokes = {"start": truth[trajectory, 0]}
        smokes |= {name: np.array(found[name]["smoke"])[trajectory, -1] / 100 for name in names}
        for k, (name, smoke) in enumerate(smokes.items()):
            above, below = axes[2 * trajectory, k], axes[2 * trajectory + 1, k]
            above.imshow(smoke, vmin=0, vmax=high, cmap=smokes_map, interpolation="bicubic")
            above.set(xticks=[], yticks=[])
            if name in ("start", "truth"):
                below.set_axis_off()
            else:
                error = smoke - smokes["truth"]
                below.imshow(error, vmin=-most, vmax=most, cmap=errors_map, interpolation="bicubic")
                share = 100 * np.sqrt((error**2).mean() / smokes["truth"].var())
                below.set(xticks=[], yticks=[], xlabel=f"error {share:.0f} %")
            if name == "start":
                middle = (len(smoke) - 1) / 2
                above.quiver(middle, middle, n[0], n[1], color="white", scale=3, width=0.025, pivot="mid")
                above.set_ylabel("strong force" if n[0] > 0 else "weak force")
            if not trajectory:
                above.set_title(name.replace("penalty, ", "penalty,\n"), fontsize=10)
    fig.suptitle(
        f"Smoke after {horizon} steps, delta = {SHOWN:g}: test trajectories, force nearest to +x and to -x; below, what is too much "
        "(red) and too little (blue)\nErrors of smoke in % of its spread; one training (the first test seed)",
        fontsize=11,
    )
    return fig
