"""`grouprep demo`: three sections on real input, as text, as plain data and as pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from projectors.demo.digits import digits_file, measure_digits
from projectors.demo.lorentz import solve_lorentz
from projectors.demo.pictures import can_draw, draw_filters, draw_orbitals
from projectors.demo.rubik import rubik_file, solve_rubik
from projectors.files import write_bytes
from projectors.report import Record
from projectors.report.writing import make_folder

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["demo_record", "print_demo"]

Found = TypeVar("Found")

NO_PICTURES = "matplotlib is not installed, so there are no pictures: pip install grouprep[plot]"


def demo_record(output: str | Path) -> Record:
    """All that the demonstration finds, as plain data; its files are written to a folder.

    Parameters
    ----------
    output : the folder; it is made if need be.

    Raises
    ------
    GroupRepError
        If the folder or a file cannot be written; CertificateError if a check fails.
    """
    folder = _prepare(output)
    rubik = solve_rubik(folder / "rubik.json")
    lorentz = solve_lorentz()
    digits = measure_digits()
    pictures = []
    if can_draw():
        draw_orbitals(rubik, folder / "rubik.png")
        draw_filters(digits, folder / "filters.png")
        pictures = [str(folder / "rubik.png"), str(folder / "filters.png")]
    return {
        "rubik": rubik.record,
        "lorentz": lorentz,
        "digits": digits.record,
        "pictures": pictures,
        "note": None if pictures else NO_PICTURES,
    }


def _prepare(output: str | Path) -> Path:
    """The folder, with the two inputs copied to it so that the commands shown at the end find them."""
    folder = make_folder(output)
    write_bytes(folder / "rubik.toml", rubik_file().read_bytes())
    write_bytes(folder / "digits.npz", digits_file().read_bytes())
    return folder


def print_demo(console: Console, output: str | Path) -> None:
    """Print the demonstration section by section, as it is computed.

    Parameters
    ----------
    console : where to print.
    output : the folder for the files; it is made if need be.

    Raises
    ------
    GroupRepError
        If the folder or a file cannot be written; CertificateError if a check fails.
    """
    from projectors.demo import sections

    folder = _prepare(output)
    rubik = _while_busy(console, "Solving for 2,304 unknowns", lambda: solve_rubik(folder / "rubik.json"))
    console.print(sections.rubik_section(rubik))
    if can_draw():
        draw_orbitals(rubik, folder / "rubik.png")
        console.print(sections.note(f"Picture: {folder / 'rubik.png'}"))
    lorentz = _while_busy(console, "Solving on tensors", solve_lorentz)
    console.print(sections.lorentz_section(lorentz))
    digits = _while_busy(console, "Projecting the networks", measure_digits)
    console.print(sections.digits_section(digits.record))
    if can_draw():
        draw_filters(digits, folder / "filters.png")
        console.print(sections.note(f"Picture: {folder / 'filters.png'}"))
    else:
        console.print(sections.note(NO_PICTURES))
    console.print(sections.next_section(str(folder)))


def _while_busy(console: Console, text: str, work: Callable[[], Found]) -> Found:
    """Do the work, with a spinner if the output is a terminal."""
    if not console.is_terminal:
        return work()
    with console.status(text):
        return work()
