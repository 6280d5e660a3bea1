"""How large conditions and templates may be, and how much one evaluation may do."""

POLICY_VERSION = 1
"""Grows with every change of the language or its limits, so that nothing compiled under other rules is used."""

MAX_CONDITION_LENGTH = 2_048
"""Characters of a condition."""

MAX_TEMPLATE_LENGTH = 65_536
"""Characters of a template."""

MAX_TOKENS = 6_000
"""Words and signs inside the tags of a template; looked at before anything is parsed."""

MAX_BRACKETS = 20
"""Brackets inside brackets; looked at before anything is parsed."""

MAX_CONDITION_NODES = 200
"""Names, values and operations of a condition."""

MAX_TEMPLATE_NODES = 2_000
"""Names, values, operations, tags and pieces of text of a template."""

MAX_DEPTH = 24
"""Operations inside operations, and tags inside tags."""

MAX_LOOP_DEPTH = 3
"""Loops inside loops."""

MAX_ITERATIONS = 20_000
"""Rounds of all loops of one rendering."""

MAX_STEPS = 250_000
"""Evaluated nodes and looked-at items of one evaluation; 32 characters count as one."""

CHARACTERS_PER_STEP = 32

MAX_TEXT = 262_144
"""Characters of one text that an expression makes, and of what a template prints."""

MAX_CHARACTERS = 2_000_000
"""Characters of all texts that one evaluation makes."""

MAX_LINE = 500
"""Characters of a text of the form ``line``; the rest is cut off."""

MAX_INTEGER = 2**63 - 1
"""Integers that an expression may contain or calculate."""

MAX_ITEMS = 10_000
"""Entries of one list that a filter sorts, joins or splits off."""

MAX_VALUE_DEPTH = 110
"""Levels of nested values that are looked through. Events have at most 100."""
