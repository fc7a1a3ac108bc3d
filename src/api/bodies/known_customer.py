"""What a page that pays may know of who pays."""

from api.bodies.shapes import Shape


class KnownCustomer(Shape):
    """Who pays, as far as the page that pays may know."""

    id: str
    name: str | None
    email: str | None
    phone: str | None
