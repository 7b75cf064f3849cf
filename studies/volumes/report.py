"""Tables, pictures and sentences from the results of the study of volumes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from studies.harness import Report, Results, difference, markdown, percent, summary, summary_table
from studies.harness.tables import Estimate, estimate
from studies.volumes.data import shapes, voxel_file
from studies.volumes.extras import BETWEEN, CURVE
from studies.volumes.shapes import CLASSES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["report"]

PENALTY = "penalty, Frobenius(squared=True)"
OURS = (PENALTY, "split frame")
OTHERS = ("plain", "exact")


def report(results: Results) -> Report:
    """All of it; the picture of the shapes only where the shapes are."""
    tasks = _tasks(results)
    figures = {"study_volumes.png": curve_figure(results, tasks)}
    if results.header["mode"] == "full" and voxel_file(12).exists():
        figures["study_volumes_shapes.png"] = shapes_figure()
    text = [_verdict(results, tasks)]
    for task in tasks:
        text += [f"### {_title(task)}", summary_table(results, task, "exact", 100, 1, "accuracy, %")]
    text += ["### Seen and unseen poses", _turned(results, tasks)]
    text += [
        "### Between the tasks",
        _between(results),
        "![Accuracy against the share of upright shapes](../../docs/images/study_volumes.png)",
    ]
    text += [
        "### Other norms",
        _norms(results),
        "### A wider exact network",
        _wide(results),
        "### Memory of a step",
        _memory(results),
    ]
    return Report("\n\n".join(part for part in text if part), figures, _findings(results, tasks))


def _tasks(results: Results) -> list[str]:
    return list(dict.fromkeys(r["task"] for r in results.where(phase="test")))


def _share(task: str) -> float:
    return float(task.split()[-1])


def _title(task: str) -> str:
    share = _share(task)
    if share == 0:
        return "All poses alike: the symmetry holds"
    if share == 1:
        return "Always upright: of the 24 turns, the four about the vertical are left"
    return f"Upright with probability {share:g}, else any pose"


def _verdict(results: Results, tasks: list[str]) -> str:
    lines = []
    for task in tasks:
        means = summary(results, task)
        best = max(means, key=lambda m: means[m].mean)
        ours = _chosen(results, task, OURS)
        words = [f"{ours} minus {o} {percent(difference(results, task, ours, o), sign=True)}" for o in OTHERS]
        rival = max((m for m in means if m not in OURS), key=lambda m: means[m].mean)
        words.append(
            f"minus the best of the others ({rival}) {percent(difference(results, task, ours, rival), sign=True)}"
        )
        timed = summary(results, task, "time")
        best_timed = max(timed, key=lambda m: timed[m].mean)
        lines.append(
            f"- **{_title(task)}.** Best: {best}, {percent(means[best])} %; at equal time {best_timed}, "
            f"{percent(timed[best_timed])} %. Points of accuracy: {'; '.join(words)}."
        )
    runs = [r for r in results if r.get("phase") in ("choose", "test") or "collapsed" in r]
    test = results.where(phase="test")
    lines.append(
        f"- Collapsed: {sum(r['collapsed'] for r in test)} of {len(test)} test runs, "
        f"{sum(r['collapsed'] for r in runs) - sum(r['collapsed'] for r in test)} of {len(runs) - len(test)} of the choice."
    )
    return "\n".join(lines)


def _chosen(results: Results, task: str, methods: Sequence[str]) -> str:
    """Of some methods, the one with the best validation score at its best setting: test data have no say in it."""

    def score(method: str) -> float:
        found = results.where(phase="choose", task=task, method=method)
        settings = {(r["rate"], r["strength"]) for r in found}
        return max(np.mean([r["score"] for r in found if (r["rate"], r["strength"]) == s]) for s in settings)

    return max(methods, key=score)


def _turned(results: Results, tasks: list[str]) -> str:
    rows = []
    for method in summary(results, tasks[0]):
        row = [method]
        for task in tasks:
            row += [percent(summary(results, task)[method]), percent(summary(results, task, metric="turned")[method])]
        rows.append(row)
    head = ["method"]
    for task in tasks:
        head += [f"{task}, same poses", "any pose"]
    about = "Accuracy in % on test shapes in poses like those of training, and in any pose, at equal steps."
    return about + "\n\n" + markdown(head, rows)


def _points(results: Results, method: str, tasks: list[str], metric: str = "score") -> dict[float, Estimate]:
    """Share of upright poses -> accuracy, of the tasks and of what lies between."""
    found = {_share(task): summary(results, task, metric=metric)[method] for task in tasks}
    for share in BETWEEN:
        values = [r[metric] for r in results.where(phase="curve", method=method, upright=share)]
        if values:
            found[share] = estimate(values)
    return dict(sorted(found.items()))


def _between(results: Results) -> str:
    if not results.where(phase="curve"):
        return ""
    tasks = _tasks(results)
    methods = [m for m in CURVE if results.where(phase="curve", method=m)]
    shares = list(_points(results, methods[0], tasks))
    rows = [[m, *(percent(e) for e in _points(results, m, tasks).values())] for m in methods]
    about = (
        "Accuracy in % at equal steps. A pose distribution that is upright with probability u has total variation distance 5u/6 from the "
        f"even one. Settings at {' and '.join(map(str, BETWEEN))} are those chosen at 0.5."
    )
    return about + "\n\n" + markdown(["method", *(f"u = {s:g}" for s in shares)], rows)


def _norms(results: Results) -> str:
    rows = []
    for norm in dict.fromkeys(r["norm"] for r in results.where(phase="norms")):
        for strength in dict.fromkeys(r["strength"] for r in results.where(phase="norms", norm=norm)):
            found = results.where(phase="norms", norm=norm, strength=strength)
            cells = [estimate([r[key] for r in found]) for key in ("validation", "defect", "seconds")]
            rows.append([norm, f"{strength:g}", cells[0].text(100, 1), f"{cells[1].mean:.2g}", f"{cells[2].mean:.1f}"])
    if not rows:
        return ""
    about = (
        "Upright 0.5, on validation data, the seeds of the choice, at the rate chosen for the squared Frobenius norm."
    )
    return about + "\n\n" + markdown(["norm", "strength", "accuracy, %", "defect", "CPU seconds"], rows)


def wide_score(results: Results) -> tuple[float, Estimate, Estimate] | None:
    """Rate chosen on validation data, test accuracy and seconds of the wider exact network."""
    seeds = results.header["settings"]["choose_seeds"]
    found = results.where(phase="wide")
    if not found:
        return None
    rates = list(dict.fromkeys(r["rate"] for r in found))
    rate = max(rates, key=lambda q: np.mean([r["validation"] for r in found if r["rate"] == q and r["seed"] in seeds]))
    tested = [r for r in found if r["rate"] == rate and r["seed"] not in seeds]
    return rate, estimate([r["score"] for r in tested]), estimate([r["seconds"] for r in tested])


def _wide(results: Results) -> str:
    wide = wide_score(results)
    if wide is None:
        return ""
    rate, score, seconds = wide
    return (
        "An equivariant layer of as many channels has a 24th of the free weights. The exact network with 3 copies of the regular "
        f"representation in the place of 2, at equal steps, all poses alike (an exact network does not see poses): {percent(score)} % at "
        f"rate {rate:g}, {seconds.mean:.1f} CPU seconds a run."
    )


def _memory(results: Results) -> str:
    rows = [
        [r["method"], f"{r['standing'] / 2**20:.2f}", f"{r['peak'] / 2**20:.1f}"] for r in results.where(phase="memory")
    ]
    about = (
        "MiB: what stands before a step (weights, constants, moments), and the peak of what a step allocates beside it."
    )
    return about + "\n\n" + markdown(["method", "standing", "peak of a step"], rows) if rows else ""


def _findings(results: Results, tasks: list[str]) -> dict[str, tuple[str, str]]:
    approximate, words = "open", []
    for task in tasks:
        for ours in OURS:
            gains = [difference(results, task, ours, other) for other in OTHERS]
            if _share(task) and all(g.is_above() for g in gains):
                approximate = "reproduced"
            words.append(
                f"{task}, {ours}: {percent(gains[0], sign=True)} points to plain, {percent(gains[1], sign=True)} to exact"
            )
    found = {"approximate": (approximate, "; ".join(words))}
    quality, behind = "reproduced", []
    for task in tasks:
        means = summary(results, task)
        ours = _chosen(results, task, OURS)
        rival = _chosen(results, task, [m for m in means if m not in (*OURS, *OTHERS)])
        gap = difference(results, task, ours, rival)
        if gap.mean + 2 * gap.error < 0:
            quality = "refuted"
        behind.append(f"{task}: {ours} minus {rival} {percent(gap, sign=True)}")
    found["quality"] = (quality, "accuracy, points: " + "; ".join(behind))
    norms = results.where(phase="norms")
    if norms:
        falls, told = True, []
        for norm in dict.fromkeys(r["norm"] for r in norms):
            strengths = sorted({r["strength"] for r in norms if r["norm"] == norm})
            defects = [
                np.mean([r["defect"] for r in norms if r["norm"] == norm and r["strength"] == s]) for s in strengths
            ]
            falls &= all(a >= b for a, b in pairwise(defects))
            told.append(f"{norm} {' > '.join(f'{d:.2g}' for d in defects)}")
        found["monotone"] = ("reproduced" if falls else "refuted", "defect at rising strengths: " + "; ".join(told))
    return found


# Pictures


def curve_figure(results: Results, tasks: list[str]) -> Figure:
    """Accuracy against the share of upright shapes, in poses like those of training and in any; CPU seconds of a step."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained")
    methods = list(summary(results, tasks[0]))
    for axis, metric, title in (
        (axes[0], "score", "test shapes in poses like those of training"),
        (axes[1], "turned", "test shapes in any pose"),
    ):
        for k, method in enumerate(methods):
            points = _points(results, method, tasks, metric)
            style = {"color": f"C{k}", "marker": "o" if method in OURS else "s", "ls": "-" if method in OURS else "--"}
            heights, errors = ([100 * getattr(e, a) for e in points.values()] for a in ("mean", "error"))
            axis.errorbar(list(points), heights, errors, label=method, capsize=2, ms=4, lw=1.2, **style)
        axis.set(xlabel="share of upright shapes in training", ylabel="accuracy, %", title=title)
        axis.grid(alpha=0.3)
    prices: dict[str, list[float]] = {}
    for r in results.where(phase="price"):
        for method in methods:
            prices.setdefault(method, []).append(1e3 * r["seconds"][method])
    axes[2].barh(
        methods[::-1], [np.median(prices[m]) for m in methods[::-1]], color=[f"C{k}" for k in range(len(methods))][::-1]
    )
    axes[2].set(xlabel="CPU milliseconds of a training step", title="price")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncol=4, fontsize=8)
    plt.close(fig)
    return fig


