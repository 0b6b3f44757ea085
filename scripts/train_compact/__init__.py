"""Makes the estimator that ships, `compact`, from photographs of 108 people and the rig.

Three steps, each a module to run: ``draw`` draws the faces to learn from, ``train`` trains and
chooses, ``measure`` measures on people who were in neither and writes weights and card.
"""
