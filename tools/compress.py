"""Writes a Brotli twin beside every built file that is worth it."""

import sys
from pathlib import Path

import brotli

TEXT = {".js", ".css", ".html", ".json", ".svg", ".webmanifest", ".wasm"}

for file in Path(sys.argv[1]).rglob("*"):
    if file.suffix in TEXT and file.stat().st_size > 1000:
        packed = brotli.compress(file.read_bytes(), quality=9)
        file.with_name(file.name + ".br").write_bytes(packed)
