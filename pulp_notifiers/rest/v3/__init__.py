"""The product's own API, in Pulp 3's conventions: one module for each kind of thing."""
