"""Pictures of studies: one style, small files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["IMAGES", "save"]

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def save(figure: Figure, name: str, folder: Path = IMAGES) -> Path:
    """Writes a figure as PNG, the same bytes for the same picture."""
    path = folder / name
    figure.savefig(path, dpi=100, metadata={"Software": None})
    return path
