"""Points on two rings with an angular wave: how much of a symmetry is worth keeping when it is broken by a known amount."""
