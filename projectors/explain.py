"""Prose: why Hom_G(V, W) has the dimension it has, above all why it is zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.irreps.multiplicities import multiplicities
from grouprep.linalg import as_float
from grouprep.typing import Array

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grouprep.irreps import Irrep
    from projectors.hom import Hom

__all__ = ["explain"]


def explain(H: Hom) -> str:
    """See `Hom.explain`."""
    lines = [f"Hom({H.V}, {H.W}) of {H.V.group} has dimension {H.dim}."]
    counted = H.character_count
    if counted is not None:
        lines.append(f"The inner product of the characters of {H.V} and {H.W} is {counted}.")
    lines += _constituents(H)
    if H.dim:
        for (V, W), n in H.pairs.items():
            lines.append(f"  {V} -> {W}: {H.space(V, W).dim}" + (f", in {n} places" if n > 1 else ""))
        return "\n".join([*lines, *_solvers(H)])
    reasons = [
        _disjoint_spectra(H, str(a), as_float(H.V.images[a]), as_float(H.W.images[a]))
        for a in H.V.group.generator_names
    ]
    reasons = [r for r in reasons if r]
    if reasons:
        lines += reasons
        lines.append("X maps eigenvectors to eigenvectors of the same eigenvalue, so X = 0.")
        return "\n".join(lines)
    try:
        own = H.__class__(H.V, H.V).dim, H.__class__(H.W, H.W).dim
        lines.append(
            f"{H.V} has a commutant of dimension {own[0]} and {H.W} one of dimension {own[1]}, but they have no irreducible "
            "constituent in common; by Schur's lemma every equivariant map between them is zero."
        )
    except GroupRepError:
        lines.append("The two have no irreducible constituent in common.")
    return "\n".join(lines)


def _solvers(H: Hom) -> list[str]:
    """How each pair of summands was solved, and why so."""
    how: dict[str, list[str]] = {}
    for V, W in H.pairs:
        how.setdefault(H.solved_by.choice(V, W), []).append(f"{V} -> {W}")
    if len(how) == 1:
        return [f"Solved by {next(iter(how))}."]
    return [f"Solved by {choice}: {', '.join(pairs)}." for choice, pairs in how.items()]


def _constituents(H: Hom) -> list[str]:
    """The irreps of V and W, and those that they share, where the group's irreps are known."""
    field = "complex" if H.is_complex else "real"
    try:
        on_V, on_W = dict(multiplicities(H.V, field)), dict(multiplicities(H.W, field))
    except GroupRepError:
        return []
    shared = [I.label for I in on_V if I in on_W]
    return [
        f"Into irreps over the {field} numbers: V = {_sum(on_V)}; W = {_sum(on_W)}.",
        f"They share {', '.join(shared)}."
        if shared
        else "They share none, and between different irreps every equivariant map is zero.",
    ]


def _sum(found: Mapping[Irrep, int]) -> str:
    return " + ".join(f"{m} x {I.label}" if m > 1 else I.label for I, m in found.items())


def _disjoint_spectra(H: Hom, generator: str, a: Array, b: Array) -> str:
    """A sentence if a generator's eigenvalues on V and on W are clearly apart (Sylvester: then X A = B X has only X = 0)."""
    if max(len(a), len(b)) > 500:
        return ""
    on_V, on_W = np.linalg.eigvals(a), np.linalg.eigvals(b)
    # Only eigenvalues that differ by what a reader sees in the printed digits are offered as a reason; nothing is proved here.
    distance = np.abs(on_V[:, None] - on_W[None, :]).min()
    if distance < 1e-3 * max(1.0, float(np.abs(on_V).max()), float(np.abs(on_W).max())):
        return ""
    return f"The generator {generator} has the eigenvalues {_list(on_V)} on {H.V} and {_list(on_W)} on {H.W}, none in common."


def _list(values: Array) -> str:
    distinct = sorted(
        {complex(round(x.real, 4) + 0.0, round(x.imag, 4) + 0.0) for x in values}, key=lambda z: (z.real, z.imag)
    )
    shown = [f"{z.real:g}" if z.imag == 0 else f"{z.real:g}{z.imag:+g}i" for z in distinct[:6]]
    return "{" + ", ".join(shown) + (", ..." if len(distinct) > 6 else "") + "}"
