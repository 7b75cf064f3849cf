"""Shapes in one pose each: upright with a known probability, else turned by a random element of the octahedral group."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from studies.harness import Source, fetch
from studies.harness.data import cache_folder
from studies.volumes.shapes import CLASSES, LIBRARIES, Shape, read_library

__all__ = [
    "SOURCES",
    "Parts",
    "distinct",
    "parts",
    "pose",
    "shapes",
    "stand_ins",
    "standing",
    "turned_voxels",
    "turns",
    "upright_turns",
    "voxel_file",
]

_SHA256 = {
    "BlendSwap-CC-0": "7ef093fe70cedbb160bdb532d86a84580459635e34130c16777f549eba1993dc",
    "BlendSwap-CC-BY": "29ae78937b4d5dbe93db74067817a984fa411f017b007fd666bc40368bdb0c83",
    "KatorLegaz": "f512443b5d3a6903497573095f971f44334b3165ab32182133051fa9487764a6",
    "Reallusion": "dd553207876ccec6372dde7aaea6b2dcf2d631997fcdb8a9856a639e0db9aa9b",
    "Scopia": "b4505451b1e8ab339c101c0afddfef4e1a07b95aa8c821c61ec41487afd43850",
}
SOURCES = {
    name: Source(
        kind="deb",
        package="sweethome3d-furniture",
        version="1.8-1",
        member=f"usr/share/sweethome3d/furniture/{name}.sh3f",
        sha256=_SHA256[name],
        licence="CC0" if name == "BlendSwap-CC-0" else "CC-BY-3.0",
        origin=f"Sweet Home 3D, library of 3D models {name}",
    )
    for name in LIBRARIES
}
ALIKE = 0.97  # cosine of two volumes above which they are taken for one shape
DEVELOPMENT, TRAINING = 0.7, 0.5  # shares of each class: not for testing, and of these for training
Parts = dict[str, tuple[torch.Tensor, torch.Tensor]]


# Turns


@lru_cache(maxsize=1)
def turns() -> tuple[NDArray[np.int64], ...]:
    """The 24 turns of the cube, as integer matrices (3, 3); the first is the identity."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            matrix = np.zeros((3, 3), np.int64)
            matrix[range(3), order] = signs
            if round(np.linalg.det(matrix)) == 1:
                found.append(matrix)
    return tuple(found)


@lru_cache(maxsize=1)
def upright_turns() -> tuple[int, ...]:
    """Which of `turns` leave what is up as it is: the four about the vertical."""
    return tuple(k for k, matrix in enumerate(turns()) if matrix[2, 2] == 1)


