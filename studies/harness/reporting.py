"""Writes what a study's results say into its README, its pictures, and the page of claims."""

from __future__ import annotations

import os
from pathlib import Path

from studies.harness.charts import save
from studies.harness.errors import StudyError
from studies.harness.problem import Report, Study
from studies.harness.records import Results

__all__ = ["BEGIN", "END", "filled", "provenance", "report", "results_path"]

STUDIES = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- results -->", "<!-- /results -->"


def results_path(study: Study, mode: str = "full") -> Path:
    """Where a study's results lie; those of the full run on a CPU are committed."""
    return STUDIES / study.name / ("results.jsonl" if mode == "full" else f"results-{mode}.jsonl")


def filled(text: str, inside: str, where: str) -> str:
    """A document with what stands between its two marks replaced."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise StudyError(f"{where} must have one line {BEGIN} and after it one line {END}")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    return f"{head}{BEGIN}\n\n{inside.strip()}\n\n{END}{tail}"


def provenance(results: Results) -> str:
    """One sentence: what made the numbers."""
    machine, settings = results.header.get("machine", {}), results.header["settings"]
    chosen, seeds = len(settings["choose_seeds"]), len(settings["test_seeds"])
    minutes = sum(r.get("cpu", 0.0) for r in results) / 60
    return (
        f"Made by `python -m studies run {results.header['study']}` (version {results.header['version']}): {settings['steps']} steps, "
        f"{seeds} test seeds{f' apart from the {chosen} that rates and strengths were chosen with' if chosen else ''}, "
        f"{len(results)} jobs, {minutes:.1f} CPU minutes; torch {machine.get('torch', '?')}, {machine.get('processor', '?')}."
    )


def report(study: Study, results: Results) -> Report:
    """Fills the study's README and draws its pictures."""
    made = study.report(results)
    readme = STUDIES / study.name / "README.md"
    text = filled(readme.read_text(encoding="utf-8"), made.text + "\n\n" + provenance(results), os.fspath(readme))
    for name, figure in made.figures.items():
        save(figure, name)
    readme.write_text(text, encoding="utf-8")
    return made
