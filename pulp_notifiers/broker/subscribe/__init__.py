"""Reading from a messaging server: durable queues, and watching an exchange."""
