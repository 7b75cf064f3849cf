"""The irreps of any finite group that can be listed, from its characters."""
