"""Seconds, taken in turn, and bytes, counted by torch."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from random import Random
from statistics import median

import torch

from studies.price.contenders import Step

__all__ = ["in_turn", "peak_bytes"]

_LEAST = 4e-3  # seconds that one measurement takes at least, by repeating
_LONG = 0.05  # from that many seconds a step on, three rounds are enough


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def in_turn(steps: Mapping[str, Step], rounds: int, device: str = "cpu") -> dict[str, list[float]]:
    """Seconds of every step, one number a round (0 for a round that was left out), in another order in each round.

    On the CPU the clock is that of the process, which other processes disturb less; on a GPU it is the wall's.
    """
    clock = time.process_time if device == "cpu" else time.perf_counter

    def seconds(step: Step, times: int) -> float:
        _wait(device)
        start = clock()
        for _ in range(times):
            step()
        _wait(device)
        return (clock() - start) / times

    repeats, order = {}, Random(0)
    for name, step in steps.items():
        once = seconds(step, 1)
        if once < _LONG:
            once = seconds(step, 1)
        repeats[name] = (max(1, round(_LEAST / max(once, 1e-6))), once > _LONG)
    found: dict[str, list[float]] = {name: [] for name in steps}
    for k in range(rounds):
        for name in order.sample(list(steps), len(steps)):
            times, is_long = repeats[name]
            if not is_long or k < 3:
                found[name].append(seconds(steps[name], times))
    return found


def middle(times: list[float]) -> float:
    """The median."""
    return float(median(times))


def peak_bytes(make: Callable[[], Step], device: str = "cpu") -> int:
    """The most bytes of tensors that are held at once while a step is made and done twice, what it keeps and the gradient included."""
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step = make()
        step(), step()
        return int(torch.cuda.max_memory_allocated() - before)
    from torch.profiler import ProfilerActivity, profile

    gc.collect()  # what is let go meanwhile would count as memory given back
    gc.disable()
    try:
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
            step = make()
            step(), step()
    finally:
        gc.enable()
    held = most = 0
    events = [e for e in record.profiler.kineto_results.events() if e.name() == "[memory]"]  # type: ignore[union-attr]
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most + int(getattr(step, "kept", int)())
