"""Volumes of furniture and other household things: the models of a Debian package, named by class, as voxels.

Each model is an OBJ file with the size of the thing; it is turned upright, scaled so that its longest side fills the cube, and its
surface is sampled. A voxel's value is the share of its 2 x 2 x 2 parts that the surface meets. Axes are right, back, up.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLASSES", "LIBRARIES", "Shape", "class_of", "read_library", "surface", "voxels"]

LIBRARIES = ("BlendSwap-CC-0", "BlendSwap-CC-BY", "KatorLegaz", "Reallusion", "Scopia")
CLASSES = {  # what a model's name says, in this order: the first that matches
    "person": r"\b(fe)?male\b|\bboy\b|\bgirl\b",
    "lamp": r"lamp|light\b|lights\b|chandelier|lantern|candle",
    "plant": r"plant|\btree|bamboo|ficus|cactus|flowers|tulips|lily|orchids|\bpine\b|cypress|poplar|maple|acacia|beech|bush|"
    r"spathiphyllum|yucca|peach blossom",
    "vehicle": r"sedan|\bbus$|chevrolet|focus|peugeot|renault|suv|leon|smart car|truck|\bvan$|beetle|car model|\bbike$|bicycle|"
    r"scooter|yamaha|fork lift|motorbike",
    "cabinet": r"cabinet|bookcase|shelves|wardrobe|cupboard|dresser|\bchest\b|fridge|refrigerator|\boven|washing machine|"
    r"dryer machine|\bcooker$|stove|vanity|\bsafe$|locker|bedside table",
    "bed": r"\bbed$|crib|futon$|mattress",
    "sofa": r"sofa|couch|\bbench|bank$",
    "seat": r"chair|stool|class seat|pool lounge",
    "table": r"\btable\b(?! (fan|tennis bat))|desk$",
    "door": r"\bdoor$|\bdoor with|window (?!blind)|window$",
    "vessel": r"bottle|glass$|\bcup$|\bmug|\bbowl$|\bvase|\bpot$|\bjar|pottery|flacon|creamer|kettle|press$|teapot|trash ?can|barrel|"
    r"dustbin",
}
NOT = r"corner cabinet|workbench|abdominal|indoor bike|plant box|artwork"
POINTS = 60_000


@dataclass(frozen=True)
class Shape:
    """One model: its identity, its name and maker, its class, and the volume (n, n, n) in [0, 1]."""

    key: str
    name: str
    maker: str
    kind: str
    volume: NDArray[np.float32]


def class_of(name: str) -> str | None:
    """The class that a model's name says, or None."""
    name = name.lower()
    if re.search(NOT, name):
        return None
    return next((kind for kind, pattern in CLASSES.items() if re.search(pattern, name)), None)


def read_library(path: Path, size: int) -> list[Shape]:
    """The shapes of one library file that belong to a class."""
    shapes = []
    with zipfile.ZipFile(path) as files:
        lines = files.read("PluginFurnitureCatalog.properties").decode("latin-1").splitlines()
        entries = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        for k in sorted(int(key[6:]) for key in entries if key.startswith("model#")):
            kind = class_of(entries[f"name#{k}"])
            if kind is None:
                continue
            turn = np.array(entries.get(f"modelRotation#{k}", "1 0 0 0 1 0 0 0 1").split(), float).reshape(3, 3)
            sides = np.array([entries[f"{side}#{k}"] for side in ("width", "height", "depth")], float)
            triangles = read_triangles(files.read(entries[f"model#{k}"].lstrip("/")).decode("latin-1")) @ turn.T
            volume = voxels(surface(upright(triangles, sides), POINTS, seed=k), size)
            shapes.append(Shape(entries[f"id#{k}"], entries[f"name#{k}"], entries[f"creator#{k}"], kind, volume))
    return shapes


def read_triangles(text: str) -> NDArray[np.float64]:
    """The triangles (m, 3, 3) of an OBJ file; polygons are cut into fans."""
    points, corners = [], []
    for line in text.splitlines():
        if line.startswith("v "):
            points.append(line.split()[1:4])
        elif line.startswith("f "):
            face = [int(word.split("/", 1)[0]) for word in line.split()[1:]]
            face = [k - 1 if k > 0 else len(points) + k for k in face]
            corners += [(face[0], face[k], face[k + 1]) for k in range(1, len(face) - 1)]
    return np.array(points, float)[np.array(corners)]


def upright(triangles: NDArray[np.float64], sides: NDArray[np.float64]) -> NDArray[np.float64]:
    """Models have axes right, up, front and any unit: with the sides of the thing, longest side 1, centre 0, and axes right, back, up."""
    low, high = triangles.min(axis=(0, 1)), triangles.max(axis=(0, 1))
    extent = np.where(high > low, high - low, 1.0)
    centred = (triangles - (low + high) / 2) / extent * sides / sides.max()
    return np.stack([centred[..., 0], -centred[..., 2], centred[..., 1]], axis=-1)


def surface(triangles: NDArray[np.float64], count: int, seed: int) -> NDArray[np.float64]:
    """Points (count, 3) drawn uniformly by area."""
    rng = np.random.default_rng(seed)
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    chosen = np.searchsorted(np.cumsum(areas), rng.random(count) * areas.sum(), side="right").clip(max=len(areas) - 1)
    u, v = rng.random((2, count, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    return a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen]


def voxels(points: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """For points in [-1/2, 1/2]^3, the share of the 2 x 2 x 2 parts of each of size^3 voxels that hold one."""
    fine = np.zeros((2 * size,) * 3, np.float32)
    index = np.floor((points + 0.5) * 2 * size).astype(int).clip(0, 2 * size - 1)
    fine[tuple(index.T)] = 1
    return fine.reshape(size, 2, size, 2, size, 2).mean(axis=(1, 3, 5))
