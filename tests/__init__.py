"""The tests. A package, so that `tests.tools` and the folder `tools` cannot be taken for one another."""
