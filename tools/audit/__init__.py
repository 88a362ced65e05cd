"""The full audit: every page of the portal, in every language and state, under every look. Run as `python -m tools.audit`."""
