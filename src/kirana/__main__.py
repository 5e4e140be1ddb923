"""`python -m kirana` is the command `kirana`."""

import sys

from kirana.app.cli import main

sys.exit(main())
