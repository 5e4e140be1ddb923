"""Kirana: chat, shop and pay, privately, on a server you own."""
