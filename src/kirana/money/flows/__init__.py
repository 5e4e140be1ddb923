"""How a payment comes about: asked for, split, promised, claimed, repeated, exchanged, in cash.

Each ends in a group that `ledger.apply` takes or refuses.
"""
