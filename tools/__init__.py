"""Programs around the lab: each is run as `python -m tools.NAME`."""
