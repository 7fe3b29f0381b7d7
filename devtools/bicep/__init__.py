"""Reads our Bicep without Azure and without its compiler: parses it, expands it into resources, and holds them to Microsoft's own models.

``parsing`` says what is not Bicep; ``expansion`` makes of a parameter file the resources that would be deployed, and refuses whatever it
does not know; ``judging`` knows which properties there are. Why there is such a thing: docs/decisions/0047-our-own-reading-of-bicep.md.
"""
