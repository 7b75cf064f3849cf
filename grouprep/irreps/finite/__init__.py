"""The irreps of any finite group that can be listed, from its characters."""

from grouprep.irreps.finite.family import GeneralFamily, general_family

__all__ = ["GeneralFamily", "general_family"]
