"""The product's own API, in Pulp 3's conventions. ``listeners``, ``events``, ``event_types``, ``tasks``,
``deliveries``, ``sources``, ``plugins``, ``status`` and ``docs`` have the routes and models of one resource each,
``stored_events`` those of events that are read, ``new_event`` the model of one that is fired; ``style``, ``bodies``,
``fields``, ``filters``, ``partial``, ``pages``, ``preconditions`` and ``errors`` are what they share.
"""
