"""The command `gavel`."""

import typer

from gavel.cli import demo, doctor, stack

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for _module in (stack, doctor, demo):
    _module.register(app)


def main() -> None:
    """Runs the command line."""
    app()
