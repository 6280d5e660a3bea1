"""Values in HTML: where they can be printed, and how they are made harmless there."""

import pytest

from pulp_notifiers.templating import InvalidExpression, TextForm, compile_text


def rendered(template: str, value: str) -> str:
    return compile_text(template, TextForm.HTML).render({"payload": {"x": value}, "about": {"bad": True}})


@pytest.mark.parametrize(
    "template",
    [
        "<p>{{ payload.x }}</p>",
        "<p title='{{ payload.x }}'>a</p>",
        '<p title="a {{ payload.x }} b" id=y>a</p>',
        "<title>{{ payload.x }}</title>",
        "1 < 2 {{ payload.x }}",
        "<\u00e9 2 {{ payload.x }}",
        "</ a>{{ payload.x }}",
        "<!----><!---><!-- - -- > --!>{{ payload.x }}",
        "<script><!-- a --></SCRIPT >{{ payload.x }}",
        "<a href='http{% if about.bad %}s{% endif %}://example.com/'>{{ payload.x }}</a>",
        "<a href='http{% if about.bad %}s{% endif %}://example.com/{{ payload.x }}'>{{ payload.x }}</a>",
        "<!-- a --><!DOCTYPE html><?xml ?>{{ payload.x }}",
        "<style>p > b { color: red }</style><script>if (a < b) {}</script>{{ payload.x }}",
        "<p{% if about.bad %} class='bad'{% endif %}>{{ payload.x }}</p>",
        '<p class="{% if about.bad %}bad{% endif %}" {% if about.bad %}hidden{% endif %}>{{ payload.x }}</p>',
        '{% if about.bad %}<b>{{ payload.x }}</b>{% else %}<i title="{{ payload.x }}">a</i>{% endif %}',
        "{% for a in [1] %}<b>{{ payload.x }}</b>{% else %}<i>none</i>{% endfor %}",
    ],
)
def test_a_value_between_elements_and_in_quotes_is_escaped(template):
    """Quotes of both kinds are escaped too."""
    html = rendered(template, "<b> \"'&")

    assert "&lt;b&gt; &#34;&#39;&amp;" in html
    assert "<b> " not in html


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("<img alt={{ payload.x }}>", "Put quotes around the value"),
        ("<img alt=a{{ payload.x }}>", "Put quotes around the value"),
        ("<img alt = {{ payload.x }}>", "Put quotes around the value"),
        ("<{{ payload.x }}>", "not inside a tag or comment"),
        ("</{{ payload.x }}>", "not inside a tag or comment"),
        ("<b {{ payload.x }}>", "not inside a tag or comment"),
        ("<b{{ payload.x }}>", "not inside a tag or comment"),
        ("<b a{{ payload.x }}='c'>", "not inside a tag or comment"),
        ("<!-- {{ payload.x }} -->", "not inside a tag or comment"),
        ("<!DOCTYPE {{ payload.x }}>", "not inside a tag or comment"),
        ("<script>{{ payload.x }}</script>", "Nothing can be printed inside <script>."),
        ("<STYLE type='a'>p { {{ payload.x }} }</STYLE>", "Nothing can be printed inside <style>."),
        ("<scr{% if about.bad %}{% endif %}ipt>{{ payload.x }}", "Nothing can be printed inside <script>."),
        ("<b ONclick='{{ payload.x }}'>", "the attribute onclick: it is code"),
        ("<a href='java{{ payload.x }}'>", "Write the address up to its host"),
        ("<a href='javascript:f({{ payload.x }})'>", "an address that is code"),
        ("<a href=' JAVA\tscript&colon;f({{ payload.x }})'>", "an address that is code"),
        ("<a href='&#106;avascript:f({{ payload.x }})'>", "an address that is code"),
        ("<a href='java{% if about.bad %}script:{% else %}script:{% endif %}{{ payload.x }}'>", "that is code"),
        ("<a href='javascript{% if about.bad %}{% endif %}:{{ payload.x }}'>", "an address that is code"),
        ("<iframe src='data:text/html,{{ payload.x }}'>", "an address that is code"),
        ("<a href='vbscript:{{ payload.x }}'>", "an address that is code"),
        ("<script></scriptx>{{ payload.x }}</script>", "Nothing can be printed inside <script>."),
        ("<script>'\u0130\u0130'</script><b><script>{{ payload.x }}", "Nothing can be printed inside <script>."),
        ("<script><!--<script></script>{{ payload.x }}", "Nothing can be printed inside <script>."),
        ("<!--><script>-->{{ payload.x }}", "Nothing can be printed inside <script>."),
        ("<!--a--!><script>-->{{ payload.x }}", "Nothing can be printed inside <script>."),
        ("</!--><script>-->{{ payload.x }}", "Nothing can be printed inside <script>."),
        ("<\u00e9 a='<script>{{ payload.x }}", "Nothing can be printed inside <script>."),
        ("</1 a='><script>{{ payload.x }}", "Nothing can be printed inside <script>."),
        ("<a x {% if about.bad %}{% endif %}href='j{{ payload.x }}'>", "Write the address up to its host"),
        (
            "{% if about.bad %}<b title='{% else %}<b {% endif %}{{ payload.x }}",
            "must open and close the same HTML tags",
        ),
        ("{% for a in [1] %}<b title='{% endfor %}{{ payload.x }}", "must open and close the same HTML tags"),
    ],
)
def test_a_value_where_no_escaping_helps_is_refused(template, sentence):
    """When the template is saved."""
    with pytest.raises(InvalidExpression) as raised:
        compile_text(template, TextForm.HTML)

    assert sentence in raised.value.sentence


@pytest.mark.parametrize("attribute", ["href", "SRC", "formaction", "xlink:href"])
@pytest.mark.parametrize(
    ("address", "printed"),
    [
        ("https://pulp.example.com/a?b=1&c", "https://pulp.example.com/a?b=1&amp;c"),
        (" MAILTO:ops@example.com", "MAILTO:ops@example.com"),
        ("/pulp/api/v3/", "/pulp/api/v3/"),
        ("javascript:alert(1)", "#"),
        (" \tjava\nscript:alert(1)", "#"),
        ("data:text/html,x", "#"),
        ("vbscript:x", "#"),
        ("", "#"),
    ],
)
def test_only_addresses_of_harmless_schemes_are_printed(attribute, address, printed):
    """Others become ``#``, so that the mail still goes out."""
    assert f'<a {attribute}="{printed}">' == rendered(f'<a {attribute}="{{{{ payload.x }}}}">', address)


def test_a_value_behind_the_host_of_an_address_is_escaped_only():
    """Its scheme cannot change any more."""
    template = '<a href="https://pulp.example.com/{{ payload.x|urlencode }}/{{ payload.x }}">'

    assert '<a href="https://pulp.example.com/a%3Ab/a:b">' == rendered(template, "a:b")
    assert '<a href="https://a.example/a:b">' == rendered(
        "<a href=\"{{ 'https://a.example/' }}{{ payload.x }}\">", "a:b"
    )


@pytest.mark.parametrize(
    ("value", "printed"), [("#b00", "#b00"), ("12px", "12px"), ("red;background:url(//a)", ""), ("expression(x)", "")]
)
def test_a_style_gets_plain_values_only(value, printed):
    """Nothing that adds a property or loads something."""
    assert f'<b style="color: {printed}">' == rendered('<b style="color: {{ payload.x }}">', value)


def test_other_forms_print_html_like_any_text():
    """They are for plain text and headers."""
    assert "<img alt=a>" == compile_text("<img alt={{ payload.x }}>", TextForm.TEXT).render({"payload": {"x": "a"}})
