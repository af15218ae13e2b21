"""The parts of the player's window (Tk, Pillow). They know nothing of RTSP; Client.py puts them together."""
