"""Tables, verdicts, costs and comparisons of the runs of a study."""