def shapes_figure() -> Figure:
    """Four shapes of each class as voxels."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    fig = plt.figure(figsize=(11, 8.2), layout="constrained")
    some: dict[str, list[Any]] = {kind: [] for kind in CLASSES}
    for shape in shapes(12):
        some[shape.kind].append(shape)
    for column, (kind, members) in enumerate(some.items()):
        step = max(1, len(members) // 5)
        for row, shape in enumerate(members[step // 2 :: step][:5]):
            axis = fig.add_subplot(5, len(some), row * len(some) + column + 1, projection="3d")
            filled = shape.volume > 0.2
            shade = np.clip(0.35 + 0.6 * np.linspace(0, 1, filled.shape[2]), 0, 1)
            colors = np.broadcast_to(plt.get_cmap("YlGnBu")(1.05 - shade)[None, None], (*filled.shape, 4))
            axis.voxels(filled, facecolors=colors, edgecolors=(0, 0, 0, 0.15), linewidth=0.2)
            axis.set(xlim=(0, 12), ylim=(0, 12), zlim=(0, 12))
            axis.set_axis_off()
            axis.set_box_aspect((1, 1, 1), zoom=1.5)
            axis.view_init(20, -60)
            if not row:
                axis.set_title(kind, fontsize=10)
    plt.close(fig)
    return fig
