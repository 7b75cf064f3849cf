"""What X-rays of five energies do in tissue and metal: a table, and how it was made.

`python -m studies.ct.physics` prints the table anew from spekpy (spectrum) and xraydb (attenuation); the study reads the table alone.
"""

from __future__ import annotations

import numpy as np

__all__ = ["ATTENUATION", "BONE_IN_WATER", "ENERGIES", "WEIGHTS", "tabulate"]

# Cortical bone, ICRU report 44: mass fractions; g/cm^3.
BONE = {"H": 0.034, "C": 0.155, "N": 0.042, "O": 0.435, "Na": 0.001, "Mg": 0.002, "P": 0.103, "S": 0.003, "Ca": 0.225}
DENSITIES = {"H2O": 1.0, "bone": 1.92, "Ti": 4.506, "Fe": 7.874, "Au": 19.3}

# A tube of 120 kV, tungsten at 12 degrees, behind 6 mm of aluminium: its photons in five parts of one size, and the mean energy of each
# part in keV (spekpy 2.5.4). Attenuation in 1/cm at these energies (xraydb 4.5.8).
ENERGIES = np.array([35.0936, 47.7162, 57.7801, 67.581, 90.2536])
WEIGHTS = np.full(5, 0.2)
ATTENUATION = {
    "H2O": np.array([0.3065, 0.2338, 0.2096, 0.1956, 0.1764]),
    "bone": np.array([1.7286, 0.8884, 0.6395, 0.5149, 0.3847]),
    "Ti": np.array([14.3632, 6.1836, 3.7849, 2.6128, 1.4558]),
    "Fe": np.array([41.3054, 17.5108, 10.469, 7.0106, 3.5986]),
    "Au": np.array([352.2761, 158.1261, 96.3015, 64.4488, 129.2192]),
}
BONE_IN_WATER = (
    2.5591  # attenuation of dense bone in units of that of water at 70 keV, for which the CT's numbers are taken
)


def tabulate() -> dict[str, np.ndarray]:
    """The table from its sources: mean energies of the parts, and each material's attenuation there in 1/cm."""
    import spekpy
    import xraydb

    beam = spekpy.Spek(kvp=120, th=12, dk=0.5)
    beam.filter("Al", 6.0)
    energies, photons = beam.get_spectrum(edges=False)
    parts = np.minimum((5 * (np.cumsum(photons) - photons / 2) / photons.sum()).astype(int), 4)
    means = np.array([np.average(energies[parts == k], weights=photons[parts == k]) for k in range(5)])
    formula = "".join(f"{e}{100 * share / xraydb.atomic_mass(e):.5f}" for e, share in BONE.items())
    at = np.append(means, 70.0) * 1e3
    table = {m: xraydb.material_mu(formula if m == "bone" else m, at, density=d) for m, d in DENSITIES.items()}
    share = table["bone"][-1] / table["H2O"][-1]
    return {"energies": means, **{m: mu[:5] for m, mu in table.items()}, "bone in water at 70 keV": share}


if __name__ == "__main__":
    for name, values in tabulate().items():
        print(name, np.round(values, 4).tolist())
