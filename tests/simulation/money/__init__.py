"""A state machine that does with money what people, agents and operators do, beside an oracle."""

from .agreed import Agreed as Money

__all__ = ["Money"]
