"""What the measurements say: tables, pictures, and the paper's claims."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from studies.harness import Report, Results, StudyError, markdown
from studies.harness.tables import Estimate, estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["needed", "report", "slope"]

GOAL = 0.05
NAMES = {"C4": "C4", "D4": "D4", "S5": "S5", "SO2": "SO(2)", "SO3": "SO(3)"}
Record = dict[str, Any]


def slope(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """(s, c) of the least-squares line log y = s log x + log c."""
    s, c = np.polyfit(np.log(x), np.log(y), 1)
    return float(s), float(np.exp(c))


# Errors, and the elements that they take


def _constants(record: Record, family: str) -> Estimate:
    """K err^2, over seeds: where errors fall as 1 / sqrt(K) it is the same for all K."""
    counts = record["counts"][family]
    return estimate(
        [float(np.mean([k * e**2 for k, e in zip(counts, es, strict=True)])) for es in record["errors"][family]]
    )


def needed_estimate(results: Results, layer: str, group: str, family: str) -> Estimate:
    """How many elements an error of 5 % takes, with its standard error; at the smallest width that was measured."""
    found = results.where(phase="errors", layer=layer, group=group)
    if not found:
        raise StudyError(f"the errors of {layer} layers of {group} have to be measured before their prices")
    e = _constants(min(found, key=lambda r: r["width"]), family)
    return Estimate(e.mean / GOAL**2, e.error / GOAL**2, e.count)


def needed(results: Results, layer: str, group: str, family: str) -> float:
    """How many elements an error of 5 % takes."""
    return needed_estimate(results, layer, group, family).mean


def _needed_outputs(results: Results, layer: str, group: str, width: int) -> float:
    """Calls, each with an element and a batch of its own: K err^2 = a + b width, the second part from the batch's finite size."""
    found = sorted(results.where(phase="errors", layer=layer, group=group), key=lambda r: r["width"])
    values = [(r["width"], _constants(r, "outputs").mean) for r in found]
    low, first = values[0]
    if len(values) > 1:
        high, last = values[-1]
        growth = (last - first) / (high - low)
    else:  # the part of the elements is that of the operators
        growth = max(first - _constants(found[0], "operators").mean, 0) / low
    return max(first + growth * (width - low), first) / GOAL**2


def _line(times: dict[str, float], family: str) -> tuple[float, float] | None:
    """(a, b) of a + b K, from the smallest and the largest K that were measured; K = 1 alone: (0, b)."""
    points = sorted((int(n.rsplit(" ", 1)[1]), t) for n, t in times.items() if n.rsplit(" ", 1)[0] == family)
    if not points:
        return None
    (k0, t0), (k1, t1) = points[0], points[-1]
    if k0 == k1:
        return 0.0, t0 / k0
    b = max((t1 - t0) / (k1 - k0), 1e-9)
    return max(t0 - b * k0, 0.0), b


def _to_goal(results: Results, r: Record) -> dict[str, float]:
    """Seconds to a gradient within 5 %, of each way to one."""
    layer, group, width, times = r["layer"], r["group"], r["width"], r["times"]
    errors = min(results.where(phase="errors", layer=layer, group=group), key=lambda e: e["width"])
    counts = {f: needed(results, layer, group, f) for f in ("operators", "by hand")}
    counts["operators anew"] = counts["operators"]
    counts["outputs"] = counts["outputs anew"] = _needed_outputs(results, layer, group, width)
    out = {"exact": times["exact"]}
    for family, K in counts.items():
        line = _line(times, family)
        if line is not None:
            out[family] = line[0] + line[1] * K
    a, b = _line(times, "by hand") or (0.0, 0.0)
    out["whole group"] = a + b * errors["whole group"]
    out["averaged"] = times["averaged"]
    return out


def _outputs(goal: dict[str, float]) -> float:
    """Of the ways to draw elements the cheaper one."""
    return min(t for name, t in goal.items() if name.startswith("outputs"))


SAMPLED = ("operators", "operators anew", "by hand", "outputs", "outputs anew")


# Tables


