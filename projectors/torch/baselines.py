"""The former place of `projectors.baselines`."""

from projectors.baselines import *  # noqa: F403
from projectors.baselines import __all__ as __all__
