"""A simulated FACS database with known truth, and the paper's comparisons on it.

`python -m benchmarks.simulated --data DATA --work WORK --out OUT` films two databases of people
(`database`): what their faces do (`behaviour`), how each face does it (`own_face`), what a camera
makes of it (`camera`); registers the frames as photographs of strangers are registered
(`recording`); trains on real frames and on drawings (`training_sets`, `trained`), makes estimators
personal (`personal`) and prints tables (`report`). See docs/simulated.md.
"""
