"""Templates: what may stand in one, what is filled in, and that a value stays a value."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.messages.templates import BadTemplate, MessageTooLong, compile_template
from delivery.messages.variables import VARIABLES as EXAMPLES

VARIABLES = EXAMPLES | {"unsubscribe_url": ""}

HOSTILE = "Ama <script>x</script>\r\nBcc: all@example.com\nhttp://evil.example/ \u202e@channel"


def unstyled(html):
    """Without the styles that stand where they count."""
    return re.sub(r' style="[^"]*"', "", html)


def test_variables_are_filled_in():
    template = compile_template(
        "Thank you, {{ customer_name | first_word }}",
        "You paid {{ money }} ({{ currency }} {{amount}}) for {{metadata_order_id}}.",
        "email",
    )

    rendered = template.render(VARIABLES | {"metadata_order_id": "1001"})

    assert rendered.subject == "Thank you, Ama"
    assert rendered.text == "You paid GHS\xa01,250.50 (GHS 1,250.50) for 1001.\n"
    assert template.names >= {"customer_name", "metadata_order_id"}


def test_what_nobody_has_said_is_empty_or_what_the_template_says_instead():
    template = compile_template(
        None, "Dear {{ customer_name | default('friend') }}{{ metadata_seat }}.", "sms"
    )

    assert template.render(VARIABLES | {"customer_name": ""}).text == "Dear friend."


def test_a_note_of_any_name_can_be_written():
    template = compile_template(None, "{{ metadata_order_id }}{{ customer_metadata_a_b }}", "sms")

    notes = {"metadata_order-id": "1001", "customer_metadata_a b": "!"}

    assert template.render(VARIABLES | notes).text == "1001!"


def test_an_unknown_variable_is_named_with_the_ones_there_are():
    with pytest.raises(BadTemplate) as refused:
        compile_template("Hello {{ custmer_name }}", "You paid.", "email")

    assert "no variable 'custmer_name' (did you mean 'customer_name'?)" in refused.value.message
    assert "'customer_external_id', " in refused.value.message
    assert refused.value.details == {"field": "subject"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{{ customer.name }}", "a variable has no parts"),
        ("{{ metadata['size'] }}", "a variable has no parts"),
        ("{{ ''.__class__.__mro__ }}", "a variable has no parts"),
        ("{{ metadata_order-id }}", "every other sign is a _"),
        ("{{ range(10) }}", "nothing can be called"),
        ("{% for each in amount %}x{% endfor %}", "there are no loops"),
        ("{% if amount > 100 %}x{% endif %}", "variables are texts"),
        ("{% if customer_name is defined %}x{% endif %}", "write '{% if customer_name %}'"),
        ("{{ amount * 100000 }}", "there are variables"),
        ("{{ amount ~ currency }}", "there are variables"),
        ("{% set amount = 'x' %}", "there are variables"),
        ("{% include 'other' %}", "there are variables"),
        ("{% macro amount() %}{% endmacro %}", "there are variables"),
        ("{% block amount %}{% endblock %}", "there are variables"),
        ("{{ amount | safe }}", "there is no filter 'safe'"),
        ("{{ amount | center(1000000000) }}", "there is no filter 'center'"),
        ("{{ amount | default }}", "the filter default takes a text"),
        ("{{ amount | truncate('x') }}", "the filter truncate takes a number"),
        ("{{ ['x'] | upper }}", "the filter upper is of a text"),
        ("{{ amount if currency }}", "only texts are written"),
        ("{{ not amount }}", "only texts are written"),
        ("{% if amount == ['x'] %}x{% endif %}", "only texts are compared"),
        ("{{ 5 }}", "5 is no text"),
        ("{% if amount %}", "Unexpected end of template"),
        ("{{ loop }}", "no variable 'loop'"),
        ("{{ self }}", "no variable 'self'"),
        ("{{ " + "(" * 9000 + "amount" + ")" * 9000 + " }}", "nested too deeply"),
        ("{{ " + "not " * 9000 + "amount }}", "nested too deeply"),
        ("{% if amount %}" * 300 + "{% endif %}" * 300, "nested too deeply"),
        ("{{ amount }} " * 1001, "more than 1,000 variables"),
        (" \n", "a message says something"),
        ("x" * 100_001, "longer than 100,000 characters"),
    ],
)
def test_a_template_cannot_say_more_than_the_language_has(body, why):
    with pytest.raises(BadTemplate) as refused:
        compile_template("A subject", body, "email")

    assert why in refused.value.message
    assert refused.value.details == {"field": "body"}


def test_an_email_has_a_subject():
    with pytest.raises(BadTemplate, match="an email has a subject"):
        compile_template(" ", "You paid.", "email")


def test_a_message_is_bounded_whatever_it_is_filled_with():
    template = compile_template(None, "{{metadata_note}}" * 20, "sms")

    with pytest.raises(MessageTooLong):
        template.render(VARIABLES | {"metadata_note": "x" * 30_000})


# What can be written at all with the parts of the language, wherever they are put.
_WORDS = "amount metadata_x 'GHS' 5 ['a','b'] not and or in if else text {%if %} {%else%} {%endif%}"
_SIGNS = "( ) == != |upper |default('x') |truncate(3) |first_word , {{ }} - ~ [0]"
_PIECES = st.sampled_from(f"{_WORDS} {_SIGNS}".split())


@given(st.lists(_PIECES, max_size=14), st.text(max_size=30))
def test_what_compiles_can_be_rendered_whatever_it_is_filled_with(pieces, value):
    try:
        template = compile_template("x", "{{ " + " ".join(pieces), "email")
    except BadTemplate:
        return

    assert template.render(dict.fromkeys(VARIABLES, value) | {"metadata_x": value}).html


def test_the_two_bodies_of_an_email_that_is_written_as_text_say_the_same():
    template = compile_template(
        "Your order",
        "Dear {{customer_name}},\n\nfollow it:\nhttps://shop.example/o/{{reference}}?a=1&b=2.\n\nBye",
        "email",
    )

    rendered = template.render(VARIABLES)

    assert "https://shop.example/o/order-1001?a=1&b=2.\n\nBye" in rendered.text
    assert "<p>Dear Ama Mensah,</p>" in unstyled(rendered.html)
    link = "https://shop.example/o/order-1001?a=1&amp;b=2"
    assert f'follow it:<br>\n<a href="{link}">{link}</a>.</p>' in unstyled(rendered.html)


def test_the_two_bodies_of_an_email_that_is_written_as_html_say_the_same():
    template = compile_template(
        "Your order",
        "<style>p {color: red}</style><h1>Thank you</h1><p>You paid <b>{{money}}</b>\n"
        "for</p><ul><li>A dress<li>Shoes</ul>"
        '<a href="https://shop.example/">See &amp; follow</a>',
        "email",
    )

    rendered = template.render(VARIABLES)

    assert "<p>You paid <b>GHS&nbsp;1,250.50</b>" in unstyled(rendered.html)
    assert rendered.text == (
        "Thank you\n\nYou paid GHS 1,250.50 for\n\n- A dress\n- Shoes\n\n"
        "See & follow (https://shop.example/)\n"
    )


def test_who_may_be_written_to_no_more_is_told_how_in_both_bodies():
    template = compile_template("Your order", "It is on its way.", "email")

    rendered = template.render(EXAMPLES)

    url = EXAMPLES["unsubscribe_url"]
    assert rendered.text == f"It is on its way.\n\nUnsubscribe: {url}\n"
    assert f'<a href="{url}">Unsubscribe</a>' in unstyled(rendered.html)


@pytest.mark.parametrize(
    "body", ["No more? {{ unsubscribe_url }}", '<p><a href="{{ unsubscribe_url }}">No more</a></p>']
)
def test_a_template_that_says_itself_how_is_not_added_to_in_the_text(body):
    rendered = compile_template("Your order", body, "email").render(EXAMPLES)

    assert rendered.text.count(EXAMPLES["unsubscribe_url"]) == 1


def test_a_whole_document_is_sent_as_it_is():
    whole = "<!doctype html><html><body><p>Paid.</p></body></html>"

    assert compile_template("Paid", whole, "email").render(VARIABLES).html == whole


@pytest.mark.parametrize("body", ["Dear {{customer_name}}", "<p>Dear {{customer_name}}</p>"])
def test_a_name_is_neither_markup_nor_a_link_nor_a_header(body):
    template = compile_template("For {{customer_name}}", body, "email")

    rendered = template.render(VARIABLES | {"customer_name": HOSTILE})

    assert len(rendered.subject.splitlines()) == 1
    assert "\u202e" not in rendered.text
    assert "<script>" not in rendered.html
    assert "<a " not in rendered.html


def test_a_link_goes_on_with_a_value_and_none_begins_in_one():
    template = compile_template(
        "x", "https://shop.example/{{reference}} {{description}} https://b.example", "email"
    )

    html = template.render(
        VARIABLES | {"reference": "a\ue001b<", "description": "https://evil.example"}
    ).html

    assert 'href="https://shop.example/a"' not in html
    assert 'href="https://b.example"' in html
    assert 'href="https://evil' not in html


def test_nobody_calls_everybody_in_a_notification():
    template = compile_template(None, "Paid by {{customer_name}}", "notification")

    said = template.render(VARIABLES | {"customer_name": "<!channel> @here & me@all.example"}).text

    assert said == "Paid by &lt;!channel&gt; @\u200bhere &amp; me@\u200ball.example"
