"""One load for any messenger, and an adapter for each: what `private` and `crowd` are made of."""
