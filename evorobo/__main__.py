"""`python -m evorobo`, the same as the command `evorobo`."""

from evorobo.cli import main

main()
