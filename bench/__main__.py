"""`python -m bench [PART …]`."""

import importlib
import sys
from pathlib import Path

from kirana.app import memory

PARTS = sorted(
    file.stem
    for file in Path(__file__).parent.glob("*.py")
    if not file.stem.startswith("_") and file.stem != "measure"
)

for name in sys.argv[1:] or PARTS:
    if name not in PARTS:
        sys.exit(f"There is no part {name}. There are: {', '.join(PARTS)}.")
    part = importlib.import_module(f"bench.{name}")
    memory.settle()  # as the server does
    part.main()
