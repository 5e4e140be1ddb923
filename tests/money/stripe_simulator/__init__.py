"""A strict stand-in for Stripe: refuses what Stripe refuses, repeats what Stripe repeats, and fails
in the ways in which networks fail. Nothing of it is in the product."""

from .faults import Fault
from .server import Simulator
from .state import CARDS, Delivery

__all__ = ["CARDS", "Delivery", "Fault", "Simulator"]
