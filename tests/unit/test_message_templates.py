"""Templates of messages: harmless, whatever is in them; every field that is documented, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.messages import fields, rendering, wording
from provisioning.messages.rendering import TemplateError

FIELDS = {
    "customer": "Ann <b> & Co",
    "invoice": None,
    "percent": 75,
    "days": [{"day": "2026-10-01", "total": "1 GB"}, {"day": "2026-10-02", "total": "2 GB"}],
}
# what a template may be made of, to go wrong with
PIECES = (
    *("{{ ", " }}", "{% ", " %}", "{# ", " #}", "customer", "invoice", "days", "percent", "nope", "loop.index", "75"),
    *("if ", "endif", "else", "for one in days", "endfor", "set x = 1", "|upper", "|join", "|json", "|default('x')"),
    *(".day", "[0]", "['day']", ".__class__", "()", "(", ")", "==", " and ", " not ", "~", "*", "**", "'a'", "range"),
    *("include 'x'", "import os", "macro m()", "endmacro", "raw", "endraw", "self", "|attr('x')", " is defined", "\n"),
)
TEMPLATES = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join)


@pytest.mark.parametrize("html", [False, True])
@given(TEMPLATES)
def test_any_template_is_filled_in_or_refused(html, source):
    """Whatever a template is made of, there are words or a TemplateError of one line, and nothing else."""
    words, refusal = "", "it is fine"
    try:
        words = rendering.render(source, FIELDS, html=html)
    except TemplateError as exc:
        refusal = exc.message

    assert "None" not in words or "None" in source
    assert refusal.isprintable()
    assert refusal[-1] != "."


ESCAPES = (
    "{{ customer.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ customer['__class__'] }}",
    "{{ customer|attr('__class__') }}",
    "{{ days[0].items }}",
    "{{ customer.format(customer) }}",
    "{{ '{0.__class__}'.format(customer) }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum.__globals__ }}",
    "{{ joiner() }}",
    "{{ range(1000000000) }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 'a' % 1 }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% for one in days recursive %}{{ loop(days) }}{% endfor %}",
    "{% set x = customer %}",
    "{% filter upper %}x{% endfilter %}",
    "{{ customer|center(1000000000) }}",
    "{{ '%1000000000d'|format(1) }}",
    "{% autoescape false %}{{ customer }}{% endautoescape %}",
    "{{ customer|safe }}",
)


@pytest.mark.parametrize("source", ESCAPES)
def test_nothing_gets_out_of_the_sandbox(source):
    """Attributes, calls, arithmetic, files, globals: none of it is to be had."""
    for html in (False, True):
        with pytest.raises(TemplateError):
            rendering.render(source, FIELDS, html=html)


def test_what_a_template_can_do():
    """Fields, conditions, lists, filters; in HTML all that comes from a field is escaped."""
    source = "{{ customer|upper }}{% if invoice %} {{ invoice }}{% elif percent >= 75 %} {{ percent }} %{% endif %}"
    assert rendering.render(source, FIELDS) == "ANN <B> & CO 75 %"
    days = "{% for one in days %}{{ loop.index }}:{{ one.day }} {{ one['total'] }}"
    days += "{% if not loop.last %}, {% endif %}{% endfor %}"
    assert rendering.render(days, FIELDS) == "1:2026-10-01 1 GB, 2:2026-10-02 2 GB"
    assert rendering.render("<p>{{ customer }}</p>", FIELDS, html=True) == "<p>Ann &lt;b&gt; &amp; Co</p>"
    assert rendering.render("{{ invoice|default('-') }}", FIELDS) == "-"


def test_a_field_without_a_value_is_not_written():
    """Nobody is told None: a field that does not apply may be asked for, and not written, by no filter either."""
    assert rendering.render("{% if invoice %}x{% endif %}{{ invoice is defined }}", FIELDS) == "False"
    for source in ("{{ invoice }}", "{{ invoice|upper }}", "{{ 'x' ~ invoice }}", "{{ invoice|json }}"):
        with pytest.raises(TemplateError, match=r"invoice has no value here; ask first: {% if invoice %}"):
            rendering.render(source, FIELDS)


def test_a_misspelt_field_is_told_when_the_template_is_set():
    """Names that there are not are refused, those of loops are not."""
    rendering.check("{% for one in report.days %}{{ one.day }}{{ loop.index }}{% endfor %}", fields.FIELDS)
    with pytest.raises(TemplateError, match="no field is named 'invocie'"):
        rendering.check("{% if invocie %}x{% endif %}", fields.FIELDS)


@given(st.text())
def test_a_subject_is_one_line(value):
    """Nothing that a field can hold makes a second header of it."""
    words = wording.Wording("x", "en", "email", "For {{ customer }}", "Hello")
    subject = wording.write(words, {"customer": value}).subject

    assert subject.isprintable()
    assert subject.startswith("For")


def test_every_template_that_comes_along_is_sound():
    """In both languages the same kinds and channels, HTML beside where the other has it, and only known fields."""
    found = wording.built_in()
    by_language = {
        language: {(one.name, one.channel, one.html is None) for one in found.values() if one.language == language}
        for language in ("en", "af")
    }

    assert by_language["en"] == by_language["af"]
    assert len(found) == 2 * len(by_language["en"]) == 34
    for words in found.values():
        rendering.check(words.subject, fields.FIELDS)
        rendering.check(words.body, fields.FIELDS)
        rendering.check(words.html or "", fields.FIELDS, html=True)


def test_a_template_too_long_is_refused():
    """Neither the template nor what becomes of it can be too long."""
    for source in ("x" * 200_001, "{% for one in days %}" + "x" * 150_000 + "{% endfor %}"):
        with pytest.raises(TemplateError, match="longer than 200000 characters"):
            rendering.render(source, FIELDS)
