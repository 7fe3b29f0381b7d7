"""What infra/main.bicep would deploy in production, for its page in the documentation: asked of its expansion."""

from collections import Counter
from pathlib import PurePosixPath

from devtools.bicep.expansion import expanded
from devtools.generate.contents import Row

PRODUCTION = PurePosixPath("infra/prod.bicepparam")


def resources() -> list[Row]:
    """Type, API version, how many, and the file that declares them."""
    found = expanded(PRODUCTION).resources
    counted = Counter((resource.type, resource.api_version) for resource in found)
    files = {resource.type: sorted({each.module for each in found if each.type == resource.type}) for resource in found}
    return [
        (f"`{kind}`", f"`{version}`", str(count), ", ".join(f"`{PurePosixPath(file).stem}`" for file in files[kind]))
        for (kind, version), count in sorted(counted.items())
    ]
