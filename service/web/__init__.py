"""The studio: what a browser is sent."""
