"""The study `plume`: the solver against another formulation, its data, its network."""

import numpy as np
import torch

from projectors.torch import equivariance_error, project_, verify
from studies.plume import data
from studies.plume.data import Domain, Plumes, blobs, load
from studies.plume.network import (
    GROUP,
    INPUT,
    OUTPUT,
    Scales,
    equivariance_defect,
    network,
    rollout,
    specification,
    turned,
)
from studies.plume.simulate import Fluid


def slowly(smoke, angle, delta, fluid, time, steps):
    """Smoke and velocity at a time, by velocity and pressure with dense matrices in real space, and a plain Runge-Kutta method."""
    n = fluid.size
    F = np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)
    k = (np.arange(n) + n // 2) % n - n // 2
    D = (np.linalg.inv(F) @ np.diag(1j * k * (np.abs(k) < n / 2)) @ F).real  # d / d(angle) of samples
    dx, dy = np.kron(np.eye(n), D), -np.kron(D, np.eye(n))  # columns along x, rows against y
    lap = dx @ dx + dy @ dy
    back = np.linalg.pinv(lap, rcond=1e-10, hermitian=True)
    fx, fy = (1 + delta * np.cos(angle)) * np.array([np.cos(angle), np.sin(angle)])

    def change(state):
        s, u, v = state
        fluctuation = s - s.mean()
        du = -u * (dx @ u) - v * (dy @ u) + fx * fluctuation
        dv = -u * (dx @ v) - v * (dy @ v) + fy * fluctuation
        p = back @ (dx @ du + dy @ dv)
        diffused = [c * (lap @ f) for c, f in zip((fluid.diffusivity, *2 * [fluid.viscosity]), state)]
        return np.stack([-u * (dx @ s) - v * (dy @ s), du - dx @ p, dv - dy @ p]) + diffused

    state, h = np.stack([smoke.ravel(), *np.zeros((2, n * n))]), time / steps
    for _ in range(steps):
        k1 = change(state)
        k2 = change(state + h / 2 * k1)
        k3 = change(state + h / 2 * k2)
        k4 = change(state + h * k3)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return state.reshape(3, n, n)


def test_the_solver_agrees_with_velocity_and_pressure_and_turns_with_its_input():
    fluid = Fluid(18, dt=0.05, viscosity=0.1, diffusivity=0.05)
    x = (np.arange(18) + 0.5) * np.pi / 9
    smoke = np.stack([1 + np.outer(np.sin(x + 0.3), np.cos(x)), 1 + np.cos(x)[:, None] + np.sin(x + 1)[None]])
    angles, delta = np.array([0.7, 2.9]), 0.6
    found = fluid.run(smoke, angles, delta, times=2, every=24)
    for k in range(2):
        truth = slowly(smoke[k], angles[k], delta, fluid, 1.2, 48)
        assert np.abs(truth[1:]).max() > 0.2
        assert np.abs(found[k, 1] - truth).max() < 2e-4 * np.abs(truth).max()  # what is cut off at a third of 18 waves

    quarter = np.pi / 2
    for d, same in ((0.0, True), (0.6, False)):
        still, moved = (
            fluid.run(smoke, angles, d, 2, 16),
            fluid.run(np.rot90(smoke, 1, (1, 2)), angles + quarter, d, 2, 16),
        )
        expected = np.stack([np.rot90(f, 1, (2, 3)) for f in (still[:, :, 0], -still[:, :, 2], still[:, :, 1])], axis=2)
        assert (np.abs(moved - expected).max() < 1e-13) == same
        assert np.allclose(moved[:, :, 0].mean(axis=(2, 3)), smoke.mean(axis=(1, 2))[:, None])  # smoke is kept


def test_data_are_simulated_once_and_their_units_turn(tmp_path, monkeypatch):
    smoke = blobs(np.random.default_rng(0), 2, 3, 8)
    assert smoke.shape == (2, 8, 8)
    assert 0 < smoke.min() < smoke.max() < 3

    asked = Plumes(
        (("a", Domain(), 3, 1), ("b", Domain(2, (45.0, 135.0)), 2, 2)), Fluid(8), frames=3, every=2, shrink=2
    )
    first = load(asked, 0.3, tmp_path)
    load.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(data.Plumes, "simulate", None)
        again = load(asked, 0.3, tmp_path)
    assert all(torch.equal(x, y) for name in "ab" for x, y in zip(first[name], again[name]))
    other = load(asked, 0.4, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    frames, directions = first["b"]
    assert frames.shape == (2, 3, 3, 4, 4)
    assert torch.equal(frames[:, 0], other["b"][0][:, 0])  # the same start
    assert not torch.equal(frames[:, 1], other["b"][0][:, 1])
    assert (directions[:, 1] >= 0.7).all()
    assert torch.allclose(directions.norm(dim=1), torch.ones(2))

    scales = Scales(first["a"][0])
    assert torch.equal(scales.state[1], scales.state[2])
    state, after = first["a"][0][:, 1], first["a"][0][:, 2]
    x, y = scales.input(state, first["a"][1]), scales.target(state, after)
    turned_inputs = scales.input(turned(state, 1, 1), turned(first["a"][1][:, :, None, None], 0, 1)[..., 0, 0])
    assert torch.allclose(turned_inputs, turned(x, 1, 1))
    assert torch.allclose(state + scales.change * y, after, atol=1e-6)


def test_the_network_is_equivariant_once_projected():
    net, x = network(0, fields=2), torch.randn(3, 5, 6, 6, generator=torch.Generator().manual_seed(0))
    assert verify(net, INPUT, OUTPUT, x, specification(2)).ok
    assert abs(equivariance_defect(net, x) / equivariance_error(net, INPUT, OUTPUT, x).mean - 1) < 1e-5
    assert equivariance_defect(net, x) > 0.1
    project_(net, specification(2))
    assert equivariance_defect(net, x) < 1e-5
    assert torch.allclose(net(x.roll((1, 2), (2, 3))), net(x).roll((1, 2), (2, 3)), atol=1e-6)

    told, scales = network(0, fields=2, told=True), Scales(torch.randn(4, 3, 3, 6, 6))
    project_(told, specification(2, told=True))
    assert equivariance_defect(told, x) > 1e-3  # the axis that it is told does not turn
    state, direction = x[:, :3], x[:, 3:, 0, 0]
    steps = rollout(told, scales, state, direction, 2)
    assert steps.shape == (3, 2, 3, 6, 6)
    one = state + scales.change * told(scales.input(state, direction))
    assert torch.allclose(steps[:, 0], one)
    assert GROUP.order == 4
