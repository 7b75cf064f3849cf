"""Smoke on a torus that a force drives: a pseudo-spectral Boussinesq solver.

The unknowns are smoke s and velocity u on [0, 2 pi)^2, periodic:

    ds/dt + u . grad s = kappa lap s
    du/dt + u . grad u = -grad p + nu lap u + (1 + delta n_x) (s - mean s) n,   div u = 0

n is the direction of the force, a unit vector of each trajectory. For delta = 0 quarter turns of (s, u, n) turn the solution, exactly on
the grid too. For others the force is stronger along +x than along -x: its mean over the turns of n is that of delta = 0, and it differs
from the mean by the share delta n_x. The mean velocity is 0, as the mean of the force is taken out of it.

Fields are arrays (..., rows, columns): x runs along columns, y against rows, as `Group.grid` places pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

__all__ = ["Fluid", "strength"]

Floats = NDArray[np.float64]
_Complex = NDArray[np.complex128]


def strength(angle: Floats, delta: float) -> Floats:
    """The force along a direction: 1 + delta cos(angle), whose mean over every orbit of quarter turns is 1."""
    return 1 + delta * np.cos(angle)


@dataclass(frozen=True)
class Fluid:
    """The solver: vorticity and smoke in Fourier space, products without aliases (2/3 rule), Runge-Kutta of order 4 with exact diffusion.

    size : pixels along an axis; dt : the time step; viscosity, diffusivity : nu and kappa.
    """

    size: int = 48
    dt: float = 0.05
    viscosity: float = 0.02
    diffusivity: float = 0.01

    def waves(self) -> tuple[Floats, Floats]:
        """The wave numbers along x and y of rfft2 over (rows, columns); y runs against rows."""
        kx = fft.rfftfreq(self.size, 1 / self.size)[None, :]
        ky = -fft.fftfreq(self.size, 1 / self.size)[:, None]
        return kx, ky

    def velocity(self, vorticity: _Complex) -> tuple[_Complex, _Complex]:
        """In Fourier space: u = dpsi/dy, v = -dpsi/dx, lap psi = -vorticity."""
        kx, ky = self.waves()
        squares = kx**2 + ky**2
        psi = vorticity / np.where(squares > 0, squares, 1) * (squares > 0)
        return 1j * ky * psi, -1j * kx * psi

    def run(self, smoke: Floats, angle: Floats, delta: float, times: int, every: int) -> Floats:
        """Snapshots (trajectories, times, 3, rows, columns) of smoke and velocity (s, u, v), `every` steps apart, from rest.

        Parameters
        ----------
        smoke : (trajectories, rows, columns), the first smoke; angle : (trajectories,), directions of the force in radians.
        delta : how much the force depends on its direction; times : snapshots, the first of them at time 0; every : steps between two.
        """
        n = self.size
        kx, ky = self.waves()
        kept = (np.abs(kx) < n / 3) & (np.abs(ky) < n / 3)
        squares = kx**2 + ky**2
        diffusion = np.stack([self.viscosity * squares, self.diffusivity * squares])
        half = np.exp(-diffusion * self.dt / 2)
        push = strength(angle, delta)[:, None, None]
        fx, fy = push * np.cos(angle)[:, None, None], push * np.sin(angle)[:, None, None]
        torque = 1j * (kx * fy - ky * fx) * kept  # curl of s n, per unit of smoke

        def change(state: _Complex) -> _Complex:
            """Of (vorticity, smoke), without diffusion."""
            w, s = state[:, 0], state[:, 1]
            fields = fft.irfft2(np.stack([*self.velocity(w), w, s], axis=1), s=(n, n))
            u, v, carried = fields[:, :1], fields[:, 1:2], fields[:, 2:]
            fluxes = fft.rfft2(np.concatenate([u * carried, v * carried], axis=1))
            out = -1j * kept * (kx * fluxes[:, :2] + ky * fluxes[:, 2:])
            out[:, 0] += torque * s
            return np.asarray(out)

        def step(a: _Complex) -> _Complex:
            h = self.dt
            k1 = change(a)
            k2 = change(half * (a + h / 2 * k1))
            k3 = change(half * a + h / 2 * k2)
            k4 = change(half * (half * a + h * k3))
            return half * (half * (a + h / 6 * k1) + h / 3 * (k2 + k3)) + h / 6 * k4

        state = np.zeros((len(smoke), 2, n, n // 2 + 1), dtype=complex)
        state[:, 1] = fft.rfft2(smoke) * kept
        out = np.empty((len(smoke), times, 3, n, n))
        for t in range(times):
            if t:
                for _ in range(every):
                    state = step(state)
            out[:, t] = fft.irfft2(np.stack([state[:, 1], *self.velocity(state[:, 0])], axis=1), s=(n, n))
        return out
