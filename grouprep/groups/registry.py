"""The register of families of groups: what is known of each, and which one a name means.

A family is one file: it makes a `GroupFamily` and registers it. Whoever needs to know more of a group than its generators (irreps,
Haar measure, names) asks the families, so that no other module lists them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from grouprep.errors import GroupRepError
from grouprep.groups.base import Group

if TYPE_CHECKING:
    from grouprep.haar import HaarSampler
    from grouprep.irreps.family import Family
    from grouprep.quadrature import HaarRule

__all__ = ["GroupFamily", "families", "member", "numbered", "register_family", "unregister_family"]

PLUGINS = "grouprep.families"  # the group of entry points that other distributions name their families in


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupFamily:
    """What is known of a family of groups; only the name and the constructor are needed.

    name : the family's name, such as "Dihedral".
    constructor : gives the group, from the integers that the pattern reads; what is no integer stays text.
    pattern : the regular expression that the names of the family's groups match, all of them in full; its groups are the
        constructor's integers. By default the name alone.
    example : the name of one of its groups, such as "D4", for messages; by default the name.
    irreps : the irreps of a group if the family knows them, else None. It may know groups that it did not make.
    irreps_of : the groups whose irreps it knows, for messages; by default the name.
    haar : the Haar measure of Lie groups whose identity component is one of the family's groups.
    quadrature : for sizes of matrices, the rules that average over these identity components.
    neighbours : for other libraries ("emlp"), what they call the family's groups, and the constructor from their integers.
    """

    name: str
    constructor: Callable[..., Group]
    pattern: str = ""
    example: str = ""
    irreps: Callable[[Group], Family | None] | None = None
    irreps_of: str = ""
    haar: HaarSampler | None = None
    quadrature: Mapping[int, HaarRule] = field(default_factory=dict)
    neighbours: Mapping[str, Mapping[str, Callable[..., Group]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise GroupRepError(f"name = {self.name!r:.60}: a family needs a name, such as 'Dihedral'")
        if not callable(self.constructor):
            raise GroupRepError(
                f"constructor = {self.constructor!r:.60}: {self.name} needs a function that makes a group"
            )
        for key, default in (("pattern", re.escape(self.name)), ("example", self.name), ("irreps_of", self.name)):
            object.__setattr__(self, key, getattr(self, key) or default)
        try:
            readable = self.reads(self.example)
        except re.error as error:
            raise GroupRepError(f"pattern = {self.pattern!r}: no regular expression ({error})") from None
        if not readable:
            raise GroupRepError(
                f"example = {self.example!r}: the pattern {self.pattern!r} of {self.name} does not match it"
            )

    def reads(self, name: str) -> bool:
        """Whether a name is that of one of the family's groups."""
        return re.fullmatch(self.pattern, name) is not None

    def member(self, name: str) -> Group | None:
        """The family's group with a name, or None if the name is none of the family's.

        Raises
        ------
        GroupRepError
            If the family has no such group, D0 say.
        """
        found = re.fullmatch(self.pattern, name)
        return (
            None if found is None else self.constructor(*(_read(text) for text in found.groups() if text is not None))
        )


def _read(text: str) -> int | str:
    return int(text) if re.fullmatch(r"[0-9]+", text) else text


def numbered(*symbols: str) -> str:
    """The pattern of names that are a symbol and an integer.

    Examples
    --------
    >>> [bool(re.fullmatch(numbered("SO"), name)) for name in ("SO(3)", "SO3", "SO")]
    [True, True, False]
    """
    return rf"(?:{'|'.join(symbols)})(?:\((\d{{1,4}})\)|(\d{{1,4}}))"


_registered: dict[str, GroupFamily] = {}


def families() -> tuple[GroupFamily, ...]:
    """The families, in the order in which they were registered."""
    return tuple(_registered.values())


def register_family(family: GroupFamily) -> None:
    """Make a family known: its groups load by name, and have the irreps, Haar measure and neighbours' names that it states.

    A package that names the module which does so in the entry points "grouprep.families" needs no import by its users.

    Parameters
    ----------
    family : what is known of it.

    Raises
    ------
    GroupRepError
        If its name, the name of its groups or a neighbour's name for them is another family's already.

    Examples
    --------
    >>> from grouprep import Cyclic, GroupFamily, load_group, register_family, unregister_family
    >>> register_family(GroupFamily(name="Clock", constructor=lambda: Cyclic(12)))
    >>> load_group("Clock").order
    12
    >>> unregister_family("Clock")
    """
    if not isinstance(family, GroupFamily):
        raise GroupRepError(
            f"{family!r:.60} is no GroupFamily; register_family(GroupFamily(name=..., constructor=...))"
        )
    for other in families():
        taken = f"cannot register the family {family.name}:"
        if other.name == family.name:
            raise GroupRepError(
                f"{taken} {other.name} is registered already; choose another name, or unregister_family({other.name!r}) first"
            )
        if other.reads(family.example):
            raise GroupRepError(f'{taken} "{family.example}" is a group of the family {other.name} already')
        if family.reads(other.example):
            raise GroupRepError(f'{taken} its pattern matches "{other.example}", a group of the family {other.name}')
        for library, names in family.neighbours.items():
            if both := set(names) & set(other.neighbours.get(library, ())):
                raise GroupRepError(f'{taken} {library}\'s "{min(both)}" is a group of the family {other.name} already')
    _registered[family.name] = family


def unregister_family(name: str) -> None:
    """Forget a family, for instance to register it anew in a notebook.

    Raises
    ------
    GroupRepError
        If there is none with that name.
    """
    if name not in _registered:
        raise GroupRepError(f'no family is called "{name}"; registered are {", ".join(_registered)}')
    del _registered[name]


def member(name: str) -> Group | None:
    """The group with a name, of whichever family; None if no family has it. Products are read by `load_group`.

    Raises
    ------
    GroupRepError
        If the name is a family's, but the group does not exist, or a family that is installed cannot be loaded.
    """
    return _first(name) or (_first(name) if _load_plugins() else None)


def _first(name: str) -> Group | None:
    return next((F.member(name) for F in families() if F.reads(name)), None)


@lru_cache(maxsize=1)
def _load_plugins() -> bool:
    """Import the families of other distributions, when a name is met that no family has; whether there are any."""
    from importlib.metadata import entry_points

    found = entry_points(group=PLUGINS)
    for entry in found:
        try:
            entry.load()
        except Exception as error:
            raise GroupRepError(f"the family {entry.name} = {entry.value} cannot be loaded: {error}") from error
    return bool(found)
