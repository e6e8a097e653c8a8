"""Methods that climb the score of a robot by its gradient."""
