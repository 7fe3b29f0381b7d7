"""``python -m devtools.azure_cli``: makes the snapshot anew from the real parser, in about half a minute."""

from devtools.azure_cli import making, snapshot

if __name__ == "__main__":
    snapshot.FILE.parent.mkdir(parents=True, exist_ok=True)
    snapshot.FILE.write_text(making.made(), encoding="utf-8")
    print(f"written: {snapshot.FILE.relative_to(snapshot.ROOT)}")
