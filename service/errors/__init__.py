"""What can go wrong: one file a noun, each problem with its own type and status (RFC 9457)."""
