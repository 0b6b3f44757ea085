"""Stylised people that nobody is: a parametric head, a cast, and a renderer."""
