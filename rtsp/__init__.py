"""RTSP, the conversation, as plain data: no sockets, no threads, no clock (RFC 2326)."""