def _ms(seconds: float) -> str:
    """Milliseconds, or seconds from ten on, or minutes."""
    if seconds >= 600:
        return f"{seconds / 60:,.0f} min"
    return f"{seconds:.3g} s" if seconds >= 10 else f"{1e3 * seconds:,.3g}" if seconds < 1 else f"{1e3 * seconds:,.0f}"


def _errors_table(results: Results) -> str:
    rows = []
    for r in results.where(phase="errors"):
        row = [r["layer"], NAMES.get(r["group"], r["group"]), r["width"], f"{r['exact']:.0e}"]
        for family in ("operators", "by hand", "outputs"):
            e, counts = _constants(r, family), r["counts"][family]
            mean = [math.sqrt(float(np.mean([x[k] ** 2 for x in r["errors"][family]]))) for k in range(len(counts))]
            s, _ = slope(counts[1:], mean[1:]) if len(counts) > 2 else (math.nan, 0)
            needs = Estimate(e.mean / GOAL**2, e.error / GOAL**2, e.count)
            row += [f"{100 * mean[0]:.0f} %", f"{s:.2f}", needs.text(1, 0)]
        row += [f"{100 * float(np.mean(r['averaged'])):.1f} %", f"{100 * r['one batch']:.0f} %", r["whole group"]]
        rows.append(row)
    three = ("K = 1", "slope", "K for 5 %")
    head = [
        "layer",
        "group",
        "width",
        "exact",
        *(f"{f}: {t}" for f in ("operators", "by hand", "outputs") for t in three),
    ]
    return markdown([*head, "pool of 512", "outputs, one batch", "whole group"], rows)


def _price_table(results: Results, layer: str) -> str:
    head = [
        "group",
        "width",
        "decay",
        "exact",
        "spectral",
        "operators K = 1",
        "operators, 5 %",
        "drawn anew, 5 %",
        "by hand, 5 %",
    ]
    head += ["outputs, 5 %", "cheapest sampled / exact", "whole group, by hand", "pool averaged once"]
    rows = []
    for r in _by_group(results.where(phase="prices", layer=layer)):
        t, goal = r["times"], _to_goal(results, r)
        best = min(goal[f] for f in SAMPLED if f in goal)
        rows.append(
            [
                NAMES.get(r["group"], r["group"]), r["width"], *(_ms(t[k]) for k in ("weight decay", "exact", "spectral", "operators 1")),
                *(_ms(goal[k]) if k in goal else "" for k in ("operators", "operators anew", "by hand")),
                _ms(_outputs(goal)),
                f"{best / t['exact']:,.0f}", _ms(goal["whole group"]), _ms(goal["averaged"]),
            ]
        )  # fmt: skip
    return markdown(head, rows)


def _by_group(records: Sequence[Record]) -> list[Record]:
    order = {g: k for k, g in enumerate(NAMES)}
    return sorted(records, key=lambda r: (order.get(r["group"], 99), r["width"]))


def _memory_table(results: Results) -> str:
    found: dict[str, dict[str, list[float]]] = {}
    for r in results.where(phase="memory"):
        for name, copies in r["copies"].items():
            found.setdefault(name, {}).setdefault(r["layer"], []).append(copies)
    layers = ("linear", "conv")
    rows = [
        [n, *(f"{median(v[x]):.1f} ({min(v[x]):.1f} to {max(v[x]):.1f})" if x in v else "" for x in layers)]
        for n, v in found.items()
    ]
    return markdown(["", "linear", "conv"], rows)


def _jump(results: Results) -> str:
    """From the last width below 32 MiB to the first one above."""
    found = {r["group"]: r["times"] for r in results.where(phase="prices", layer="linear", width=4096)}
    before = {r["group"]: r["times"] for r in results.where(phase="prices", layer="linear", width=2048)}
    if not found or not before:
        return ""
    names = {"weight decay": "weight decay", "operators 1": "one sampled operator", "exact": "the exact penalty"}
    grown = {n: sorted(found[g][n] / before[g][n] for g in found if g in before) for n in names}
    return (
        "Beyond, torch's allocator gives tensors back to the system in every call, and new pages are paid for: from width 2048 to 4096 "
        "times grow by "
        + ", ".join(f"{v[0]:.0f} to {v[-1]:.0f} ({names[n]})" for n, v in grown.items())
        + "; the exact penalty keeps its memory from call to call, under SO(3) not all of it."
    )


