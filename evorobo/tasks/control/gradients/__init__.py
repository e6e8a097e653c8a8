"""The gradient of episode returns through a robot: traced steps, whole episodes, and where there is no slope."""
