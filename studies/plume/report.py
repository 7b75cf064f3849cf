"""x"""

DELTAS = (0.0, 0.2, 0.4, 0.8)
SHOWN = 0.4


def label(d):
    return f"delta {d:g}"


def report(results): ...
