"""Sees to what the tests need of the distribution: Chromium, PostgreSQL and NATS.

Installs what is missing where it may (root, apt); otherwise says what to install and which tests
are left out until then.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDS = {
    "chromium": (
        lambda: (
            shutil.which("chromium")
            or shutil.which("chromium-browser")
            or shutil.which("google-chrome")
        ),
        "the browser journeys",
    ),
    "postgresql": (
        lambda: shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "the tests on PostgreSQL",
    ),
    "nats-server": (
        lambda: shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/sbin"),
        "the tests of several processes",
    ),
}

WELCOME = ["chromium-headless-shell"]
"""Not every distribution has it: coming into the app takes it a quarter less processor time."""
INSTALL = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]


def main() -> int:
    missing = [package for package, (find, _) in NEEDS.items() if not find()]
    if not missing:
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {
            "stdout": subprocess.DEVNULL,
            "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        }
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        for packages in ([*missing, "fonts-noto-core"], WELCOME):
            subprocess.run([*INSTALL, *packages], check=False, **quiet)
        missing = [package for package in missing if not NEEDS[package][0]()]
    for package in missing:
        sys.stderr.write(
            f"{package} is not installed: {NEEDS[package][1]} are left out. "
            "Install it, then run again.\n"
        )
    return 1 if missing and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
