"""What a penalty is in the middle of a training run, as tensors: steps, weights, followed blocks, and of which penalty they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass

import torch

from grouprep.errors import GroupRepError
from projectors.torch.followed import Following
from projectors.torch.terms import Term

__all__ = ["Description", "Progress", "describe", "follow_on", "followed_of", "require_same"]

_FORMAT = 1
_SHOWN = 4  # differences that an error lists

Description = Mapping[str, object]
"""What a penalty is, in words: "norm", "every", "decoupled", and for each parameter its space and its schedules."""


@dataclass(frozen=True)
class Progress:
    """The state of a penalty in a training run, by the names of its parameters.

    description : of the penalty that it belongs to.
    steps : how many have ended; weights : (lambda_perp, lambda_G) of each parameter.
    followed : for each followed parameter the block (..., dim V, width), and whether the next step renews it.
    """

    description: Description
    steps: int
    weights: Mapping[str, tuple[float, float]]
    followed: Mapping[str, tuple[torch.Tensor, bool]]

    def tensors(self) -> dict[str, torch.Tensor]:
        """The entries of a state_dict, tensors alone; the description is a text in bytes."""
        text = json.dumps({"format": _FORMAT, **self.description})
        out = {
            "specification": torch.tensor(list(text.encode()), dtype=torch.uint8),
            "steps": torch.tensor(self.steps),
            "weights": torch.tensor(list(self.weights.values()), dtype=torch.float64),
        }
        for name, (block, renews) in self.followed.items():
            out[f"followed.{name}"] = block.detach().clone()
            out[f"renews.{name}"] = torch.tensor(renews)
        return out

    @staticmethod
    def of(tensors: Mapping[str, torch.Tensor]) -> Progress:
        """What `tensors` made.

        Raises
        ------
        GroupRepError
            If entries are missing, or are none of a penalty's.
        """
        missing = [key for key in ("specification", "steps", "weights") if key not in tensors]
        if missing:
            raise GroupRepError(f"state_dict: {', '.join(missing)} missing; it must be what pen.state_dict() gave")
        try:
            description = json.loads(bytes(tensors["specification"].tolist()).decode())
            names = list(description["terms"])
            weights = [(float(v), float(w)) for v, w in tensors["weights"].tolist()]
            steps, version = int(tensors["steps"]), description.pop("format")
        except (AttributeError, KeyError, TypeError, ValueError):
            raise GroupRepError("state_dict: it is no penalty's; it must be what pen.state_dict() gave") from None
        if version != _FORMAT or len(weights) != len(names):
            raise GroupRepError(
                f"state_dict: format {version} with {len(weights)} weights of {len(names)} parameters cannot be read"
            )
        followed = {
            key.removeprefix("followed."): (block, bool(tensors.get("renews." + key.removeprefix("followed."), True)))
            for key, block in tensors.items()
            if key.startswith("followed.")
        }
        return Progress(description, steps, dict(zip(names, weights, strict=True)), followed)


def describe(terms: Sequence[Term], norm: object, every: int, decoupled: bool) -> Description:
    """What a penalty is, in words that are the same in every process."""
    return {
        "norm": _worded(norm),
        "every": every,
        "decoupled": decoupled,
        "terms": {
            term.name: {
                "space": f"Hom({term.hom.V}, {term.hom.W}) of {term.hom.V.group}",
                "shape": list(term.layout.operators),
                "residual": _worded(term.schedules[0]),
                "equivariant": _worded(term.schedules[1]),
            }
            for term in terms
        },
    }


def _worded(thing: object) -> str:
    """What prints the same in every process: a dataclass by its fields, a mapping by its entries, others by their class."""
    if isinstance(thing, Mapping):
        return ", ".join(f"{name}: {_worded(one)}" for name, one in sorted(thing.items()))
    return repr(thing) if is_dataclass(thing) else type(thing).__qualname__


def require_same(saved: Description, here: Description) -> None:
    """Raise GroupRepError, saying what differs, unless two descriptions are the same."""
    found = list(_differences(saved, here))
    if found:
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise GroupRepError(
            f"state_dict: it is of another penalty: {'; '.join(found[:_SHOWN])}{more}. Make the penalty as it was when it was saved"
        )


def _differences(saved: Description, here: Description) -> Iterator[str]:
    for key in ("norm", "every", "decoupled"):
        if saved.get(key) != here[key]:
            yield f"{key} was {saved.get(key)}, here it is {here[key]}"
    olds, news = saved["terms"], here["terms"]
    assert isinstance(olds, Mapping)
    assert isinstance(news, Mapping)
    for name in [*olds, *(name for name in news if name not in olds)]:
        if name not in news:
            yield f'"{name}" was penalised, here it is not'
        elif name not in olds:
            yield f'"{name}" was not penalised, here it is'
        else:
            for key, new in news[name].items():
                if olds[name].get(key) != new:
                    yield f'{key} of "{name}" was {olds[name].get(key)}, here it is {new}'


def followed_of(terms: Sequence[Term], following: Following) -> Iterator[tuple[str, tuple[torch.Tensor, bool]]]:
    """What follows each of some parameters, where it has been found."""
    if not following.is_cold:
        for term, block in zip(terms, following.blocks, strict=True):
            yield term.name, (block, following.renews)


def follow_on(terms: Sequence[Term], following: Following, followed: Mapping[str, tuple[torch.Tensor, bool]]) -> None:
    """Let parameters be followed from where they were; from the beginning where that is not known.

    Raises
    ------
    GroupRepError
        If a block has another shape.
    """
    found = [followed.get(term.name) for term in terms]
    known = [block for block in found if block is not None]
    for term, (block, _) in zip(terms, known, strict=False):
        if block.shape != following.blocks.shape[1:]:
            raise GroupRepError(
                f'state_dict: followed."{term.name}" has shape {tuple(block.shape)}, here it is {tuple(following.blocks.shape[1:])}'
            )
    following.is_cold = len(known) < len(found)
    following.renews = True
    if not following.is_cold:
        following.start_from(torch.stack([block for block, _ in known]), known[0][1])