def _held(results: Results) -> str:
    """What a call with enough elements would hold."""
    found = []
    for r in results.where(phase="memory"):
        one, four = (r["copies"].get(f"operators {k}") for k in (1, 4))
        if one is not None and four is not None:
            found.append(((four - one) / 3 * r["needed"], r))
    if not found:
        return ""
    most, r = max(found, key=lambda x: x[1]["width"])
    sizes = r["width"] ** 2 * 4 * (9 if r["layer"] == "conv" else 1)
    each, whole = (median(v) for v in zip(*((x / r["needed"], x) for x, r in found), strict=True))
    place = f"{r['layer']}, {NAMES.get(r['group'], r['group'])}, width {r['width']}"
    return (
        f"Each further element of the shipped penalty holds about {each:.1f} copies until its backward pass. One call with the K of 5 % "
        f"would hold {whole:,.0f} copies in the median, {most * sizes / 2**30:,.1f} GiB for {place}; K calls with a backward pass "
        "each, or the version by hand, avoid that."
    )


def _norm_table(results: Results) -> str:
    records = results.where(phase="norms")
    names = list(records[0]["times"])
    cells = sorted({(r["layer"], r["width"]) for r in records}, key=lambda c: (c[0] != "linear", c[1]))
    rows = []
    for name in names:
        row = [name]
        for layer, width in cells:
            ratios = [
                r["times"][name] / r["times"]["Frobenius"]
                for r in records
                if (r["layer"], r["width"]) == (layer, width)
            ]
            row.append(f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        rows.append(row)
    return markdown(["norm", *(f"{layer}, {width}" for layer, width in cells)], rows)


def _step_table(results: Results) -> str:
    records = results.where(phase="steps")
    names = [n for n in records[0]["ratios"] if n != "plain"]
    rows = [
        [
            f"{r['net']}, width {r['width']}, batch {r['batch']}",
            _ms(r["times"]["plain"]),
            *(f"{r['ratios'][n]:.2f}" for n in names),
        ]
        for r in records
    ]
    return markdown(["network of three layers", "plain, ms", *names], rows)


def _orders_table(results: Results) -> str:
    rows = []
    for r in sorted(results.where(phase="orders"), key=lambda r: r["order"]):
        t = r["times"]
        c = estimate([float(np.mean([k * e**2 for k, e in zip(r["counts"], es, strict=True)])) for es in r["errors"]])
        K = c.mean / GOAL**2
        a, b = _line(t, "operators") or (0.0, 0.0)
        h = _line(t, "by hand") or (0.0, 0.0)
        averaged = _ms(t["averaged"]) if "averaged" in t else ""
        rows.append(
            [
                r["group"].replace("reg", ""), r["order"], r["width"], f"{1e3 * r['build']:.0f}",
                *(_ms(t[k]) for k in ("weight decay", "exact", "spectral")),
                f"{K:.0f}", _ms(a + b * K), _ms(h[0] + h[1] * r["order"]), averaged,
            ]
        )  # fmt: skip
    head = [
        "group",
        "order",
        "width",
        "build",
        "decay",
        "exact",
        "spectral",
        "K for 5 %",
        "operators, 5 %",
        "whole group, by hand",
    ]
    return markdown([*head, "pool averaged once"], rows)


def _fitted(records: Sequence[Record]) -> list[Record]:
    """The four largest widths whose tensors the allocator keeps: it gives those of 32 MiB and more back to the system in every call."""
    small = [r for r in records if r["width"] ** 2 * (36 if r["layer"] == "conv" else 4) < 1 << 25]
    return sorted(small, key=lambda r: r["width"])[-4:]


def _slopes(results: Results, layer: str) -> list[list[str]]:
    """Of log time against log width."""
    rows = []
    for group in NAMES:
        found = _fitted(results.where(phase="prices", layer=layer, group=group))
        if len(found) < 2:
            continue
        x = [r["width"] for r in found]
        goals = [_to_goal(results, r) for r in found]
        series = {
            "decay": [r["times"]["weight decay"] for r in found], "exact": [r["times"]["exact"] for r in found],
            "spectral": [r["times"]["spectral"] for r in found], "operators, 5 %": [g["operators"] for g in goals],
            "outputs, 5 %": [_outputs(g) for g in goals],
        }  # fmt: skip
        rows.append([layer, NAMES[group], f"{x[0]} to {x[-1]}", *(f"{slope(x, y)[0]:.2f}" for y in series.values())])
    return rows


# What decides


def _single(results: Results) -> str:
    """The error of one sampled operator, over layers and groups."""
    found = [
        float(np.sqrt(np.mean([e[0] ** 2 for e in r["errors"]["operators"]]))) for r in results.where(phase="errors")
    ]
    return f"{100 * min(found):.0f} to {100 * max(found):.0f} %"


def _listed(found: Sequence[tuple[float, Record]]) -> list[str]:
    """Cells with their ratios, those of one layer and group together."""
    places: dict[str, list[tuple[float, int]]] = {}
    for x, r in found:
        places.setdefault(f"{r['layer']} {NAMES.get(r['group'], r['group'])}", []).append((x, r["width"]))
    return [
        f"{place} {' '.join(str(w) for _, w in cells)} ({' '.join(f'{x:.2f}' for x, _ in cells)})"
        for place, cells in places.items()
    ]


def _verdict(results: Results) -> tuple[str, dict[str, Any]]:
    records = results.where(phase="prices")
    ratio = {s: [] for s in (*SAMPLED, "whole group", "averaged", "operators 1")}  # type: dict[str, list[tuple[float, Record]]]
    for r in records:
        goal = {**_to_goal(results, r), "operators 1": r["times"]["operators 1"]}
        for s in ratio:
            if s in goal:
                ratio[s].append((goal[s] / r["times"]["exact"], r))
    best = [min(goal for s in SAMPLED for goal, q in ratio[s] if q is r) for r in records]
    lost = [k for k in best if k <= 1]

    def said(name: str) -> str:
        found = [x for x, _ in ratio[name]]
        cells = _listed([(x, r) for x, r in ratio[name] if x < 1])
        count = sum(x < 1 for x in found)
        text = f"{median(found):,.2f} times the exact one's time in the median, {min(found):.2f} to {max(found):,.1f}"
        return text + (
            f"; cheaper in {count} of {len(found)} cells: {', '.join(cells)}" if cells else "; cheaper in no cell"
        )

    text = (
        f"**What decides.** In {len(best) - len(lost)} of {len(best)} cells the exact gradient is cheaper than every sampled one "
        "within 5 % of it. "
        f"The cheapest sampled one takes {median(best):,.0f} times as long in the median, {min(best):,.0f} to {max(best):,.0f} times.\n\n"
        f"- *A single element on the operator* (an error of {_single(results)}): {said('operators 1')}.\n"
        f"- *The whole group by hand*, which is exact too, from measured seconds an element: {said('whole group')}.\n"
        f"- *A pool averaged once to a matrix*, the exact method with a P that is 4 to 5 % off: {said('averaged')}."
    )
    return text, {"best": best, "single": [x for x, _ in ratio["operators 1"]]}


def _findings(results: Results, decided: dict[str, Any]) -> dict[str, tuple[str, str]]:
    steps = results.where(phase="steps")
    extra = {f"{r['net']} {r['width']}": r["ratios"]["spectral"] / r["ratios"]["Frobenius"] - 1 for r in steps}
    low, high = min(extra.values()), max(extra.values())
    inside = [x for x in extra.values() if 0.10 <= x <= 0.15]
    verdict = "reproduced" if len(inside) == len(extra) else "refuted" if low > 0.15 or high < 0.10 else "open"
    norms = [r["times"]["spectral"] / r["times"]["Frobenius"] for r in results.where(phase="norms")]
    best = decided["best"]
    single = [
        min(r["ratios"]["operators 1"], r["ratios"]["outputs 1"]) / r["ratios"]["Frobenius squared"] for r in steps
    ]
    gains = "reproduced" if min(best) > 1 else "open"
    return {
        "spectral": (
            verdict,
            f"a step with the spectral norm takes {100 * low:.0f} to {100 * high:.0f} % longer than one with the Frobenius norm "
            f"({', '.join(f'{n}: {100 * x:+.0f} %' for n, x in extra.items())}); "
            f"the penalty alone {min(norms):.1f} to {max(norms):.1f} times",
        ),
        "sampling": (
            gains,
            f"a gradient within 5 % takes sampled penalties {min(best):,.0f} to {max(best):,.0f} times the exact one's CPU time "
            f"({len(best)} cells, median {median(best):,.0f}); a step with a single element, whose gradient is "
            f"{_single(results)} off, takes "
            f"{min(single):.2f} to {max(single):.2f} of the exact step",
        ),
        "frobenius": (
            "open",
            f"cost alone: no norm was cheaper than {_cheapest(results)} of the Frobenius norm's time; quality was not measured here",
        ),
    }


def _cheapest(results: Results) -> str:
    records = results.where(phase="norms")
    names = [n for n in records[0]["times"] if not n.startswith("Frobenius")]
    return f"{min(median(r['times'][n] / r['times']['Frobenius'] for r in records) for n in names):.2f} (median over cells)"


# Pictures


def _figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, Any]:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    return figure, axes


