"""Metal artefacts in CT: simulated in a real head, removed by small networks."""
