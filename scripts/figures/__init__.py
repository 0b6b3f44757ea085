"""Every figure of the pages: the command that makes it, and whether it is still true.

    python -m scripts.figures                     # which are stale, and since what changed
    python -m scripts.figures --make NAME … --data DATA [--packages PACKAGES]

`make figures` lists them, `make figures PHOTOS=DATA` makes those that are stale. A table goes to
``docs/figures/NAME.md`` as the command printed it, pictures to where their page shows them, and
what they were made with is recorded in ``docs/figures/made.json``: figures depend on the drawing
code and on weights, and are stale when one of those has changed since.
"""
