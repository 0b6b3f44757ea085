"""Fits an estimator to one person from one photograph of them."""
