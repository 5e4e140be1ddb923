"""Copies the emoji that the demo town uses from their npm package (MIT) to where it finds them."""

import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "web" / "node_modules" / "@lobehub" / "fluent-emoji-3d" / "assets"
TARGET = ROOT / "src" / "kirana" / "app" / "demo" / "emoji"


def main() -> int:
    from kirana.app.demo.people import PEOPLE

    wanted = {person.face for person in PEOPLE}
    for file in (ROOT / "src" / "kirana" / "app" / "demo" / "shops").glob("*.toml"):
        shop = tomllib.loads(file.read_text())
        wanted |= {shop["logo"]} | {product["emoji"] for product in shop["products"]}
    TARGET.mkdir(exist_ok=True)
    missing = [emoji for emoji in sorted(wanted) if not copy(emoji)]
    if missing:
        sys.stderr.write(f"The package has no picture of {' '.join(missing)}\n")
    return 1 if missing else 0


def copy(emoji: str) -> bool:
    for text in (emoji, emoji.replace("\ufe0f", "")):
        name = "-".join(f"{ord(c):x}" for c in text) + ".webp"
        if (PACKAGE / name).exists():
            shutil.copy(PACKAGE / name, TARGET / name)
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