def _curve(axis: Axes, x: list[int], y: list[float], label: str, **style: Any) -> None:
    axis.loglog(x, [1e3 * t for t in y], marker="o", ms=3, label=label, **style)


def _ticks(axis: Axes, x: Sequence[int]) -> None:
    axis.set_xticks(list(x), [str(n) for n in x], fontsize=8)
    axis.set_xticks([], minor=True)


WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "outputs": ("sampled outputs, 5 %", {"color": "tab:orange"}),
    "operators": ("sampled operators, 5 %", {"color": "tab:red"}),
    "by hand": ("sampled operators by hand, 5 %", {"color": "tab:pink"}),
    "operators 1": ("one sampled operator", {"color": "tab:red", "ls": ":"}),
    "spectral": ("exact, spectral", {"color": "tab:cyan"}),
    "exact": ("exact, Frobenius", {"color": "tab:blue", "lw": 2}),
    "weight decay": ("weight decay", {"color": "gray", "ls": "--"}),
}


def _ways(results: Results, r: Record) -> dict[str, float]:
    """Seconds of what is drawn."""
    goal = _to_goal(results, r)
    own = {k: r["times"][k] for k in ("operators 1", "spectral", "exact", "weight decay")}
    return {"outputs": _outputs(goal), "operators": goal["operators"], "by hand": goal["by hand"], **own}


