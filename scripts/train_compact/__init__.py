"""Makes the estimator that ships, `compact`, from photographs of 108 people and the rig.

Steps, each a module to run: ``draw`` draws the faces to learn from and ``train`` trains on them and
chooses; ``portraits`` reads a folder of ordinary portraits, ``teach`` teaches their order beside
drawings, once or again with drawings of a newer rig, and ``mix`` chooses how much of all that to
keep; ``personal`` measures what one person's own model gains, and ``measure`` measures on people
who were in none of it and writes weights and card. The card says with how many drawings each ran.
"""
