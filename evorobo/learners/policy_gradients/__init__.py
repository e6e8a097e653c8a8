"""Policy gradients: the score is climbed by single steps of the robot, with random actions and a learned value."""
