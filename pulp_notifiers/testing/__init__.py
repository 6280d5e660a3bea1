"""Tools for authors of plugins, to test notifiers against real receivers and sources without a database.

::

    contract    NotifierContract: the tests that every notifier must pass; a test class inherits them
    http        HttpReceiver: an HTTP or HTTPS server on a loopback port that keeps requests
    smtp        SmtpReceiver: an SMTP server on a loopback port that keeps mails
    plugins     LoadedNotifier, LoadedSourceType: a plugin as the engine loads and calls it
    source      RecordingIntake: an intake in memory that shows what a source hands over

``trial`` and ``smtp_server`` belong to ``contract`` and ``smtp``; plugins do not import them.
"""
