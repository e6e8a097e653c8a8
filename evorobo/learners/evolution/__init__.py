"""Learning from the score alone, by DEAP's toolbox."""
