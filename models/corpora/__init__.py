"""FACS-coded corpora in the layouts they are published in, read into one `Corpus` type."""
