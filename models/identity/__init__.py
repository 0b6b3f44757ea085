"""Who it is: a face recogniser behind one function."""
