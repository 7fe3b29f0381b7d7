"""``connections rotate``: a secret is replaced while everything goes on. The new one works before the old one is given up."""
