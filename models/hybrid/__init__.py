"""What `hybrid` adds to the rig's drawing of a smile: a small learned correction."""
