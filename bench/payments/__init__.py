"""What the transfers of Kirana are measured beside."""
