"""Groups of sympy as ours, and ours as sympy's.

Permutations are the same lists of images on both sides; products are not: sympy's p * q applies p first, our `G.multiply(p, q)` applies q
first. A group as a set, its order and its classes do not depend on this; words do, from right to left.
"""

from __future__ import annotations

import re
from typing import Any

import sympy
from sympy.combinatorics import Permutation, PermutationGroup
from sympy.combinatorics.fp_groups import FpGroup
from sympy.liealgebras.cartan_type import Standard_Cartan
from sympy.liealgebras.weyl_group import WeylGroup
from sympy.matrices import MatrixBase

from grouprep import G2, SO, SU, FiniteGroup, Sp
from grouprep.errors import GroupRepError, UnsupportedGroup, shown
from grouprep.groups import Group
from grouprep.linalg import as_exact
from grouprep.linalg.convert import to_sympy as matrix_to_sympy
from grouprep.representations import Representation

__all__ = ["group_from_sympy", "to_sympy"]

_READ = "a Permutation, a PermutationGroup, an FpGroup, a CartanType, a WeylGroup, or a list of permutations or of square matrices"


def group_from_sympy(obj: object, name: str = "") -> Group:
    """The group that an object of sympy is, or generates.

    Parameters
    ----------
    obj : a `Permutation`, a `PermutationGroup`, a list of permutations (all of them acting on as many points as the largest), a list of
        square matrices of exact entries, an `FpGroup`, a `WeylGroup` (by its matrices), or a `CartanType`: the compact group SU(n + 1)
        for A_n, SO(2 n + 1) for B_n, Sp(n) for C_n, SO(2 n) for D_n, G2. SO is not simply connected: spinors are irreps of its cover.
    name : how the group is printed; of permutations, matrices and presentations.

    Returns
    -------
    A FiniteGroup, or a LieGroup for a Cartan type. Generators are those of the object in their order; those of an FpGroup keep their
    names, and become x1, x2, ... where these are no plain names.

    Raises
    ------
    GroupRepError
        If the object is none of these.
    UnsupportedGroup
        If the group is infinite (matrices, presentations), or there is none of this Cartan type here.

    Examples
    --------
    >>> from sympy.combinatorics.free_groups import free_group
    >>> from sympy.combinatorics.fp_groups import FpGroup
    >>> from sympy.liealgebras.cartan_type import CartanType
    >>> F, a, b = free_group("a b")
    >>> G = group_from_sympy(FpGroup(F, [a**2, b**3, (a * b) ** 4]), name="S4")
    >>> G.order, [x.label for x in G.generator_names], group_from_sympy(CartanType("A2")).name
    (24, ['a', 'b'], 'SU(3)')

    References
    ----------
    A. Meurer et al., SymPy: symbolic computing in Python, PeerJ Computer Science 3 (2017), e103.
    """
    if isinstance(obj, Permutation):
        return _from_permutations([obj], name)
    if isinstance(obj, PermutationGroup):
        return _from_permutations(list(obj.generators), name)
    if isinstance(obj, FpGroup):
        return _from_presentation(obj, name)
    if isinstance(obj, WeylGroup):
        given = obj.generators()
        reflections = [obj.matrix_form(r) for r in given]
        return FiniteGroup.from_matrices(
            dict(zip(given, reflections, strict=True)), name=name or f"Weyl({_type_of(obj)})"
        )
    if isinstance(obj, Standard_Cartan):
        return _of_type(obj)
    if isinstance(obj, MatrixBase):
        obj = [obj]
    if isinstance(obj, list | tuple) and obj:
        if all(isinstance(x, Permutation) for x in obj):
            return _from_permutations(list(obj), name)
        if all(isinstance(x, MatrixBase) for x in obj):
            return FiniteGroup.from_matrices(list(obj), name=name)
        if {isinstance(x, Permutation | MatrixBase) for x in obj} == {True}:
            raise GroupRepError("obj mixes permutations and matrices; give generators of one kind")
    raise GroupRepError(f"obj = {shown(obj)} is no group of sympy; give {_READ}")


def _from_permutations(given: list[Permutation], name: str) -> FiniteGroup:
    degree = max(1, *(p.size for p in given)) if given else 1
    images = [[*p.array_form, *range(p.size, degree)] for p in given] or [list(range(degree))]
    return FiniteGroup.from_permutations(images, name=name)


def _from_presentation(obj: Any, name: str) -> FiniteGroup:
    symbols = list(obj.free_group.symbols)
    names = [str(s) for s in symbols]
    if len(set(names)) < len(names) or not all(re.fullmatch(r"[A-Za-z_]\w*", x) for x in names):
        names = [f"x{k}" for k in range(1, len(symbols) + 1)]
    word = dict(zip(symbols, names, strict=True))
    relators = [" ".join(f"{word[s]}^{int(k)}" for s, k in r.array_form) for r in obj.relators]
    return FiniteGroup.from_presentation(names, relators, name=name)


def _type_of(obj: WeylGroup) -> str:
    kind = obj.cartan_type
    return f"{kind.series}{kind.n}"


def _of_type(obj: Any) -> Group:
    series, n = obj.series, int(obj.n)
    if series == "A" and n >= 1:
        return SU(n + 1)
    if series == "B" and n >= 2:
        return SO(2 * n + 1)
    if series == "C" and n >= 2:
        return Sp(n)
    if series == "D" and n >= 3:
        return SO(2 * n)
    if series == "G":
        return G2()
    raise UnsupportedGroup(f"there is no group of type {series}{n} here; known are A1.., B2.., C2.., D3.. and G2")


def to_sympy(obj: object) -> Any:
    """A finite group, a permutation or a representation in sympy's types.

    Parameters
    ----------
    obj : a FiniteGroup; an element of one as its images (degree,); or a representation.

    Returns
    -------
    A `PermutationGroup` with the same generators, a `Permutation` with the same images, or the exact images of the generators: a
    dictionary of a `Matrix` (dim, dim) by each generator's label. `V.exact(g)` is one Matrix, `G.character_table().to_sympy()` all values
    of the characters, and `H.exact_basis()[i]` an equivariant map.

    Raises
    ------
    GroupRepError
        If the object is none of these.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> G = Symmetric(3)
    >>> to_sympy(G).order(), list(to_sympy(G.natural()).values())[1]
    (6, Matrix([
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, 1]]))
    """
    if isinstance(obj, FiniteGroup):
        return PermutationGroup([Permutation(p.tolist()) for p in obj.generators])
    if isinstance(obj, Representation):
        return {a.label: matrix_to_sympy(as_exact(obj.images[a])) for a in obj.group.generator_names}
    if isinstance(obj, Group):
        raise UnsupportedGroup(
            f"{obj} is no finite group; sympy has no groups of matrices: take the exact images of a representation"
        )
    array = getattr(obj, "tolist", lambda: obj)()
    if isinstance(array, list) and array and sorted(map(str, array)) == sorted(map(str, range(len(array)))):
        return Permutation([int(x) for x in array])
    if isinstance(obj, sympy.Basic):
        raise GroupRepError(f"obj = {shown(obj)} is sympy's already")
    raise GroupRepError(f"obj = {shown(obj)} must be a FiniteGroup, a permutation of 0..n-1, or a representation")
