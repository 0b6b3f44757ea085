"""Packs the head that all characters share out of the ICT Face Model Light (USC, MIT licence).

    python -m scripts.pack_characters --data DATA        # DATA holds ict/ict_face.npz

The model is turned and scaled to the canonical frame of faces in photos, so that the rig's
recipes of the 18 AUs mean the same on a character. What ships is the mesh in three sizes, a field
of displacements for each AU, lids that follow the gaze, modes of identity, and what a painter needs
to know of each vertex: part, lips, lid edges, and how open to the light it lies.

It needs fast-simplification (PyPI, MIT licence), which nothing else here does.
"""
