"""The binary icosahedral group 2I as a family of groups of somebody else's: all that is known of it in one file."""

from functools import lru_cache

from grouprep import SU, FiniteGroup, GroupFamily, Homomorphism, Representation, register_family
from grouprep.irreps.listed_family import ListedFamily


def icosians(root):
    """Two unit quaternions that generate the group, as matrices of SU(2): s of order 6, t of order 10; root is sqrt(5) or -sqrt(5)."""
    a, b = f"(1 + {root})/4", f"I*({root} - 1)/4"
    return {
        "s": [["1/2 + I/2", "1/2 + I/2"], ["-1/2 + I/2", "1/2 - I/2"]],
        "t": [[f"{a} + {b}", "1/2"], ["-1/2", f"{a} - {b}"]],
    }


@lru_cache(maxsize=1)
def BinaryIcosahedral():
    return FiniteGroup.from_matrices(icosians("sqrt(5)"), name="2I")


@lru_cache(maxsize=1)
def irreps():
    """McKay's diagram of E8: the spins 0 to 5/2 of SU(2), the Galois conjugates of spins 1/2 and 1, and their product."""
    G = BinaryIcosahedral()
    one, other = (
        Homomorphism(G, SU(2), Representation(G, images=icosians(root)).images.values())
        for root in ("sqrt(5)", "(-sqrt(5))")
    )
    spins = {str(n + 1): SU(2).irrep(f"{n}/2", field="complex").restrict(one) for n in range(6)}
    two, three = (SU(2).irrep(j, field="complex").restrict(other) for j in ("1/2", 1))
    return ListedFamily(G, spins | {"2'": two, "3'": three, "4'": spins["2"] * two})


FAMILY = GroupFamily(
    name="BinaryIcosahedral",
    constructor=BinaryIcosahedral,
    pattern="2I|BinaryIcosahedral",
    example="2I",
    irreps=lambda G: irreps() if G == BinaryIcosahedral() else None,
    neighbours={"emlp": {"BinaryIcosahedral": BinaryIcosahedral}},
)

register_family(FAMILY)
