"""What users would use instead: senders that keep nothing. Each encodes the same body itself, for each event."""
