"""`python -m projectors` is the command `grouprep`."""

import sys

from projectors.cli import main

if __name__ == "__main__":
    sys.exit(main())
