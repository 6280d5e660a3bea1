"""What the fields of a listener mean, written once for the REST API and the command line."""

NOTIFIER_TYPE = "Name of an installed notifier."

EVENT_TYPES = (
    "Event types, or topic patterns: * matches one word, # any number. A single * matches the four repository events."
)

TASK_ID = "Only events of this task; the listener removes itself when the task ends."

INCLUDE = (
    "What sources that can do so add to the events: content adds the names of what was added and removed. Each has 1 "
    "to 32 lower-case letters and _."
)

NAME = (
    "Unique: 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or a digit, and not 24 hexadecimal "
    "digits. If absent, one is made up from what the listener does."
)

DESCRIPTION = "For people."

ENABLED = "Whether the listener gets events. A disabled one keeps its options and what it is owed."

LABELS = "For people, conditions and templates."

WHEN = "A condition: the listener gets only events for which this Jinja2 expression is true."

TEMPLATE = "Name of the template of its messages; if absent, the notifier's own."

CONDITION = "payload.result == 'failed' and payload.repo_id is glob('prod-*')"
"""An example of a condition."""
