"""Matrices as text: aligned columns in brackets, zeros as dots."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["entry_text", "matrix_text", "named_matrix"]


def matrix_text(rows: Sequence[Sequence[object]]) -> str:
    """A matrix as lines of text.

    Parameters
    ----------
    rows : entries as integers, floats, text, or [real, imaginary].

    Examples
    --------
    >>> from projectors.report.matrices import matrix_text
    >>> print(matrix_text([[1, 0], [-1, "sqrt(2)/2"]]))
    ⎡ 1          · ⎤
    ⎣-1  sqrt(2)/2 ⎦
    """
    cells = [[entry_text(x) for x in row] for row in rows]
    if not cells or not cells[0]:
        return "[]"
    widths = [max(len(row[j]) for row in cells) for j in range(len(cells[0]))]
    lines = ["  ".join(x.rjust(w) for x, w in zip(row, widths)) for row in cells]
    return "\n".join(f"{left}{line} {right}" for line, (left, right) in zip(lines, _brackets(len(lines))))


def named_matrix(name: str, rows: Sequence[Sequence[object]]) -> str:
    """A matrix below its name; a common size of all real non-zero entries is taken out.

    Parameters
    ----------
    name : what stands before the equals sign.
    rows : see `matrix_text`.

    Examples
    --------
    >>> from projectors.report.matrices import named_matrix
    >>> print(named_matrix("X", [[0.5, 0.0], [0.0, -0.5]]))
    X = 0.5 *
    ⎡1   · ⎤
    ⎣·  -1 ⎦
    """
    floats = [[x for x in row if isinstance(x, float)] for row in rows]
    sizes = {abs(x) for row in floats for x in row if x}
    mixed = any(len(some) < len(row) for some, row in zip(floats, rows))
    if mixed or not sizes or max(sizes) > min(sizes) * (1 + 1e-12):
        return f"{name} =\n{matrix_text(rows)}"
    scale = max(sizes)
    signs = [[(x > 0) - (x < 0) for x in row] for row in floats]
    return f"{name} =\n{matrix_text(signs)}" if scale == 1 else f"{name} = {scale:.4g} *\n{matrix_text(signs)}"


def _brackets(n: int) -> list[tuple[str, str]]:
    if n == 1:
        return [("[", "]")]
    return [("⎡", "⎤"), *[("⎢", "⎥")] * (n - 2), ("⎣", "⎦")]


def entry_text(x: object) -> str:
    """One entry, zeros as a dot, floats with four digits.

    Examples
    --------
    >>> from projectors.report.matrices import entry_text
    >>> entry_text(0), entry_text(0.353553), entry_text([0.0, 1.0]), entry_text("sqrt(3)/2")
    ('·', '0.3536', '1i', 'sqrt(3)/2')
    """
    if isinstance(x, list):
        real, imaginary = float(x[0]), float(x[1])
        if imaginary == 0:
            return entry_text(real)
        return f"{imaginary:.4g}i" if real == 0 else f"{real:.4g}{imaginary:+.4g}i"
    if isinstance(x, float):
        return "·" if x == 0 else f"{x:.4g}"
    return "·" if x in (0, "0") else str(x)
