"""How well an estimator reads labelled frames, with intervals over people."""
