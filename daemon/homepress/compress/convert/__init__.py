"""What is asked beyond the same picture in fewer bytes: another format, fewer pixels, less metadata."""
