"""What a photo shows already."""
