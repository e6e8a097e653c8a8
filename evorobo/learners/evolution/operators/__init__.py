"""Operators of genetic algorithms: crossover, mutation, selection, replacement; most of them are DEAP's."""
