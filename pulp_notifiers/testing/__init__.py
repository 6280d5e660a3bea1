"""Real receivers and servers on loopback ports, for the tests of this product and of notifier plugins."""
