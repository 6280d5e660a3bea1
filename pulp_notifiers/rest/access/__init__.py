"""Who sent a request, and whether that user may do it."""
