"""Where frames come from: sources, movie files, re-encoding, and the cache of frames made ready to send."""
