"""The public's door: pages drawn by the server, complete without JavaScript.

Owns no table and announces nothing. What it shows is read through the doors of the rooms below.
"""
