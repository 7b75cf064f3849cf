"""Jobs of this study's own: norms, defect against strength, pictures."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from projectors.penalties import Entrywise, Frobenius, KyFan, Mixed, Norm, Nuclear, Spectral
from studies.ct.data import MISSING
from studies.ct.problem import cleaned, images, problem
from studies.ct.quality import RANGE, psnr
from studies.harness import Extra, Method, Results, Settings, exact, penalty, plain, step_seconds, train

__all__ = ["EXTRAS", "NORMS", "NORMS_TASK", "PICTURED", "PLAIN_START", "SQUARED", "START", "SWEEP", "unpacked"]

# Two strengths, a factor 10 apart: smaller ones for norms that add up many entries or columns.
NORMS: dict[str, tuple[Norm, tuple[float, ...]]] = {
    "Frobenius": (Frobenius(), (1e-3, 1e-2)),
    "Spectral": (Spectral(), (1e-3, 1e-2)),
    "Nuclear": (Nuclear(), (1e-4, 1e-3)),
    "KyFan(2)": (KyFan(2), (1e-3, 1e-2)),
    "Entrywise(inf)": (Entrywise(float("inf")), (1e-2, 1e-1)),
    "Mixed(2, 1)": (Mixed(2, 1), (1e-4, 1e-3)),
}
NORMS_TASK = "C4, 40 degrees missing"
SWEEP = (1e-3, 1e-2, 1e-1, 1.0)
START = "equivariant start"
SQUARED = "penalty, Frobenius squared"
PLAIN_START = "penalty, plain start"
PICTURED = ("plain", "exact", SQUARED)


def _task(label: str, seed: int, settings: Settings) -> Any:
    group, missing, *_ = label.replace(",", "").split()
    return problem(group, int(missing))(seed, settings)


def _norm(name: str) -> Method:
    norm, strengths = NORMS[name]
    return penalty(norm, *strengths, name=name, start=False)


def _some(settings: Settings, things: Sequence[Any]) -> Sequence[Any]:
    """All of them; the last one where the data are made up."""
    return things[-1:] if settings.sizes["phantom"] else things


def _choose_keys(settings: Settings) -> Sequence[dict[str, Any]]:
    return [
        {"norm": name, "rate": rate, "strength": strength, "seed": seed}
        for name, (_, strengths) in _some(settings, list(NORMS.items()))
        for rate in settings.rates
        for strength in strengths
        for seed in settings.choose_seeds
    ]


def _choose(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    task = _task(NORMS_TASK, key["seed"], settings)
    done = train(task, _norm(key["norm"]), key["rate"], key["strength"], key["seed"], settings.steps, settings.device)
    score = task.evaluate(done.net, "validation")["score"] if done.is_finite else task.floor
    return {"score": score, "seconds": done.seconds}


def _test_keys(settings: Settings) -> Sequence[dict[str, Any]]:
    return [{"norm": name, "seed": seed} for name in _some(settings, list(NORMS)) for seed in settings.test_seeds]


def _test(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    scores: dict[tuple[float, float], list[float]] = {}
    for r in results.where(phase="norms, chosen", norm=key["norm"]):
        scores.setdefault((r["rate"], r["strength"]), []).append(r["score"])
    rate, strength = max(scores, key=lambda k: (sum(scores[k]), k[1], -k[0]))
    task = _task(NORMS_TASK, key["seed"], settings)
    done = train(task, _norm(key["norm"]), rate, strength, key["seed"], settings.steps, settings.device)
    found = task.evaluate(done.net, "test") if done.is_finite else {"score": task.floor}
    defect = task.defect(done.net) if done.is_finite else None
    collapsed = found["score"] <= task.floor
    return {
        **found,
        "rate": rate,
        "strength": strength,
        "defect": defect,
        "collapsed": collapsed,
        "seconds": done.seconds,
    }


def _price(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    task = _task(NORMS_TASK, settings.choose_seeds[0], settings)
    methods = [
        plain(),
        penalty(Frobenius(squared=True), name=SQUARED),
        *map(_norm, _some(settings, list(NORMS))),
    ]
    return {"step": step_seconds(task, methods, settings.rates[0], 2 * settings.price_rounds, device=settings.device)}


def _sweep_keys(settings: Settings) -> Sequence[dict[str, Any]]:
    return [
        {"missing": missing, "setting": setting, "seed": seed}
        for missing in _some(settings, MISSING)
        for setting in ("plain", START, *map(str, _some(settings, SWEEP)), "exact")
        for seed in settings.test_seeds[:3]
    ]


def _swept(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """All at the first rate, on validation data: a grid leaves the test data untouched."""
    task, setting = problem("C4", key["missing"])(key["seed"], settings), key["setting"]
    others = {"plain": plain(), START: plain(start=True), "exact": exact()}
    method = others.get(setting, penalty(Frobenius(squared=True), name=PLAIN_START, start=False))
    strength = 0.0 if setting in others else float(setting)
    done = train(task, method, settings.rates[0], strength, key["seed"], settings.steps, settings.device)
    found = task.evaluate(done.net, "validation") if done.is_finite else {"score": task.floor}
    return {**found, "defect": task.defect(done.net) if done.is_finite else None, "seconds": done.seconds}


def _chosen(results: Results, task: str, method: str) -> tuple[float, float]:
    found = results.where(phase="test", task=task, method=method)[0]
    return found["rate"], found["strength"]


def _packed(image: torch.Tensor) -> str:
    """One byte a pixel, compressed, as text: results are lines of JSON."""
    levels = (image.clamp(0, RANGE) / RANGE * 255).round().to(torch.uint8).numpy()
    return base64.b85encode(zlib.compress(levels.tobytes(), 9)).decode()


def unpacked(text: str) -> np.ndarray:
    """A square image out of a result, in units of water's attenuation."""
    levels = np.frombuffer(zlib.decompress(base64.b85decode(text)), np.uint8)
    size = int(np.sqrt(len(levels)))
    return levels.reshape(size, size) * (RANGE / 255)


def _picture_keys(settings: Settings) -> Sequence[dict[str, Any]]:
    return [{"task": f"C4, {missing} degrees missing"} for missing in _some(settings, (0, 40))]


def _pictured(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """The test slice that was the median before, and what the first seed's networks make of it."""
    missing, seed = int(key["task"].split()[1]), settings.test_seeds[0]
    x, y = images(settings, "test", missing)
    k = int(psnr(x, y).argsort()[len(x) // 2])
    x, y = x[k : k + 1], y[k : k + 1]
    shown = {"before": x, "truth": torch.where(y < 0, RANGE, y)}
    decibels = {"before": float(psnr(x, y))}
    made = {"plain": plain(), "exact": exact(), SQUARED: penalty(Frobenius(squared=True), name=SQUARED)}
    for name in PICTURED:
        rate, strength = _chosen(results, key["task"], name)
        task = _task(key["task"], seed, settings)
        done = train(task, made[name], rate, strength, seed, settings.steps, settings.device)
        out = cleaned(done.net, x, settings.device)
        shown[name], decibels[name] = out, float(psnr(out, y))
    return {"images": {name: _packed(image[0, 0]) for name, image in shown.items()}, "psnr": decibels}


EXTRAS = (
    Extra("pictures", _picture_keys, _pictured),
    Extra("norms, price", lambda settings: [{"task": NORMS_TASK}], _price),
    Extra("norms, chosen", _choose_keys, _choose),
    Extra("norms", _test_keys, _test),
    Extra("strengths", _sweep_keys, _swept),
)
