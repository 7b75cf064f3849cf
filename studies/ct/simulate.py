"""A CT scanner in numbers: parallel beam, five energies, Poisson noise, water correction, filtered back projection.

Images are attenuations in units of water's, (HU + 1000) / 1000. What is scanned has twice the resolution of what is reconstructed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from studies.ct.physics import ATTENUATION, BONE_IN_WATER, WEIGHTS

__all__ = ["Scanner", "astra_matrix", "implants", "pixel_matrix", "tissues"]

PHOTONS = 5e5  # for each detector cell and view, before the patient
METALS = ("Ti", "Fe", "Au")
RADII = {"Ti": (2.0, 5.0), "Fe": (1.5, 4.0), "Au": (1.0, 2.5)}  # mm, of the longer half axis


def astra_matrix(size: int, angles: np.ndarray, cells: int, pixel: float) -> sparse.csr_matrix:
    """Line integrals over strips by astra-toolbox: (views * cells, size * size); cells have width 1, pixels width `pixel`."""
    import astra

    half = size * pixel / 2
    volume = astra.create_vol_geom(size, size, -half, half, -half, half)
    projector = astra.create_projector("strip", astra.create_proj_geom("parallel", 1.0, cells, angles), volume)
    matrix = astra.projector.matrix(projector)
    try:
        return sparse.csr_matrix(astra.matrix.get(matrix))
    finally:
        astra.matrix.delete(matrix)
        astra.projector.delete(projector)


def pixel_matrix(size: int, angles: np.ndarray, cells: int, pixel: float) -> sparse.csr_matrix:
    """The same without astra, coarsely: each pixel's area is shared by the two cells on which its centre falls."""
    centres = (np.arange(size) - (size - 1) / 2) * pixel
    x, y = np.meshgrid(centres, -centres)
    place = np.outer(np.cos(angles), x.ravel()) + np.outer(np.sin(angles), y.ravel()) + (cells - 1) / 2
    low = np.floor(place).astype(int)
    share = place - low
    views = np.arange(len(angles))[:, None] * cells
    columns = np.broadcast_to(np.arange(size * size), low.shape)
    rows = np.concatenate([views + low, views + low + 1])
    values = np.concatenate([1 - share, share]) * pixel**2
    inside = np.concatenate([(low >= 0) & (low < cells), (low + 1 >= 0) & (low + 1 < cells)])
    entries = values[inside], (rows[inside], np.concatenate([columns, columns])[inside])
    return sparse.csr_matrix(entries, shape=(len(angles) * cells, size * size), dtype=np.float32)


@dataclass(frozen=True)
class Scanner:
    """A scanner with views over half a turn: it reconstructs images of size x size pixels.

    size : even. pixel : width of a reconstructed pixel in cm. views : over half a turn. matrix : how line integrals are computed.
    """

    size: int
    pixel: float
    views: int
    matrix: object = astra_matrix

    @property
    def cells(self) -> int:
        """Of the detector, as wide as a pixel: they see the whole diagonal."""
        return int(np.ceil(self.size * np.sqrt(2))) + 3 + int(np.ceil(self.size * np.sqrt(2))) % 2

    @cached_property
    def angles(self) -> np.ndarray:
        return np.arange(self.views) * np.pi / self.views

    @cached_property
    def _fine(self) -> sparse.csr_matrix:
        return self.matrix(2 * self.size, self.angles, self.cells, 0.5)

    @cached_property
    def _coarse(self) -> sparse.csr_matrix:
        return self.matrix(self.size, self.angles, self.cells, 1.0)

    def lengths(self, image: np.ndarray) -> np.ndarray:
        """Line integrals in cm of an image of twice the size: (views, cells)."""
        return self.pixel * (self._fine @ image.ravel()).reshape(self.views, self.cells)

    def counts(self, materials: Mapping[str, np.ndarray]) -> np.ndarray:
        """The mean number of photons that are counted behind line integrals of densities, in units of each material's own, in cm."""
        out = 0.0
        for k, weight in enumerate(WEIGHTS):
            out = out + weight * np.exp(-sum(ATTENUATION[m][k] * length for m, length in materials.items()))
        return PHOTONS * out

    def scanned(self, materials: Mapping[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
        """Centimetres of water that explain the photons that were counted: (views, cells)."""
        counted = np.maximum(rng.poisson(self.counts(materials)), 1)
        water = np.linspace(0, 80, 4001)  # cm
        table = -np.log(self.counts({"H2O": water}) / PHOTONS)
        return np.interp(-np.log(counted / PHOTONS), table, water)

    def reconstructed(self, lengths: np.ndarray, missing: float = 0.0) -> np.ndarray:
        """Filtered back projection without the views within missing / 2 degrees of the direction of the first: (size, size)."""
        width = 1 << int(np.ceil(np.log2(2 * self.cells)))
        n = np.fft.fftfreq(width, 1 / width)
        ramp = np.zeros(width)
        ramp[n % 2 == 1] = -1 / (np.pi * n[n % 2 == 1]) ** 2
        ramp[0] = 0.25
        filtered = np.fft.irfft(np.fft.rfft(lengths, width) * np.fft.rfft(ramp).real, width)[:, : self.cells]
        degrees = np.degrees(self.angles)
        filtered[np.minimum(degrees, 180 - degrees) < missing / 2] = 0
        out = self._coarse.T @ filtered.ravel().astype(np.float32)
        return (np.pi / self.views / self.pixel * out).reshape(self.size, self.size)


def tissues(image: np.ndarray) -> dict[str, np.ndarray]:
    """Densities of water and of bone, in units of their own, that attenuate as an image does: bone from 100 to 1500 HU."""
    bone = np.clip((image - 1.1) / 1.4, 0, 1)
    return {"H2O": (1 - bone) * image, "bone": bone * image / BONE_IN_WATER}


def implants(image: np.ndarray, pixel: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One to four ellipses of metal within the head: metal -> the share of each pixel that it fills. `pixel` is in cm."""
    rows, columns = np.nonzero(image > 0.7)
    y, x = np.indices(image.shape)
    out: dict[str, np.ndarray] = {}
    for _ in range(rng.integers(1, 5)):
        metal = METALS[rng.integers(len(METALS))]
        k = rng.integers(len(rows))
        long = rng.uniform(*RADII[metal]) / 10 / pixel
        short = long * rng.uniform(0.4, 1)
        turn = rng.uniform(0, np.pi)
        u, v = x - columns[k], y - rows[k]
        a, b = np.cos(turn) * u + np.sin(turn) * v, np.cos(turn) * v - np.sin(turn) * u
        inside = np.clip((1 - np.hypot(a / long, b / short)) * short + 0.5, 0, 1)  # one pixel of edge
        out[metal] = np.maximum(out.get(metal, 0.0), inside)
    return out
