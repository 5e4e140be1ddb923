"""What operators decide: limits, freezes, payments that wait for them, corrections."""
