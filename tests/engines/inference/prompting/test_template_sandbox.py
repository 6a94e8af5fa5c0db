"""Chat templates render as with transformers, and a malicious one can only fail."""

import pytest

from engines.inference.worker.prompting.template_sandbox import SandboxedTemplate, TemplateFailed

MESSAGES = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]


def render(source: str, seconds: float = 2.0, **values: object) -> str:
    return SandboxedTemplate(source, seconds).render({"messages": MESSAGES, **values})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% for m in messages %}{% generation %}[{{ m.content }}]{% endgeneration %}{% endfor %}", "[Hello][Hi]"),
        ("{%- generation -%} a {%- endgeneration -%} b", "ab"),
        ("{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.role }}{% endfor %}", "assistant"),
        ("{% set found = [] %}{% do found %}{{ found | length }}", "0"),
        ("{{ '<think{}>'.format(':x') }}", "<think:x>"),
        ("{{ '{name:>5}|{0:03d}'.format(7, name='a') }}", "    a|007"),
        ("{{ '{a}'.format_map({'a': 1}) }}", "1"),
        ("{{ '%s has %d' % ('Bolt', 4) }}", "Bolt has 4"),
        ("{{ '%(name)s' % {'name': 'Bolt'} }}", "Bolt"),
        ("{{ '%5.1f' | format(2.25) }}", "  2.2"),
        ("{{ 7 % 4 }} {{ 2 ** 5 }}", "3 32"),
        ("{{ {'b': 'é<', 'a': 1} | tojson }}", '{"b": "é<", "a": 1}'),
        ("{{ {'b': 1, 'a': 'é'} | tojson(ensure_ascii=true, sort_keys=true) }}", '{"a": "\\u00e9", "b": 1}'),
        ("{{ [1, 2] | tojson(separators=(',', ':')) }}", "[1,2]"),
        ("{{ [1] | tojson(indent=2) }}", "[\n  1\n]"),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b"),
        ("{{ strftime_now('%Y') | length }}", "4"),
    ],
)
def test_features_of_transformers_are_supported(source: str, expected: str) -> None:
    assert render(source) == expected


def test_the_error_message_of_the_template_is_kept() -> None:
    with pytest.raises(TemplateFailed, match="Roles must alternate"):
        render("{{ raise_exception('Roles must alternate') }}")


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ 'x' * 10000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 'x'.ljust(10000000000) }}",
        "{{ '%10000000000d' % 1 }}",
        "{{ '%*d' % (10000000000, 1) }}",
        "{{ '%.10000000000f' % 1.5 }}",
        "{{ '%(a)10000000000d' % {'a': 1} }}",
        "{{ '%10000000000d' | format(1) }}",
        "{{ '{:>10000000000}'.format(1) }}",
        "{{ '{:>{}}'.format(1, 10000000000) }}",
        "{{ '{a:>10000000000}'.format_map({'a': 1}) }}",
        "{{ strftime_now('%10000000000d') }}",
        "{{ 'x' | center(10000000000) }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ '{0.__class__.__mro__}'.format('') | length / 0 }}",
        "{{ messages.append(1) }}",
        "{{ missing.attribute }}",
        "{{ 1 / 0 }}",
        "{% for broken %}",
        "{% include '/etc/passwd' %}",
        "{{ raise_exception('never') }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ messages | no_such_filter }}",
        "{% generation %}",
    ],
)
def test_a_malicious_or_broken_template_only_fails(source: str) -> None:
    with pytest.raises(TemplateFailed):
        render(source, seconds=0.2)


def test_a_large_indent_is_reduced() -> None:
    assert len(render("{{ [1] | tojson(indent=10000000000) }}{{ 'a\nb' | indent(10000000000) }}")) < 500


def test_the_variables_that_a_template_reads_are_known() -> None:
    source = (
        "{% set own = 1 %}{{ own }}{% if effort in ['low', 'high'] or effort | lower == 'none' %}{{ other }}{% endif %}"
    )
    template = SandboxedTemplate(source)
    assert template.variables == {"effort", "other"}
    assert template.compared_values("effort") == ["low", "high", "none"]
    assert template.compared_values("other") == []
