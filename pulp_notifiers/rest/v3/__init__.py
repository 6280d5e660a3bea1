"""The product's own API, in Pulp 3's conventions. ``listeners``, ``events``, ``tasks``, ``deliveries``, ``sources``,
``plugins``, ``status`` and ``docs`` have the routes and models of one resource each; ``style``, ``bodies``, ``fields``,
``filters``, ``pages``, ``preconditions`` and ``errors`` are what they share.
"""
