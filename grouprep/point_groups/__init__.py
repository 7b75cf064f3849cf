"""Point groups as chemists and crystallographers name them: symbols, classes, irreps, branching, selection rules, molecules."""
