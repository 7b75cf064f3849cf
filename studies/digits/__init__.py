"""Real digits under C4 and D4: methods at equal time."""