def _widths(results: Results, layer: str) -> Figure:
    figure, axes = _figure(1, 5, (13, 4.4))
    for axis, group in zip(axes[0], NAMES, strict=True):
        found = sorted(results.where(phase="prices", layer=layer, group=group), key=lambda r: r["width"])
        axis.set_title(f"{layer}, {NAMES[group]}", fontsize=10)
        if not found:
            axis.axis("off")
            continue
        drawn, fitted = [_ways(results, r) for r in found], _fitted(found)
        for way, (label, style) in WAYS.items():
            _curve(axis, [r["width"] for r in found], [d[way] for d in drawn], label, **style)
        axis.set_ylim(top=axis.get_ylim()[1] * (3e3 if layer == "linear" else 1e3))
        if len(fitted) > 1:
            x, known = [r["width"] for r in fitted], [_ways(results, r) for r in fitted]
            text = [f"{slope(x, [d[way] for d in known])[0]:.1f}  {way}" for way in WAYS]
            text.insert(0, f"slopes, {x[0]} to {x[-1]}")
            axis.text(0.03, 0.98, "\n".join(text), fontsize=7, va="top", transform=axis.transAxes)
        _ticks(axis, [r["width"] for r in found])
        axis.grid(alpha=0.3)
        axis.set_xlabel("features" if layer == "linear" else "channels")
    axes[0, 0].set_ylabel("CPU ms: value and gradient")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncol=7, fontsize=8)
    return figure


