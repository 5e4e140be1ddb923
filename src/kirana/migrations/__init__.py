"""How the schema grew: numbered, linear, one change each, safe while the version before serves."""
