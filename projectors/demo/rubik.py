"""The first section of the demonstration: the Rubik's cube group, from ten lines of TOML to a certified commutant."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from grouprep import load_group
from grouprep.summary import Summary
from grouprep.typing import Integers
from projectors import commutant
from projectors.files import verify
from projectors.report import Record

__all__ = ["Rubik", "rubik_file", "solve_rubik"]

KINDS = ("corner", "edge")
CORNERS_SHOWN, EDGES_SHOWN = 2, 3


@dataclass(frozen=True, repr=False)
class Rubik(Summary):
    """What was found of the Rubik's cube group.

    record : plain data, for JSON.
    labels : which of the nine basis elements, 1 to 9, is not zero at (row, column); (48, 48).
    order : the facelets sorted: corners before edges, facelets of one piece side by side; (48,).
    pieces : the number of the piece that each facelet of `order` lies on; (48,).
    """

    record: Record
    labels: Integers
    order: Integers
    pieces: Integers

    @property
    def picture(self) -> Integers:
        """`labels` with rows and columns in `order`."""
        sorted_labels: Integers = self.labels[np.ix_(self.order, self.order)]
        return sorted_labels

    @property
    def excerpt(self) -> Integers:
        """The part of `picture` on two corner pieces and three edge pieces: all nine labels occur in it."""
        corners = np.arange(3 * CORNERS_SHOWN)
        edges = 24 + np.arange(2 * EDGES_SHOWN)
        chosen = np.concatenate([corners, edges])
        part: Integers = self.picture[np.ix_(chosen, chosen)]
        return part


def rubik_file() -> Path:
    """The packaged file of generators."""
    return Path(str(files("grouprep.groups") / "data" / "rubik.toml"))


def solve_rubik(save: Path | None = None) -> Rubik:
    """Solve for the operators that commute with all turns of the cube, prove the basis, save it and prove the file.

    Parameters
    ----------
    save : where to write the exact basis, if anywhere.

    Raises
    ------
    GroupRepError
        If the file cannot be written; CertificateError if a check fails.

    Examples
    --------
    >>> from projectors.demo.rubik import solve_rubik
    >>> solve_rubik().record["dim"]
    9
    """
    start = time.perf_counter()
    G = load_group(rubik_file())
    H = commutant(G.natural())
    certificate = H.certify()
    seconds = time.perf_counter() - start
    elements = H.exact_basis().to_numpy()
    labels = np.einsum("kij,k->ij", elements != 0, np.arange(1, H.dim + 1))
    order, pieces, kinds = _sort_facelets(labels)
    record: Record = {
        "group": G.name,
        "order": G.order,
        "representation": str(H.V),
        "representation_dim": H.V.dim,
        "unknowns": H.V.dim**2,
        "dim": H.dim,
        "seconds": seconds,
        "certificate": certificate.to_dict(),
        "orbitals": [_orbital(k, labels, kinds) for k in range(1, H.dim + 1)],
        "verified": None,
    }
    if save is not None:
        H.save(save)
        again = verify(save)
        record["verified"] = {"file": str(save), "proved": again.proved, "seconds": again.seconds}
    return Rubik(record, labels, order, pieces)


def _sort_facelets(labels: Integers) -> tuple[Integers, Integers, Integers]:
    """The order of the facelets, their pieces in that order, and for each facelet whether it is a corner's (0) or an edge's (1).

    Two facelets lie on one piece if whatever fixes one fixes the other: their orbital has one entry in each row.
    """
    row_sizes = np.array([(labels == k).sum(axis=1).max() for k in range(labels.max() + 1)])
    same_piece = row_sizes[labels] == 1
    piece = same_piece.argmax(axis=1)  # its first facelet
    kinds = (same_piece.sum(axis=1) == 2).astype(np.int64)
    order = np.lexsort((np.arange(len(labels)), piece, kinds))
    numbers = np.cumsum(np.r_[0, np.diff(piece[order]) != 0])
    return order, numbers, kinds


def _orbital(k: int, labels: Integers, kinds: Integers) -> Record:
    """Which pairs of facelets the k-th basis element joins."""
    rows, columns = np.nonzero(labels == k)
    target, source = KINDS[kinds[rows[0]]], KINDS[kinds[columns[0]]]
    per_row = len(rows) // len(set(rows.tolist()))
    return {
        "number": k,
        "from": source,
        "to": target,
        "entries": len(rows),
        "in_each_row": per_row,
        "meaning": _meaning(source, target, per_row, bool(rows[0] == columns[0])),
    }


def _meaning(source: str, target: str, per_row: int, diagonal: bool) -> str:
    if diagonal:
        return "the facelet itself"
    if source != target:
        return f"the sum over all {source} facelets"
    if per_row == 1:
        return f"another facelet of the same {source} piece"
    return f"the sum over all other {source} pieces"
