"""Floor 3, how it is learned: backprop and evolution, two siblings that never meet."""
