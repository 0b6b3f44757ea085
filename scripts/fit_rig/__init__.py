"""Fits what the rig ships: AU displacement basis, appearance maps, teeth and reading of smiles.

Run as ``python -m scripts.fit_rig --data DATA`` where DATA holds ``london/``, ``canada/`` and
``ict/``; writes ``models/weights/rig.safetensors``, the same bytes each time. The data is not
needed afterwards.
"""
