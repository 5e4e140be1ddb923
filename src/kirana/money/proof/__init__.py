"""How others can check the books: the audit, sealed days, receipts, statements and their files."""