@lru_cache(maxsize=4)
def turned_voxels(size: int) -> torch.Tensor:
    """(24, size^3): for each turn, which voxel each voxel of the turned volume comes from."""
    grid = np.stack(np.meshgrid(*[np.arange(size)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    centred = 2 * grid - (size - 1)
    index = [((centred @ matrix + size - 1) // 2) @ [size**2, size, 1] for matrix in turns()]  # M^-1 x = x M
    return torch.tensor(np.stack(index))


def standing(count: int, upright: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Numbers of turns: about the vertical with probability `upright`, else any of the 24; both evenly."""
    stands = rng.random(count) < upright
    return np.where(stands, rng.choice(upright_turns(), count), rng.integers(24, size=count))


def pose(x: torch.Tensor, number: torch.Tensor | NDArray[np.int64]) -> torch.Tensor:
    """Volumes (b, 1, n, n, n), each turned by the turn of its number."""
    index = turned_voxels(x.shape[-1])[torch.as_tensor(number)]
    return x.flatten(1).gather(1, index.to(x.device)).reshape(x.shape)


# Shapes


def voxel_file(size: int) -> Path:
    """Where the voxels are kept once they are made."""
    return cache_folder() / f"volumes-{size}.npz"


@lru_cache(maxsize=2)
def shapes(size: int) -> tuple[Shape, ...]:
    """All shapes of the package that belong to a class, each kind of look once; kept in the cache as voxels."""
    path = voxel_file(size)
    if not path.exists():
        found = distinct([s for name in LIBRARIES for s in read_library(fetch(SOURCES[name]), size)])
        text = np.array([(s.key, s.name, s.maker, s.kind) for s in found])
        partial = path.with_suffix(".part.npz")
        np.savez_compressed(
            partial, text=text, eighths=np.stack([np.rint(8 * s.volume).astype(np.uint8) for s in found])
        )
        partial.replace(path)
    with np.load(path) as kept:
        pairs = zip(kept["text"].tolist(), kept["eighths"], strict=True)
        return tuple(Shape(*words, volume=eighths.astype(np.float32) / 8) for words, eighths in pairs)


def distinct(found: Sequence[Shape]) -> list[Shape]:
    """The shapes, but none whose volume has a cosine above `ALIKE` with an earlier one in some turn."""
    index = turned_voxels(found[0].volume.shape[0]).numpy()
    flat = np.stack([s.volume.ravel() for s in found])
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    alike = np.max([flat @ flat[:, order].T for order in index], axis=0) > ALIKE
    kept: list[int] = []
    for k in range(len(found)):
        if not alike[k, kept].any():
            kept.append(k)
    return [found[k] for k in kept]


def stand_ins(count: int, size: int) -> tuple[Shape, ...]:
    """Generated shapes for a run without data: boxes with class-dependent sides, and a foot below."""
    rng = np.random.default_rng(0)
    kinds = list(CLASSES)
    typical = rng.integers(1, size // 2, (len(kinds), 3))
    out = []
    for k in range(count):
        kind = kinds[k % len(kinds)]
        sides = typical[k % len(kinds)] + rng.integers(2, size=3)
        volume = np.zeros((size,) * 3, np.float32)
        volume[: sides[0], : sides[1], : sides[2]] = 1
        volume[: sides[0], : sides[1], 0] += 1
        out.append(Shape(str(k), f"{kind} {k}", "generated", kind, volume / 2))
    return tuple(out)


# Data of one seed


def parts(found: Sequence[Shape], upright: float, seed: int, poses: int) -> Parts:
    """Volumes (b, 1, n, n, n) and classes: for training each shape in one pose, for validation and test in several.

    Shapes of one name by one maker stand in one part; each class is cut by the same shares. Test shapes are the same for every seed:
    what is chosen on some seeds has not seen them. "turned" is the test part again, in poses evenly drawn from all 24.
    """
    rng = np.random.default_rng(seed)
    x = torch.tensor(np.stack([s.volume for s in found]))[:, None]
    y = torch.tensor([list(CLASSES).index(s.kind) for s in found])
    where = _divided(found, rng)
    out: Parts = {}
    for part, times, share in (
        ("training", 1, upright),
        ("validation", poses, upright),
        ("test", poses, upright),
        ("turned", poses, 0.0),
    ):
        chosen = torch.tensor(where["test" if part == "turned" else part]).repeat(times)
        out[part] = pose(x[chosen], standing(len(chosen), share, rng)), y[chosen]
    return out


def _divided(found: Sequence[Shape], rng: np.random.Generator) -> dict[str, list[int]]:
    """The numbers of the shapes of each part; the test part is the same whatever the generator."""
    where: dict[str, list[int]] = {"training": [], "validation": [], "test": []}
    fixed = np.random.default_rng(15)
    for kind in CLASSES:
        families: dict[tuple[str, str], list[int]] = {}
        for k, s in enumerate(found):
            if s.kind == kind:
                families.setdefault((s.maker, s.name), []).append(k)
        total = sum(map(len, families.values()))
        order = list(families.values())
        others, test = _cut([order[k] for k in fixed.permutation(len(order))], DEVELOPMENT * total)
        training, validation = _cut([others[k] for k in rng.permutation(len(others))], TRAINING * total)
        for part, chosen in (("training", training), ("validation", validation), ("test", test)):
            where[part] += [k for family in chosen for k in family]
    return where


def _cut(families: list[list[int]], size: float) -> tuple[list[list[int]], list[list[int]]]:
    """The first families, of about so many members together, and the others."""
    sizes = np.array([len(family) for family in families])
    count = int(np.searchsorted(np.cumsum(sizes) - sizes / 2, size))
    return families[:count], families[count:]
