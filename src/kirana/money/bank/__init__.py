"""What the banks' own files say, matched to what the books say, day by day."""
