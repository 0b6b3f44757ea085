"""HTTP: routes, and what turns requests into use cases and results into answers."""
