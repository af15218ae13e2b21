"""What can go wrong with media, each with a message that is one plain sentence."""

from __future__ import annotations


class MediaError(Exception):
    """A frame cannot be had: it is damaged, gone, or cannot be turned into what was asked for."""


class MovieError(MediaError, OSError):
    """Nothing in the file can be played.  An OSError too, because the lab's VideoStream(filename) raises IOError."""


class NotFound(MediaError):
    """No movie of this name.  Says the same whether it is absent, forbidden or no file: a guesser learns nothing."""


class Missing(MediaError):
    """What pictures should come from is not here: no screen, no camera, or no program that reads it."""
