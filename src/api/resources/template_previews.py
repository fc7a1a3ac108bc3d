"""The resource of a preview: how a message would read."""

from pydantic import Field

from api.resources.shapes import Shape


class TemplatePreview(Shape):
    """Nothing was sent."""

    event_id: str | None
    subject: str | None
    text: str
    html: str | None = Field(examples=["<p>We received GHS 1,250.50.</p>"])
    segments: int | None
    variables: dict[str, str] = Field(examples=[{"money": "GHS 1,250.50"}])
