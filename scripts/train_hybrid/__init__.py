"""Makes the correction that ships with the generator `hybrid` from photographs of smiles.

``pairs`` draws what to learn from into a folder, ``train`` learns, ``__main__`` does both, measures
on people held out and writes the weights. Interrupted, each goes on where it was.
"""
