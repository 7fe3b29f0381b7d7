"""Blob Storage that misbehaves on command: a proxy in front of Azurite, which does everything right."""
