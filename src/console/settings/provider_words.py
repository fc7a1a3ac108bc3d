"""Words about providers: what they and their settings are called by those who set them up."""

from typing import Final

# What it is called, and what about it; not offered here is what is another name of one of them.
PROVIDERS_SAY: Final = {
    "smtp": ("Mail server", "Any that speaks SMTP."),
    "africastalking": ("Africa's Talking", "In most of Africa."),
    "slack": ("Slack", "Also Mattermost, Rocket.Chat and Discord."),
    "http": ("Over HTTP", "A service with an API of its own."),
    "console": ("Log", "For trying things out: messages stand in the log of the service."),
    "webhook": ("Receiver", "An address of yours."),
}
# By the name of the setting, of one provider if it is another there, or of a choice.
LABELS: Final = {
    "url": "Address",
    "method": "Method",
    "headers": "Headers",
    "body": "Body",
    "format": "How the body is written",
    "format.json": "JSON",
    "format.form": "As a form",
    "reference": "Where its answer names the message",
    "price_per_segment": "Price of a part",
    "price_currency": "Currency of the price",
    "host": "Mail server",
    "port": "Port",
    "tls": "Encryption",
    "tls.starttls": "STARTTLS",
    "tls.implicit": "TLS from the start",
    "tls.none": "None",
    "from": "Sender",
    "smtp.from": "From",
    "reply_to": "Answers go to",
    "username": "User name",
    "password": "Password",
    "api_key": "API key",
    "channel": "Channel",
    "signing_secret": "Signing secret",
}
# What it is where nothing is chosen, of settings without a usual choice.
USUAL: Final = {"tls": "By the port"}
HINTS: Final = {
    "http.url": "It is told each message; {{to}} stands for whom.",
    "http.headers": "name: value, one a line.",
    "http.body": "JSON; left empty: all that the message says.",
    "http.reference": "data.id, say.",
    "africastalking.price_per_segment": "To say what messages cost.",
    "http.price_per_segment": "To say what messages cost.",
    "smtp.host": "smtp.shop.example, say.",
    "smtp.port": "Left empty: 587.",
    "smtp.from": "Kente Shop <hello@shop.example>, say.",
    "africastalking.username": "sandbox, for trying things out.",
    "africastalking.from": "A name or a short code.",
    "africastalking.url": "Where it is not their own.",
    "slack.url": "Whoever knows it may write there: it is a secret.",
    "webhook.signing_secret": "whsec_…",
}
