"""`python3 -m recsys_edu COMMAND`: the front door is in bootstrap.py."""

import sys

from recsys_edu.bootstrap import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