def _errors_figure(results: Results) -> Figure:
    figure, axes = _figure(1, 5, (15, 3.6))
    for axis, group in zip(axes[0], NAMES, strict=True):
        axis.set_title(f"linear, {NAMES[group]}", fontsize=10)
        errors = results.where(phase="errors", layer="linear", group=group)
        prices = results.where(phase="prices", layer="linear", group=group)
        if not errors or not prices:
            axis.axis("off")
            continue
        e = max(errors, key=lambda r: r["width"])
        r = min(prices, key=lambda r: abs(r["width"] - e["width"]))
        for family, color in (("operators", "tab:red"), ("by hand", "tab:pink"), ("outputs", "tab:orange")):
            counts, line = e["counts"][family], _line(r["times"], family)
            if line is None:
                continue
            seconds = [1e3 * (line[0] + line[1] * k) for k in counts]
            runs = np.array(e["errors"][family])
            mean = np.sqrt((runs**2).mean(0))
            axis.loglog(seconds, mean, marker="o", ms=3, color=color, label=f"{family}, K = 1 to {counts[-1]}")
        axis.loglog(
            1e3 * r["times"]["averaged"], np.mean(e["averaged"]), "s", color="tab:green", label="pool averaged once"
        )
        axis.loglog(1e3 * r["times"]["exact"], e["exact"], "*", ms=11, color="tab:blue", label="exact")
        axis.axhline(GOAL, color="gray", lw=0.8, ls="--")
        axis.set_ylim(1e-9, 10)
        axis.set_xlabel(f"CPU ms, width {r['width']}")
        axis.grid(alpha=0.3)
    axes[0, 0].set_ylabel("error of the gradient")
    axes[0, 0].legend(fontsize=7)
    return figure


def _with_slope(label: str, x: list[int], y: list[float]) -> str:
    return f"{label}, slope {slope(x, y)[0]:.2f}" if len(x) > 1 else label


def _growth_figure(results: Results) -> Figure:
    figure, axes = _figure(1, 3, (15, 4.4))
    orders, left = sorted(results.where(phase="orders"), key=lambda r: r["order"]), axes[0, 0]
    cyclic = [r for r in orders if r["group"].startswith("C")]
    series = {
        "weight decay": ("weight decay", "gray"), "exact": ("exact, Frobenius", "tab:blue"), "spectral": ("exact, spectral", "tab:cyan"),
        "operators 1": ("operators, K = 1", "tab:red"),
    }  # fmt: skip
    for name, (label, color) in series.items():
        x, y = [r["order"] for r in cyclic], [r["times"][name] for r in cyclic]
        _curve(left, x, y, _with_slope(label, x, y), color=color)
        others = [r for r in orders if r not in cyclic]
        left.loglog([r["order"] for r in others], [1e3 * r["times"][name] for r in others], "x", color=color)
    x, lines = [r["order"] for r in cyclic], [_line(r["times"], "by hand") or (0.0, 0.0) for r in cyclic]
    whole = [a + b * n for n, (a, b) in zip(x, lines, strict=True)]
    _curve(left, x, whole, _with_slope("whole group, by hand", x, whole), color="tab:pink")
    left.set(
        xlabel="order of the group (crosses: S3, S4, S5)",
        ylabel="CPU ms",
        title="n copies of the regular representation, width 1024",
    )
    middle_ = axes[0, 1]
    for group in NAMES:
        found = sorted(results.where(phase="prices", layer="linear", group=group), key=lambda r: r["width"])
        if found:
            x = [r["width"] for r in found]
            middle_.loglog(
                x,
                [min(t for f, t in _to_goal(results, r).items() if f in SAMPLED) / r["times"]["exact"] for r in found],
                marker="o",
                ms=3,
                label=NAMES[group],
            )
    middle_.axhline(1, color="gray", lw=0.8, ls="--")
    middle_.set(xlabel="width, linear", ylabel="cheapest sampled / exact", title="time to a gradient within 5 %")
    right, norms = axes[0, 2], results.where(phase="norms")
    if norms:
        names = [n for n in norms[0]["times"] if n != "Frobenius"]
        for k, name in enumerate(names):
            ratios = [r["times"][name] / r["times"]["Frobenius"] for r in norms]
            right.plot(ratios, [k] * len(ratios), "o", ms=4, alpha=0.5, color="tab:blue")
            right.plot(median(ratios), k, "|", ms=16, color="black")
        right.set_yticks(range(len(names)), names, fontsize=8)
        right.set(xscale="log", xlabel="time / that of the Frobenius norm", title="norms: each cell, and the median")
        right.axvline(1, color="gray", lw=0.8, ls="--")
    for axis in axes[0, :2]:
        axis.legend(fontsize=7)
    for axis in axes[0]:
        axis.grid(alpha=0.3)
    return figure


