"""Rows: the durable truth about owners, images, jobs and results."""
