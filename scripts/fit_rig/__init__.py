"""Fits what the rig ships: the AU displacement basis, the appearance maps and the mouth layers.

Run as ``python -m scripts.fit_rig --data DATA`` where DATA holds ``london/`` and ``ict/``; writes
``models/weights/rig.npz``. The data is not needed afterwards.
"""
