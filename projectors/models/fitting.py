"""Whether two layers fit together: the representation between them, and functions that act there entry by entry."""

from __future__ import annotations

from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.representations.composite import Tensor
from grouprep.representations.grid import GridRepresentation
from projectors.models.report import Finding
from projectors.models.specs import AttentionSpec, BilinearSpec, LayerSpec, RecurrentSpec, Spec

__all__ = ["entrywise", "is_permutation", "is_signed_permutation", "joint", "odd", "spec_ends"]


def is_permutation(V: Representation) -> bool:
    """Whether all elements act as permutation matrices."""
    return _is_monomial(V, 1)


def is_signed_permutation(V: Representation) -> bool:
    """Whether all elements act as permutations with signs."""
    return _is_monomial(V, 2)


def _is_monomial(V: Representation, modulus: int) -> bool:
    return all(a.kind == "element" and isinstance(m, Monomial) and m.modulus <= modulus for a, m in V.images.items())


def spec_ends(specs: tuple[Spec, ...]) -> tuple[Representation | None, Representation | None]:
    """Input and output representation of a layer; None for inputs where there are several, and where it is named by parameters."""
    (spec, *others) = specs
    if others:
        return None, None
    if isinstance(spec, LayerSpec):
        return spec.V, spec.W
    if isinstance(spec, AttentionSpec):
        query, _, _, out, _ = spec.filled()
        return query, out
    if isinstance(spec, RecurrentSpec):
        return spec.V, None  # its output has one state for each direction, which the module alone knows
    return None, spec.W if isinstance(spec, BilinearSpec) else None


def joint(before: str, W: Representation, after: str, V: Representation) -> list[Finding]:
    """What is wrong where the output W of a layer is the input V of another."""
    if V == W:
        return []
    if isinstance(V, Tensor) and isinstance(V.parts[-1], GridRepresentation):  # a flattened image
        channels = V.parts[:-1]
        if W in (channels[0] if len(channels) == 1 else None, Tensor(channels)):
            return []
    return [
        Finding("error", after, f'its input is {V} (dimension {V.dim}), but "{before}" gives {W} (dimension {W.dim})')
    ]


def odd(name: str, kind: str, before: str, W: Representation) -> list[Finding]:
    """What is wrong where an odd function acts on each entry."""
    if is_signed_permutation(W):
        return []
    return [Finding("error", name, f'{kind} acts entry by entry, but {W} after "{before}" does not permute entries')]


def entrywise(name: str, kind: str, before: str, W: Representation) -> list[Finding]:
    """What is wrong where any function acts on each entry."""
    if is_permutation(W):
        return []
    text = (
        f'{kind} acts entry by entry, which commutes with permutations only; {W} after "{before}" is none: use regular or '
        "permutation features, or a norm nonlinearity"
    )
    return [Finding("error", name, text)]
