"""The HTTP front end and the durable truth behind it. Nothing here may load torch."""
