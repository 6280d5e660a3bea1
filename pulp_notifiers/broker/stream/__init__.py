"""Publishing in batches to one exchange, for the task-status stream."""
