"""What goes over the wire, one file a noun, with how rows become it."""
