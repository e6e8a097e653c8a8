"""Methods of learning: backpropagation and evolution, which never import each other (floor 3)."""
