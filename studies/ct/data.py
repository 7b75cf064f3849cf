"""Pairs of slices, with metal artefacts and without, from one head CT: simulated once, kept in the cache."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from studies.ct.simulate import Scanner, astra_matrix, implants, pixel_matrix, tissues
from studies.harness.data import Source, cache_folder, fetch

__all__ = ["BLOCKS", "GAP", "METAL", "MISSING", "PARTS", "SOURCE", "fetched", "pairs", "phantom", "simulated"]

SOURCE = Source(
    kind="deb",
    package="invesalius-examples",
    version="3.1.99998-4",
    member="usr/share/doc/invesalius-examples/examples/Cranium.inv3",
    sha256="3b34f11f7c4f557f4c65cd6543c412a2f6ceb0cfecfd9c41184420e02d9b7e2a",
    licence="GPL-2",
    origin="InVesalius, Centro de Tecnologia da Informacao Renato Archer: one head CT, 108 x 256 x 256, 0.957 x 0.957 x 1.5 mm",
)
SHAPE, WIDTH = (108, 256, 256), 0.9570312 / 10  # slices, rows, columns; cm of a pixel

GAP = 5  # slices that are left out between blocks: 7.5 mm
BLOCKS = {"training": ((0, 21), (53, 69)), "validation": ((26, 33), (74, 79)), "test": ((38, 48), (84, 94))}
PARTS = {"training": "training", "validation": "validation", "test": "test", "turned": "test"}
MISSING = (0, 15, 40)  # degrees of views that are missing
METAL = -1.0  # what a target says where metal is: nothing is known there
VERSION = 1

Pairs = dict[str, np.ndarray]


def fetched() -> Path:
    """The file of the CT, downloaded and checked."""
    return fetch(SOURCE)


def volume() -> np.ndarray:
    """The head in units of water's attenuation: (slices, rows, columns), float32, at least 0."""
    with tarfile.open(fetched()) as archive:
        member = next(m for m in archive.getmembers() if Path(m.name).name == "matrix.dat")
        file = archive.extractfile(member)
        assert file is not None
        hounsfield = np.frombuffer(file.read(), dtype="<i2").reshape(SHAPE)
    return np.maximum(hounsfield.astype(np.float32) + 1000, 0) / 1000


def phantom(slices: int, size: int) -> np.ndarray:
    """Heads of three ellipses, where there is no CT: (slices, size, size)."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    out = np.zeros((slices, size, size), np.float32)
    for k, image in enumerate(out):
        turn = 0.1 * k
        for value, a, b, at in ((2.0, 0.7, 0.85, 0.0), (1.0, 0.6, 0.75, 0.0), (0.1, 0.1, 0.15, 0.5)):
            image[np.hypot(x / a, (y - at * np.cos(turn)) / b) < 1] = value
    return out


def coarse(image: np.ndarray) -> np.ndarray:
    """Means over 2 x 2 pixels."""
    rows, columns = image.shape
    return image.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))


def simulated(
    slices: np.ndarray, scanner: Scanner, repeats: int, turned: bool, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What is seen and what is there, of each slice with `repeats` sets of implants.

    slices : (n, 2 size, 2 size). turned : the patient lies a quarter turn round in the same scanner.
    Returns {"0": inputs (n * repeats, size, size) of a full scan, "15": ..., "target": targets, METAL where metal is}, float16.
    """
    out: dict[str, list[np.ndarray]] = {**{str(m): [] for m in MISSING}, "target": []}
    for upright in slices:
        image = np.ascontiguousarray(np.rot90(upright)) if turned else upright
        for _ in range(repeats):
            metals = implants(image, scanner.pixel / 2, rng)
            filled = np.minimum(sum(metals.values()), 1)
            parts = {**{m: density * (1 - filled) for m, density in tissues(image).items()}, **metals}
            water = scanner.scanned({m: scanner.lengths(p.astype(np.float32)) for m, p in parts.items()}, rng)
            for missing in MISSING:
                out[str(missing)].append(np.clip(scanner.reconstructed(water, missing), -1, 5))
            out["target"].append(np.where(coarse(filled) > 0, METAL, np.clip(coarse(image), 0, 3)))
    return {name: np.array(images, dtype=np.float16) for name, images in out.items()}


def _made(sizes: Mapping[str, Any]) -> Pairs:
    """All parts: "test/15" are the inputs of the test part with 15 degrees missing, "test/target" its targets."""
    if sizes["phantom"]:
        scanner = Scanner(sizes["size"], 25.6 / sizes["size"], sizes["views"], pixel_matrix)
        head = phantom(6, 2 * sizes["size"])
        blocks: Mapping[str, Any] = {"training": ((0, 2),), "validation": ((2, 4),), "test": ((4, 6),)}
    else:
        scanner, head, blocks = Scanner(128, 2 * WIDTH, sizes["views"], astra_matrix), volume(), BLOCKS
    out = {}
    for number, (part, block) in enumerate(PARTS.items()):
        slices = np.concatenate([head[start:stop] for start, stop in blocks[block]])
        repeats = sizes["repeats"] if part == "training" else 2
        made = simulated(slices, scanner, repeats, part == "turned", np.random.default_rng(number))
        out |= {f"{part}/{name}": images for name, images in made.items()}
    return out


@lru_cache(maxsize=1)
def _pairs(sizes: tuple[tuple[str, Any], ...]) -> Pairs:
    made_of = dict(sizes)
    if made_of["phantom"]:
        return _made(made_of)
    path = cache_folder() / "ct" / f"pairs-{VERSION}-{made_of['views']}-{made_of['repeats']}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(partial, **_made(made_of))
        partial.replace(path)  # whole or not at all
    with np.load(path) as file:
        return dict(file)


def pairs(sizes: Mapping[str, Any]) -> Pairs:
    """The pairs of a study's sizes: simulated at the first call on a machine (a minute or two), then read."""
    return _pairs(tuple((name, sizes[name]) for name in ("phantom", "size", "views", "repeats")))
