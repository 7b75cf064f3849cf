"""The irreps of compact classical groups, of G2, tori and the Lorentz group, by highest weight."""
