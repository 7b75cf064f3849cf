"""The irreps of any finite group that can be listed, from its characters."""

from grouprep.irreps.finite.family import GENERAL_ORDER, GeneralFamily, general_family

__all__ = ["GENERAL_ORDER", "GeneralFamily", "general_family"]
