"""`python -m evorobo`, the same as the command `evorobo`."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder: it may hold results from elsewhere, with a file `numpy.py` among them

from evorobo.cli import main

main()
