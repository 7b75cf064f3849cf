"""Watches what torch dispatches: how many kernels it launches, what would wait for the device, and what stands on another one."""

from collections import Counter

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_WAITS = {  # these read numbers of a device, or look for errors there
    *(
        "_local_scalar_dense",
        "nonzero",
        "masked_select",
        "equal",
        "is_nonzero",
        "_unique2",
        "bincount",
        "repeat_interleave",
    ),
    *(
        "_linalg_eigh",
        "_linalg_svd",
        "_linalg_slogdet",
        "_linalg_det",
        "linalg_eig",
        "linalg_lstsq",
        "_linalg_solve_ex",
    ),
}
_FREE = {
    "detach",
    "empty",
    "empty_like",
    "empty_strided",
    "new_empty",
    "new_empty_strided",
    "lift_fresh",
    "_unsafe_view",
    "promote_types",
}


class Launches(TorchDispatchMode):
    """Counts the operations that compute, and refuses what waits for `device`, or takes tensors from elsewhere to it.

    torch itself refuses to mix devices except for 0-dimensional tensors of the CPU, which it reads silently.

    Parameters
    ----------
    device : the type of the device on which all is to be.
    strict : whether to refuse; else it only counts.
    """

    def __init__(self, device="meta", strict=True):
        super().__init__()
        self.device, self.strict, self.counts = device, strict, Counter()

    @property
    def total(self):
        return self.counts.total()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = operation._schema.name.partition("::")[2]
        out = operation(*args, **kwargs)
        if self.strict:
            self._refuse(name, args, kwargs, out)
        is_view = any(r.alias_info is not None and not r.alias_info.is_write for r in operation._schema.returns)
        if not is_view and name not in _FREE:
            self.counts[name] += 1
        return out

    def _refuse(self, name, args, kwargs, out):
        into, from_ = (
            {x.device.type for x in tree_leaves(side) if isinstance(x, torch.Tensor)} for side in (out, (args, kwargs))
        )
        if name in _WAITS and self.device in from_:
            raise AssertionError(f"{name} waits for {self.device}")
        if self.device in from_ and into - {self.device}:
            raise AssertionError(f"{name} takes a tensor from {self.device} to {into}")
        is_sent = name in ("copy_", "_to_copy") and (kwargs.get("non_blocking") or args[2:3] == (True,))
        if into | from_ > {self.device} and not is_sent:
            raise AssertionError(f"{name} takes tensors of {sorted(into | from_)} together")
