"""The demonstration on real input: the Rubik's cube group, the Lorentz group, a network trained on digits."""
