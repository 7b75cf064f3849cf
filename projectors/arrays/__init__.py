"""Arrays of any library: numpy, torch, jax and whatever follows the array API standard, found by the arrays themselves.

No library is loaded here: what a user has not imported cannot have made the array.
"""

from projectors.arrays.algebra import (
    absolute_square,
    adjoint,
    in_range,
    inner,
    modulus,
    safe_divide,
    stop_gradient,
)
from projectors.arrays.gather import gather, gathered
from projectors.arrays.libraries import (
    as_numpy,
    beside,
    device,
    is_concrete,
    is_differentiable,
    is_torch,
    is_traced_by_torch,
    namespace,
    namespace_of,
    on_device,
)
from projectors.arrays.operators import (
    as_matrices,
    check_shape,
    looks_finite,
    one_by_one,
    operator_array,
    refuse_nan,
    require_finite,
)
from projectors.arrays.precision import (
    cast,
    complexified,
    epsilon,
    fitted,
    has_double,
    in_single,
    is_complex,
    is_half,
    like_input,
    moved,
)

__all__ = [
    "absolute_square",
    "adjoint",
    "as_matrices",
    "as_numpy",
    "beside",
    "cast",
    "check_shape",
    "complexified",
    "device",
    "epsilon",
    "fitted",
    "gather",
    "gathered",
    "has_double",
    "in_range",
    "in_single",
    "inner",
    "is_complex",
    "is_concrete",
    "is_differentiable",
    "is_half",
    "is_torch",
    "is_traced_by_torch",
    "like_input",
    "looks_finite",
    "modulus",
    "moved",
    "namespace",
    "namespace_of",
    "on_device",
    "one_by_one",
    "operator_array",
    "refuse_nan",
    "require_finite",
    "safe_divide",
    "stop_gradient",
]
