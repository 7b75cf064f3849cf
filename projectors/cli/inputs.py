"""What the command's arguments name: groups, representations and weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from grouprep.errors import GroupRepError
from grouprep.groups.base import Group
from grouprep.representations.base import Representation
from grouprep.representations.expression import parse_representation
from grouprep.representations.files import load_representations
from grouprep.summary import Summary
from projectors.cli.weights import Weights, load_weights

__all__ = ["GroupSource", "Weights", "load_weights", "packaged_examples", "read_group"]


@dataclass(frozen=True, repr=False)
class GroupSource(Summary):
    """A group, the representations that its file names, and the file if there is one."""

    group: Group
    named: Mapping[str, Representation]
    path: str | None

    def representation(self, text: str, option: str) -> Representation:
        """The representation that the expression given to an option describes.

        Raises
        ------
        GroupRepError
            If the expression is none; the message names the option.
        """
        try:
            return parse_representation(self.group, text, self.named)
        except GroupRepError as error:
            raise type(error)(f"{option}: {error}") from None


def packaged_examples() -> dict[str, Path]:
    """The group files that come with the package, by name.

    Examples
    --------
    >>> from projectors.cli.inputs import packaged_examples
    >>> packaged_examples()["rubik"].name
    'rubik.toml'
    """
    folder = Path(str(files("grouprep.groups") / "data"))
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def read_group(text: str) -> GroupSource:
    """The group with a name, in a TOML or JSON file, or among the packaged examples.

    Parameters
    ----------
    text : "D4", "SO(3)", "D4xC2", "square.toml", "rubik".

    Raises
    ------
    GroupRepError
        If there is no such group, or its file cannot be used.

    Examples
    --------
    >>> from projectors.cli.inputs import read_group
    >>> read_group("D4").group.order
    8
    """
    examples = packaged_examples()
    if text.lower() in examples:
        text = str(examples[text.lower()])
    group, named = load_representations(text)
    is_file = text.lower().endswith((".toml", ".json"))
    return GroupSource(group, named, text if is_file else None)
