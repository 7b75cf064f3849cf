"""The kernels of `gpu`, in Triton: P over the entries of many operators in one launch, and sums of squares in a fixed order.

A program takes some orbits: their entries are loaded once, and what becomes of them is stored once. Derivation of the error bounds:
docs/guide/gpu.md.
"""

import triton
import triton.language as tl

__all__ = ["GRADIENT", "MEASURE", "MOVE", "RESIDUAL", "WIDTH", "finish", "ritz", "sweep"]

# What becomes of T: nothing, R, a combination of R and P by their norms, T - a R - b P.
MEASURE, RESIDUAL, GRADIENT, MOVE = 0, 1, 2, 3
WIDTH = 16  # rows of a block whose Gram matrix `ritz` diagonalises


@triton.jit(do_not_specialize=["first"])
def sweep(
    like, parts, out, places, programs, units, cells, first, sums, norms, others, slopes, slants, steps,
    WORK: tl.constexpr, TASK: tl.constexpr, IN_OUT: tl.constexpr, SUMS: tl.constexpr, SQUARED: tl.constexpr,
    FIRST: tl.constexpr, SECOND: tl.constexpr, S: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """R = T - P and P of all orbits: sums of squares for each program, and R, a gradient, or the moved T.

    like : of T's dtype; parts : (operators,) addresses; out, places : results, and where each operator stands there.
    programs : (programs, 2) a row of `units` and which of its orbits; cells : 2 * offset, + 1 for a sign, -1 for none.
    first : the number of the first program in `sums`, (programs, 2), which are filled if SUMS.
    norms, others : ||R|| and ||P||, (operators,); slopes, slants : what comes from above for each of them, if FIRST and SECOND.
    steps : (operators, 2) of a and b; b is 0 unless SECOND.
    WORK : the precision; IN_OUT : whether T stands in `out`; S : entries of an orbit at most; BLOCK : orbits of a program.
    """
    program = tl.program_id(0)
    unit = units + 9 * tl.load(programs + 2 * program).to(tl.int64)
    operator = tl.load(unit)
    orbits = tl.load(unit + 1).to(tl.int32)
    copies = tl.load(unit + 2).to(tl.int32)
    total = tl.load(unit + 3).to(tl.int32)
    table = tl.load(unit + 4)
    inner = tl.load(unit + 5)
    outer = tl.load(unit + 6)
    size = tl.load(unit + 7)  # of orbits, 0 where P is 0
    corner = tl.load(unit + 8)

    lane = tl.load(programs + 2 * program + 1) * BLOCK + tl.arange(0, BLOCK)
    orbit = lane % orbits
    copy = lane // orbits
    corners = corner + (copy // copies).to(tl.int64) * outer + (copy % copies).to(tl.int64) * inner
    member = tl.arange(0, S)[:, None]
    cell = tl.load(cells + table + member * orbits + orbit[None, :], mask=(lane < total)[None, :], other=-1)
    inside = cell >= 0
    offsets = corners[None, :] + (cell >> 1)
    if IN_OUT:
        source = out + tl.load(places + operator)
    else:
        source = tl.load(parts + operator).to(tl.pointer_type(like.dtype.element_ty))
    x = tl.load(source + offsets, mask=inside, other=0).to(WORK)
    y = tl.where((cell & 1) == 1, -x, x)

    # Means of differences to the first entry of an orbit: nearly equal entries lose nothing.
    start = tl.where(size > 0, tl.sum(tl.where(member == 0, y, 0), 0), 0)
    d = tl.where(inside, y - start[None, :], 0)
    shift = tl.where(size > 0, tl.sum(d, 0) / tl.maximum(size, 1).to(WORK), 0)
    R = tl.where(inside, d - shift[None, :], 0)
    P = start + shift

    if SUMS:
        wide, p = R.to(tl.float64), P.to(tl.float64)
        tl.store(sums + 2 * (first + program), tl.sum(tl.sum(wide * wide, 0), 0))
        tl.store(sums + 2 * (first + program) + 1, tl.sum(p * p, 0) * size.to(tl.float64))
    if TASK != 0:
        if TASK == 1:
            result = R
        elif TASK == 2:
            result = tl.zeros_like(R)
            if FIRST:
                slope = tl.load(slopes + operator).to(WORK)
                if SQUARED:
                    result += R * (2 * slope)
                else:
                    norm = tl.load(norms + operator).to(WORK)
                    result += R / tl.where(norm == 0, 1, norm) * slope
            if SECOND:
                slant = tl.load(slants + operator).to(WORK)
                if SQUARED:
                    result += (P * (2 * slant))[None, :]
                else:
                    other = tl.load(others + operator).to(WORK)
                    result += (P / tl.where(other == 0, 1, other) * slant)[None, :]
        else:
            a = tl.load(steps + 2 * operator).to(WORK)
            if SECOND:
                b = tl.load(steps + 2 * operator + 1).to(WORK)
                result = y - (a * R + b * P[None, :])
            else:
                result = y - a * R
        result = tl.where((cell & 1) == 1, -result, result)
        target = source
        if not IN_OUT and TASK != 3:
            target = out + tl.load(places + operator)
        tl.store(target + offsets, result.to(like.dtype.element_ty), mask=inside)


@triton.jit
def finish(sums, ranges, values, GROUPS: tl.constexpr, SQUARED: tl.constexpr, BOTH: tl.constexpr, BLOCK: tl.constexpr):
    """The norms (2, operators) from the sums of programs; the second is 0 unless BOTH.

    ranges : (operators, GROUPS, 2) the programs of each operator, first and last plus 1.
    """
    operator = tl.program_id(0)
    operators = tl.num_programs(0)
    first = tl.zeros([BLOCK], tl.float64)
    second = tl.zeros([BLOCK], tl.float64)
    for group in tl.static_range(GROUPS):
        start = tl.load(ranges + 2 * (operator * GROUPS + group))
        stop = tl.load(ranges + 2 * (operator * GROUPS + group) + 1)
        for place in range(start, stop, BLOCK):
            index = place + tl.arange(0, BLOCK)
            first += tl.load(sums + 2 * index, mask=index < stop, other=0)
            if BOTH:
                second += tl.load(sums + 2 * index + 1, mask=index < stop, other=0)
    away = tl.sum(first, 0)
    along = tl.sum(second, 0)
    if not SQUARED:
        away = tl.sqrt(away)
        along = tl.sqrt(along)
    tl.store(values + operator, away.to(values.dtype.element_ty))
    tl.store(values + operators + operator, along.to(values.dtype.element_ty))


@triton.jit
def ritz(
    grams,
    rotations,
    scaled,
    values,
    width,
    leading,
    followed,
    WHITEN: tl.constexpr,
    SWEEPS: tl.constexpr,
    B: tl.constexpr,
):
    """Eigenvectors of Gram matrices (..., width, width), width <= B, in double precision, by parallel rotations of Jacobi.

    rotations : eigenvectors as rows, those of the largest eigenvalues first; if WHITEN, what makes the rows of a block with this Gram
        matrix orthonormal: eigenvectors of that of the normalised rows, divided by the roots of their eigenvalues, 0 where none is left.
    scaled : (..., leading, width), the first of them, divided by the roots of their eigenvalues, which are singular values.
    values : the sums of the first `followed` of these. Neither is made if WHITEN.

    Golub and Van Loan, Matrix Computations, 8.5: pairs of rows are rotated together, each with each other one once in a sweep.
    """
    program = tl.program_id(0)
    i = tl.arange(0, B)[:, None]
    j = tl.arange(0, B)[None, :]
    eye = i == j
    inside = (i < width) & (j < width)
    G = tl.load(grams + program * width * width + i * width + j, mask=inside, other=0)
    G = tl.where(tl.abs(G) < float("inf"), G, 0)
    beside = tl.full([1, B], 1.0, tl.float64)
    if WHITEN:
        above = tl.sum(tl.where(eye, G, 0), 1)[:, None]
        beside = tl.sum(tl.where(eye, G, 0), 0)[None, :]
        above = tl.where(above > 1e-290, 1 / tl.sqrt(tl.where(above > 1e-290, above, 1)), 0)
        beside = tl.where(beside > 1e-290, 1 / tl.sqrt(tl.where(beside > 1e-290, beside, 1)), 0)
        G = above * G * beside
    G = tl.where(inside, G, tl.where(eye, -1.0, 0.0)).to(tl.float64)  # what fills up the square comes last
    Q = tl.where(eye, 1.0, 0.0).to(tl.float64)
    for turn in range(SWEEPS * (B - 1)):
        meet = turn % (B - 1)
        other = (2 * meet - i + 2 * (B - 1)) % (B - 1)
        partner = tl.where(i == B - 1, meet, tl.where(other == i, B - 1, other))
        pair = j == partner
        own = tl.sum(tl.where(eye, G, 0), 1)[:, None]
        theirs = tl.sum(tl.where(pair, tl.sum(tl.where(eye, G, 0), 0)[None, :], 0), 1)[:, None]
        both = tl.sum(tl.where(pair, G, 0), 1)[:, None]
        first = i < partner
        low = tl.where(first, own, theirs)
        high = tl.where(first, theirs, own)
        counts = tl.abs(both) > 1e-20 * (tl.abs(low) + tl.abs(high))
        tau = tl.where(counts, (high - low) / (2 * tl.where(counts, both, 1)), 0)
        t = tl.where(tau >= 0, 1.0, -1.0) / (tl.abs(tau) + tl.sqrt(1 + tau * tau))
        t = tl.where(counts, t, 0)
        c = 1 / tl.sqrt(1 + t * t)
        s = t * c
        J = tl.where(eye, c, 0) + tl.where(pair, tl.where(first, -s, s), 0)
        G = tl.sum(J[:, :, None] * G[None, :, :], 1)
        G = tl.sum(G[:, None, :] * J[None, :, :], 2)
        Q = tl.sum(J[:, :, None] * Q[None, :, :], 1)
    down = tl.sum(tl.where(eye, G, 0), 1)[:, None]
    along = tl.sum(tl.where(eye, G, 0), 0)[None, :]
    rank = tl.sum(tl.where((along > down) | ((along == down) & (j < i)), 1, 0), 1)[:, None]
    kept = (rank < width) & (j < width)
    counts = down > (1e-13 if WHITEN else 1e-290)
    root = tl.sqrt(tl.where(counts, down, 1))
    divided = tl.where(counts, Q / root, 0)
    if WHITEN:
        tl.store(rotations + program * width * width + rank * width + j, divided * beside, mask=kept)
    else:
        tl.store(rotations + program * width * width + rank * width + j, Q, mask=kept)
        tl.store(scaled + program * leading * width + rank * width + j, divided, mask=kept & (rank < leading))
        tl.store(values + program, tl.sum(tl.sum(tl.where(eye & (rank < followed) & counts, root, 0), 1), 0))
