"""Irreps of the symmetric and alternating groups, labelled by partitions, and how representations of S_n split."""

from __future__ import annotations

import numpy as np

from grouprep.character_tables.partitions import Partition, conjugate_partition, partitions
from grouprep.errors import AmbiguousRank
from grouprep.groups.finite import FiniteGroup
from grouprep.irreps.family import Images, Splitting
from grouprep.irreps.known import KnownFamily, KnownIrrep, Listed, read_integers
from grouprep.irreps.young import OrthogonalForm, tableaux
from grouprep.linalg import as_float
from grouprep.typing import Array

__all__ = ["AlternatingFamily", "SymmetricFamily"]


def read_partition(label: object) -> Partition | None:
    """A partition from a sequence of integers, or from text such as "[3,1]", "3, 1" and "(3, 1)"; None if it is none.

    Examples
    --------
    >>> read_partition("[3,1]"), read_partition((2, 2)), read_partition([1, 2])
    ((3, 1), (2, 2), None)
    """
    found = read_integers(label)
    return found if found and found[-1] > 0 and list(found) == sorted(found, reverse=True) else None


def _text(shape: Partition) -> str:
    return f"[{','.join(map(str, shape))}]"


_OTHER_LABELS = {
    1: {"A": "[1]"},
    2: {"A": "[2]", "B": "[1,1]"},
    3: {"A1": "[3]", "A2": "[1,1,1]", "E1": "[2,1]", "E": "[2,1]"},
}
"""Labels of the cyclic and dihedral groups that S_1, S_2 and S_3 are isomorphic to."""


class SymmetricFamily(KnownFamily):
    """The irreps of the group of all permutations of n points, in Young's orthogonal form; the label is the partition.

    group : all permutations of its points, whatever generates it. Labels: "[3,1]" or (3, 1); for n <= 3 those of Dihedral(3)
        and of Cyclic are read too.

    References
    ----------
    James and Kerber, The Representation Theory of the Symmetric Group (1981), chapters 2 and 3; for the splitting A. Okounkov,
    A. Vershik, A new approach to representation theory of symmetric groups, Selecta Math. 2 (1996) 581.
    """

    group: FiniteGroup

    def __init__(self, group: FiniteGroup) -> None:
        super().__init__(
            group, [Listed(_text(shape), OrthogonalForm(group, shape)) for shape in partitions(group.degree)]
        )

    def read(self, label: object) -> str | None:
        shape = read_partition(label)
        if shape is not None:
            return _text(shape)
        text = super().read(label)
        return None if text is None else _OTHER_LABELS.get(self.group.degree, {}).get(text, text)

    def split(self, images: Images) -> Splitting:
        """By the eigenvalues of the Jucys-Murphy elements, the contents of the tableau that is filled by rows."""
        swaps = self._transpositions(images)
        N = len(as_float(next(iter(images.values()))))
        out: Splitting = []
        for shape, seeds in _seeds(swaps, N).items():
            number = partitions(self.group.degree).index(shape)
            out.append((KnownIrrep(self, number, "complex"), _spread(shape, seeds, swaps)))
        return sorted(out, key=lambda found: found[0].position)

    def _transpositions(self, images: Images) -> list[Array]:
        """The matrices of the transpositions of neighbours."""
        n, G = self.group.degree, self.group
        if n == 1:
            return []
        swaps = [np.arange(n) for _ in range(n - 1)]
        for i, p in enumerate(swaps):
            p[i : i + 2] = i + 1, i
        cycle = np.roll(np.arange(n), -1)
        if len(G.generators) == 2 and np.array_equal(G.generators, [cycle, swaps[0]]):
            a, b = (np.asarray(as_float(images[x])) for x in G.generator_names)
            found = [b]
            for _ in range(n - 2):
                found.append(a @ found[-1] @ a.conj().T)
            return found
        return list(np.asarray(G.extend(images).floats(np.array(swaps))))


def _seeds(swaps: list[Array], N: int) -> dict[Partition, Array]:
    """By shape, an orthonormal basis (N, m) of the vectors of its first tableau in all copies."""
    spaces: dict[Partition, Array] = {(1,): np.eye(N)}
    murphy = np.zeros((N, N))
    for swap in swaps:
        murphy = swap @ murphy @ swap + swap
        grown: dict[Partition, Array] = {}
        for shape, Q in spaces.items():
            A = Q.conj().T @ murphy @ Q
            values, vectors = np.linalg.eigh((A + A.conj().T) / 2)
            contents = np.rint(values).astype(int)
            if np.abs(values - contents).max(initial=0.0) > 0.25:
                raise AmbiguousRank(
                    "a sum of transpositions has an eigenvalue that is no integer: the matrices are no representation of the "
                    "symmetric group, or not unitary"
                )
            longer: list[Partition] = [(*shape, 1)]
            if len(shape) == 1 or shape[-1] < shape[-2]:
                longer.append((*shape[:-1], shape[-1] + 1))
            for new in longer:
                chosen = contents == new[-1] - len(new)
                if chosen.any():
                    grown[new] = Q @ vectors[:, chosen]
        spaces = grown
    return spaces


def _spread(shape: Partition, seeds: Array, swaps: list[Array]) -> Array:
    """(m, N, d): the vectors of all tableaux from those of the first, by Young's orthogonal form."""
    T = tableaux(shape)
    vectors: dict[int, Array] = {0: seeds}
    queue = [0]
    for t in queue:
        for i, swap in enumerate(swaps):
            u, r = int(T.partners[i, t]), int(T.distances[i, t])
            if u not in vectors:
                vectors[u] = (swap @ vectors[t] - vectors[t] / r) * (abs(r) / np.sqrt((r - 1) * (r + 1)))
                queue.append(u)
    return np.moveaxis(np.array([vectors[t] for t in range(T.dim)]), (0, 1, 2), (2, 1, 0))


class AlternatingFamily(KnownFamily):
    """The irreps of the group of all even permutations of n points: those of S_n, halves where the shape is its own conjugate.

    group : all even permutations of its points. Labels: "[3,1]", the larger of a partition and its conjugate; "[2,2]+" and
        "[2,2]-" for the halves: that with + has the character (e + sqrt(e h)) / 2 at the first permutation, in the order of their
        lists of images, with cycles of the lengths of the diagonal hooks; h is their product, e = 1 where n minus the length of
        the diagonal is a multiple of 4, else -1. The type of a half is R for e = 1, else C.

    References
    ----------
    James and Kerber (1981), 2.5; P. Headley, J. Algebraic Combin. 5 (1996) 127.
    """

    group: FiniteGroup

    def __init__(self, group: FiniteGroup) -> None:
        listed: list[Listed] = []
        for shape in partitions(group.degree):
            other = conjugate_partition(shape)
            if shape > other or len(shape) == shape[0] == 1:
                listed.append(Listed(_text(shape), OrthogonalForm(group, shape)))
            elif shape == other:
                for half in (1, -1):
                    V = OrthogonalForm(group, shape, half)
                    place = len(listed) + half if V.field == "complex" else -1
                    listed.append(
                        Listed(_text(shape) + ("+" if half > 0 else "-"), V, "C" if place >= 0 else "R", place)
                    )
        super().__init__(group, listed)

    def read(self, label: object) -> str | None:
        text = super().read(label)
        sign = text[-1] if text and text[-1] in "+-" else ""
        shape = read_partition(text[: len(text) - len(sign)] if text else label)
        if shape is None:
            return text
        return _text(max(shape, conjugate_partition(shape))) + sign
