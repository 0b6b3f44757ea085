"""Balanced label sets: semantic resampling, and the resampling of real frames it is measured by.

Niinuma, Onal Ertugrul, Cohn & Jeni, "Facial Expression Manipulation for Personalized Facial
Action Estimation" (2022), section 4.2.2.
"""
