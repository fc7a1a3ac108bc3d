"""What more a payment link may say: questions, looks, an address that is told, and notes."""

from money_console import filled_in, made, read, send

TERMS = {"name": "Shirts", "currency": "GHS", "amount": "40"}
MORE = {
    "asked_label_0": "Shirt size",
    "asked_type_0": "select",
    "asked_options_0": "S, M, L",
    "asked_required_0": "true",
    "asked_label_2": "Anything else?",
    "color": "#aa3366",
    "logo_url": "https://shop.example/logo.png",
    "webhook_url": "https://shop.example/hooks",
    "metadata": "campaign: autumn",
}


def known(client, place):
    return client.get(f"/v1/payment-links/{place.rpartition('/')[2]}").json()


def test_all_of_it_is_kept_and_shown_again(console, client):
    status, place = send(console, "/console/links/new", **TERMS, **MORE)

    assert status == 303
    link = known(client, place)
    assert [(each["name"], each["type"], each["required"]) for each in link["custom_fields"]] == [
        ("shirt_size", "select", True),
        ("anything_else", "text", False),
    ]
    assert link["custom_fields"][0]["options"] == ["S", "M", "L"]
    assert (link["branding"]["color"], link["branding"]["logo_url"]) == (
        MORE["color"],
        MORE["logo_url"],
    )
    assert link["webhook_url"] == MORE["webhook_url"]
    assert link["metadata"] == {"campaign": "autumn"}
    form = console.get(f"{place}/edit").text
    for value in ("Shirt size", "S, M, L", "#aa3366", "campaign: autumn", "shirt_size"):
        assert value in form


def test_what_is_taken_out_is_gone_and_the_kind_of_what_stays_is_kept(console, client):
    terms = {"name": "Shirts", "currency": "GHS", "amount": 4000, "metadata": {"sizes": 3}}
    link = made(client, "/v1/payment-links", **terms, custom_fields=[{"name": "size"}])

    send(console, f"/console/links/{link['id']}/edit", **TERMS, metadata="sizes: 3\nnew: yes")

    changed = known(client, link["id"])
    assert changed["custom_fields"] == []
    assert changed["metadata"] == {"sizes": 3, "new": "yes"}


def test_another_name_leaves_all_other_terms_as_they_are(console, client):
    terms = {
        "name": "Shirts",
        "currency": "GHS",
        "amount": 4000,
        "description": "Of cotton\n  washed cold",
        "expires_at": "2031-11-28T14:05:30.250Z",
        "metadata": {
            "a:b": "c",
            "note": "two\nlines",
            "quoted": '"so"',
            "deep": {"more": [1, None, "x"]},
            "yes": True,
            "nothing": None,
        },
        "custom_fields": [
            {
                "name": "size",
                "label": "Size",
                "type": "select",
                "options": ["Small, blue", '5" wide', '"Large"'],
            }
        ],
    }
    before = made(client, "/v1/payment-links", **terms)
    page = f"/console/links/{before['id']}"

    form = filled_in(console, f"{page}/edit")
    renamed = console.post(f"{page}/edit", data=form | {"name": "Other shirts"})

    assert renamed.status_code == 303
    after = known(client, page)
    changed = {name for name in before if before[name] != after[name]}
    assert changed - {"updated_at"} == {"name", "title"}


def test_one_note_is_added_beside_those_that_take_quotes(console, client):
    notes = {"a:b": "c", "note": "two\nlines", "sizes": 3}
    terms = {"name": "Shirts", "currency": "GHS", "amount": 4000}
    page = f"/console/links/{made(client, '/v1/payment-links', **terms, metadata=notes)['id']}"

    form = filled_in(console, f"{page}/edit")
    console.post(f"{page}/edit", data=form | {"metadata": form["metadata"] + "\r\nnew: d: e"})

    assert known(client, page)["metadata"] == notes | {"new": "d: e"}


def test_what_is_wrong_is_said_where_it_was_typed(console):
    wrong = MORE | {"asked_options_0": "", "color": "#aa3366"}

    status, shown = send(console, "/console/links/new", **TERMS, **wrong)
    assert status == 400
    assert "Shirts" not in read(console, "/console/links")
    form = console.post("/console/links/new", data=TERMS | wrong).text
    assert 'value="Shirt size"' in form
    assert '<details class="raw" open' in form
    assert "hooks" in form
    assert "Question 1" in shown

    told = console.post("/console/links/new", data=TERMS | {"webhook_url": "nowhere"})
    assert 'id="f-webhook_url-error"' in told.text
