"""The product's own API, in Pulp 3's conventions. ``listeners``, ``events``, ``event_types``, ``tasks``,
``deliveries``, ``sources``, ``plugins``, ``status`` and ``docs`` have the routes and models of one resource each;
``style``, ``bodies``, ``fields``, ``filters``, ``partial``, ``pages``, ``preconditions`` and ``errors`` are what they
share.
"""
