"""Certificates: what was proved of a basis of Hom_G(V, W), by which evidence, and at what cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from grouprep.errors import CertificateError
from grouprep.linalg.matrices import is_exact
from grouprep.linalg.spaces import Space
from grouprep.markup import card, joined, text, verdict, word_table
from grouprep.progress import steps
from grouprep.representations import Representation
from projectors.certify import evidence
from projectors.solvers.base import Pair

__all__ = ["Certificate", "Claim", "certify_spaces"]


@dataclass(frozen=True)
class Claim:
    """One statement about the basis.

    statement : what is claimed.
    proved : whether the evidence is a proof; if not, `evidence` says what is open.
    evidence : how it was shown.
    seconds : wall time of the check.
    """

    statement: str
    proved: bool
    evidence: str
    seconds: float


@dataclass(frozen=True, repr=False)
class Certificate:
    """The outcome of `Hom.certify`: the dimension, and the claims with their evidence.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> from projectors import commutant
    >>> c = commutant(Symmetric(4).defining()).certify()
    >>> c.proved, c.dim
    (True, 2)
    """

    subject: str
    dim: int
    claims: tuple[Claim, ...]

    @property
    def proved(self) -> bool:
        """Whether every claim is proved."""
        return all(c.proved for c in self.claims)

    @property
    def seconds(self) -> float:
        """Wall time of all checks."""
        return sum(c.seconds for c in self.claims)

    def to_dict(self) -> dict[str, object]:
        """Plain data, for JSON."""
        return asdict(self) | {"proved": self.proved, "seconds": self.seconds}

    def __repr__(self) -> str:
        return f"<Certificate of {self.subject}: dimension {self.dim}, {'proved' if self.proved else 'not proved in full'}>"

    def _repr_html_(self) -> str:
        rows = [(verdict(c.proved, c.statement), text(c.evidence)) for c in self.claims]
        done = verdict(self.proved, "proved" if self.proved else "not proved in full")
        title = joined([self.subject, f": dimension {self.dim:,}, ", done])
        return card(title, word_table(["claim", "evidence"], rows))

    def __str__(self) -> str:
        lines = [f"{self.subject}: dimension {self.dim}, {'proved' if self.proved else 'not proved in full'}"]
        lines += [
            f"  [{'x' if c.proved else ' '}] {c.statement}: {c.evidence} ({c.seconds:.3g} s)" for c in self.claims
        ]
        return "\n".join(lines)


def _timed(statement: str, check: Callable[[], tuple[bool, str]]) -> Claim:
    start = time.perf_counter()
    proved, text = check()
    return Claim(statement, proved, text, time.perf_counter() - start)


def _is_float(V: Representation) -> bool:
    return not all(map(is_exact, V.images.values()))


def certify_spaces(
    subject: str, pairs: Mapping[Pair, int], spaces: Mapping[Pair, Space], character_count: int | None
) -> Certificate:
    """Prove the bases of all pairs of summands: every claim is checked anew from the generators' matrices.

    Raises
    ------
    CertificateError
        If a claim is false.
    """
    spaces = {pair: evidence.recognised(space) for pair, space in spaces.items()}
    dim = sum(n * spaces[pair].dim for pair, n in pairs.items())
    exact = all(s.is_exact for s in spaces.values())

    def residual() -> tuple[bool, str]:
        if exact:
            for pair in steps(pairs, "proving"):
                evidence.check_residual(*pair, spaces[pair])
            return True, "rho_W X - X rho_V is exactly zero for every generator and basis element"
        for space in spaces.values():
            evidence.check_float_basis(space)
        bound = max(evidence.float_residual_bound(*pair, spaces[pair]) for pair in pairs)
        return (
            False,
            f"at most {bound:.3g} |X|_F for every generator, bounded in ball arithmetic; the generators, or the basis, are floats",
        )

    def independence() -> tuple[bool, str]:
        if exact:
            return True, "; ".join(sorted({evidence.check_independence(spaces[pair]) for pair in pairs}))
        bound = max(evidence.orthonormality_bound(s) for s in spaces.values())
        return bound < 1, f"|X* X - 1| at most {bound:.3g} in ball arithmetic"

    def completeness() -> tuple[bool, str]:
        if character_count is not None:
            if character_count != dim:
                raise CertificateError(
                    f"{subject}: the basis has {dim} elements, the characters count {character_count}"
                )
            if any(V.group.is_finite and (_is_float(V) or _is_float(W)) for V, W in pairs):
                return (
                    False,
                    f"the characters count {character_count}, read off float matrices; give exact ones for a proof",
                )
            return True, f"the inner product of the characters is {character_count}"
        if not exact:
            return False, "the rank was read off a gap in the singular values; give exact generators for a proof"
        notes = sorted({evidence.check_completeness(*pair, spaces[pair]) for pair in pairs})
        return True, "; ".join(notes)

    claims = (
        _timed("every basis element is equivariant", residual),
        _timed("the basis elements are independent", independence),
        _timed(f"there are no more than {dim}", completeness),
    )
    return Certificate(subject, dim, claims)
