"""``token``: a bearer token for the API of a run."""

import argparse
from pathlib import Path

from devtools.issuer.tokens import token
from devtools.local.output import show_json
from devtools.local.parts import issuer_folder
from devtools.local.run import AUDIENCE, Run, folder_of


async def command(options: argparse.Namespace) -> int:
    """Make a token."""
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    made = sample_token(run, folder, tenant_id=options.tenant, email=options.email, admin=options.admin, seconds=options.seconds)
    show_json({"token": made, "expiresInSeconds": options.seconds}) if options.json else print(made)
    return 0


def sample_token(
    run: Run, folder: Path, *, tenant_id: str | None = None, email: str | None = None, admin: bool = True, seconds: int = 3600
) -> str:
    """A token of the issuer of a run in this folder; by default of somebody who may see all of the sample tenant."""
    return token(
        issuer_folder(folder),
        issuer=run.issuer,
        audience=AUDIENCE,
        tenant_id=tenant_id or run.tenant_id,
        email=email,
        admin=admin,
        seconds=seconds,
    )
