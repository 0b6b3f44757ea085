"""Numerics of Facsimile: registration, drawing, corpora, balancing, estimators.

Nothing in here knows of HTTP, a database, a queue or the environment.
"""
