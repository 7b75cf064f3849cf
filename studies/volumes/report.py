"""Tables, pictures and sentences from the results of the study of volumes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studies.harness import Report, Results, difference, markdown, percent, summary, summary_table
from studies.harness.records import Record
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
    text += [_edges(results), "### Seen and unseen poses", _turned(results, tasks)]
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
        rival = _chosen(results, task, [m for m in means if m not in (*OURS, *OTHERS)])
        timed = summary(results, task, "time")
        best_timed = max(timed, key=lambda m: timed[m].mean)
        gaps = {
            budget: ", ".join(
                f"{percent(difference(results, task, ours, o, budget), sign=True)} to {o}" for o in (*OTHERS, rival)
            )
            for budget in ("steps", "time")
        }
        lines.append(
            f"- **{_title(task)}.** Best: {best}, {percent(means[best])} %; at equal time {best_timed}, "
            f"{percent(timed[best_timed])} %. {ours.capitalize()} (of the projections the one that validation prefers), in points of "
            f"accuracy: {gaps['steps']}; at equal time {gaps['time']}."
        )
    parts = {"tests": results.where(phase="test"), "the choice": results.where(phase="choose")}
    for part, runs in parts.items():
        fallen = Counter(r["method"] for r in runs if r["collapsed"])
        named = ", ".join(f"{count} of {method}" for method, count in fallen.most_common())
        lines.append(f"- Collapsed in {part}: {fallen.total()} of {len(runs)} runs{f' ({named})' if named else ''}.")
    return "\n".join(lines)


def _chosen(results: Results, task: str, methods: Sequence[str]) -> str:
    """Of some methods, the one with the best validation score at its best setting: test data have no say in it."""

    return max(methods, key=lambda method: _best_mean(results.where(phase="choose", task=task, method=method)))


def _best_mean(records: Sequence[Record]) -> float:
    """The best mean score of a setting of rate and strength."""
    scores: dict[tuple[float, float], list[float]] = {}
    for r in records:
        scores.setdefault((r["rate"], r["strength"]), []).append(r["score"])
    return max(sum(found) / len(found) for found in scores.values())


def _edges(results: Results) -> str:
    """Whether a rate below or above those tried would have been chosen, where this was looked at."""
    task, better = "upright 0", []
    methods = dict.fromkeys(r["method"] for r in results.where(phase="edges"))
    for method in methods:
        inside = results.where(phase="choose", task=task, method=method)
        outside = results.where(phase="edges", method=method)
        if _best_mean(outside) > _best_mean(inside):
            better.append(method)
    if not methods:
        return ""
    rates = " and ".join(f"{r:g}" for r in sorted({r["rate"] for r in results.where(phase="edges")}))
    return (
        f"The rates {rates}, outside of those tried, would have been chosen on {task} for "
        f"{', '.join(better) if better else 'none'} of the {len(methods)} methods."
    )


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
        f"even one. Settings at {' and '.join(map(str, BETWEEN))} are those chosen at 0.5; the exact network sees no poses."
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


def _wide(results: Results) -> str:
    found = results.where(phase="wide")
    if not found:
        return ""
    score, seconds = (estimate([r[key] for r in found]) for key in ("score", "seconds"))
    return (
        "An equivariant layer of as many channels has a 24th of the free weights. The exact network with 3 copies of the regular "
        "representation in the place of 2, at equal steps and the same rate, all poses alike (an exact network does not see poses): "
        f"{percent(score)} %, {seconds.mean:.1f} CPU seconds a run."
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
    approximate, words = [], []
    for task in tasks:
        ours = _chosen(results, task, OURS)
        for budget in ("steps", "time"):
            gains = [difference(results, task, ours, other, budget) for other in OTHERS]
            if _share(task):  # broken
                approximate.append(all(g.is_above() for g in gains))
            words.append(
                f"{task}, equal {budget}, {ours}: {percent(gains[0], sign=True)} points to plain, "
                f"{percent(gains[1], sign=True)} to exact"
            )
    found = {"approximate": ("reproduced" if any(approximate) else "open", "; ".join(words))}
    behind, words = {"steps": False, "time": False}, []
    for task in tasks:
        ours = _chosen(results, task, OURS)
        rival = _chosen(results, task, [m for m in summary(results, task) if m not in (*OURS, *OTHERS)])
        gaps = {budget: difference(results, task, ours, rival, budget) for budget in behind}
        for budget, gap in gaps.items():
            behind[budget] |= gap.mean + 2 * gap.error < 0
        words.append(
            f"{task}, {ours} minus {rival}: {percent(gaps['steps'], sign=True)}, at equal time {percent(gaps['time'], sign=True)}"
        )
    verdict = "refuted" if all(behind.values()) else "open" if any(behind.values()) else "reproduced"
    found["quality"] = (verdict, "points of accuracy: " + "; ".join(words))
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

    fig, axes = plt.subplots(1, 3, figsize=(13, 4.6), width_ratios=(5, 5, 3), layout="constrained")
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
    axes[2].set(xlabel="CPU ms of a training step", title="price")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncol=4, fontsize=8)
    plt.close(fig)
    return fig


def shapes_figure() -> Figure:
    """Four shapes of each class as voxels."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    some: dict[str, list[Any]] = {kind: [] for kind in CLASSES}
    for shape in shapes(12):
        some[shape.kind].append(shape)
    fig, axes = plt.subplots(4, len(some), figsize=(11, 4.4), layout="constrained")
    for column, (kind, members) in zip(axes.T, some.items(), strict=True):
        step = len(members) // len(column)
        for axis, shape in zip(column, members[step // 2 :: step], strict=False):
            axis.imshow(picture(shape.volume > 0.2), cmap="bone", vmin=0, vmax=1)
            axis.set_axis_off()
        column[0].set_title(kind, fontsize=10)
    plt.close(fig)
    return fig


def picture(filled: NDArray[np.bool_], pixels: int = 10) -> NDArray[np.float64]:
    """Cubes seen from the front, the right and above: the faces in front hide those behind; (height, width), 1 where nothing is."""
    n = len(filled)
    right, up = np.array([0.87, 0.5, 0.0]), np.array([-0.25, 0.43, 0.87])  # of the picture, in axes right, back, up
    shades = {(0, 0, 1): 0.85, (0, -1, 0): 0.6, (1, 0, 0): 0.35}  # of the three faces that are seen
    side = int(1.5 * n * pixels)
    image = np.ones((side, side))
    grid = (np.arange(2 * pixels) + 0.5) / (2 * pixels)  # finer than the picture: no holes
    for i, j, k in sorted(np.argwhere(filled).tolist(), key=lambda c: c[0] - c[1] + c[2]):  # from behind to the front
        for face, shade in shades.items():
            axis = int(np.argmax(np.abs(face)))
            corners = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
            place = np.array([i, j, k]) - n / 2
            points = np.insert(corners, axis, float(max(face[axis], 0)), axis=1) + place
            rows = (side / 2 - points @ up * pixels).astype(int)
            columns = (side / 2 + points @ right * pixels).astype(int)
            image[rows.clip(0, side - 1), columns.clip(0, side - 1)] = shade * (0.75 + 0.25 * k / n)
    return image
