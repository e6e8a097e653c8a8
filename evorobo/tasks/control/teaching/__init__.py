"""Teachers: experts whose actions are labels, and their demonstrations."""
