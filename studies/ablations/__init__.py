"""Which choices of a projection penalty matter: a fractional design on two tasks."""
