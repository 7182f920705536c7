"""`python -m curio_tracking`: the command line program."""

import sys

from curio_tracking.cli import main

if __name__ == "__main__":
    sys.exit(main())
