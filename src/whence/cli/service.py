"""`whence serve`, `project`, `bill`, `deliver`: those that run until they are stopped."""

from typing import Annotated, Literal

import typer

from whence import logs
from whence.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0: a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes (PostgreSQL only).")] = None,
    only: Annotated[
        Literal["commands", "queries"] | None, typer.Option(help="Serve one side alone.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="Leave it to `whence bill`, `project` or `deliver`, again for each."),
    ] = None,
) -> None:
    """Serve the API until Ctrl-C. It also keeps views up to date, bills, and sends webhooks."""
    from whence.serve import serve_until_stopped  # noqa: PLC0415 (help need not wait for it)

    settings = Settings.load(
        host=host, port=port, workers=workers, serve_without=tuple(without or ()) or None
    )
    logs.configure(settings.log_level, settings.log_format)
    serve_until_stopped(settings, only=only)


def project() -> None:
    """Keep the views up to date, without serving, until Ctrl-C."""
    from whence.serve import project_until_stopped  # noqa: PLC0415 (see above)

    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format)
    project_until_stopped(settings)


def bill(
    *,
    once: Annotated[bool, typer.Option("--once", help="Bill what is due now, and end.")] = False,
) -> None:
    """Bill what is due, and go on until Ctrl-C. Any number may work on one PostgreSQL."""
    from whence.serve import bill_once, bill_until_stopped  # noqa: PLC0415 (see above)

    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format)
    if once:
        typer.echo(f"Billed {bill_once(settings)}.")
    else:
        bill_until_stopped(settings)


def deliver() -> None:
    """Send webhooks, without serving, until Ctrl-C. Any number may work on one PostgreSQL."""
    from whence.serve import deliver_until_stopped  # noqa: PLC0415 (see above)

    settings = Settings.load()
    logs.configure(settings.log_level, settings.log_format)
    deliver_until_stopped(settings)
