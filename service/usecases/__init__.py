"""The rules, one file a noun. They flush and never commit."""
