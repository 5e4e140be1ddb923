"""The demo town: shops, people and what went on between them. Everything in it is invented."""
