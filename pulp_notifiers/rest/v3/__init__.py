"""The product's own API, in Pulp 3's conventions.

``listeners``, ``templates``, ``events``, ``event_types``, ``tasks``, ``deliveries``, ``sources``, ``plugins``,
``status`` and ``docs`` have the routes of one resource each, and its models, except for these::

    listener_documents     the models of listeners
    template_previews      the routes below templates that render
    stored_events          the routes below events that read
    new_event              the model of an event that is fired

They share ``style``, ``bodies``, ``fields``, ``filters``, ``pages``, ``preconditions``, ``idempotency``,
``further_permissions`` and ``errors``.
"""
