"""The paper's claims, and what the studies found about each: `python -m studies claims` writes docs/claims.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from studies.harness.errors import StudyError
from studies.harness.reporting import filled

__all__ = ["CLAIMS", "PAGE", "write"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "claims.md"
VERDICTS = ("reproduced", "refuted", "open")

# What Berndt and Stuehmer, arXiv 2601.05028, claim or imply, in our words.
CLAIMS = {
    "monotone": "The non-equivariance of a trained network falls as lambda_perp grows.",
    "frobenius": "Of the norms, Frobenius balances cost and quality best.",
    "mixed": "Mixed norms are similar in quality.",
    "entrywise": "The entrywise infinity norm hurts.",
    "spectral": "The spectral norm costs 10 to 15 % more.",
    "sampling": "The projection costs far less than sample-based regularisers.",
    "quality": "Task quality is competitive with other methods of approximate equivariance.",
    "approximate": "Where the symmetry is broken, approximate equivariance is better than exact and than none.",
    "bound": "The distance to the equivariant operators bounds the equivariance defect within a factor 2.",
    "composition": "Errors of layers compose: a network's defect is bounded by those of its layers.",
    "lambda_g": "A penalty on the equivariant part, lambda_G, helps beside lambda_perp.",
}


def write(findings: Mapping[str, Mapping[str, tuple[str, str]]]) -> None:
    """Fills docs/claims.md from the findings of each study: study -> claim -> (verdict, what was measured)."""
    parts = []
    for claim, statement in CLAIMS.items():
        lines = []
        for study, found in findings.items():
            if claim not in found:
                continue
            verdict, measured = found[claim]
            if verdict not in VERDICTS:
                raise StudyError(
                    f"the study {study} calls {claim!r} {verdict!r}; a verdict is one of {', '.join(VERDICTS)}"
                )
            link = f"[{study}](../studies/{study}/README.md)"
            lines.append(f"- *{verdict}*, {link}: {measured} (`python -m studies run {study}`)")
        parts += [f"### {statement}", "\n".join(lines) or "- *open*: no study has measured it"]
    unknown = {claim for found in findings.values() for claim in found} - set(CLAIMS)
    if unknown:
        raise StudyError(f"{', '.join(sorted(unknown))}: not among the claims of studies/claims.py")
    inside = "\n\n".join(parts)
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), inside, str(PAGE)), encoding="utf-8")
