"""Tables in text files: their layout, what a cell means, and reading them in blocks."""
