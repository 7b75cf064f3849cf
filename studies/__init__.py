"""Studies of projection penalties on real tasks: `python -m studies list`."""
