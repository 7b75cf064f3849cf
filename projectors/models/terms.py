"""What a penalty penalises: a parameter of a layer as operators V -> W, with the space of equivariant ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grouprep.errors import GroupRepError, NotUnitary
from grouprep.summary import Summary
from projectors.hom import Hom
from projectors.models.layouts import Layout

__all__ = ["Term", "check_entries", "check_space", "check_term", "distinct"]


@dataclass(eq=False, repr=False)
class Term(Summary):
    """A parameter as operators V -> W; the adapters' terms know where it is kept.

    Parameters
    ----------
    name : the parameter's name, as reports show it.
    layer : the name by which weights are given: the layer's in torch, the parameter's in JAX.
    layout : how the parameter is read as operators.
    hom : Hom(V, W).
    """

    name: str
    layer: str
    layout: Layout
    hom: Hom

    def agrees_with(self, other: Term) -> bool:
        """Whether a term that shares its weights is given the same space, or, reading them transposed, that of the transposes."""
        if self.layout == other.layout:
            return self.hom == other.hom
        if not self.layout.is_transpose_of(other.layout):
            return True
        V, W = self.hom.V, self.hom.W
        return other.hom.V in (W, W.dual) and other.hom.W in (V, V.dual)


_T = TypeVar("_T", bound=Term)


def distinct(terms: Sequence[_T], key: Callable[[_T], Hashable]) -> list[tuple[_T, tuple[str, ...]]]:
    """The terms without those that read the same weights again, each with the names of these.

    Parameters
    ----------
    terms : in their order; key : what identifies the weights that a term reads.

    Raises
    ------
    GroupRepError
        If one weight is given two spaces.
    """
    found: dict[Hashable, tuple[_T, list[str]]] = {}
    for term in terms:
        first, names = found.setdefault(key(term), (term, []))
        if first is term:
            continue
        if not first.agrees_with(term):
            raise GroupRepError(
                f'"{first.name}" and "{term.name}" share one weight, but are given {first.hom} and {term.hom}'
            )
        names.append(term.name)
    return [(term, tuple(names)) for term, names in found.values()]


def check_term(name: str, hom: Hom, dtype: object, is_floating: bool, is_complex: bool) -> None:
    """Check that a parameter has entries on which the projector of a space can act.

    Parameters
    ----------
    name : of the parameter; hom : the space.
    dtype : of the parameter, for the message; is_floating : whether it is of floating point, real or complex; is_complex : complex.

    Raises
    ------
    GroupRepError
        If the parameter is not of floating point, or is real between complex representations.
    """
    if not is_floating:
        raise GroupRepError(f'"{name}" has dtype {dtype}; a floating-point parameter is needed')
    if hom.is_complex and not is_complex:
        raise GroupRepError(
            f'"{name}" is real, but V = {hom.V} or W = {hom.W} is complex: real weights cannot be equivariant under complex matrices; '
            "use a real form of the representation"
        )


def check_space(name: str, hom: Hom) -> None:
    """Solve for the projector on a space, and check that there is one.

    Raises
    ------
    NotUnitary
        If a representation has no invariant positive form; name is the parameter's.
    """
    try:
        _ = hom.projection
    except NotUnitary as error:
        raise NotUnitary(f'"{name}": {error}') from None


def check_entries(name: str, are_finite: bool) -> None:
    """Raise GroupRepError unless all entries of a parameter are finite."""
    if not are_finite:
        raise GroupRepError(f'"{name}" has NaN or infinite entries; the penalty of such weights means nothing')
