"""Teachers and their demonstrations."""
