"""The version of evorobo, in one place: pyproject.toml and everything that states it read it here."""

__version__ = "0.1.0"
