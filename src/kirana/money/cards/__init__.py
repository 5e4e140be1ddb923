"""Payments through a provider: what is wanted, asked in jobs, told by events, and booked once."""
