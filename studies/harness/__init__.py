"""What every study shares: problems and methods, training, results that survive a kill, choice on validation data, tables."""

from studies.harness.charts import save
from studies.harness.data import Source, fetch
from studies.harness.errors import StudyError
from studies.harness.methods import (
    augmentation,
    exact,
    last_layer,
    pathways,
    penalty,
    plain,
    projected,
    sampled_operators,
    sampled_outputs,
    sharing,
    split_frame,
    then_projected,
    weight_decay,
)
from studies.harness.problem import Extra, Method, Prepared, Problem, Report, Settings, Study
from studies.harness.records import Results
from studies.harness.tables import difference, markdown, paired, percent, summary, summary_table
from studies.harness.training import Run, step_seconds, train

__all__ = [
    "Extra",
    "Method",
    "Prepared",
    "Problem",
    "Report",
    "Results",
    "Run",
    "Settings",
    "Source",
    "Study",
    "StudyError",
    "augmentation",
    "difference",
    "exact",
    "fetch",
    "last_layer",
    "markdown",
    "paired",
    "pathways",
    "penalty",
    "percent",
    "plain",
    "projected",
    "sampled_operators",
    "sampled_outputs",
    "save",
    "sharing",
    "split_frame",
    "step_seconds",
    "summary",
    "summary_table",
    "then_projected",
    "train",
    "weight_decay",
]
