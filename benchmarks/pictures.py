"""Draw the pictures of benchmarks/README.md from a file of results: python benchmarks/pictures.py [results.json]"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "docs/images/benchmarks"
BLUE, ORANGE, GREY = "#1f5fa8", "#d9722b", "#999999"


def bases(cases: dict[str, dict]) -> Figure:
    """CPU seconds of ours and of emlp's, where both were measured."""
    both = {
        c["title"]: (c["ours"]["cpu"], c["emlp"]["cpu"] if c["emlp"]["status"] == "ok" else None)
        for c in cases.values()
        if "emlp" in c and c["ours"]["status"] == "ok"
    }
    names, y = list(both), np.arange(len(both))
    figure, axis = plt.subplots(figsize=(7, 0.26 * len(both) + 0.9))
    for k, name in enumerate(names):
        ours, theirs = both[name]
        if theirs:
            axis.plot([ours, theirs], [k, k], color=GREY, linewidth=1, zorder=1)
            axis.plot(theirs, k, "s", color=ORANGE, markersize=5, label="emlp" if k == 0 else "")
        axis.plot(ours, k, "o", color=BLUE, markersize=5, label="grouprep" if k == 0 else "")
    axis.set_yticks(y, names, fontsize=8)
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.set_xlabel("CPU seconds, first call, one core", fontsize=8)
    axis.grid(axis="x", linewidth=0.3)
    axis.legend(fontsize=8, loc="upper right")
    return figure


def training(runs: dict[str, dict]) -> Figure:
    """A step with a penalty over the step without, for each model, on one thread and on two."""
    figure, axes = plt.subplots(1, len(runs), figsize=(8, 2.6), sharey=True, squeeze=False)
    kinds = {"frobenius": BLUE, "decoupled": "#6aa5dd", "spectral": "#12324f", "weight decay": ORANGE}
    for axis, run in zip(axes[0], runs.values(), strict=True):
        cases = run["cases"]
        for j, (kind, colour) in enumerate(kinds.items()):
            x = np.arange(len(cases)) + 0.2 * (j - 1.5)
            axis.bar(x, [c["ratios"][kind] - 1 for c in cases.values()], 0.18, bottom=1, color=colour, label=kind)
        axis.axhline(1, color="black", linewidth=0.6)
        axis.set_xticks(range(len(cases)), cases, fontsize=7)
        axis.set_title(f"{run['threads']} thread{'s' * (run['threads'] > 1)}", fontsize=9)
    axes[0][0].set_ylabel("step / step without", fontsize=8)
    axes[0][0].legend(fontsize=7)
    return figure


def save(figure: Figure, name: str) -> None:
    """A PNG of few colours."""
    TARGET.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, bbox_inches="tight", facecolor="white", format="png")
    plt.close(figure)
    Image.open(buffer).convert("RGB").quantize(32, dither=Image.Dither.NONE).save(TARGET / name, optimize=True)
    print(TARGET / name, (TARGET / name).stat().st_size)


def main() -> None:
    """Draw the newest results that are kept, or those of a file."""
    file = Path(sys.argv[1]) if sys.argv[1:] else sorted((HERE / "results").glob("[0-9]*-[0-9][0-9].json"))[-1]
    results = json.loads(file.read_text(encoding="utf-8"))
    save(bases(results["cases"]), "bases.png")
    save(training(results["training"]), "training.png")


if __name__ == "__main__":
    main()
