"""SU(2), SO(3) and O(3) by whatever generators: recognised as groups of matrices, and their generators in the standard basis.

The standard basis of the Lie algebra is that of `SU(2)`, i sigma_3 / 2, i sigma_2 / 2, i sigma_1 / 2, and of `SO(3)` and `O(3)`, the
rotations from axis 0 to 1, from 0 to 2 and from 1 to 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from grouprep.groups.base import Generator, Group
from grouprep.groups.lie import LieGroup
from grouprep.irreps.divided_powers import shrink
from grouprep.irreps.spin_labels import SpinKind
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg import matrices as mat
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.fields import common_domain, conjugate, convert_matrix, cyclotomic_field, element
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.typing import Array, Scalar

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["is_spin_group", "is_standard", "spin_coordinates", "standard_images"]

_FIRST = Monomial(np.arange(3), np.array([1, 0, 0]), 2)  # the reflection of the first axis


def is_spin_group(group: Group, kind: SpinKind) -> bool:
    """Whether a group of matrices, given by exact generators, is SU(2), SO(3) or O(3) as it stands, in any basis of the Lie algebra.

    Examples
    --------
    >>> from grouprep import LieGroup
    >>> x, y = [[0, 0, 0], [0, 0, -1], [0, 1, 0]], [[0, 0, 1], [0, 0, 0], [-1, 0, 0]]
    >>> is_spin_group(LieGroup.from_algebra([x, y]), "SO(3)")
    True
    """
    if not isinstance(group, LieGroup) or group.n != (2 if kind == "SU(2)" else 3) or not group.is_exact:
        return False
    if bool(group.components) != (kind == "O(3)") or spin_coordinates(group, kind) is None:
        return False
    return kind != "O(3)" or _are_reflections(group)


def _are_reflections(group: LieGroup) -> bool:
    """Whether the discrete generators are orthogonal and one of them has determinant -1."""
    signs = set()
    for h in group.components:
        if not mat.is_real(h) or not mat.equal(mat.matmul(mat.transpose(h), h), Monomial.identity(3)):
            return False
        signs.add(bool(np.linalg.det(as_float(h)) < 0))
    return True in signs


@lru_cache(maxsize=64)
def spin_coordinates(group: Group, kind: SpinKind) -> DomainMatrix | None:
    """The coordinates of the algebra's generators in the standard basis, exact and real, (generators, 3).

    None if one is not in the algebra, or all are multiples of one: two independent ones generate it, as the bracket is the
    cross product of coordinates.
    """
    if not isinstance(group, LieGroup):
        return None
    rows = [_coordinates(as_exact(a), kind) for a in group.algebra]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        return None
    field = common_domain(*(row.domain for row in known))
    stacked = {k: from_domain_matrix_rows(convert_matrix(row, field)).get(0, {}) for k, row in enumerate(known)}
    matrix = sparse_matrix(stacked, (len(known), 3), field)
    return matrix if matrix.to_field().rank() >= 2 else None


def _coordinates(a: DomainMatrix, kind: SpinKind) -> DomainMatrix | None:
    if not mat.equal(mat.transpose(conjugate(a)), -a):
        return None
    if kind != "SU(2)":
        if not mat.equal(conjugate(a), a):
            return None
        return _row([_entry(a, *place) for place in ((1, 0), (2, 0), (2, 1))], a)
    from sympy import I

    K = common_domain(a.domain, cyclotomic_field(4)).get_field()
    a = convert_matrix(a, K)
    bar, i = conjugate(a), element(I, K)
    if _entry(a, 0, 0) + _entry(a, 1, 1):
        return None
    x, y = _entry(a, 0, 1), _entry(bar, 0, 1)
    return _row([-i * 2 * _entry(a, 0, 0), x + y, -i * (x - y)], a)


def _entry(a: DomainMatrix, i: int, j: int) -> Scalar:
    return from_domain_matrix_rows(a).get(i, {}).get(j, a.domain.zero)


def _row(values: list[Scalar], a: DomainMatrix) -> DomainMatrix:
    return shrink(sparse_matrix({0: {k: x for k, x in enumerate(values) if x}}, (1, 3), a.domain))


@lru_cache(maxsize=64)
def is_standard(group: Group, kind: SpinKind) -> bool:
    """Whether the generators are those of `SU(2)`, `SO(3)` or `O(3)`, in their order."""
    found = spin_coordinates(group, kind)
    same = found is not None and found.shape == (3, 3) and mat.equal(found, Monomial.identity(3))
    if not same or kind != "O(3)":
        return same
    elements = [a for a in group.generator_names if a.kind == "element"]
    return len(elements) == 1 and bool(mat.equal(group.generator_element(elements[0]), _FIRST))


def standard_images(
    group: Group, kind: SpinKind, images: Mapping[Generator, Image]
) -> tuple[Array, Array, Array, Array | None]:
    """The images of the standard basis in floats, and that of -1 for O(3), of a representation given on the group's generators."""
    found = spin_coordinates(group, kind)
    assert found is not None
    coordinates = list(to_numpy(found))
    values = [np.asarray(as_float(images[a])) for a in group.generator_names if a.kind == "algebra"]
    if found.to_field().rank() < 3:
        for i, j in combinations(range(len(values)), 2):
            values.append(values[i] @ values[j] - values[j] @ values[i])
            coordinates.append(np.cross(coordinates[i], coordinates[j]))
    first, second, third = np.tensordot(np.linalg.pinv(np.array(coordinates)), np.array(values), 1)
    elements = [a for a in group.generator_names if a.kind == "element"]
    if not elements:
        return first, second, third, None
    matrices = {a: as_float(group.generator_element(a)) for a in elements}
    a, h = next((a, h) for a, h in matrices.items() if np.linalg.det(h) < 0)
    return first, second, third, np.asarray(as_float(images[a])) @ _rotated(-h.T, (first, second, third))


def _rotated(R: Array, standard: tuple[Array, Array, Array]) -> Array:
    """The image of a rotation matrix."""
    from scipy.linalg import expm
    from scipy.spatial.transform import Rotation

    x, y, z = Rotation.from_matrix(R).as_rotvec()
    return np.asarray(expm(z * standard[0] - y * standard[1] + x * standard[2]))
