"""What several tests share: helpers, and plugins that tests install."""
