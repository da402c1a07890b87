"""``python -m callwright``."""

import sys

from callwright.cli import main

if __name__ == "__main__":
    sys.exit(main())
