"""Metal artefacts in CT, at three amounts of breaking, under C4 and D4."""

from __future__ import annotations

from projectors.penalties import Frobenius
from studies.ct import data
from studies.ct.extras import EXTRAS, NORMS_TASK, PLAIN_START, SQUARED
from studies.ct.problem import problem
from studies.ct.report import report
from studies.harness import (
    Settings,
    Study,
    augmentation,
    exact,
    pathways,
    penalty,
    plain,
    projected,
    sampled_operators,
    sampled_outputs,
    sharing,
    split_frame,
)

__all__ = ["STUDY"]

METHODS = (
    plain(),
    exact(),
    augmentation(0.3, 1.0),
    sampled_outputs(1, 3e-6, 3e-5),  # of sums over pixels: 0.007 and 0.07 of means over a crop
    sampled_operators(1, 1e-4, 1e-3),
    pathways(1e-4, 1e-3, 1e-2),
    sharing(1e-5, 1e-4, 1e-3),
    penalty(Frobenius(squared=True), 1e-4, 1e-3, 1e-2, name=SQUARED),
    penalty(Frobenius(squared=True), 1e-4, 1e-3, 1e-2, name=PLAIN_START, start=False),
    split_frame(5.0, 20.0, 80.0),
    projected(),
)
CPU = {"phantom": False, "size": 128, "views": 180, "repeats": 4, "pairs": 48, "channels": 8, "crop": 48, "batch": 2}
TINY = {"phantom": True, "size": 16, "views": 12, "repeats": 1, "pairs": 2, "channels": 8, "crop": 8, "batch": 2}
GPU = {**CPU, "repeats": 16, "pairs": 592, "channels": 32, "crop": 128, "batch": 8}

STUDY = Study(
    name="ct",
    title="metal artefacts in a head CT: C4 and D4, three amounts of breaking",
    version=1,
    tasks={
        f"{group}, {missing} degrees missing": problem(group, missing)
        for group, missing in (("C4", 0), ("C4", 40), ("D4", 15))
    },
    methods=METHODS,
    full=Settings(150, (3e-3, 1e-2), (100,), (0, 1, 2, 3, 4), 5, sizes=CPU),
    smoke=Settings(1, (3e-3,), (100,), (0,), 1, sizes=TINY),
    gpu=Settings(600, (1e-3, 3e-3), (100,), (0, 1, 2, 3, 4), 5, "cuda", GPU),
    extras=EXTRAS,
    smoke_tasks=(NORMS_TASK,),
    report=report,
    data=data.fetched,
    needs={"astra": "pip install astra-toolbox"},
)