def report(results: Results) -> Report:
    """See the module."""
    verdict, decided = _verdict(results)
    slopes = markdown(
        ["layer", "group", "widths", "decay", "exact", "spectral", "operators, 5 %", "outputs, 5 %"],
        _slopes(results, "linear") + _slopes(results, "conv"),
    )
    images, seeds = "../../docs/images", len(results.header["settings"]["test_seeds"])
    spread = [
        q for r in results.where(phase="prices") for n, q in r["quartiles"].items() if not n.startswith("outputs")
    ]
    text = "\n\n".join(
        [
            verdict,
            "### Errors of gradients",
            f"Relative to the exact gradient in double precision; means over {seeds} seeds, ± their standard error. "
            "*Slope*: of log error against log K; independent elements give -0.5. *Outputs* count calls, each with an element "
            "and a batch of its own; *one batch* is what remains with the most elements on a single batch. "
            "*Whole group*: how many elements make the mean exact.",
            _errors_table(results),
            f"![Error of the gradient against CPU time]({images}/study_price_errors.png)",
            "### Time to a gradient within 5 %, linear layers",
            "CPU milliseconds (s: seconds) of value and gradient. *By hand* and *operators* draw from a pool of 512 kept elements; lines "
            "through the measured K are carried on to the K that 5 % takes. Half of all medians have an interquartile range below "
            f"{100 * median(spread):.0f} % of themselves.",
            _price_table(results, "linear"),
            f"![CPU time against width]({images}/study_price_linear.png)",
            "### The same, 3 x 3 convolutions",
            "Pixels follow C4 and D4, and stand still under the other groups.",
            _price_table(results, "conv"),
            f"![CPU time against channels]({images}/study_price_conv.png)",
            "### Growth with width",
            "Slopes of log time against log width over the four largest widths with tensors below 32 MiB; the weights grow with slope 2. "
            + _jump(results),
            slopes,
            "### Growth with the group",
            "Copies of the regular representation; *build*: milliseconds to make the penalty, once. *Whole group*: measured seconds "
            "an element times the order.",
            _orders_table(results),
            f"![Growth with the order, the ratio, and norms]({images}/study_price_growth.png)",
            "### Norms",
            "Time of value and gradient, as a multiple of that of the Frobenius norm: the median over the groups, and the range.",
            _norm_table(results),
            "### Memory",
            "The most that is held at once, in copies of the weight, the gradient (one copy) and everything that is kept from step to step "
            "included: the median over groups and widths, and the range. Small layers hold constants and pools that large ones "
            "do not notice. Numbers behind names are K. *Averaged*: a pool averaged once.",
            _memory_table(results),
            _held(results),
            "### Whole training steps",
            "Times of a step of gradient descent, relative to the plain one.",
            _step_table(results),
        ]
    )
    figures = {
        "study_price_errors.png": _errors_figure(results),
        "study_price_linear.png": _widths(results, "linear"),
        "study_price_conv.png": _widths(results, "conv"),
        "study_price_growth.png": _growth_figure(results),
    }
    return Report(text, figures, _findings(results, decided))
