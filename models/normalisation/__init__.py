"""Temporal normalisation: faces as differences from what a subject usually looks like."""
