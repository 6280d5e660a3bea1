"""Hostile cases of our own: against what this product does itself, beside those that were collected for any Jinja."""

from typing import Any

T, C = "template", "condition"

UNITS = [{"name": f"unit-{number}", "size": number, "deep": {"a": [number]}} for number in range(400)]
LOOPS = "{% for a in payload.units %}{% for b in payload.units %}%s{% endfor %}{% endfor %}"

OWN_CASES: list[dict[str, Any]] = []


def add(kind: str, where: str, text: str, note: str, **more: Any) -> None:
    """Add a case in the form of the collected ones; ``event`` has more keys for the event."""
    number = len(OWN_CASES) + 1
    OWN_CASES.append({"id": f"o{number:03}", "kind": kind, "where": where, "text": text, "note": note, **more})


def nested(depth: int) -> list[Any]:
    """Return a list in a list in a list."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


for t, n in [
    ("{{ ''['__cl' ~ 'ass__'] }}", "built key"),
    ("{{ payload[payload.text].__init__ }}", "dunder behind a calculated key"),
    ("{{ (payload|items|first)[0].__class__ }}", "entry of a pair"),
    ("{{ payload.tags.__len__ }}", "dunder of a list"),
    ("{% set x = payload.__class__ %}{{ x }}", "dunder in set"),
    ("{% for x in payload.__dict__ %}{{ x }}{% endfor %}", "dunder in for"),
    ("{{ payload|sort(attribute='__class__') }}", "dunder as attribute"),
    ("{{ payload['items']|map(attribute='sku.__class__')|join }}", "dunder in a path"),
    ("{{ payload['items']|map(attribute='__init__.__globals__')|list }}", "dunder path"),
    ("{{ loop._Loop__x }}", "loop outside"),
    ("{% for a in payload.tags %}{{ loop.__class__ }}{% endfor %}", "class of loop"),
    ("{% for a in payload.tags %}{{ loop.cycle('a','b') }}{% endfor %}", "call on loop"),
    ("{% for a in payload.tags %}{% set x = loop %}{{ x }}{% endfor %}", "loop as a value"),
    ("{% for loop in payload.tags %}{{ loop }}{% endfor %}", "loop as a target"),
    ("{% set self = 1 %}{{ self }}", "self"),
    ("{{ true.real }}", "attribute of a constant"),
    ("{{ 1 .real }}", "attribute of a number"),
    ("{{ payload.text.format(payload) }}", "format"),
    ("{{ payload.text % payload }}", "formatting"),
    ("{{ payload.tags[payload] }}", "object as a key"),
    ("{{ payload.tags[true] }}", "true as a key"),
    ("{{ payload|tojson|attr('x') }}", "attr"),
    ("{{ ()|string }}", "tuple"),
    ("{{ payload is sameas payload }}", "sameas"),
    ("{{ payload is callable }}", "callable"),
    ("{{ payload.tags is iterable }}", "iterable"),
    ("{% import payload.text as x %}", "import by data"),
    ("{% include payload.text %}", "include by data"),
    ("{{ 'a'.join(payload.tags) }}", "call of a method"),
    ("{{ payload.items() }}", "call of a key"),
    ("{% set payload.x = 1 %}", "set below a fact"),
    ("{% set a, b = payload.tags %}{{ a }}", "set of several"),
    ("{{ varargs }}{{ kwargs }}{{ caller }}", "names of macros"),
    ("{% with %}{% endwith %}", "with"),
    ("{% call foo() %}{% endcall %}", "call block"),
    ("{% filter upper %}x{% endfilter %}", "filter block"),
    ("{% set x %}y{% endset %}", "set block"),
    ("{{ payload|default(payload|attr('x')) }}", "filter inside an argument"),
    ("{{ payload.text|truncate(5, *payload.tags) }}", "star argument"),
    ("{{ payload.text|truncate(**payload) }}", "two stars"),
    ("{{ payload.text|truncate(foo=1) }}", "unknown argument"),
]:
    add("escape", T, t, n)
for t, n in [
    ("payload['__class__'] is defined", "dunder key"),
    ("payload.__class__ is defined", "dunder under defined"),
    ("(payload|default(range)) == 1", "name of a function"),
    ("payload.text is regex(payload.text)", "pattern from data"),
    ("payload.text is glob(payload.text)", "pattern from data"),
    ("payload[payload.text] is defined", "key from data"),
    ("payload.tags[payload.count] == 'x'", "index from data"),
    ("\u0440ayload.count == 1", "Cyrillic look-alike"),
    ("payload.\u0441ount == 1", "Cyrillic key"),
    ("payload.count == 1 %} {% if true", "end of a tag"),
    ("payload.count == 1 #}", "end of a comment"),
]:
    add("escape", C, t, n)
# memory
chain = "".join("{% set x = [x, x, x, x] %}" for _ in range(30))
add(
    "memory",
    T,
    "{% set x = ['a'] %}" + chain + "{{ x|tojson }}",
    "aliasing, then tojson: the hole of the measured prototype",
)
add(
    "memory",
    T,
    "{% set x = {'k': 'a'} %}"
    + "".join("{% set x = {'a': x, 'b': x} %}" for _ in range(30))
    + "{{ x|tojson(indent=8) }}",
    "aliased objects, then tojson",
)
add(
    "cpu",
    T,
    "{% set x = ['a'] %}{% set y = ['a'] %}"
    + "".join("{% set x = [x, x] %}{% set y = [y, y] %}" for _ in range(30))
    + "{{ x == y }}",
    "aliased lists compared",
)
add(
    "cpu",
    T,
    "{% set x = ['a'] %}{% set y = ['b'] %}"
    + "".join("{% set x = [x, x] %}{% set y = [y, y] %}" for _ in range(30))
    + "{{ x in [y] }}",
    "aliased lists looked for",
)
add(
    "memory",
    T,
    "{% set x = ['a'] %}" + "".join("{% set x = [x, x] %}" for _ in range(60)) + "{{ x|length }}",
    "deep list freed",
)
add(
    "memory",
    T,
    "{% set x = payload.text %}" + "{% set x = x|replace('a', 'aaaaaaaaaa') %}" * 12 + "{{ x|length }}",
    "replace grows",
    event_text="a" * 1000,
)
add("memory", T, "{{ payload.text|replace('', 'x'*1) }}", "empty text replaced", event_text="a" * 100000)
add(
    "memory",
    T,
    "{% for a in payload['items'] %}{% for b in payload['items'] %}{% for c in payload['items'] %}{{ payload.text }}"
    + "{% endfor %}" * 3,
    "output",
    event_text="y" * 60000,
)
add(
    "memory",
    T,
    "{% for a in payload.units %}{{ payload.units|tojson }}{% endfor %}",
    "tojson in a loop",
    event={"units": UNITS},
)
add(
    "memory",
    T,
    "{% for a in payload.units %}{% set x = payload.units|items %}{% endfor %}",
    "items of a list",
    event={"units": UNITS},
)
add(
    "memory",
    T,
    "{% for a in payload.units %}{% set x = payload.many|items %}{% set y = payload.many|dictsort %}{% endfor %}",
    "pairs in a loop",
    event={"units": UNITS, "many": {f"k{i}": i for i in range(3000)}},
)
add(
    "memory",
    T,
    "".join(f"{{% set a{i} = payload.text|split(',') %}}" for i in range(300)) + "{{ a0|length }}",
    "lists of parts",
    event_text="a," * 9999,
)
add(
    "memory",
    T,
    "".join(f"{{% set a{i} = payload.text|list %}}" for i in range(300)) + "{{ a0|length }}",
    "lists of characters",
    event_text="\u4e00" * 9999,
)
add(
    "memory",
    T,
    "".join(f"{{% set a{i} = {i} %}}" for i in range(700))
    + "{% for x in payload.units %}{% for y in payload.units %}{{ y.size }}{% endfor %}{% endfor %}",
    "many variables copied in each round",
    event={"units": UNITS},
)
add(
    "memory",
    T,
    "{{ payload.text|indent(40) }}{{ payload.text|indent(40, true) }}",
    "indent of many lines",
    event_text="\nx" * 100000,
)
add("memory", T, "{{ payload.text|e|e|e }}{{ payload.text|urlencode }}", "escape and encode", event_text='"&<' * 60000)
add(
    "memory",
    T,
    "{{ payload.text|upper|lower|capitalize|trim|reverse }}",
    "characters that grow",
    event_text="\u0390\ufb03" * 60000,
)
add("memory", T, "{{ payload.tags|join(payload.text) }}", "separator from data", event_text="y" * 200000)
add(
    "memory",
    T,
    "{{ payload.units|map(attribute='name')|join('" + "y" * 5000 + "') }}",
    "long separator",
    event={"units": UNITS},
)
add("memory", T, "{{ payload.count|pad(10**9) }}", "pad")
add("memory", T, "{{ payload.count|pad(1000000000) }}", "pad, written out")
add("memory", T, "{{ payload.text|truncate(1000000000) }}", "truncate")
add("memory", T, "{{ payload|tojson(indent=1000000000) }}", "indent of tojson")
add(
    "memory", C, "(payload.text ~ payload.text ~ payload.text)|length > 1", "long texts joined", event_text="z" * 200000
)
add("memory", T, "{{ payload.text[:-1] ~ payload.text[::-1] ~ payload.text[::2] }}", "slices", event_text="z" * 200000)
# cpu
for body, n in [
    ("{% if a == b %}x{% endif %}", "objects compared"),
    ("{% if a in payload.units %}x{% endif %}", "objects looked for"),
    ("{{ b.name|upper }}", "upper"),
    ("{% if payload.units == payload.others %}x{% endif %}", "lists compared"),
    ("{% set s = payload.units|sort(attribute='name') %}", "sort"),
    ("{% set s = payload.units|unique(attribute='name') %}", "unique"),
    ("{% set s = payload.units|sum(attribute='size') %}", "sum"),
    ("{% set s = payload.units|map(attribute='name') %}", "map"),
    ("{% set s = payload.units[1:] %}", "slices"),
    ("{% set s = payload.units|reverse %}", "reverse"),
    ("{% set s = payload.units|difference(payload.others) %}", "difference"),
    ("{{ payload.units|length * a.size * b.size }}", "calculation"),
    ("{{ '2027-01-31T12:00:00Z'|localtime('Europe/Berlin') }}", "localtime"),
    ("{{ a.size|duration }}{{ b.size|filesize }}", "numbers for people"),
]:
    add(
        "cpu",
        T,
        LOOPS.replace("%s", body),
        "in nested loops: " + n,
        event={"units": UNITS, "others": [*UNITS[:-1], {}]},
    )
for body, n in [
    ("{% if 'ab' in payload.text %}x{% endif %}", "short text looked for"),
    ("{% if ('a'*1) in payload.text %}x{% endif %}", "calculated text"),
    ("{% if '" + "a" * 60 + "b" + "a" * 30 + "' in payload.text %}x{% endif %}", "worst case of the search"),
    ("{% if payload.text is regex('(a|b)*a(a|b){60}c') %}x{% endif %}", "regex with many states"),
    ("{% if payload.text[:2000] is regex('.*a.{100}b$') %}x{% endif %}", "regex with many instructions"),
    ("{% if payload.text[:4000] is glob('*a?*b[ab]?a*a?b*c') %}x{% endif %}", "glob"),
    ("{{ payload.text|summary }}", "summary"),
    ("{{ payload.text|replace('ab', 'ba')|length }}", "replace"),
    ("{{ payload.text|split('ab')|length }}", "split"),
    ("{% if payload.text == payload.copy %}x{% endif %}", "long texts compared"),
    ("{{ payload.text|urlencode|length }}", "urlencode"),
    ("{{ payload.text|lines|length }}", "lines"),
]:
    add(
        "cpu",
        T,
        LOOPS.replace("%s", body),
        "in nested loops: " + n,
        event={"units": UNITS, "copy": "ab" * 30000},
        event_text="ab" * 30000,
    )
add("cpu", T, "{{ payload.text|summary }}", "escape sequences", event_text="\x1b[" * 100000)
add("cpu", T, "{{ payload.text|summary }}", "unfinished escape sequences", event_text="\x1b[1;" * 60000)
add("cpu", T, "{{ payload.text|summary }}", "sentences without end", event_text=". " * 100000)
add("cpu", T, "{{ payload.text|summary(1000) }}", "one line of white space", event_text=" \t" * 100000 + "x")
add(
    "cpu",
    T,
    "{% for x in payload.long %}{% set s = payload.long|sort %}{% endfor %}",
    "long texts with the same beginning sorted",
    event={"long": ["p" * 2000 + str(i) for i in range(100)]},
)
add(
    "cpu",
    T,
    "{% if payload.deep == payload.deep2 %}x{% endif %}{{ payload.deep|tojson }}",
    "deep values",
    event={"deep": nested(94), "deep2": nested(94)},
)
add(
    "cpu",
    C,
    "payload.number * payload.number * payload.number > 1",
    "large number of an event",
    event={"number": int("9" * 4000)},
)
add(
    "cpu",
    C,
    "payload.number == 1 or payload.number > 2 or payload.number|string == 'x'",
    "large number printed",
    event={"number": int("9" * 4000)},
)
add(
    "cpu",
    T,
    "{{ payload.number|round(12) }}{{ payload.number|filesize }}{{ payload.number|duration }}",
    "large number",
    event={"number": 1e308},
)
add("cpu", T, "{{ payload.number|localtime }}", "time out of range", event={"number": 1e15})
add("cpu", C, "payload.text is version('1', '>=')", "long version", event_text="9." * 90000)
add("cpu", C, "payload.text is version('" + "9" * 190 + "', '>=')", "long number in a version", event_text="9" * 190)
add(
    "cpu",
    C,
    " and ".join(f"payload.text is regex('(a|b)*a(a|b){{{i}}}c')" for i in range(40, 60)),
    "twenty regular expressions",
    event_text="ab" * 10000,
)
# regex
for p, n in [
    ("a.{500}b.{400}c", "large"),
    ("(?:.{0,100}a){3}c", "nested repetition"),
    ("([ab]{1,30}){1,30}c", "nested repetition"),
    ("(\\\\w{1,20}\\\\W?){1,40}!", "classes"),
    ("(?i)(\\\\pL|\\\\pN)*\\\\pL{40}!", "Unicode classes"),
    ("((((((((((a*)*)*)*)*)*)*)*)*)*)*", "nested stars"),
    ("(?:a?){100}a{100}", "optional"),
    ("(a|aa|aaa|aaaa)*$", "alternatives"),
    ("a**", "double star"),
    ("(?<=a)b", "look-behind"),
    ("(?=a)b", "look-ahead"),
    ("(a)\\\\1", "back-reference"),
    ("\\\\C*", "any byte"),
    ("[[:alpha:]]{200}", "class"),
    ("x" * 201, "too long"),
    ("", "empty"),
    ("(?P<n>a)(?P<n>b)", "name twice"),
    ("a)(?:b", "bracket that closes another"),
    ("*", "nothing to repeat"),
]:
    add("regex", C, f"payload.text is regex('{p}')", n, event_text="ab" * 30000)
    add(
        "regex",
        C,
        f"payload.text[:1500] is match('{p}', ignorecase=true)",
        n + ", at the start",
        event_text="ab" * 30000,
    )
for p, n in [
    ("*" * 200, "stars"),
    ("*?" * 100, "stars and one"),
    ("*a" * 100, "pieces"),
    ("*[ab]" * 40, "classes"),
    ("[" * 200, "open brackets"),
    ("[!" * 50, "open classes"),
    ("[]" * 50, "empty classes"),
    ("[z-a]*[a-" + "]", "odd ranges"),
    ("?" * 200, "many of one"),
    ("\\\\\\\\*", "backslash"),
]:
    add("regex", C, f"payload.text[:4096] is glob('{p}')", n, event_text="ab" * 30000)
# recursion, parse
add("recursion", T, "{% for a in payload.tags recursive %}{{ loop(a) }}{% endfor %}", "recursive loop")
add("parse", T, "{{ " + "(" * 300 + "1" + ")" * 300 + " }}", "brackets")
add("parse", T, "{{ " + "[" * 19 + "1" + "]" * 19 + " }}", "brackets at the limit")
add("parse", C, "not " * 400 + "true", "not")
add("parse", T, "{{ " + "-" * 900 + "1 }}", "minus")
add("parse", T, "{{ 1" + "|abs" * 2500 + " }}", "filters")
add("parse", C, "payload.x" + "|default(1)" * 180 + " == 1", "filters in a condition")
add("parse", T, "{{ 1" + " ~ 1" * 2900 + " }}", "parts joined")
add("parse", T, "{{ 1" + " if true else 1" * 900 + " }}", "choices")
add("parse", T, "{% if true %}" * 200 + "{% endif %}" * 200, "if in if")
add("parse", T, "{% if true %}" * 20 + "{% endif %}" * 20, "if in if, few")
add("parse", T, "{{ x }}" * 9000, "too long")
add("parse", T, "{{" * 30000, "open brackets of a tag")
add("parse", T, "{% raw %}" + "{{ x }}" * 9000, "raw without end")
add("parse", T, "{#" + "#" * 60000, "comment without end")
add("parse", T, "{{ '" + "a" * 60000 + "' }}", "long constant")
add("parse", T, "x" * 65536, "plain text at the limit")
add("parse", T, "{{ " + "a" * 60000 + " }}", "long name")
add("parse", T, "{{ payload." + "a" * 60000 + " }}", "long key")
add("parse", T, "{{ 1 is " + "a" * 60000 + " }}", "long test")
add("parse", T, "{{ 1|" + "a" * 60000 + " }}", "long filter")
add("parse", T, "{{ [" + "1," * 3900 + "] }}", "long list")
add("parse", T, "{{ {" + "'a':1," * 1900 + "}|tojson }}", "long object")
add("parse", C, "payload.x == " + "9" * 2000, "long number")
add("parse", C, "payload.x == 1e999", "not finite")
add("parse", C, "payload.x == 0x" + "f" * 2000, "long hexadecimal number")
add("parse", T, "\ufeff\u2028{{ payload.id }}\u2029\r\n", "odd white space")
add("parse", T, "{%- if true -%}\r\r\n\n{%- endif -%}", "line breaks of all kinds")
add("parse", C, "\ud800 == 1", "lone surrogate")
add("parse", C, "'\\ud800' in payload.text", "lone surrogate as an escape")
add("parse", C, "'\\N{BULLET}\\x' == payload.text", "unfinished escape")
# injection
for p, t, n in [
    ("x onload=y", "<img alt={{ payload.text }}>", "unquoted"),
    ("javascript:alert(1)", '<a href="{{ payload.text }}">x</a>', "script as address"),
    (" \tjava\nscript:alert(1)", "<a href='{{ payload.text }}'>x</a>", "script as address, hidden"),
    ("data:text/html,x", '<a href="{{ payload.text }}">x</a>', "data as address"),
    ("red;background:url(//evil.example)", '<b style="color: {{ payload.text }}">x</b>', "style"),
    ("</style><script>x", "<style>{{ payload.text }}</style>", "style element"),
    ("x", "<script>{{ payload.text }}</script>", "script element"),
    ("alert(1)", '<b onclick="{{ payload.text }}">x</b>', "event attribute"),
    ("b onload=x", "<{{ payload.text }}>", "name of an element"),
    ("x=1 onload=y", "<b {{ payload.text }}>", "name of an attribute"),
    ("--><script>x", "<!-- {{ payload.text }} -->", "comment"),
    ("' onload='x", "<b title='{{ payload.text }}'>", "single quotes"),
    ("`onload=x`", "<b title=`{{ payload.text }}`>", "backticks"),
    ("//evil.example/x", '<img src="{{ payload.text }}">', "remote picture"),
    ("vbscript:x", '<a href="{{ payload.text|trim }}">x</a>', "old script"),
    ("=?utf-8?q?=0D=0ABcc:_x=40y?=", "{{ payload.text }}", "encoded word"),
    ("=\n?utf-8?q?x?=", "{{ payload.text }}", "encoded word, broken"),
    ("==?utf-8?q?x?=", "{{ payload.text }}", "encoded word behind a sign"),
    ("a\u200b=\u200b?utf-8?q?x?=", "{{ payload.text }}", "encoded word with invisible signs"),
    ("\u202eevil\u202c", "{{ payload.text }}", "direction"),
    ("{{ 7*7 }}{% for x in y %}", "{{ payload.text }}{{ payload.text|tojson }}", "template in data"),
    ("\ud800\udc00", "{{ payload.text|tojson }}{{ payload.text|urlencode }}{{ payload.text|upper }}", "surrogates"),
]:
    add("injection", "payload", p, n, template=t)
