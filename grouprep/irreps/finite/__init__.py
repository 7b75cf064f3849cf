"""The irreps of any finite group that can be listed, from its characters."""

from grouprep.irreps.finite.family import GeneralFamily

__all__ = ["GeneralFamily"]
